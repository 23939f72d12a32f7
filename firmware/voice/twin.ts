// The kernel's TypeScript twin: the same functions on the same memory, bit for bit (a test runs the Thumb bytes beside it).
// For tests, the simulator and tools; never in the bundle.

import { ERASED_WORD, HEADER_WORDS, WORD_MAGIC, WORD_SAMPLES } from "../messages/layout.ts";
import {
  BLOCK_BYTES,
  CAPTURE_DECIMATION,
  CAPTURE_STATE_WORDS,
  FRAME_HEADER_BYTES,
  FRAME_OPCODE,
  FRAME_RING_BYTES,
  RENDER_BLOCK,
  RENDER_POSITION,
  RENDER_SAMPLES,
  RENDER_STATE_WORDS,
  RENDER_WORDS_PER_SAMPLE,
  SCAN_STATE_WORDS,
  SEAL_AAD,
  SEAL_AAD_BYTES,
  SEAL_KEY,
  SEAL_NONCE,
  SEAL_STATE_WORDS,
  SEAL_TEXT,
} from "./abi.ts";
import { capture as captureOn, flush as flushOn } from "./twin-capture.ts";
import { render as renderOn } from "./twin-render.ts";
import { scan as scanOn } from "./twin-scan.ts";
import { applyStream, tagOf } from "./twin-seal.ts";

/** RAM by address. Throws where there is none; a view of words must lie aligned in the buffer behind it. */
export interface TwinMemory {
  view(address: number, length: number): Uint8Array;
}

export interface TwinFunction {
  /** The kernel function itself. */
  readonly call: (a: number, b: number, c: number, d: number) => number;
  /** Cycles that this call takes on the board's core, from counts of the Thumb bytes. Ask before the call. */
  readonly cycles: (a: number, b: number, c: number, d: number) => number;
}

/** Functions by name, and the same in FN_ order for a native-code table. */
export interface Twin {
  capture(state: number, samples: number, count: number, blocks: number): number;
  flush(state: number, blocks: number): number;
  render(state: number, words: number, count: number): number;
  crc32(address: number, length: number, crc: number): number;
  seal(state: number, data: number, length: number): number;
  open(state: number, data: number, length: number, tagBytes: number): number;
  scan(sealState: number, state: number, headers: number, sheets: number): number;
  frame(out: number, ring: number, length: number, offset: number): number;
  take(from: number, ring: number, bytes: number, offset: number): number;
  readonly functions: readonly TwinFunction[];
}

// Cycles of the Thumb bytes on rp2040js's Cortex-M0+ (the nRF52's M4F needs no more: its loads cost the same, its branches
// at most one cycle more, its multiplication as little). Capture: the dearest of the clips in tools/kernel/quality.ts, per input
// sample at a decimation of 2 and of 1; render: per word at 4 words per sample and at 1.
const CALL_CYCLES = 60;
const CAPTURE_CYCLES_OF_TWO = 605;
const CAPTURE_CYCLES_OF_ONE = 1120;
const RENDER_CYCLES_OF_FOUR = 150;
const RENDER_CYCLES_OF_ONE = 150;
const CRC_CYCLES_PER_BYTE = 21;
/** An empty block, of which all words are cleared. */
const FLUSH_CYCLES = 2310;
/** Every sealing, each 16 bytes of text or associated data, and each 64 bytes of text. */
const SEAL_CYCLES = 6850;
const SEAL_CYCLES_PER_16 = 1480;
const SEAL_CYCLES_PER_64 = 5080;
/** A blank sheet, one that holds anything, and one that begins a message. */
const SCAN_CYCLES_PER_BLANK = 110;
const SCAN_CYCLES_PER_USED = 1500;
const SCAN_CYCLES_PER_MESSAGE = 13000;
/** A byte of a frame, and each turn of the ring before it. */
const FRAME_CYCLES_PER_BYTE = 15;
const FRAME_CYCLES_PER_TURN = 8;

