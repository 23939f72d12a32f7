// The machine code that does everything per sample. Checked before first use: its bytes by CRC-32, its arithmetic by a
// known answer. A kernel that fails means no audio at all, never a slow or wrong one.

import { ERR_KERNEL, ERR_MEMORY, OK, type Code, type FlatBuffer, type NativeCode, type NativeFunction } from "../../hal/contract.ts";
import {
  BLOCK_BYTES,
  CAPTURE_DECIMATION,
  CAPTURE_MID,
  CAPTURE_SAMPLES,
  CAPTURE_SCALE,
  CAPTURE_STATE_WORDS,
  FN_CAPTURE,
  FN_COUNT,
  FN_FLUSH,
  FN_RENDER,
  FRAME_MOST_BYTES,
  RENDER_BLOCK,
  RENDER_FULL,
  RENDER_SAMPLES,
  RENDER_POSITION,
  RENDER_STATE_WORDS,
  RENDER_VOLUME,
  RENDER_WORDS_PER_SAMPLE,
} from "./abi.ts";

/** The bytes as the build made them. */
export interface KernelImage {
  /** One character per byte; not needed any more once the kernel is made. */
  code: string;
  readonly crc32: number;
  /** Byte offset of each function, in FN_ order. */
  readonly offsets: readonly number[];
  /** CRC-32 of the block that KNOWN_INPUT encodes to. */
  readonly knownAnswer: number;
}

export interface Kernel {
  /** OK, or why there is no audio. */
  readonly code: Code;
  /** Blocks that capture fills, in turn: two of BLOCK_BYTES, one behind the other. While nobody records they are the link's. */
  readonly blocks: readonly Uint8Array[];
  readonly blocksAddress: number;
  /** A frame on its way to the air. */
  readonly frame: Uint8Array;
  readonly frameAddress: number;
  beginCapture(midScale: number, fullScale: number, decimation: number): void;
  /** Encodes `count` samples at `address`; returns how many blocks are complete since beginCapture. */
  capture(address: number, count: number): number;
  /** Pads the block in the making; returns how many samples were encoded in all. */
  flush(): number;
  /** Samples encoded so far. */
  captured(): number;
  /** Blocks that render reads: one can be filled while the other plays. While nothing plays they are the recorder's. */
  readonly playing: readonly Uint8Array[];
  beginRender(wordsPerSample: number, fullScale: number, volume: number): void;
  /** Turns to playing[which], which holds `samples`. */
  beginBlock(which: number, samples: number): void;
  /** Renders up to `count` duty words to `address`; fewer when the block is used up. */
  render(address: number, count: number): number;
  /** Where data lie for the functions; 0 when they are not in one piece. */
  readonly addressOf: NativeCode["addressOf"];
  /** The FN_ functions. They give 0 when the kernel is not whole. */
  readonly functions: readonly NativeFunction[];
}

// Word offsets of the parts in the kernel's own flat memory. Two words of slack round each block up to whole words.
const CAPTURE_AT = 0;
const RENDER_AT = CAPTURE_AT + CAPTURE_STATE_WORDS;
const BLOCKS_AT = RENDER_AT + RENDER_STATE_WORDS;
const BLOCK_WORDS = BLOCK_BYTES >> 2;
const PLAYING_AT = BLOCKS_AT + 2 * BLOCK_WORDS;
const FRAME_AT = PLAYING_AT + 2 * BLOCK_WORDS;
const ALL_WORDS = FRAME_AT + (FRAME_MOST_BYTES >> 2);

/** Samples of the known-answer test: a rough ramp that visits both signs and large steps. */
const KNOWN_SAMPLES = 64;

