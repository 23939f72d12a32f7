// Small sealed entries in a few flash pages of their own, appended one behind the other: what records and journal are made of.
//
//   page  | magic | generation | salt | CRC-32 of these | live |   12 B erased | slots
//   slot  | kind, length, and their complements | bytes, encrypted | 16 B tag | void |
//
// A page counts once its `live` word is cleared. An entry is valid when its tag is; its nonce is the page's salt and generation, and
// slot, kind and length. A slot's `void` word is cleared when something newer took its place.

import { ERR_HARDWARE, OK, type Code, type Entropy, type Flash, type NativeCode } from "../../hal/contract.ts";
import { isSound } from "../boot/key-words.ts";
import { ERASE_DONE, ERASE_STUCK, type Eraser } from "./eraser.ts";
import { ERASED_WORD } from "./layout.ts";
import { FULL_TAG_BYTES, type Vault } from "./vault.ts";

/** "PwE1": read as a Storage header it claims 4.5 MB, an impossible size. */
export const ENTRY_MAGIC = 0x31457750;
export const ENTRY_HEADER_BYTES = 32;
const GENERATION = 1;
const SALT = 2;
const CHECK = 3;
const LIVE = 4;

export interface Entries {
  /** Slots of a page. */
  readonly slots: number;
  /** Page in use, 0 for the first one; -1 when nothing was ever written. */
  readonly page: number;
  /** Its first free slot. */
  readonly next: number;
  /** A page that is blank and comes next; -1 while there is none. */
  readonly spare: number;
  /** Number of each page's life; 0 while it holds nothing. */
  readonly generations: Uint32Array;
  /** Whether a page is of a newer layout. */
  readonly hasNewer: boolean;
  /** Whether anything may be written: whoever appends asks. */
  isOpen: boolean;
  load(): void;
  /** The kind in a slot, 0 when there is none or it is void. */
  kind(page: number, slot: number): number;
  /** A copy of what a slot holds; undefined when its tag is wrong. */
  read(page: number, slot: number): Uint8Array | undefined;
  /** Writes into the next slot; a page that is full is left for another one, to which `carry`, if any, brings what must stay. */
  append(kind: number, bytes: Uint8Array): Code;
  makeVoid(page: number, slot: number): Code;
  /** One step of erasing the page that comes next, ahead of time; true when something was done. */
  prepare(): boolean;
}

