// What a raw dump of flash holds, as far as can be told: messages, what is damaged, what is foreign. Trusts no length that it
// finds; a dump has a fixed size, so the work is bounded by it, and a copied sheet is read once.

import { crc32 } from "node:zlib";
import type { Board } from "../../boards/board.ts";
import { messageMemory } from "../../boards/flash-map.ts";
import {
  ERASED_WORD,
  HEADER_WORDS,
  INDEX_MASK,
  JOURNAL_PAGES,
  ORIGIN_OWN,
  ORIGIN_SHIFT,
  PAGE_MAGIC,
  RECORD_PAGES,
  SHEET_SAMPLES,
  WORD_FLAGS,
  WORD_MAGIC,
  WORD_PLACE,
  WORD_SAMPLES,
  WORD_SEQUENCE,
} from "../../firmware/messages/layout.ts";
import { isCleared, isCommitted, isSound } from "../../firmware/voice/twin-scan.ts";
import { PAGE_BYTES } from "../../sim/flash.ts";
import { UserError } from "../errors.ts";
import { SHEET_BYTES } from "./blocks.ts";
import { journalIn, recordsIn, type FoundEntries, type FoundEntry } from "./entries.ts";
import { messagesIn, type StoredMessage } from "./messages.ts";

/** A message by its headers alone: what can be said without the key. */
export interface FoundMessage {
  readonly sequence: number;
  readonly isOwn: boolean;
  readonly isHeard: boolean;
  readonly isDeleted: boolean;
  /** Samples that its first sheet claims; undefined when it was never committed. */
  readonly samples: number | undefined;
  readonly sheets: number;
  readonly sheetsMissing: number;
  /** What the key makes of it; "not tried" without one. */
  readonly state: "whole" | "damaged" | "not this key's" | "not tried" | "deleted" | "never committed";
  readonly stored?: StoredMessage;
}

export interface FsckReport {
  readonly sheets: { readonly all: number; readonly blank: number; readonly messages: number; readonly newer: number; readonly unknown: number };
  readonly messages: readonly FoundMessage[];
  /** Settings, phones and the like: the newest of each kind. */
  readonly records: readonly FoundEntry[];
  /** The security log, oldest first. */
  readonly journal: readonly FoundEntry[];
  /** One line for each thing that is not as it should be. */
  readonly damage: readonly string[];
}

const NONE: FoundEntries = { entries: [], damage: [] };

/** The log's part of a dump: of the whole Storage chip, of the processor's whole flash, or of the log alone. */
export function regionOf(board: Board, dump: Uint8Array): Uint8Array {
  const messages = messageMemory(board);
  if (messages.kind !== "flash") throw new UserError(`${board.id} keeps its message in RAM`, "There is nothing to read after the power is gone.");
  const { storage, chip } = board;
  const bytes = messages.pages * PAGE_BYTES;
  const storageBytes = storage.pages * PAGE_BYTES;
  const inStorage = messages.base - storage.base;
  if (dump.length === bytes) return dump;
  if (dump.length === storageBytes && inStorage >= 0 && inStorage + bytes <= storageBytes) return dump.subarray(inStorage, inStorage + bytes);
  if (dump.length === chip.flashBytes && messages.base + bytes <= chip.flashBytes) return dump.subarray(messages.base, messages.base + bytes);
  throw new UserError(`a dump of ${dump.length} bytes is none of ${board.id}`, `Dump the ${storageBytes} bytes of its Storage, its whole flash, or the ${bytes} bytes of the log.`);
}

/** Reads a log region: `sheets` of messages, behind them records and security log. */
export function fsck(region: Uint8Array, sheets: number, key: Uint32Array | undefined): FsckReport {
  const ring = region.subarray(0, sheets * SHEET_BYTES);
  const damage: string[] = [];
  const heads = new Map<number, Uint32Array>();
  const counts = new Map<number, Set<number>>();
  const seen = { all: sheets, blank: 0, messages: 0, newer: 0, unknown: 0 };
  for (let sheet = 0; sheet < sheets; sheet++) {
    const bytes = ring.subarray(sheet * SHEET_BYTES, (sheet + 1) * SHEET_BYTES);
    const header = new Uint32Array(bytes.slice(0, HEADER_WORDS * 4).buffer);
    if (!isSound(header, crc32)) {
      if (bytes.every((byte) => byte === 0xff)) seen.blank++;
      else {
        seen.unknown++;
        damage.push(`sheet ${sheet}: ${header[WORD_MAGIC] === ERASED_WORD ? "looks blank and is not" : "no header of ours"}; it will be erased before it is used`);
      }
      continue;
    }
    if (header[WORD_MAGIC] !== PAGE_MAGIC) {
      seen.newer++;
      damage.push(`sheet ${sheet}: layout ${String.fromCharCode(header[WORD_MAGIC]! >>> 24)} is not known here`);
      continue;
    }
    seen.messages++;
    const sequence = header[WORD_SEQUENCE]!;
    const index = header[WORD_PLACE]! & INDEX_MASK;
    const indices = counts.get(sequence) ?? new Set();
    if (indices.has(index)) damage.push(`sheet ${sheet}: a second sheet ${index} of message ${sequence}`);
    counts.set(sequence, indices.add(index));
    if (index === 0 && !heads.has(sequence)) heads.set(sequence, header);
  }
  const opened = new Map((key ? messagesIn(ring, key) : []).map((message) => [message.sequence, message]));
  const messages = [...heads].map(([sequence, header]) => found(sequence, header, counts.get(sequence)!, key, opened.get(sequence)));
  messages.sort((a, b) => (a.sequence - b.sequence) | 0);
  for (const { sequence, state, sheetsMissing } of messages) {
    if (state === "damaged") damage.push(`message ${sequence}: ${sheetsMissing > 0 ? `${sheetsMissing} sheets are missing` : "a block is not what was written"}`);
    if (state === "not this key's") damage.push(`message ${sequence}: not committed under this key`);
  }
  const behind = region.subarray(sheets * SHEET_BYTES);
  const hasEntries = behind.length >= (RECORD_PAGES + JOURNAL_PAGES) * PAGE_BYTES;
  const records = hasEntries ? recordsIn(behind, key) : NONE;
  const journal = hasEntries ? journalIn(behind, key) : NONE;
  return { sheets: seen, messages, records: records.entries, journal: journal.entries, damage: [...damage, ...records.damage, ...journal.damage] };
}

function found(sequence: number, header: Uint32Array, indices: ReadonlySet<number>, key: Uint32Array | undefined, stored: StoredMessage | undefined): FoundMessage {
  const claimed = header[WORD_SAMPLES]!;
  const samples = claimed === ERASED_WORD ? undefined : claimed;
  const isDeleted = isCleared(header[WORD_FLAGS]! >>> 16);
  const needed = samples === undefined ? 0 : Math.ceil(samples / SHEET_SAMPLES);
  const state = isDeleted ? "deleted" : samples === undefined ? "never committed" : !key ? "not tried" : !isCommitted(key, header) ? "not this key's" : stored?.blocks ? "whole" : "damaged";
  return {
    sequence,
    isOwn: ((header[WORD_PLACE]! >>> ORIGIN_SHIFT) & 3) === ORIGIN_OWN,
    isHeard: isCleared(header[WORD_FLAGS]! & 0xffff),
    isDeleted,
    samples,
    sheets: indices.size,
    sheetsMissing: Math.max(0, needed - [...indices].filter((index) => index < needed).length),
    state,
    ...(state === "whole" && stored ? { stored } : {}),
  };
}
