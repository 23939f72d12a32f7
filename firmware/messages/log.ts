// The message log: messages appended to a ring of sheets, two flash pages each. A message exists from the moment its commit tag is written, and not
// before; a block is right only when its own tag says so. Pages are erased ahead of time, one per call of `maintain`, which the toy
// makes only while idle.

import { ERR_BUSY, ERR_FULL, ERR_RANGE, OK, type Code, type Flash, type NativeCode } from "../../hal/contract.ts";
import { BLOCK_BYTES, BLOCK_SAMPLES, SCAN_READY } from "../voice/abi.ts";
import { createBlockReader } from "./blocks.ts";
import type { Eraser } from "./eraser.ts";
import { createMessageIndex, type Message, type MessageIndex } from "./index.ts";
import {
  BLOCKS_PER_PAGE,
  BLOCKS_PER_SHEET,
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
  PAGES_PER_SHEET,
  PAGE_HEADER_BYTES,
  PAGE_MAGIC,
  SHEET_OWNER,
  SHEET_RETIRED,
  SHEET_SAMPLES,
  SLOT_BYTES,
  SPACE_BLOCK,
  WORD_FLAGS,
  WORD_MAGIC,
  WORD_PLACE,
  WORD_SAMPLES,
  WORD_SEQUENCE,
} from "./layout.ts";
import { createSheets, type Sheets } from "./sheets.ts";
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
  /** Messages of the family that nobody has heard. */
  readonly unheard: number;
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
  readonly sheets: Sheets;
  /** Goes on with the index as the table has it: so many messages, the next one numbered thus. */
  resume(count: number, sequence: number): void;
  /** Number of the message in the making, or of the next one. */
  readonly nextSequence: number;
  /** One bounded step of housekeeping (at most one page erased); true when there is more to do. */
  maintain(): boolean;
}

