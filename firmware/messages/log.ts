// The message log: messages appended to a ring of flash pages. A message exists from the moment its commit tag is written, and not
// before; a block is right only when its own tag says so. Pages are erased ahead of time, one per call of `maintain`, which the toy
// makes only while idle.

import { ERR_BUSY, ERR_DAMAGED, ERR_FULL, ERR_RANGE, OK, type Code, type Flash, type NativeCode } from "../../hal/contract.ts";
import { BLOCK_BYTES, BLOCK_SAMPLES, SCAN_READY } from "../voice/abi.ts";
import { createMessageIndex, type Message, type MessageIndex } from "./index.ts";
import {
  BLOCKS_PER_PAGE,
  CHECKED_BYTES,
  FLAGS_DELETED,
  FLAGS_HEARD,
  INDEX_MASK,
  KIND_HEARD,
  KIND_OWN,
  KIND_UNHEARD,
  MAX_MESSAGES,
  ORIGIN_OWN,
  ORIGIN_SHIFT,
  PAGE_MAGIC,
  PAGE_OWNER,
  PAGE_RETIRED,
  PAGE_SAMPLES,
  SLOT_BYTES,
  SPACE_BLOCK,
  TAG_BYTES,
  WORD_FLAGS,
  WORD_MAGIC,
  WORD_PLACE,
  WORD_SAMPLES,
  WORD_SEQUENCE,
  blockOffset,
} from "./layout.ts";
import { createPages, type Pages } from "./pages.ts";
import type { Vault } from "./vault.ts";

export interface MessageLog {
  /** Begins a message; ERR_FULL when no page can be had without dropping an unheard family message. */
  begin(origin: number): Code;
  /** Samples that the message in the making can hold. */
  roomSamples(): number;
  append(block: Uint8Array): Code;
  /** Makes the message in the making a message. After OK no power cut can lose it. */
  commit(samples: number): Code;
  /** Drops the message in the making. */
  abandon(): void;
  /** Copies block `index` of a message; ERR_DAMAGED when it is not what was written. */
  readBlock(message: Message, index: number, into: Uint8Array): Code;
  markHeard(message: Message): Code;
  remove(message: Message): Code;
  count(): number;
  /** 0 is the oldest. */
  at(index: number): Message | undefined;
  /** By number. */
  find(sequence: number): Message | undefined;
  oldestUnheard(): Message | undefined;
  lastHeard(): Message | undefined;
  lastOwn(): Message | undefined;
}

/** What the store alone does with it. */
export interface StoredLog extends MessageLog {
  readonly pages: Pages;
  /** Goes on with the index as the table has it: so many messages, the next one numbered thus. */
  resume(count: number, sequence: number): void;
  nextSequence(): number;
  /** One bounded step of housekeeping (at most one page erased); true when there is more to do. */
  maintain(): boolean;
}

