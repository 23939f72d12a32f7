// The host's IMA ADPCM encoder: samples to standard blocks. The one place that chooses how; every tool encodes through it.

import { BLOCK_BYTES, BLOCK_SAMPLES } from "../../firmware/voice/abi.ts";
import { encodeBlock } from "../../firmware/voice/adpcm.ts";

/** Whole blocks of BLOCK_BYTES; the last is padded. `onProgress` hears the share done, 0 to 1. */
export function encodeBlocks(samples: Int16Array, onProgress?: (done: number) => void): Uint8Array {
  const count = Math.ceil(samples.length / BLOCK_SAMPLES);
  const blocks = new Uint8Array(count * BLOCK_BYTES);
  for (let i = 0, index = 0; i < count; i++) {
    index = encodeBlock(samples.subarray(i * BLOCK_SAMPLES, (i + 1) * BLOCK_SAMPLES), blocks.subarray(i * BLOCK_BYTES, (i + 1) * BLOCK_BYTES), index);
    onProgress?.((i + 1) / count);
  }
  return blocks;
}