export function createKernel(native: NativeCode, image: KernelImage): Kernel {
  let code: Code = OK;
  const memory: FlatBuffer | undefined = native.allocate(ALL_WORDS * 4);
  const bytes = memory ? memory.bytes : new Uint8Array(ALL_WORDS * 4);
  const base = memory ? memory.address : 0;
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, ALL_WORDS);
  let functions: NativeFunction[] = [];

  const blocks: Uint8Array[] = [];
  const playing: Uint8Array[] = [];
  for (let i = 0; i < 2; i++) {
    blocks.push(new Uint8Array(bytes.buffer, bytes.byteOffset + (BLOCKS_AT + i * BLOCK_WORDS) * 4, BLOCK_BYTES));
    playing.push(new Uint8Array(bytes.buffer, bytes.byteOffset + (PLAYING_AT + i * BLOCK_WORDS) * 4, BLOCK_BYTES));
  }

  function nothing(): number {
    return 0;
  }

  function beginCapture(midScale: number, fullScale: number, decimation: number): void {
    words.fill(0, CAPTURE_AT, CAPTURE_AT + CAPTURE_STATE_WORDS);
    words[CAPTURE_AT + CAPTURE_MID] = midScale;
    words[CAPTURE_AT + CAPTURE_SCALE] = Math.floor((32767 * 32768) / fullScale);
    words[CAPTURE_AT + CAPTURE_DECIMATION] = decimation;
  }

  function capture(address: number, count: number): number {
    return functions[FN_CAPTURE](base + CAPTURE_AT * 4, address, count, base + BLOCKS_AT * 4);
  }

  function flush(): number {
    return functions[FN_FLUSH](base + CAPTURE_AT * 4, base + BLOCKS_AT * 4, 0, 0);
  }

  function captured(): number {
    return words[CAPTURE_AT + CAPTURE_SAMPLES];
  }

  function beginRender(wordsPerSample: number, fullScale: number, volume: number): void {
    words.fill(0, RENDER_AT, RENDER_AT + RENDER_STATE_WORDS);
    words[RENDER_AT + RENDER_WORDS_PER_SAMPLE] = wordsPerSample;
    words[RENDER_AT + RENDER_FULL] = fullScale;
    words[RENDER_AT + RENDER_VOLUME] = volume;
  }

  function beginBlock(which: number, samples: number): void {
    words[RENDER_AT + RENDER_BLOCK] = base + (PLAYING_AT + which * BLOCK_WORDS) * 4;
    words[RENDER_AT + RENDER_SAMPLES] = samples;
    words[RENDER_AT + RENDER_POSITION] = 0;
  }

  function render(address: number, count: number): number {
    return functions[FN_RENDER](base + RENDER_AT * 4, address, count, 0);
  }

  // The input lies in the block that render reads, which nobody needs yet.
  function knownAnswer(): number {
    const input = new Int16Array(bytes.buffer, bytes.byteOffset + PLAYING_AT * 4, KNOWN_SAMPLES);
    for (let i = 0; i < KNOWN_SAMPLES; i++) input[i] = 2048 + (i & 8 ? 1 : -1) * i * 29;
    beginCapture(2048, 2048, 1);
    capture(base + PLAYING_AT * 4, KNOWN_SAMPLES);
    flush();
    return native.crc32(blocks[0]);
  }

  if (!memory) code = ERR_MEMORY;
  else if (native.crc32(image.code) !== image.crc32) code = ERR_KERNEL;
  else {
    functions = native.load(image.code, image.offsets) || [];
    if (functions.length === 0 || knownAnswer() !== image.knownAnswer) code = ERR_KERNEL;
  }
  if (code !== OK) functions = [];
  while (functions.length < FN_COUNT) functions.push(nothing);

  return {
    code: code,
    blocks: blocks,
    blocksAddress: base + BLOCKS_AT * 4,
    frame: new Uint8Array(bytes.buffer, bytes.byteOffset + FRAME_AT * 4, FRAME_MOST_BYTES),
    frameAddress: base + FRAME_AT * 4,
    beginCapture: beginCapture,
    capture: capture,
    flush: flush,
    captured: captured,
    playing: playing,
    beginRender: beginRender,
    beginBlock: beginBlock,
    render: render,
    addressOf: native.addressOf,
    functions: functions,
  };
}