/** `reserveNumbers` is asked before a number is used; its code is that of `begin`. */
export function createMessageLog(
  flash: Flash,
  native: NativeCode,
  vault: Vault,
  pageCount: number,
  recordingSamples: number,
  reserveNumbers: (next: number) => Code,
): StoredLog {
  const pageBytes = flash.pageBytes;
  const recordingPages = Math.ceil(recordingSamples / PAGE_SAMPLES);
  // A ring too small for one recording keeps one message, which the next one replaces.
  const isSingle = pageCount < recordingPages;
  // One full recording is always kept ready, where the ring is large enough for that and one message more.
  const reserve = isSingle ? 0 : Math.min(recordingPages, pageCount >> 1);
  const table = vault.table;
  const pages = createPages(flash, native, table, pageCount);
  const index: MessageIndex = createMessageIndex(table);
  const states = pages.states;
  const header = new Uint32Array(WORD_SAMPLES);
  const headerBytes = new Uint8Array(header.buffer);
  const checked = new Uint8Array(header.buffer, 0, CHECKED_BYTES);
  const last = new Uint32Array(3);
  const lastBytes = new Uint8Array(last.buffer);
  const word = new Uint32Array(1);
  const wordBytes = new Uint8Array(word.buffer);
  let nextSequence = 1;
  let isWriting = false;
  let writingOrigin = 0;
  let writingOwner = 0;
  let writingPages = 0;
  let writingFirst = 0;
  let writingPage = 0;
  let writingBlocks = 0;
  let unheard: Message | undefined;
  let heard: Message | undefined;
  let own: Message | undefined;

  // What a tap plays, worked out when the messages change and not when the child waits.
  function choose(): void {
    const end = index.count() - 1;
    unheard = index.at(index.seek(KIND_UNHEARD, 0, 1));
    heard = index.at(index.seek(KIND_HEARD, end, -1));
    own = index.at(index.seek(KIND_OWN, end, -1));
  }

  function resume(count: number, sequence: number): void {
    isWriting = false;
    index.reset(count);
    nextSequence = sequence;
    choose();
  }

  function writeFlags(message: Message, value: number): Code {
    word[0] = value;
    return flash.write(message.firstPage * pageBytes + WORD_FLAGS * 4, wordBytes);
  }

  function remove(message: Message): Code {
    const at = index.find(message.sequence);
    if (at < 0) return ERR_RANGE;
    const code = writeFlags(message, FLAGS_DELETED);
    if (code !== OK) return code;
    index.remove(at);
    choose();
    pages.release(message.owner);
    return OK;
  }

  // Oldest first, but never an unheard family message, and the child's last own recording only when nothing could be recorded.
  function evict(): boolean {
    const mayGo = index.at(index.seek(KIND_HEARD, 0, 1));
    const ownMayGo = index.at(index.seek(KIND_OWN, 0, 1));
    let victim = mayGo;
    if (ownMayGo && ownMayGo !== own && (!victim || ((ownMayGo.sequence - victim.sequence) | 0) < 0)) victim = ownMayGo;
    if (!victim && table[SCAN_READY] === 0) victim = own;
    return victim !== undefined && remove(victim) === OK;
  }

  // For the ring of one message, which is RAM: erasing takes no time there.
  function dropAll(): void {
    for (let i = index.count() - 1; i >= 0; i--) remove(index.at(i)!);
    for (let more = true; more; ) more = pages.clean();
  }

  function begin(origin: number): Code {
    if (isWriting) return ERR_BUSY;
    if (isSingle) dropAll();
    if (table[SCAN_READY] === 0 || index.count() >= MAX_MESSAGES) return ERR_FULL;
    const code = reserveNumbers(nextSequence);
    if (code !== OK) return code;
    isWriting = true;
    writingOrigin = origin;
    writingOwner = PAGE_OWNER;
    while (states.indexOf(writingOwner) >= 0) writingOwner++;
    writingPages = 0;
    writingBlocks = 0;
    return OK;
  }

  function roomSamples(): number {
    return (table[SCAN_READY] + writingPages) * PAGE_SAMPLES;
  }

  function makeHeader(pageIndex: number): void {
    header[WORD_MAGIC] = PAGE_MAGIC;
    header[WORD_SEQUENCE] = nextSequence;
    header[WORD_PLACE] = pageIndex | (writingOrigin << ORIGIN_SHIFT);
    header[WORD_PLACE] |= native.crc32(checked) << 16;
  }

  function append(block: Uint8Array): Code {
    if (!isWriting || writingPages > INDEX_MASK) return ERR_RANGE;
    const isFirst = writingBlocks % BLOCKS_PER_PAGE === 0;
    vault.data.set(block);
    vault.seal(nextSequence, writingBlocks, SPACE_BLOCK, BLOCK_BYTES);
    let code: Code = OK;
    do {
      if (isFirst) {
        writingPage = pages.take();
        if (writingPage < 0) return ERR_FULL;
        makeHeader(writingPages);
        code = flash.write(writingPage * pageBytes, headerBytes);
      }
      if (code === OK) code = flash.write(writingPage * pageBytes + blockOffset(writingBlocks), vault.slot);
      // A page that does not take its first block is left for the next one.
      if (code !== OK) pages.setState(writingPage, PAGE_RETIRED);
    } while (isFirst && code !== OK);
    if (isFirst) {
      if (writingPages === 0) writingFirst = writingPage;
      pages.setState(writingPage, writingOwner);
      writingPages++;
    }
    writingBlocks++;
    return code;
  }

  function abandon(): void {
    if (!isWriting) return;
    isWriting = false;
    pages.release(writingOwner);
    nextSequence = (nextSequence + 1) >>> 0;
  }

  function commit(samples: number): Code {
    if (!isWriting) return ERR_RANGE;
    let code: Code = samples > 0 && Math.ceil(samples / BLOCK_SAMPLES) === writingBlocks ? OK : ERR_RANGE;
    if (code === OK) {
      makeHeader(0);
      last[0] = samples;
      vault.data.set(headerBytes);
      vault.data.set(new Uint8Array(last.buffer, 0, 4), WORD_SAMPLES * 4);
      const tag = vault.commitTag(nextSequence);
      last[1] = tag[0];
      last[2] = tag[1];
      code = flash.write(writingFirst * pageBytes + WORD_SAMPLES * 4, lastBytes);
    }
    if (code !== OK) {
      abandon();
      return code;
    }
    isWriting = false;
    index.add(nextSequence, samples, writingFirst, writingPages, writingOrigin, writingOwner);
    nextSequence = (nextSequence + 1) >>> 0;
    choose();
    return OK;
  }

  // The page of the last block that was read: playing goes forward, so the next block is there or behind it.
  let cursorMessage: Message | undefined;
  let cursorIndex = 0;
  let cursorPage = 0;

  function pageAt(message: Message, pageIndex: number): number {
    if (cursorMessage !== message || cursorIndex > pageIndex) {
      cursorMessage = message;
      cursorIndex = 0;
      cursorPage = message.firstPage;
    }
    for (; cursorIndex < pageIndex; cursorIndex++) {
      const next = states.indexOf(message.owner, cursorPage + 1);
      cursorPage = next < 0 ? states.indexOf(message.owner) : next;
    }
    return cursorPage;
  }

  function readBlock(message: Message, block: number, into: Uint8Array): Code {
    if (block < 0 || block * BLOCK_SAMPLES >= message.samples) return ERR_RANGE;
    if (index.find(message.sequence) < 0) return ERR_DAMAGED;
    const page = pageAt(message, Math.floor(block / BLOCKS_PER_PAGE));
    vault.data.set(flash.read(page * pageBytes + blockOffset(block), SLOT_BYTES));
    if (!vault.open(message.sequence, block, SPACE_BLOCK, BLOCK_BYTES, TAG_BYTES)) return ERR_DAMAGED;
    into.set(new Uint8Array(vault.data.buffer, vault.data.byteOffset, BLOCK_BYTES));
    return OK;
  }

  function markHeard(message: Message): Code {
    if (message.isHeard || message.origin === ORIGIN_OWN) return OK;
    const at = index.find(message.sequence);
    if (at < 0) return ERR_RANGE;
    const code = writeFlags(message, FLAGS_HEARD);
    if (code !== OK) return code;
    index.setHeard(at);
    choose();
    return OK;
  }

  function maintain(): boolean {
    if (isWriting) return false;
    if (pages.clean() || pages.verify(reserve)) return true;
    return (table[SCAN_READY] < reserve || index.count() >= MAX_MESSAGES) && evict();
  }

  return {
    begin: begin,
    roomSamples: roomSamples,
    append: append,
    commit: commit,
    abandon: abandon,
    readBlock: readBlock,
    markHeard: markHeard,
    remove: remove,
    count: index.count,
    at: index.at,
    find: function (sequence: number) {
      return index.at(index.find(sequence));
    },
    oldestUnheard: function () {
      return unheard;
    },
    lastHeard: function () {
      return heard;
    },
    lastOwn: function () {
      return own;
    },
    pages: pages,
    resume: resume,
    nextSequence: function () {
      return nextSequence;
    },
    maintain: maintain,
  };
}