const CRC_TABLE = new Int32Array(256);
for (let i = 0; i < 256; i++) {
  let c = i;
  for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ -306674912 : c >>> 1;
  CRC_TABLE[i] = c;
}

function crcOf(bytes: Uint8Array, crc = 0): number {
  let c = ~crc;
  for (let i = 0; i < bytes.length; i++) c = CRC_TABLE[(c ^ bytes[i]) & 255] ^ (c >>> 8);
  return ~c;
}

export function createTwin(memory: TwinMemory): Twin {
  function words(address: number, bytes: number): Int32Array {
    const view = memory.view(address, bytes);
    return new Int32Array(view.buffer, view.byteOffset, bytes >> 2);
  }

  function capture(state: number, samples: number, count: number, blocks: number): number {
    const input = memory.view(samples, count * 2);
    return captureOn(words(state, CAPTURE_STATE_WORDS * 4), new Int16Array(input.buffer, input.byteOffset, count), words(blocks, 2 * BLOCK_BYTES));
  }

  function flush(state: number, blocks: number): number {
    return flushOn(words(state, CAPTURE_STATE_WORDS * 4), words(blocks, 2 * BLOCK_BYTES));
  }

  function render(state: number, at: number, count: number): number {
    const s = words(state, RENDER_STATE_WORDS * 4);
    const output = memory.view(at, count * 2);
    return renderOn(s, memory.view(s[RENDER_BLOCK], BLOCK_BYTES), new Uint16Array(output.buffer, output.byteOffset, count));
  }

  function crc32(address: number, length: number, crc: number): number {
    return crcOf(memory.view(address, length), crc);
  }

  function bytesOf(address: number, length: number): Uint8Array {
    return length > 0 ? memory.view(address, length) : new Uint8Array(0);
  }

  function tagFor(s: Int32Array, data: Uint8Array): Uint8Array {
    return tagOf(s.subarray(SEAL_KEY, SEAL_NONCE), s.subarray(SEAL_NONCE, SEAL_AAD), bytesOf(s[SEAL_AAD] >>> 0, s[SEAL_AAD_BYTES]), data);
  }

  /** The text of a sealing, where it may lie as well as where the data do. */
  function textOf(s: Int32Array, length: number): Uint8Array {
    return bytesOf(s[SEAL_TEXT] >>> 0, length);
  }

  function seal(state: number, at: number, length: number): number {
    const s = words(state, SEAL_STATE_WORDS * 4);
    const data = bytesOf(at, length);
    data.set(textOf(s, length));
    applyStream(s.subarray(SEAL_KEY, SEAL_NONCE), s.subarray(SEAL_NONCE, SEAL_AAD), data);
    memory.view(at + length, 16).set(tagFor(s, data));
    return 0;
  }

  function open(state: number, at: number, length: number, tagBytes: number): number {
    const s = words(state, SEAL_STATE_WORDS * 4);
    const data = bytesOf(at, length);
    const is = tagFor(s, data);
    const claimed = bytesOf(at + length, tagBytes);
    for (let i = 0; i < tagBytes; i++) if (is[i] !== claimed[i]) return 1;
    const text = textOf(s, length);
    text.set(data);
    applyStream(s.subarray(SEAL_KEY, SEAL_NONCE), s.subarray(SEAL_NONCE, SEAL_AAD), text);
    return 0;
  }

  function unsigned(address: number, bytes: number): Uint32Array {
    const view = memory.view(address, bytes);
    return new Uint32Array(view.buffer, view.byteOffset, bytes >> 2);
  }

  function scan(sealState: number, state: number, headers: number, sheets: number): number {
    const key = words(sealState, SEAL_NONCE * 4);
    return scanOn(key, unsigned(state, SCAN_STATE_WORDS * 4), unsigned(headers, sheets * HEADER_WORDS * 4), sheets, crcOf);
  }

  function scanCycles(_sealState: number, _state: number, headers: number, sheets: number): number {
    const w = unsigned(headers, sheets * HEADER_WORDS * 4);
    let cycles = CALL_CYCLES;
    for (let at = 0; at < w.length; at += HEADER_WORDS) {
      const isUsed = w[at + WORD_MAGIC] !== ERASED_WORD;
      cycles += !isUsed ? SCAN_CYCLES_PER_BLANK : w[at + WORD_SAMPLES] === ERASED_WORD ? SCAN_CYCLES_PER_USED : SCAN_CYCLES_PER_MESSAGE;
    }
    return cycles;
  }

  function frame(out: number, ring: number, length: number, offset: number): number {
    const into = memory.view(out, FRAME_HEADER_BYTES + length);
    const from = memory.view(ring, FRAME_RING_BYTES);
    into.set([FRAME_OPCODE, offset & 255, (offset >> 8) & 255, (offset >> 16) & 255]);
    for (let i = 0; i < length; i++) into[FRAME_HEADER_BYTES + i] = from[(offset + i) % FRAME_RING_BYTES];
    return FRAME_HEADER_BYTES + length;
  }

  function frameCycles(_out: number, _ring: number, length: number, offset: number): number {
    return CALL_CYCLES + length * FRAME_CYCLES_PER_BYTE + Math.floor(offset / FRAME_RING_BYTES) * FRAME_CYCLES_PER_TURN;
  }

  function take(from: number, at: number, bytes: number, offset: number): number {
    const input = memory.view(from, bytes);
    if (bytes < FRAME_HEADER_BYTES || input[0] !== FRAME_OPCODE) return -1;
    if ((input[1] | (input[2] << 8) | (input[3] << 16)) !== offset) return offset;
    const ring = memory.view(at, FRAME_RING_BYTES);
    for (let i = FRAME_HEADER_BYTES; i < bytes; i++) ring[offset++ % FRAME_RING_BYTES] = input[i];
    return offset;
  }

  function sealCycles(state: number, _at: number, length: number): number {
    const blocks = Math.ceil(length / 16) + Math.ceil(words(state, SEAL_STATE_WORDS * 4)[SEAL_AAD_BYTES] / 16);
    return SEAL_CYCLES + blocks * SEAL_CYCLES_PER_16 + Math.ceil(length / 64) * SEAL_CYCLES_PER_64;
  }

  function captureCycles(state: number, _samples: number, count: number): number {
    const decimation = words(state, CAPTURE_STATE_WORDS * 4)[CAPTURE_DECIMATION];
    return CALL_CYCLES + count * (decimation === 2 ? CAPTURE_CYCLES_OF_TWO : CAPTURE_CYCLES_OF_ONE);
  }

  function renderCycles(state: number, _words: number, count: number): number {
    const s = words(state, RENDER_STATE_WORDS * 4);
    const perSample = s[RENDER_WORDS_PER_SAMPLE];
    // No more than the block still holds, and what of the sample in hand is not written yet.
    const written = Math.min(count, (s[RENDER_SAMPLES] - s[RENDER_POSITION] + 1) * perSample);
    return CALL_CYCLES + written * (perSample === 4 ? RENDER_CYCLES_OF_FOUR : RENDER_CYCLES_OF_ONE);
  }

  return {
    capture: capture,
    flush: flush,
    render: render,
    crc32: crc32,
    seal: seal,
    open: open,
    scan: scan,
    frame: frame,
    take: take,
    functions: [
      { call: capture, cycles: captureCycles },
      { call: flush, cycles: () => FLUSH_CYCLES },
      { call: render, cycles: renderCycles },
      { call: crc32, cycles: (_address, length) => CALL_CYCLES + length * CRC_CYCLES_PER_BYTE },
      { call: seal, cycles: sealCycles },
      { call: open, cycles: sealCycles },
      { call: scan, cycles: scanCycles },
      { call: frame, cycles: frameCycles },
      { call: take, cycles: frameCycles },
    ],
  };
}
