// How messages lie in flash: the one place that knows offsets.
//
//   sheet | page | page |                                              8192 B, at most 2.001 s of voice
//   page  | header 32 B | block 0 | block 1 | block 2 | block 3 |
//   block | 1004 B IMA ADPCM, encrypted | 12 B tag |                  1016 B
//
// Sheets are of two pages because the boot reads every sheet's header. A message is a run of sheets in ring order; sheets of older,
// kept messages may lie between. The second page of a sheet has nothing but the magic in its header. Words are little-endian and only ever
// lose bits: a word of 0xFFFFFFFF has not been written. At rest everything is ChaCha20-Poly1305 under the toy's own key; nonces are
// made of the message's number, the block's and a space below, so nothing can be moved or swapped. Tags are cut to 12 and 8 bytes:
// each guess costs a write of flash.
//
// Arithmetic, with 50 messages of 8 s a day, as `npm run bench` measures it. XIAOBLE: of 441 pages six are for records and security log;
// 217 sheets hold 434 s; four sheets a message erase each page 0.9 times a day, so 100,000 erases are 300 years. nRF52840 DK: 22
// sheets hold 44 s; 9.1 erases a day, so the 10,000 that the processor's own flash bears are three years. That flash takes two writes
// of a word between erases: so many has the word of flags, no other has more. The longest stall is one erase and its reading back.

import { BLOCK_SAMPLES } from "../voice/abi.ts";

/** First word of a page, "PwL2". Read as a Storage header it claims 5 MB, an impossible size, so no rotten file chain can land here. */
export const PAGE_MAGIC = 0x324c7750;
export const PAGE_HEADER_BYTES = 32;
/** What of the header a scan reads; the eighth word stays erased. */
export const HEADER_WORDS = 7;
/** Written first: magic; number; index of the sheet in its message, origin, and 16 bits of the CRC-32 of CHECKED_BYTES. */
export const WORD_MAGIC = 0;
export const WORD_SEQUENCE = 1;
export const WORD_PLACE = 2;
export const CHECKED_BYTES = 10;
export const INDEX_MASK = 1023;
export const ORIGIN_SHIFT = 10;
/** Written at commit, in one piece, on the first sheet only: samples, and the tag of the first COMMITTED_BYTES: 8 bytes, written last. */
export const WORD_SAMPLES = 3;
export const WORD_COMMIT = 4;
export const COMMITTED_BYTES = 16;
export const COMMIT_TAG_BYTES = 8;
/** Lower half cleared when the message has been heard, all of it when it is deleted. One bit alone is rot and means nothing. */
export const WORD_FLAGS = 6;
export const FLAGS_HEARD = 0xffff0000;
export const FLAGS_DELETED = 0;
export const ERASED_WORD = 0xffffffff;

export const BLOCKS_PER_PAGE = 4;
export const PAGES_PER_SHEET = 2;
export const BLOCKS_PER_SHEET = BLOCKS_PER_PAGE * PAGES_PER_SHEET;
export const SHEET_SAMPLES = BLOCKS_PER_SHEET * BLOCK_SAMPLES;
export const SLOT_BYTES = 1016;
export const TAG_BYTES = 12;

/** Third word of a nonce: what is sealed. The first two are number and block; page salt and generation | slot << 24 for entries. */
export const SPACE_BLOCK = 1;
export const SPACE_COMMIT = 2;
export const SPACE_RECORDS = 3;
export const SPACE_JOURNAL = 4;
export const SPACE_ROOT = 5;

/** Pages behind the messages: one in use, one ready, one that may fail. */
export const RECORD_PAGES = 3;
export const JOURNAL_PAGES = 3;

/** Who spoke. */
export const ORIGIN_OWN = 1;
export const ORIGIN_FAMILY = 2;

/** What a message is to the child. */
export const KIND_OWN = 1;
export const KIND_UNHEARD = 2;
export const KIND_HEARD = 3;

/** The most messages kept at a time: bounds the index in RAM. */
export const MAX_MESSAGES = 64;

/** What is known of a sheet. Up to UNVERIFIED it may be written; from OWNER on it belongs to a message. */
export const SHEET_ERASED = 0;
export const SHEET_UNVERIFIED = 1;
export const SHEET_DIRTY = 2;
export const SHEET_RETIRED = 3;
export const SHEET_OWNER = 4;

