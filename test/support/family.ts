// A message from the family, put into flash as the firmware's log would have written it: until there is a link, the only way
// for one to arrive.

import { crc32 } from "node:zlib";
import { messageMemory } from "../../boards/flash-map.ts";
import { BLOCKS_PER_PAGE, ORIGIN_FAMILY, ORIGIN_OWN, PAGE_MAGIC, WORD_CHECK, WORD_COMMIT, WORD_HEARD, WORD_MAGIC, WORD_PLACE, WORD_SAMPLES, WORD_SEQUENCE, blockOffset, checkOffset } from "../../firmware/messages/layout.ts";
import { BLOCK_BYTES, BLOCK_SAMPLES, MESSAGE_RATE_HZ } from "../../firmware/voice/abi.ts";
import { encodeBlock } from "../../firmware/voice/adpcm.ts";
import { PAGE_BYTES } from "../../sim/flash.ts";
import type { Toy } from "./toy.ts";

export interface Given {
  /** Page of the ring in which it begins. */
  readonly page: number;
  readonly sequence: number;
  readonly seconds: number;
  readonly hz: number;
  readonly isHeard?: boolean;
  readonly isOwn?: boolean;
}

/** The blocks of a tone. */
export function toneBlocks(hz: number, samples: number): Uint8Array {
  const blocks = new Uint8Array(Math.ceil(samples / BLOCK_SAMPLES) * BLOCK_BYTES);
  let index = 0;
  for (let at = 0, block = 0; at < samples; at += BLOCK_SAMPLES, block++) {
    const part = Array.from({ length: Math.min(BLOCK_SAMPLES, samples - at) }, (_, i) => Math.round(12000 * Math.sin((2 * Math.PI * hz * (at + i)) / MESSAGE_RATE_HZ)));
    index = encodeBlock(part, blocks.subarray(block * BLOCK_BYTES, (block + 1) * BLOCK_BYTES), index);
  }
  return blocks;
}

/** Writes a message into the flash of a toy that is off, or that will be switched off and on; returns its blocks and samples. */
export function give(toy: Toy, { page, sequence, seconds, hz, isHeard = false, isOwn = false }: Given): { readonly blocks: Uint8Array; readonly samples: number } {
  const messages = messageMemory(toy.board);
  if (messages.kind !== "flash") throw new Error(`${toy.board.id} keeps no messages in flash`);
  const memory = toy.memories.find((candidate) => candidate.holds(messages.base, PAGE_BYTES))!;
  const samples = Math.round(seconds * MESSAGE_RATE_HZ);
  const blocks = toneBlocks(hz, samples);
  const count = blocks.length / BLOCK_BYTES;
  for (let index = 0; index * BLOCKS_PER_PAGE < count; index++) {
    const at = messages.base - memory.base + ((page + index) % messages.pages) * PAGE_BYTES;
    const bytes = memory.bytes.subarray(at, at + PAGE_BYTES).fill(0xff);
    const words = new DataView(bytes.buffer, bytes.byteOffset);
    const set = (word: number, value: number): void => words.setUint32(word * 4, value, true);
    set(WORD_MAGIC, PAGE_MAGIC);
    set(WORD_SEQUENCE, sequence);
    set(WORD_PLACE, ((isOwn ? ORIGIN_OWN : ORIGIN_FAMILY) << 16) | index);
    set(WORD_CHECK, crc32(bytes.subarray(0, WORD_CHECK * 4)));
    for (let block = index * BLOCKS_PER_PAGE; block < Math.min(count, (index + 1) * BLOCKS_PER_PAGE); block++) {
      const code = blocks.subarray(block * BLOCK_BYTES, (block + 1) * BLOCK_BYTES);
      bytes.set(code, blockOffset(block));
      words.setUint32(checkOffset(block), crc32(code), true);
    }
    if (index > 0) continue;
    set(WORD_SAMPLES, samples);
    set(WORD_COMMIT, crc32(bytes.subarray(0, WORD_COMMIT * 4)));
    if (isHeard) set(WORD_HEARD, 0);
  }
  return { blocks, samples };
}
