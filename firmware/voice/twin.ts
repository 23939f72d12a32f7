// The kernel's TypeScript twin: the same functions on the same memory, bit for bit (a test runs the Thumb bytes beside it).
// For tests, the simulator and tools; never in the bundle.

import { BLOCK_BYTES, CAPTURE_DECIMATION, CAPTURE_STATE_WORDS, RENDER_BLOCK, RENDER_POSITION, RENDER_SAMPLES, RENDER_STATE_WORDS, RENDER_WORDS_PER_SAMPLE } from "./abi.ts";
import { capture as captureOn, flush as flushOn } from "./twin-capture.ts";
import { render as renderOn } from "./twin-render.ts";

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
const CRC_CYCLES_PER_BYTE = 82;
/** An empty block, of which all words are cleared. */
const FLUSH_CYCLES = 2310;

const CRC_TABLE = new Int32Array(256);
for (let i = 0; i < 256; i++) {
  let c = i;
  for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ -306674912 : c >>> 1;
  CRC_TABLE[i] = c;
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
    const bytes = memory.view(address, length);
    let c = ~crc;
    for (let i = 0; i < length; i++) c = CRC_TABLE[(c ^ bytes[i]) & 255] ^ (c >>> 8);
    return ~c;
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
    functions: [
      { call: capture, cycles: captureCycles },
      { call: flush, cycles: () => FLUSH_CYCLES },
      { call: render, cycles: renderCycles },
      { call: crc32, cycles: (_address, length) => CALL_CYCLES + length * CRC_CYCLES_PER_BYTE },
    ],
  };
}
