// How messages lie in flash: the one place that knows offsets.
//
//   page  | header 32 B | block 0 | block 1 | block 2 | block 3 |      4096 B, at most 1.0005 s of voice
//   block | 1004 B IMA ADPCM | CRC-32 4 B | 8 B left erased |           1016 B
//
// A message is a run of pages in ring order; pages of older, kept messages may lie between. Words are little-endian and
// only ever lose bits: a word of 0xFFFFFFFF has not been written.

import { BLOCK_BYTES } from "../voice/abi.ts";

/** First word of a page. Read as a Storage header it claims 5 MB, an impossible size, so no rotten file chain can land here. */
export const PAGE_MAGIC = 0x314c7750;
export const PAGE_HEADER_BYTES = 32;
/** Header words: magic, sequence number, place (page index | origin << 16), CRC-32 of those three. */
export const WORD_MAGIC = 0;
export const WORD_SEQUENCE = 1;
export const WORD_PLACE = 2;
export const WORD_CHECK = 3;
/** Written at commit, in this order, on the first page only: samples; CRC-32 of the header's first 20 bytes. */
export const WORD_SAMPLES = 4;
export const WORD_COMMIT = 5;
/** Cleared to 0 when the message has been heard, and when it is deleted. */
export const WORD_HEARD = 6;
export const WORD_DELETED = 7;
export const ERASED_WORD = 0xffffffff;

export const BLOCKS_PER_PAGE = 4;
export const SLOT_BYTES = 1016;

/** Who spoke. */
export const ORIGIN_OWN = 1;
export const ORIGIN_FAMILY = 2;

/** Address of a block within its page. */
export function blockOffset(block: number): number {
  return PAGE_HEADER_BYTES + (block % BLOCKS_PER_PAGE) * SLOT_BYTES;
}

/** Address, within its page, of the CRC that follows the block. */
export function checkOffset(block: number): number {
  return blockOffset(block) + BLOCK_BYTES;
}
