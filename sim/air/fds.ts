// Flash Data Storage, where the peer manager keeps what it knows: records in one page of flash, a second page to clear up into.
// Words, order of writes, and what is made at boot of pages that a power cut left, as in nRF5 SDK 12 components/libraries/fds/
// fds.c and fds_internal_defs.h; SDK 15 has the same tags and headers. Writing stops the processor; so does, for much longer, an erasure.

import type { FlashMemory } from "../flash.ts";

export interface FdsRecord {
  readonly file: number;
  readonly key: number;
  readonly id: number;
  readonly data: Uint8Array;
}

const PAGE_WORDS = 1024;
export const FDS_PAGES = 2;
const TAG_WORDS = 2;
const MAGIC = 0xdeadc0de;
const SWAP = 0xf11e01ff;
const DATA = 0xf11e01fe;
const ERASED = 0xffffffff;

// A record: key and length, file and check (none here), number, data. One without key is dirty, one without file was never finished.
const HEADER_WORDS = 3;
const WORD_FILE = 1;
const WORD_ID = 2;
const NO_KEY = 0;
const NO_FILE = 0xffff;
const DIRTY = 0xffff0000;

/** What pages were found at boot. */
const FOUND = { erased: 1, data: 2, cleanSwap: 4, dirtySwap: 8 };

export class Fds {
  readonly #words: Uint32Array;
  // Kept in RAM between two boots, whatever happens to the pages meanwhile.
  #data: number | undefined;
  #swap = 0;
  #used = 0;
  #lastId = 0;
  /** Erasures of a page and writes of a record so far. */
  erasures = 0;
  writes = 0;

  constructor(
    readonly memory: FlashMemory,
    /** The processor stands for so long. */
    public stall: (us: number) => void = () => undefined,
  ) {
    this.#words = new Uint32Array(memory.bytes.buffer, memory.bytes.byteOffset, FDS_PAGES * PAGE_WORDS);
    this.mount();
  }

