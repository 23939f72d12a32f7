// All that the toy keeps: messages, records, journal, and the key under which they are sealed. Recovery is the normal boot path.
//
// Of the pages of the log region the first ones are messages, then come records and journal.
//
// A factory reset goes through the key page's states: the key is destroyed, then every page that held anything is erased, then
// others forget what they know (bonds), then a new key and address are made. A cut anywhere resumes it at the next boot.

import { ERR_LAYOUT, ERR_MEMORY, OK, type Code, type StorePorts } from "../../hal/contract.ts";
import { SCAN_FOUND, SCAN_MAX_SHEETS, SCAN_NEWER, SCAN_NEWEST, SCAN_READY, SCAN_ROWS } from "../voice/abi.ts";
import type { Kernel } from "../voice/kernel.ts";
import { ERASE_MORE, ERASE_STUCK, createEraser } from "./eraser.ts";
import { createJournal, type Journal } from "./journal.ts";
import { KEY_BLANK, KEY_EMPTIED, KEY_LOST, KEY_NEWER, createKeyPage } from "./key-page.ts";
import { JOURNAL_PAGES, PAGES_PER_SHEET, RECORD_PAGES, SHEET_DIRTY, SHEET_ERASED, SHEET_RETIRED } from "./layout.ts";
import { createMessageLog, type MessageLog } from "./log.ts";
import { RECORD_NUMBERS, createRecords, type Records } from "./records.ts";
import { createVault } from "./vault.ts";

/** A ring with less is RAM, which keeps neither records nor journal. */
export const LEAST_PAGES = RECORD_PAGES + JOURNAL_PAGES + 2 * PAGES_PER_SHEET;
/** A sixteenth of a page: all of it is written in pieces that need no large buffer. */
const WIPE_BYTES = 256;
/** A message number never comes again under one key: so many are put aside at a time. */
const NUMBERS = 256;

export interface Store {
  readonly messages: MessageLog;
  readonly records: Records;
  readonly journal: Journal;
  /** OK, or why nothing can be kept or read: no kernel, no memory, or contents of a newer layout, which are left alone. */
  readonly code: Code;
  /** Makes or reads the key and rebuilds all indices. Called once, before anything else. */
  load(): void;
  /** Whether the key was made by `load`: the toy has a new radio address. */
  readonly isNew: boolean;
  /** Whether a factory reset has begun and is not over. */
  isResetting(): boolean;
  /** One bounded step of housekeeping; true when there is more to do. */
  maintain(): boolean;
  /** One step of forgetting everything, the first of which destroys the key; true when there is more to do. */
  forget(): boolean;
  /** Ends a factory reset: new key, new address. */
  renew(): void;
}

