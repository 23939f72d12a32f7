// The security log: a ring of sealed entries, the oldest page dropped for the next one. Somebody who provokes events all day long
// wears nothing out: beyond a bucket that one event a minute refills, events are only counted.
//
// Arithmetic: a page holds 112 entries, so 1,440 a day erase each of three pages 4.3 times: 100,000 erases are 64 years.

import { OK, type StorePorts } from "../../hal/contract.ts";
import { refill } from "../bucket.ts";
import { createEntries, type Entries } from "./entries.ts";
import type { Eraser } from "./eraser.ts";
import { SPACE_JOURNAL } from "./layout.ts";
import type { Vault } from "./vault.ts";

/** So many events were not written. */
export const EVENT_DROPPED = 0;
/** What was written in this place cannot be read any more. */
export const EVENT_DAMAGED = 255;
export const ENTRY_BYTES = 12;
/** All entries are of one kind. */
const KIND = 1;
const BUCKET = 32;
const REFILL_MS = 60000;

export interface JournalEntry {
  /** Never given twice. */
  readonly number: number;
  readonly event: number;
  readonly detail: number;
  /** Seconds since the boot that wrote it. */
  readonly seconds: number;
}

export interface Journal {
  add(event: number, detail: number): void;
  count(): number;
  /** 0 is the oldest. A damaged one keeps its number and its place, as EVENT_DAMAGED. */
  at(index: number): JournalEntry | undefined;
}

export interface StoredJournal extends Journal {
  readonly entries: Entries;
}

export function createJournal(hal: StorePorts, eraser: Eraser, vault: Vault, firstPage: number, pages: number): StoredJournal {
  const entries = createEntries(hal.flash, hal.native, hal.entropy, eraser, vault, firstPage, pages, ENTRY_BYTES, SPACE_JOURNAL);
  const generations = entries.generations;
  const words = new Uint32Array(ENTRY_BYTES >> 2);
  const bytes = new Uint8Array(words.buffer);
  const bucket = { left: BUCKET, atMs: 0 };
  let dropped = 0;

  function write(event: number, detail: number): boolean {
    // Events come at any time, so an erase is never waited for here.
    if (!entries.isOpen || (entries.spare < 0 && (entries.page < 0 || entries.next >= entries.slots))) return false;
    words[0] = event;
    words[1] = detail;
    words[2] = Math.floor(hal.clock.nowMs() / 1000);
    return entries.append(KIND, bytes) === OK;
  }

  function add(event: number, detail: number): void {
    const left = refill(bucket, hal.clock.nowMs(), BUCKET, REFILL_MS);
    if (left > 0 && dropped > 0 && write(EVENT_DROPPED, dropped)) dropped = 0;
    if (left > 0 && write(event, detail)) bucket.left--;
    else dropped++;
  }

  function count(): number {
    let full = 0;
    for (let page = 0; page < pages; page++) if (page !== entries.page && generations[page] > 0) full++;
    return full * entries.slots + entries.next;
  }

  function at(index: number): JournalEntry | undefined {
    // The page of which so many others are older.
    const older = Math.floor(index / entries.slots);
    for (let page = 0; page < pages && index >= 0 && index < count(); page++) {
      const generation = generations[page];
      let before = 0;
      for (let other = 0; other < pages; other++) if (generations[other] > 0 && generations[other] < generation) before++;
      if (generation === 0 || before !== older) continue;
      const slot = index % entries.slots;
      const read = entries.read(page, slot);
      const isWhole = read !== undefined && read.length === ENTRY_BYTES;
      words.fill(0);
      if (read && isWhole) bytes.set(read);
      return { number: generation * entries.slots + slot, event: isWhole ? words[0] : EVENT_DAMAGED, detail: words[1], seconds: words[2] };
    }
    return undefined;
  }

  return { entries: entries, add: add, count: count, at: at };
}