export function createEntries(
  flash: Flash,
  native: NativeCode,
  entropy: Entropy,
  eraser: Eraser,
  vault: Vault,
  firstPage: number,
  pages: number,
  mostBytes: number,
  space: number,
  carry?: (from: number) => Code,
): Entries {
  const slotBytes = 4 + mostBytes + FULL_TAG_BYTES + 4;
  const slots = Math.floor((flash.pageBytes - ENTRY_HEADER_BYTES) / slotBytes);
  const generations = new Uint32Array(pages);
  const salts = new Uint32Array(pages);
  const retired = new Uint8Array(pages);
  const header = new Uint32Array(LIVE);
  const headerBytes = new Uint8Array(header.buffer);
  const zero = new Uint8Array(4);
  let newest = 0;

  function addressOf(page: number, slot: number): number {
    return (firstPage + page) * flash.pageBytes + ENTRY_HEADER_BYTES + slot * slotBytes;
  }

  function wordAt(address: number): number {
    return new Uint32Array(flash.read(address, 4).buffer)[0];
  }

  function headOf(kind: number, length: number): number {
    return (kind | (length << 8) | ((~kind & 255) << 16) | ((~length & 255) << 24)) >>> 0;
  }

  function load(): void {
    newest = 0;
    self.page = -1;
    self.next = 0;
    self.spare = -1;
    self.hasNewer = false;
    for (let page = 0; page < pages; page++) {
      const words = new Uint32Array(flash.read((firstPage + page) * flash.pageBytes, 20).buffer);
      generations[page] = 0;
      // A page that were given up for one rotten bit would leave older entries to be taken for the newest.
      if (!isSound(words, ENTRY_MAGIC, CHECK, native.crc32)) continue;
      if (words[0] > ENTRY_MAGIC) self.hasNewer = true;
      if (words[GENERATION] > newest) newest = words[GENERATION];
      if (words[0] !== ENTRY_MAGIC || words[LIVE] === ERASED_WORD) continue;
      generations[page] = words[GENERATION];
      salts[page] = words[SALT];
      if (self.page < 0 || words[GENERATION] > generations[self.page]) self.page = page;
    }
    if (self.page < 0) return;
    // Slots fill from the first one on: the boundary is halved out.
    let end = slots;
    while (self.next < end) {
      const middle = (self.next + end) >> 1;
      if (wordAt(addressOf(self.page, middle)) === ERASED_WORD) end = middle;
      else self.next = middle + 1;
    }
  }

  function kind(page: number, slot: number): number {
    const address = addressOf(page, slot);
    const head = wordAt(address);
    const found = head & 255;
    if (head !== headOf(found, (head >>> 8) & 255) || wordAt(address + slotBytes - 4) !== ERASED_WORD) return 0;
    return found;
  }

  function nonceOf(slot: number, head: number): number {
    return (space | (slot << 8) | ((head & 0xffff) << 16)) >>> 0;
  }

  function read(page: number, slot: number): Uint8Array | undefined {
    const address = addressOf(page, slot);
    const head = wordAt(address);
    const length = (head >>> 8) & 255;
    if (length > mostBytes || head !== headOf(head & 255, length)) return undefined;
    const padded = (length + 3) & ~3;
    vault.data.set(flash.read(address + 4, padded + FULL_TAG_BYTES));
    if (!vault.open(salts[page], generations[page], nonceOf(slot, head), padded, FULL_TAG_BYTES)) return undefined;
    const bytes = new Uint8Array(length);
    for (let i = 0; i < length; i++) bytes[i] = vault.data[i];
    return bytes;
  }

  function prepare(): boolean {
    // Of all pages but the one in use, the one whose contents are oldest.
    let oldest = -1;
    for (let page = 0; page < pages && self.spare < 0; page++) {
      if (page !== self.page && !retired[page] && (oldest < 0 || generations[page] < generations[oldest])) oldest = page;
    }
    if (oldest < 0) return false;
    generations[oldest] = 0;
    const done = eraser.step(firstPage + oldest);
    if (done === ERASE_DONE) self.spare = oldest;
    else if (done === ERASE_STUCK) retired[oldest] = 1;
    return true;
  }

  function turn(): Code {
    const from = self.page;
    while (self.spare < 0) if (!prepare()) return ERR_HARDWARE;
    const page = self.spare;
    self.spare = -1;
    newest++;
    header[0] = ENTRY_MAGIC;
    header[GENERATION] = newest;
    header[SALT] = entropy.word();
    header[CHECK] = native.crc32(new Uint8Array(header.buffer, 0, CHECK * 4));
    let code = flash.write((firstPage + page) * flash.pageBytes, headerBytes);
    generations[page] = newest;
    salts[page] = header[SALT];
    self.page = page;
    self.next = 0;
    if (code === OK && carry) code = carry(from);
    if (code === OK) code = flash.write((firstPage + page) * flash.pageBytes + LIVE * 4, zero);
    if (code === OK) return OK;
    // What is on the page before still counts.
    retired[page] = 1;
    generations[page] = 0;
    self.page = from;
    self.next = slots;
    return code;
  }

  function append(kindOf: number, bytes: Uint8Array): Code {
    while (self.page < 0 || self.next >= slots) {
      const code = turn();
      if (code !== OK) return code;
    }
    const head = headOf(kindOf, bytes.length);
    const padded = (bytes.length + 3) & ~3;
    vault.data.fill(0, 0, padded);
    vault.data.set(bytes);
    vault.seal(salts[self.page], generations[self.page], nonceOf(self.next, head), padded);
    const sealed = new Uint8Array(4 + padded + FULL_TAG_BYTES);
    new Uint32Array(sealed.buffer, 0, 1)[0] = head;
    sealed.set(new Uint8Array(vault.data.buffer, vault.data.byteOffset, padded + FULL_TAG_BYTES), 4);
    self.next++;
    return flash.write(addressOf(self.page, self.next - 1), sealed);
  }

  function makeVoid(page: number, slot: number): Code {
    return flash.write(addressOf(page, slot) + slotBytes - 4, zero);
  }

  const self = {
    slots: slots,
    page: -1,
    next: 0,
    spare: -1,
    generations: generations,
    hasNewer: false,
    isOpen: false,
    load: load,
    kind: kind,
    read: read,
    append: append,
    makeVoid: makeVoid,
    prepare: prepare,
  };
  return self;
}
