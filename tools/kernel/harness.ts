// Runs the kernel's Thumb bytes or its twin on one small flat RAM, through the same calls: for the build's known answer, the
// equality tests and the quality table. Addresses are those of the nRF52840's RAM (256 KB from 0x20000000).

import {
  BLOCK_BYTES,
  CAPTURE_DECIMATION,
  CAPTURE_MID,
  CAPTURE_SCALE,
  CAPTURE_STATE_WORDS,
  FN_CAPTURE,
  FN_CRC32,
  FN_FLUSH,
  FN_RENDER,
  RENDER_BLOCK,
  RENDER_FULL,
  RENDER_SAMPLES,
  RENDER_POSITION,
  RENDER_STATE_WORDS,
  RENDER_VOLUME,
  RENDER_WORDS_PER_SAMPLE,
} from "../../firmware/voice/abi.ts";
import { createTwin } from "../../firmware/voice/twin.ts";
import { createThumb, flatMemory, type ThumbResult } from "../../sim/thumb.ts";

const RAM = 0x20000000;
const RAM_BYTES = 0x40000;
const CODE_AT = 0x1000;
const CAPTURE_AT = 0x4000;
const RENDER_AT = 0x5000;
const BLOCKS_AT = 0x6000;
const PLAYING_AT = 0x7000;
const BUFFER_AT = 0x8000;
const STACK_AT = RAM_BYTES - 16;

export interface CaptureSettings {
  readonly mid: number;
  readonly full: number;
  readonly decimation: 1 | 2;
}

export interface RenderSettings {
  readonly wordsPerSample: 1 | 4;
  readonly full: number;
  readonly volume: number;
}

export interface Harness {
  /** All of RAM below the buffers: to compare two harnesses after the same calls. */
  readonly ram: Uint8Array;
  readonly captureState: Int32Array;
  readonly renderState: Int32Array;
  /** Instructions and cycles of all calls so far, and instructions of the code that is watched; zero on the twin. */
  readonly spent: Spent;
  beginCapture(settings: CaptureSettings): void;
  /** Encodes; returns the number of complete blocks. */
  capture(samples: Int16Array): number;
  flush(): number;
  /** The ring's block 0 or 1. */
  block(which: number): Uint8Array;
  beginRender(settings: RenderSettings): void;
  beginBlock(block: Uint8Array, samples: number): void;
  /** Up to `count` duty words. */
  render(count: number): Uint16Array;
  crc32(bytes: Uint8Array, crc: number): number;
}

export interface Spent {
  instructions: number;
  cycles: number;
  watched: number;
}

type Call = (fn: number, a: number, b: number, c: number, d: number) => number;

function harness(ram: Uint8Array, spent: Spent, call: Call): Harness {
  const captureState = new Int32Array(ram.buffer, CAPTURE_AT, CAPTURE_STATE_WORDS);
  const renderState = new Int32Array(ram.buffer, RENDER_AT, RENDER_STATE_WORDS);
  const place = (bytes: Uint8Array): void => {
    if (bytes.length > STACK_AT - 0x1000 - BUFFER_AT) throw new RangeError(`no room for ${bytes.length} bytes`);
    ram.set(bytes, BUFFER_AT);
  };
  return {
    ram,
    captureState,
    renderState,
    spent,
    beginCapture(settings) {
      captureState.fill(0);
      captureState[CAPTURE_MID] = settings.mid;
      captureState[CAPTURE_SCALE] = Math.floor((32767 * 32768) / settings.full);
      captureState[CAPTURE_DECIMATION] = settings.decimation;
    },
    capture(samples) {
      place(new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength));
      return call(FN_CAPTURE, RAM + CAPTURE_AT, RAM + BUFFER_AT, samples.length, RAM + BLOCKS_AT);
    },
    flush: () => call(FN_FLUSH, RAM + CAPTURE_AT, RAM + BLOCKS_AT, 0, 0),
    block: (which) => ram.subarray(BLOCKS_AT + which * BLOCK_BYTES, BLOCKS_AT + (which + 1) * BLOCK_BYTES),
    beginRender(settings) {
      renderState.fill(0);
      renderState[RENDER_WORDS_PER_SAMPLE] = settings.wordsPerSample;
      renderState[RENDER_FULL] = settings.full;
      renderState[RENDER_VOLUME] = settings.volume;
      renderState[RENDER_BLOCK] = RAM + PLAYING_AT;
    },
    beginBlock(block, samples) {
      ram.set(block, PLAYING_AT);
      renderState[RENDER_SAMPLES] = samples;
      renderState[RENDER_POSITION] = 0;
    },
    render(count) {
      const written = call(FN_RENDER, RAM + RENDER_AT, RAM + BUFFER_AT, count, 0);
      return new Uint16Array(ram.buffer, BUFFER_AT, written).slice();
    },
    crc32(bytes, crc) {
      place(bytes);
      return call(FN_CRC32, RAM + BUFFER_AT, bytes.length, crc, 0) >>> 0;
    },
  };
}

/** The Thumb bytes, executed. Instructions of `watched` (which must have none of 32 bits) are counted apart. */
export function createHarness(code: Uint8Array, offsets: readonly number[], watched = { offset: 0, bytes: 0 }): Harness {
  const ram = new Uint8Array(RAM_BYTES);
  ram.set(code, CODE_AT);
  const spent = { instructions: 0, cycles: 0, watched: 0 };
  const memory = flatMemory(RAM, ram);
  const from = RAM + CODE_AT + watched.offset;
  const thumb = createThumb({
    ...memory,
    read16(address) {
      if (address >= from && address < from + watched.bytes) spent.watched++;
      return memory.read16(address);
    },
  });
  return harness(ram, spent, (fn, ...args) => {
    const result: ThumbResult = thumb.call(RAM + CODE_AT + offsets[fn]!, args, RAM + STACK_AT);
    spent.instructions += result.instructions;
    spent.cycles += result.cycles;
    return result.value;
  });
}

/** The TypeScript twin. */
export function createTwinHarness(): Harness {
  const ram = new Uint8Array(RAM_BYTES);
  const twin = createTwin({
    view(address, length) {
      const at = address - RAM;
      if (at < 0 || length < 0 || at + length > RAM_BYTES) throw new RangeError(`no memory at 0x${address.toString(16)}`);
      return ram.subarray(at, at + length);
    },
  });
  return harness(ram, { instructions: 0, cycles: 0, watched: 0 }, (fn, ...args) => twin.functions[fn]!.call(...args));
}

/** CRC-32 (IEEE 802.3), independent of kernel and twin. */
export function crc32(bytes: Uint8Array): number {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}
