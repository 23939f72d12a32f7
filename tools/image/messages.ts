// Messages as they lie in a flash dump: for tests, the simulator's report and fsck. Reads what the firmware's log writes
// (firmware/messages/layout.ts) and nothing else; trusts no length that it finds.

import { crc32 } from "node:zlib";
import type { Board } from "../../boards/board.ts";
import { messageMemory } from "../../boards/flash-map.ts";
import {
  BLOCKS_PER_SHEET,
  ERASED_WORD,
  HEADER_WORDS,
  INDEX_MASK,
  JOURNAL_PAGES,
  ORIGIN_OWN,
  ORIGIN_SHIFT,
  PAGES_PER_SHEET,
  PAGE_MAGIC,
  RECORD_PAGES,
  SPACE_BLOCK,
  TAG_BYTES,
  WORD_FLAGS,
  WORD_MAGIC,
  WORD_PLACE,
  WORD_SAMPLES,
  WORD_SEQUENCE,
} from "../../firmware/messages/layout.ts";
import { BLOCK_BYTES, BLOCK_SAMPLES } from "../../firmware/voice/abi.ts";
import { decodeBlock } from "../../firmware/voice/adpcm.ts";
import { isCleared, isCommitted, isSound } from "../../firmware/voice/twin-scan.ts";
import { applyStream, tagOf } from "../../firmware/voice/twin-seal.ts";
import { PAGE_BYTES, type FlashMemory } from "../../sim/flash.ts";
import { SHEET_BYTES, blockOffset } from "./blocks.ts";

const NOTHING = new Uint8Array(0);

export interface StoredMessage {
  readonly sequence: number;
  readonly isOwn: boolean;
  readonly isHeard: boolean;
  readonly samples: number;
  /** Standard IMA ADPCM blocks, one behind the other; undefined when any block is damaged. */
  readonly blocks: Uint8Array | undefined;
}

interface Sheet {
  readonly header: Uint32Array;
  readonly bytes: Uint8Array;
}

/** Committed messages of a log region, in order of their numbers, as `key` opens them. */
export function messagesIn(region: Uint8Array, key: Uint32Array): StoredMessage[] {
  const sheets: Sheet[] = [];
  for (let at = 0; at + SHEET_BYTES <= region.length; at += SHEET_BYTES) {
    const bytes = region.subarray(at, at + SHEET_BYTES);
    const header = new Uint32Array(bytes.slice(0, HEADER_WORDS * 4).buffer);
    if (isSound(header, crc32) && header[WORD_MAGIC] === PAGE_MAGIC) sheets.push({ bytes, header });
  }
  return sheets
    .filter(({ header }) => (header[WORD_PLACE]! & INDEX_MASK) === 0 && header[WORD_SAMPLES] !== ERASED_WORD)
    .filter(({ header }) => !isCleared(header[WORD_FLAGS]! >>> 16) && isCommitted(key, header))
    // A copied sheet is no second message.
    .filter((first, i, all) => all.findIndex(({ header }) => header[WORD_SEQUENCE] === first.header[WORD_SEQUENCE]) === i)
    .map((first) => read(first, sheets, key))
    .sort((a, b) => (a.sequence - b.sequence) | 0);
}

/** The log region of a simulated board. */
export function logRegion(board: Board, memories: readonly FlashMemory[]): Uint8Array | undefined {
  const messages = messageMemory(board);
  if (messages.kind !== "flash") return undefined;
  const memory = memories.find((candidate) => candidate.holds(messages.base, messages.pages * PAGE_BYTES))!;
  const at = messages.base - memory.base;
  return memory.bytes.subarray(at, at + messages.pages * PAGE_BYTES);
}

/** Sheets that messages have on a board that keeps them in flash: records and journal take the last pages. */
export function messageSheets(board: Board): number {
  const messages = messageMemory(board);
  return messages.kind === "flash" ? Math.floor((messages.pages - RECORD_PAGES - JOURNAL_PAGES) / PAGES_PER_SHEET) : 0;
}

/** Messages of a simulated board; none without a key. */
export function storedMessages(board: Board, memories: readonly FlashMemory[], key: Uint32Array | undefined): StoredMessage[] {
  const region = logRegion(board, memories);
  return region && key ? messagesIn(region, key) : [];
}

function read({ header }: Sheet, sheets: readonly Sheet[], key: Uint32Array): StoredMessage {
  const sequence = header[WORD_SEQUENCE]!;
  const samples = header[WORD_SAMPLES]!;
  const own = sheets.filter((sheet) => sheet.header[WORD_SEQUENCE] === sequence);
  return {
    sequence,
    samples,
    isOwn: ((header[WORD_PLACE]! >>> ORIGIN_SHIFT) & 3) === ORIGIN_OWN,
    isHeard: isCleared(header[WORD_FLAGS]! & 0xffff),
    blocks: collect(own, sequence, Math.ceil(samples / BLOCK_SAMPLES), key),
  };
}

function collect(sheets: readonly Sheet[], sequence: number, count: number, key: Uint32Array): Uint8Array | undefined {
  if (count > sheets.length * BLOCKS_PER_SHEET) return undefined;
  const all = new Uint8Array(count * BLOCK_BYTES);
  for (let i = 0; i < count; i++) {
    const sheet = sheets.find(({ header }) => (header[WORD_PLACE]! & INDEX_MASK) === Math.floor(i / BLOCKS_PER_SHEET));
    if (!sheet) return undefined;
    const slot = sheet.bytes.slice(blockOffset(i), blockOffset(i) + BLOCK_BYTES + TAG_BYTES);
    const block = slot.subarray(0, BLOCK_BYTES);
    const nonce = [sequence, i, SPACE_BLOCK];
    const tag = tagOf(key, nonce, NOTHING, block);
    if (slot.subarray(BLOCK_BYTES).some((byte, at) => byte !== tag[at])) return undefined;
    applyStream(key, nonce, block);
    all.set(block, i * BLOCK_BYTES);
  }
  return all;
}

/** What the message says, as 16-bit PCM. */
export function decodeMessage({ blocks, samples }: StoredMessage): Int16Array {
  if (!blocks) throw new RangeError("the message is damaged");
  const pcm = new Int16Array(Math.ceil(samples / BLOCK_SAMPLES) * BLOCK_SAMPLES);
  for (let i = 0; i * BLOCK_SAMPLES < samples; i++) {
    pcm.set(decodeBlock(blocks.subarray(i * BLOCK_BYTES, (i + 1) * BLOCK_BYTES)), i * BLOCK_SAMPLES);
  }
  return pcm.subarray(0, samples);
}