/** `reserveNumbers` is asked before a number is used; its code is that of `begin`. */
export function createMessageLog(
  flash: Flash,
  native: NativeCode,
  eraser: Eraser,
  vault: Vault,
  sheetCount: number,
  recordingSamples: number,
  reserveNumbers: (next: number) => Code,
): StoredLog {
  const pageBytes = flash.pageBytes;
  const sheetBytes = pageBytes * PAGES_PER_SHEET;
  const recordingSheets = Math.ceil(recordingSamples / SHEET_SAMPLES);
  // One full recording is always kept ready, where the ring is large enough for that and one message more.
  const reserve = Math.min(recordingSheets, sheetCount >> 1);
  const table = vault.table;
  const sheets = createSheets(eraser, table, sheetCount);
  const index: MessageIndex = createMessageIndex(table);
  const states = sheets.states;
  const readBlock = createBlockReader(flash, vault, index, states);
  const header = new Uint32Array(WORD_SAMPLES);
  const headerBytes = new Uint8Array(header.buffer);
  const magicBytes = new Uint8Array(header.buffer, 0, 4);
  const checked = new Uint8Array(header.buffer, 0, CHECKED_BYTES);
  const last = new Uint32Array(3);
  const lastBytes = new Uint8Array(last.buffer);
  const deletedBytes = new Uint8Array(new Uint32Array([FLAGS_DELETED]).buffer);
  const heardBytes = new Uint8Array(new Uint32Array([FLAGS_HEARD]).buffer);
  let isWriting = false;
  let writingOrigin = 0;
  let writingOwner = 0;
  let writingSheets = 0;
  let writingFirst = 0;
  let writingSheet = 0;
  let writingBlocks = 0;
  let writingAt = 0;
  let unheard: Message | undefined;
  let heard: Message | undefined;
  let own: Message | undefined;

  // What a tap plays, worked out when the messages change and not when the child waits.
  function choose(): void {
    const end = index.count - 1;
    const first = index.seek(KIND_UNHEARD, 0, 1);
    unheard = index.at(first);
    self.unheard = 0;
    for (let at = first; at >= 0; at = index.seek(KIND_UNHEARD, at + 1, 1)) self.unheard++;
    heard = index.at(index.seek(KIND_HEARD, end, -1));
    own = index.at(index.seek(KIND_OWN, end, -1));
  }

  function resume(count: number, sequence: number): void {
    isWriting = false;
    index.reset(count);
    self.nextSequence = sequence;
    choose();
  }

  function remove(message: Message): Code {
    const at = index.find(message.sequence);
    if (at < 0) return ERR_RANGE;
    const code = flash.write(message.firstSheet * sheetBytes + WORD_FLAGS * 4, deletedBytes);
    if (code !== OK) return code;
    index.remove(at);
    choose();
    sheets.release(message.owner);
    return OK;
  }

  // Oldest first, but never an unheard family message, and the child's last own recording only when nothing could be recorded.
  function evict(): boolean {
    const mayGo = index.at(index.seek(KIND_HEARD, 0, 1));
    const ownMayGo = index.at(index.seek(KIND_OWN, 0, 1));
    let victim = mayGo;
    if (ownMayGo && own && ownMayGo.sequence !== own.sequence && (!victim || ((ownMayGo.sequence - victim.sequence) | 0) < 0)) victim = ownMayGo;
    if (!victim && table[SCAN_READY] === 0) victim = own;
    return victim !== undefined && remove(victim) === OK;
  }

  function begin(origin: number): Code {
    if (isWriting) return ERR_BUSY;
    const code = reserveNumbers(self.nextSequence);
    if (code !== OK) return code;
    if (table[SCAN_READY] === 0 || index.count >= MAX_MESSAGES) return ERR_FULL;
    isWriting = true;
    writingOrigin = origin;
    writingOwner = SHEET_OWNER;
    while (states.indexOf(writingOwner) >= 0) writingOwner++;
    writingSheets = 0;
    writingBlocks = 0;
    return OK;
  }

  function roomSamples(): number {
    return (table[SCAN_READY] + writingSheets) * SHEET_SAMPLES;
  }

  function makeHeader(sheetIndex: number): void {
    header[WORD_MAGIC] = PAGE_MAGIC;
    header[WORD_SEQUENCE] = self.nextSequence;
    header[WORD_PLACE] = sheetIndex | (writingOrigin << ORIGIN_SHIFT);
    header[WORD_PLACE] |= native.crc32(checked) << 16;
  }

  function append(block: Uint8Array): Code {
    "ram";
    if (!isWriting || writingSheets > INDEX_MASK) return ERR_RANGE;
    const isFirst = writingBlocks % BLOCKS_PER_SHEET === 0;
    vault.seal(self.nextSequence, writingBlocks, SPACE_BLOCK, BLOCK_BYTES, block);
    let code: Code = OK;
    do {
      if (isFirst) {
        writingSheet = sheets.take();
        if (writingSheet < 0) return ERR_FULL;
        makeHeader(writingSheets);
        code = flash.write(writingSheet * sheetBytes, headerBytes);
        writingAt = writingSheet * sheetBytes + PAGE_HEADER_BYTES;
      }
      // The second page of a sheet begins with the magic as well.
      else if (writingBlocks % BLOCKS_PER_PAGE === 0) {
        code = flash.write(writingSheet * sheetBytes + pageBytes, magicBytes);
        writingAt = writingSheet * sheetBytes + pageBytes + PAGE_HEADER_BYTES;
      } else writingAt += SLOT_BYTES;
      if (code === OK) code = flash.write(writingAt, vault.slot, vault.isSlot);
      // A sheet that does not take its first block is left for the next one.
      if (code !== OK) sheets.setState(writingSheet, SHEET_RETIRED);
    } while (isFirst && code !== OK);
    if (isFirst) {
      if (writingSheets === 0) writingFirst = writingSheet;
      sheets.setState(writingSheet, writingOwner);
      writingSheets++;
    }
    writingBlocks++;
    return code;
  }

  function abandon(): void {
    if (!isWriting) return;
    isWriting = false;
    sheets.release(writingOwner);
    self.nextSequence = (self.nextSequence + 1) >>> 0;
  }

  function commit(samples: number): Code {
    if (!isWriting) return ERR_RANGE;
    let code: Code = samples > 0 && Math.ceil(samples / BLOCK_SAMPLES) === writingBlocks ? OK : ERR_RANGE;
    if (code === OK) {
      makeHeader(0);
      last[0] = samples;
      vault.data.set(headerBytes);
      vault.data.set(new Uint8Array(last.buffer, 0, 4), WORD_SAMPLES * 4);
      const tag = vault.commitTag(self.nextSequence);
      last[1] = tag[0];
      last[2] = tag[1];
      code = flash.write(writingFirst * sheetBytes + WORD_SAMPLES * 4, lastBytes);
    }
    if (code !== OK) {
      abandon();
      return code;
    }
    isWriting = false;
    index.add(self.nextSequence, samples, writingFirst, writingSheets, writingOrigin, writingOwner);
    self.nextSequence = (self.nextSequence + 1) >>> 0;
    choose();
    return OK;
  }

  function markHeard(message: Message): Code {
    const at = index.find(message.sequence);
    const known = index.at(at);
    if (!known) return ERR_RANGE;
    if (known.isHeard || known.origin === ORIGIN_OWN) return OK;
    const code = flash.write(message.firstSheet * sheetBytes + WORD_FLAGS * 4, heardBytes);
    if (code !== OK) return code;
    index.setHeard(at);
    choose();
    return OK;
  }

  function maintain(): boolean {
    if (isWriting) return false;
    if (sheets.clean() || sheets.verify(reserve)) return true;
    return (table[SCAN_READY] < reserve || index.count >= MAX_MESSAGES) && evict();
  }

  const self = {
    begin: begin,
    roomSamples: roomSamples,
    append: append,
    commit: commit,
    abandon: abandon,
    readBlock: readBlock,
    markHeard: markHeard,
    remove: remove,
    count: function () {
      return index.count;
    },
    unheard: 0,
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
    sheets: sheets,
    resume: resume,
    nextSequence: 1,
    maintain: maintain,
  };
  return self;
}