  /** fds_init: false when there is no page to be used. */
  mount(): boolean {
    let found = 0;
    let swap: number | undefined;
    let isSwapTagged = false;
    let blank: number | undefined;
    this.#data = undefined;
    this.#lastId = 0;
    for (let page = 0; page < FDS_PAGES; page++) {
      const tag = this.#tagOf(page);
      if (tag === DATA) {
        found |= FOUND.data;
        this.#data = page;
        this.#used = this.#scan(page);
      } else if (tag === SWAP) {
        if (swap !== undefined) blank = swap;
        found |= this.#scan(page) === TAG_WORDS ? FOUND.cleanSwap : FOUND.dirtySwap;
        swap = page;
        isSwapTagged = true;
      } else if (this.#isBlank(page)) {
        found |= FOUND.erased;
        if (swap === undefined) swap = page;
        else blank = page;
      }
    }
    if (swap === undefined) return false;
    this.#swap = swap;
    if (found === (FOUND.erased | FOUND.dirtySwap)) {
      // Cleared up, but not said so: the swap page holds all.
      this.#promote(blank!);
    } else if (found === (FOUND.data | FOUND.dirtySwap)) {
      this.#erase(swap);
      isSwapTagged = false;
    } else if (blank !== undefined) {
      if (!isSwapTagged) this.#tag(swap, SWAP);
      this.#tag(blank, DATA);
      this.#data = blank;
      this.#used = TAG_WORDS;
      return true;
    }
    if (!isSwapTagged || this.#tagOf(this.#swap) !== SWAP) this.#tag(this.#swap, SWAP);
    return true;
  }

  /** All that is valid, in its order in flash. */
  records(): FdsRecord[] {
    return this.#data === undefined ? [] : this.#walk(this.#data).filter(({ isValid }) => isValid).map(({ at }) => this.#recordAt(at));
  }

  find(file: number, key: number): FdsRecord | undefined {
    return this.records().find((record) => record.file === file && record.key === key);
  }

  /** fds_record_write, or fds_record_update where there is one: the new record is whole before the old one is dirty. False when there is no room. */
  write(file: number, key: number, bytes: Uint8Array): boolean {
    const length = Math.ceil(bytes.length / 4);
    const hasRoom = (): boolean => this.#used + HEADER_WORDS + length < PAGE_WORDS;
    if (!hasRoom()) this.#collect();
    if (this.#data === undefined || !hasRoom()) return false;
    const old = this.#at(file, key);
    const at = this.#data * PAGE_WORDS + this.#used;
    const padded = new Uint8Array(length * 4);
    padded.set(bytes);
    this.#program(at, [(key | (length << 16)) >>> 0]);
    this.#program(at + WORD_ID, [++this.#lastId]);
    this.#program(at + HEADER_WORDS, new Uint32Array(padded.buffer));
    this.#program(at + WORD_FILE, [file]);
    this.#used += HEADER_WORDS + length;
    this.writes++;
    if (old !== undefined) this.#program(old, [DIRTY]);
    return true;
  }

  /** fds_file_delete: each record made dirty. */
  delete(file: number): void {
    if (this.#data === undefined) return;
    for (const { at, isValid } of this.#walk(this.#data)) if (isValid && this.#recordAt(at).file === file) this.#program(at, [DIRTY]);
  }

  /** Erased behind its back: what it has in RAM stays until the next boot. */
  erasePage(page: number): void {
    this.#erase(page);
  }

  #tagOf(page: number): number | undefined {
    return this.#words[page * PAGE_WORDS] === MAGIC ? this.#words[page * PAGE_WORDS + 1] : undefined;
  }

  #isBlank(page: number): boolean {
    return this.#words.subarray(page * PAGE_WORDS, (page + 1) * PAGE_WORDS).every((word) => word === ERASED);
  }

  /** Records from the page's beginning up to the first erased word. */
  #walk(page: number): { readonly at: number; readonly isValid: boolean }[] {
    const found: { at: number; isValid: boolean }[] = [];
    const end = (page + 1) * PAGE_WORDS;
    for (let at = page * PAGE_WORDS + TAG_WORDS; at < end && this.#words[at] !== ERASED; at += HEADER_WORDS + (this.#words[at]! >>> 16)) {
      const isValid = (this.#words[at]! & 0xffff) !== NO_KEY && (this.#words[at + WORD_FILE]! & 0xffff) !== NO_FILE;
      found.push({ at, isValid });
    }
    return found;
  }

  /** page_scan: words in use. */
  #scan(page: number): number {
    const all = this.#walk(page);
    for (const { at, isValid } of all) if (isValid) this.#lastId = Math.max(this.#lastId, this.#words[at + WORD_ID]!);
    const last = all.at(-1);
    return last ? last.at + HEADER_WORDS + (this.#words[last.at]! >>> 16) - page * PAGE_WORDS : TAG_WORDS;
  }

  #at(file: number, key: number): number | undefined {
    return this.#walk(this.#data!).find(({ at, isValid }) => isValid && (this.#words[at]! & 0xffff) === key && (this.#words[at + WORD_FILE]! & 0xffff) === file)?.at;
  }

  #recordAt(at: number): FdsRecord {
    const from = (at + HEADER_WORDS) * 4;
    return {
      file: this.#words[at + WORD_FILE]! & 0xffff,
      key: this.#words[at]! & 0xffff,
      id: this.#words[at + WORD_ID]!,
      data: this.memory.bytes.slice(from, from + (this.#words[at]! >>> 16) * 4),
    };
  }

  /** fds_gc: what is valid moves to the swap page, and the two pages change their parts. Nothing where nothing is dirty. */
  #collect(): void {
    const page = this.#data;
    if (page === undefined || this.#walk(page).every(({ isValid }) => isValid)) return;
    let used = TAG_WORDS;
    for (const { at, isValid } of this.#walk(page)) {
      if (!isValid) continue;
      const length = HEADER_WORDS + (this.#words[at]! >>> 16);
      this.#program(this.#swap * PAGE_WORDS + used, this.#words.slice(at, at + length));
      used += length;
    }
    this.#erase(page);
    this.#promote(page);
    this.#used = used;
    this.#tag(page, SWAP);
  }

  /** The swap page becomes the one of data, and another one the swap page. */
  #promote(next: number): void {
    this.#tag(this.#swap, DATA);
    this.#data = this.#swap;
    this.#used = this.#scan(this.#data);
    this.#swap = next;
  }

  #tag(page: number, tag: number): void {
    this.#program(page * PAGE_WORDS, [MAGIC, tag]);
  }

  #program(at: number, words: ArrayLike<number>): void {
    for (let i = 0; i < words.length; i++) this.#words[at + i]! &= words[i]!;
    this.stall(words.length * 4 * this.memory.timing.programUsPerByte);
  }

  #erase(page: number): void {
    this.#words.fill(ERASED, page * PAGE_WORDS, (page + 1) * PAGE_WORDS);
    this.memory.erases[page]!++;
    this.erasures++;
    this.stall(this.memory.timing.pageEraseUs);
  }
}
