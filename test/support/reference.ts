// What the toy should have stored and played, computed apart from the firmware by the kernel's twin on memory of its own.

import assert from "node:assert/strict";
import type { Board } from "../../boards/board.ts";
import * as abi from "../../firmware/voice/abi.ts";
import { createTwin } from "../../firmware/voice/twin.ts";
import { TICKS_PER_US } from "../../sim/blocks/facts.ts";

const MEMORY_BYTES = 1 << 20;
const STATE_AT = 0;
const BLOCKS_AT = 4096;
const DATA_AT = 8192;
/** Converter results that go to the kernel at once here: two to a sample, but no border is where the firmware's are. */
const PORTION = 998;
const ADC_RANGE = 4096;
const REFERENCE_INTERNAL_VOLTS = 0.6;
/** Messages play at full volume. */
const VOLUME = 256;

function memory() {
  const bytes = new Uint8Array(MEMORY_BYTES);
  return { bytes, words: new Int32Array(bytes.buffer), twin: createTwin({ view: (address, length) => bytes.subarray(address, address + length) }) };
}

/** What silence reads on a board's converter, in its 12 bits, and how far a signal may swing from there. */
export function converterScale({ microphone, supplyVolts }: Board): { readonly mid: number; readonly full: number } {
  const volts = (microphone.reference === "internal" ? REFERENCE_INTERNAL_VOLTS : supplyVolts / 4) / microphone.gain;
  const mid = Math.round((microphone.biasVolts / volts) * ADC_RANGE);
  return { mid, full: Math.min(mid, ADC_RANGE - mid) };
}

/** The blocks that `results` (16 kHz) make, cut after `limit` samples of 8 kHz. */
export function encoded(board: Board, results: Int16Array, limit = Infinity): { readonly blocks: Uint8Array; readonly samples: number } {
  const { bytes, words, twin } = memory();
  const { mid, full } = converterScale(board);
  words[abi.CAPTURE_MID] = mid;
  words[abi.CAPTURE_SCALE] = Math.floor((32767 * 32768) / full);
  words[abi.CAPTURE_DECIMATION] = 2;
  const blocks: Uint8Array[] = [];
  const take = (): void => void blocks.push(bytes.slice(BLOCKS_AT + (blocks.length & 1) * abi.BLOCK_BYTES, BLOCKS_AT + ((blocks.length & 1) + 1) * abi.BLOCK_BYTES));
  for (let at = 0; at < results.length; at += PORTION) {
    const part = results.subarray(at, at + PORTION);
    new Int16Array(bytes.buffer, DATA_AT, part.length).set(part);
    const complete = twin.capture(STATE_AT, DATA_AT, part.length, BLOCKS_AT);
    assert.ok(complete - blocks.length <= 1);
    if (complete > blocks.length) take();
  }
  const all = twin.flush(STATE_AT, BLOCKS_AT);
  if (blocks.length * abi.BLOCK_SAMPLES < all) take();
  const samples = Math.min(all, limit);
  return { blocks: new Uint8Array(Buffer.concat(blocks.slice(0, Math.ceil(samples / abi.BLOCK_SAMPLES)))), samples };
}

/** The duty words that a message of these blocks plays as. */
export function rendered(board: Board, blocks: Uint8Array, samples: number): Uint16Array {
  const { bytes, words, twin } = memory();
  const { carrierHz } = board.speaker;
  const perSample = carrierHz / abi.MESSAGE_RATE_HZ;
  words[abi.RENDER_WORDS_PER_SAMPLE] = perSample;
  words[abi.RENDER_FULL] = (TICKS_PER_US * 1e6) / carrierHz;
  words[abi.RENDER_VOLUME] = VOLUME;
  words[abi.RENDER_BLOCK] = BLOCKS_AT;
  const out = new Uint16Array(samples * perSample);
  for (let done = 0, block = 0; done < samples; block++) {
    const count = Math.min(abi.BLOCK_SAMPLES, samples - done);
    bytes.set(blocks.subarray(block * abi.BLOCK_BYTES, (block + 1) * abi.BLOCK_BYTES), BLOCKS_AT);
    words[abi.RENDER_SAMPLES] = count;
    words[abi.RENDER_POSITION] = 0;
    const written = twin.render(STATE_AT, DATA_AT, count * perSample);
    assert.equal(written, count * perSample);
    out.set(new Uint16Array(bytes.buffer, DATA_AT, written), done * perSample);
    done += count;
  }
  return out;
}

/** Index of the first word that differs, or -1; the played words may be followed by the two words of mid level. */
export function firstDifference(expected: ArrayLike<number>, actual: ArrayLike<number>): number {
  for (let i = 0; i < expected.length; i++) if (expected[i] !== actual[i]) return i;
  return -1;
}

export function joined(parts: readonly Int16Array[]): Int16Array {
  const all = new Int16Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