export function createStore(hal: StorePorts, kernel: Kernel, recordingSamples: number): Store {
  const flash = hal.flash;
  const hasEntries = flash.pages >= LEAST_PAGES;
  const sheets = Math.floor((hasEntries ? flash.pages - RECORD_PAGES - JOURNAL_PAGES : flash.pages) / PAGES_PER_SHEET);
  const messagePages = sheets * PAGES_PER_SHEET;
  const vault = createVault(hal, kernel);
  const eraser = createEraser(flash, hal.native);
  const keyPage = createKeyPage(hal.keyPage, hal.native, hal.entropy);
  const records = createRecords(hal, eraser, vault, messagePages, hasEntries ? RECORD_PAGES : 0);
  const journal = createJournal(hal, eraser, vault, messagePages + RECORD_PAGES, hasEntries ? JOURNAL_PAGES : 0);
  const number = new Uint32Array(1);
  const numberBytes = new Uint8Array(number.buffer);
  let forgotten = 0;
  let isDestroyed = false;

  // Asked before each number: number[0] is the first one that is not put aside.
  function reserveNumbers(next: number): Code {
    if (self.code !== OK || !hasEntries || next !== number[0]) return self.code;
    number[0] = next + NUMBERS;
    const code = records.put(RECORD_NUMBERS, numberBytes);
    if (code !== OK) number[0] = next;
    return code;
  }

  const log = createMessageLog(flash, hal.native, eraser, vault, sheets, recordingSamples, reserveNumbers);

  function isResetting(): boolean {
    return keyPage.state === KEY_LOST || keyPage.state === KEY_EMPTIED;
  }

  // With a whole key page.
  function open(isEmpty: boolean): void {
    vault.useKey(keyPage.key);
    journal.entries.load();
    const count = isEmpty ? 0 : vault.scan(sheets);
    if (count < 0) self.code = ERR_MEMORY;
    else if (vault.table[SCAN_NEWER] > 0 || journal.entries.hasNewer || !records.load()) self.code = ERR_LAYOUT;
    if (self.code !== OK) return;
    openEntries(true);
    const reserved = records.get(RECORD_NUMBERS);
    const next = (vault.table[SCAN_NEWEST] + 1) >>> 0;
    number[0] = 1;
    if (reserved) numberBytes.set(reserved);
    // It has rotted: ahead by chance.
    else if (records.entries.page >= 0) number[0] = next + (hal.entropy.word() >>> 8);
    if (vault.table[SCAN_FOUND] > 0 && ((number[0] - next) | 0) < 0) number[0] = next;
    log.resume(count, number[0]);
  }

  // Nothing is written while the code forbids it, nor while everything is forgotten.
  function openEntries(isOpen: boolean): void {
    records.entries.isOpen = isOpen;
    journal.entries.isOpen = isOpen;
  }

  // Until something better is known.
  function takeAllForDirty(): void {
    openEntries(false);
    log.resume(0, 1);
    log.sheets.states.fill(SHEET_DIRTY);
    vault.table[SCAN_READY] = 0;
  }

  function load(): void {
    takeAllForDirty();
    if (keyPage.state === KEY_NEWER) self.code = ERR_LAYOUT;
    if (self.code !== OK || isResetting()) return;
    self.isNew = keyPage.state === KEY_BLANK;
    if (self.isNew) self.code = keyPage.make();
    if (self.code !== OK) return;
    open(false);
  }

  function maintain(): boolean {
    if (self.code !== OK) return false;
    // Pages behind the messages first: what happens in the first minute belongs into the security log, and no step erases two pages.
    if (records.entries.prepare() || journal.entries.prepare()) return true;
    if (hasEntries && number[0] === log.nextSequence && reserveNumbers(number[0]) === OK) return true;
    return log.maintain();
  }

  // What cannot be erased is at least written over.
  function wipe(page: number): boolean {
    const done = eraser.step(page);
    if (done === ERASE_MORE) return false;
    if (done === ERASE_STUCK) {
      vault.data.fill(0);
      for (let at = 0; at < flash.pageBytes; at += WIPE_BYTES) flash.write(page * flash.pageBytes + at, vault.data.subarray(0, WIPE_BYTES));
    }
    const sheet = Math.floor(page / PAGES_PER_SHEET);
    const isGone = done !== ERASE_STUCK && (page % PAGES_PER_SHEET === 0 || log.sheets.states[sheet] === SHEET_ERASED);
    if (sheet < sheets) log.sheets.setState(sheet, isGone ? SHEET_ERASED : SHEET_RETIRED);
    return true;
  }

  function forget(): boolean {
    if (!isResetting() || (keyPage.state === KEY_LOST && !isDestroyed)) {
      // Again at a boot that goes on with it: the power may have failed before all of the key was gone.
      keyPage.destroy();
      isDestroyed = true;
      vault.useKey(undefined);
      takeAllForDirty();
      forgotten = 0;
      return true;
    }
    if (keyPage.state === KEY_EMPTIED) return false;
    if (forgotten < flash.pages) {
      if (wipe(forgotten)) forgotten++;
      return true;
    }
    keyPage.markEmptied();
    return false;
  }

  function renew(): void {
    const made = keyPage.make();
    self.code = vault.code || made;
    if (self.code !== OK) return;
    for (let i = 0; i < SCAN_ROWS; i++) if (i !== SCAN_READY) vault.table[i] = 0;
    open(true);
  }

  const self = {
    messages: log as MessageLog,
    records: records as Records,
    journal: journal as Journal,
    code: vault.code || (sheets > SCAN_MAX_SHEETS ? ERR_MEMORY : OK),
    isNew: false,
    load: load,
    isResetting: isResetting,
    maintain: maintain,
    forget: forget,
    renew: renew,
  };
  return self;
}
