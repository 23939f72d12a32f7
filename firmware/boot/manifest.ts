// How an application lies in its slot, and what is told about a board behind the header of `log`: the one place that knows
// offsets. Shared by the loader, the application and the tools that write slots.
//
//   slot   | manifest 128 B | text of the bundle | erased up to a page | prompts, in pages |
//   page 0 | Storage's header 32 B | seal | layout version | provisioning record ...      | never erased
//
// Words are little-endian. Those from WORD_COMMIT on only ever lose bits, all at once: cleared means that most bits are 0,
// so no single rotten bit changes what they say.

/** "PwS1": read as a Storage header it claims 5 MB, an impossible size. */
export const SLOT_MAGIC = 0x31537750;
/** First word of each page of prompts, "PwP1": the same. */
export const PROMPT_MAGIC = 0x31507750;
export const LAYOUT_VERSION = 1;

export const WORD_MAGIC = 0;
export const WORD_LAYOUT = 1;
/** Grows with every release: the loader never prefers an older one. */
export const WORD_VERSION = 2;
export const WORD_TEXT_BYTES = 3;
export const WORD_TEXT_CRC = 4;
/** First page of the prompts, counted from the slot's; their bytes; CRC-32 of their pages as they lie in flash, from the first magic to the last byte. */
export const WORD_PROMPTS_PAGE = 5;
export const WORD_PROMPTS_BYTES = 6;
export const WORD_PROMPTS_CRC = 7;
/** SHA-256 of the bundle's text, eight words as it is printed: told to accepted phones. */
export const WORD_SHA256 = 8;
/** CRC-32 of all words before it. */
export const WORD_CHECK = 16;
/** Cleared when all before it, text and prompts were written and read back. */
export const WORD_COMMIT = 17;
/** Cleared in an update: there is another application to go back to. */
export const WORD_TRIAL = 18;
/** Cleared by the loader before it evaluates a slot on trial. */
export const WORD_STARTED = 19;
/** Cleared by the application when it works; without it the other slot runs at the next boot. */
export const WORD_CONFIRMED = 20;
export const MANIFEST_WORDS = 21;

export const TEXT_AT = 128;
/** A page of prompts behind its magic. */
export const PIECE_BYTES = 4092;
export const PIECE_MAGIC_BYTES = 4;

/** Offsets in page 0, the first behind Storage's header. A seal of 0xFFFFFFFF means unsealed, anything else locked. */
export const SEAL_AT = 32;
export const PAGE0_LAYOUT_AT = 36;
/** Length and CRC-32 of the provisioning record, then its bytes. */
export const RECORD_LENGTH_AT = 40;
export const RECORD_CHECK_AT = 44;
export const RECORD_AT = 48;
export const UNSEALED = 0xffffffff;

/** Most bits of the word are 0. */
export function isCleared(word: number): boolean {
  let ones = 0;
  for (let rest = word; rest !== 0; rest &= rest - 1) ones++;
  return ones < 16;
}

/** Bytes that prompts of that length take in flash, magics included. */
export function storedPromptBytes(bytes: number): number {
  return bytes + PIECE_MAGIC_BYTES * Math.ceil(bytes / PIECE_BYTES);
}
