// The scan's twin: the message index out of the first words of all pages. Why it decides so is told in kernel/scan.c.

import {
  CHECKED_BYTES,
  COMMITTED_BYTES,
  COMMIT_TAG_BYTES,
  ERASED_WORD,
  HEADER_WORDS,
  INDEX_MASK,
  KIND_HEARD,
  KIND_OWN,
  KIND_UNHEARD,
  MAX_MESSAGES,
  ORIGIN_OWN,
  ORIGIN_SHIFT,
  PAGE_DIRTY,
  PAGE_MAGIC,
  PAGE_OWNER,
  PAGE_SAMPLES,
  PAGE_UNVERIFIED,
  SPACE_COMMIT,
  WORD_COMMIT,
  WORD_FLAGS,
  WORD_MAGIC,
  WORD_PLACE,
  WORD_SAMPLES,
  WORD_SEQUENCE,
} from "../messages/layout.ts";
import {
  ROW_KIND,
  ROW_PAGES,
  ROW_SAMPLES,
  ROW_SEQUENCE,
  ROW_WORDS,
  SCAN_DIRTY,
  SCAN_FOUND,
  SCAN_HEAD,
  SCAN_NEWER,
  SCAN_NEWEST,
  SCAN_READY,
  SCAN_ROWS,
  SCAN_STATES,
} from "./abi.ts";
import { tagOf } from "./twin-seal.ts";

const NOTHING = new Uint8Array(0);

/** More than one bit: a single one may have rotted. */
export function isCleared(half: number): boolean {
  const zeros = ~half & 0xffff;
  return (zeros & (zeros - 1)) !== 0;
}

/** Whether the first words of a page are of some layout of ours. `crc32` gives the CRC-32 of bytes. */
export function isSound(header: Uint32Array, crc32: (bytes: Uint8Array) => number): boolean {
  const bytes = new Uint8Array(header.buffer, header.byteOffset, CHECKED_BYTES);
  return (header[WORD_MAGIC] & 0xffffff) === (PAGE_MAGIC & 0xffffff) && (crc32(bytes) & 0xffff) === header[WORD_PLACE] >>> 16;
}

/** Whether the commit tag of a sound first page is right. */
export function isCommitted(key: ArrayLike<number>, header: Uint32Array): boolean {
  const bytes = new Uint8Array(header.buffer, header.byteOffset, HEADER_WORDS * 4);
  const tag = tagOf(key, [header[WORD_SEQUENCE], 0, SPACE_COMMIT], bytes.subarray(0, COMMITTED_BYTES), NOTHING);
  for (let i = 0; i < COMMIT_TAG_BYTES; i++) if (tag[i] !== bytes[WORD_COMMIT * 4 + i]) return false;
  return true;
}

function isListed(rows: Uint32Array, count: number, sequence: number): boolean {
  for (let i = 0; i < count; i++) if (rows[ROW_WORDS * i + ROW_SEQUENCE] === sequence) return true;
  return false;
}

export function scan(key: ArrayLike<number>, state: Uint32Array, headers: Uint32Array, pages: number, crc32: (bytes: Uint8Array) => number): number {
  const rows = state.subarray(SCAN_ROWS, SCAN_STATES);
  const states = new Uint8Array(state.buffer, state.byteOffset + SCAN_STATES * 4, pages);
  const header = (page: number): Uint32Array => headers.subarray(page * HEADER_WORDS, (page + 1) * HEADER_WORDS);
  let count = 0;
  state.fill(0, 0, SCAN_ROWS);
  for (let page = 0; page < pages; page++) {
    const w = header(page);
    states[page] = PAGE_UNVERIFIED;
    state[SCAN_READY]++;
    if (w.every((word) => word === ERASED_WORD)) continue;
    states[page] = PAGE_DIRTY;
    state[SCAN_READY]--;
    state[SCAN_DIRTY]++;
    if (!isSound(w, crc32)) continue;
    if (w[WORD_MAGIC] !== PAGE_MAGIC) {
      if (w[WORD_MAGIC] > PAGE_MAGIC) state[SCAN_NEWER]++;
      continue;
    }
    if (state[SCAN_FOUND]++ === 0 || ((w[WORD_SEQUENCE] - state[SCAN_NEWEST]) | 0) >= 0) {
      state[SCAN_NEWEST] = w[WORD_SEQUENCE];
      state[SCAN_HEAD] = page;
    }
    if ((w[WORD_PLACE] & INDEX_MASK) !== 0 || isCleared(w[WORD_FLAGS] >>> 16) || w[WORD_SAMPLES] === ERASED_WORD) continue;
    if (count === MAX_MESSAGES || isListed(rows, count, w[WORD_SEQUENCE]) || !isCommitted(key, w)) continue;
    let row = ROW_WORDS * count++;
    for (; row > 0 && ((rows[row + ROW_SEQUENCE - ROW_WORDS] - w[WORD_SEQUENCE]) | 0) > 0; row -= ROW_WORDS) {
      for (let i = 0; i < ROW_WORDS; i++) rows[row + i] = rows[row + i - ROW_WORDS];
    }
    const origin = (w[WORD_PLACE] >>> ORIGIN_SHIFT) & 3;
    const kind = origin === ORIGIN_OWN ? KIND_OWN : isCleared(w[WORD_FLAGS] & 0xffff) ? KIND_HEARD : KIND_UNHEARD;
    rows[row + ROW_SEQUENCE] = w[WORD_SEQUENCE];
    rows[row + ROW_SAMPLES] = w[WORD_SAMPLES];
    rows[row + ROW_PAGES] = page | (Math.min(pages, Math.ceil(w[WORD_SAMPLES] / PAGE_SAMPLES)) << 16);
    rows[row + ROW_KIND] = kind | ((PAGE_OWNER + count - 1) << 8);
  }
  for (let row = 0; row < ROW_WORDS * count; row += ROW_WORDS) {
    let page = rows[row + ROW_PAGES] & 0xffff;
    const needed = rows[row + ROW_PAGES] >>> 16;
    for (let step = 0, found = 0; step < pages && found < needed; step++) {
      const w = header(page);
      const isOwn = states[page] === PAGE_DIRTY && isSound(w, crc32) && w[WORD_MAGIC] === PAGE_MAGIC && w[WORD_SEQUENCE] === rows[row + ROW_SEQUENCE];
      if (isOwn && (w[WORD_PLACE] & INDEX_MASK) === found) {
        states[page] = rows[row + ROW_KIND] >>> 8;
        state[SCAN_DIRTY]--;
        found++;
      }
      page = page + 1 === pages ? 0 : page + 1;
    }
  }
  return count;
}
