// All that the toy keeps: messages, records, journal, and the key under which they are sealed. Recovery is the normal boot path.
//
// Of the pages of the log region the first ones are messages, then come records and journal.
//
// A factory reset goes through the key page's states: the key is destroyed, then every page that held anything is erased, then
// others forget what they know (bonds), then a new key and address are made. A cut anywhere resumes it at the next boot.

import { ERR_LAYOUT, ERR_MEMORY, OK, type Code, type StorePorts } from "../../hal/contract.ts";
import { SCAN_FOUND, SCAN_MAX_PAGES, SCAN_NEWER, SCAN_NEWEST } from "../voice/abi.ts";
import type { Kernel } from "../voice/kernel.ts";
import { createJournal, type Journal } from "./journal.ts";
import { KEY_BLANK, KEY_EMPTIED, KEY_WHOLE, createKeyPage } from "./key-page.ts";
import { PAGE_DIRTY, PAGE_ERASED, PAGE_RETIRED } from "./layout.ts";
import { createMessageLog, type MessageLog } from "./log.ts";
import { RECORD_NUMBERS, createRecords, type Records } from "./records.ts";
import { createVault } from "./vault.ts";

/** One page in use, one ready, one that may fail. */
export const RECORD_PAGES = 3;
export const JOURNAL_PAGES = 3;
/** A ring with less is RAM, which keeps neither records nor journal. */
export const LEAST_PAGES = RECORD_PAGES + JOURNAL_PAGES + 4;
/** A message number never comes again under one key: so many are put aside at a time. */
const NUMBERS = 256;

export interface Store {
  readonly messages: MessageLog;
  readonly records: Records;
  readonly journal: Journal;
  /** OK, or why nothing can be kept or read: no kernel, no memory, or contents of a newer layout, which are left alone. */
  code(): Code;
  /** Makes or reads the key and rebuilds all indices. Called once, before anything else. */
  load(): void;
  /** Whether the key was made by `load`: the toy has a new radio address. */
  isNew(): boolean;
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
  const messagePages = hasEntries ? flash.pages - RECORD_PAGES - JOURNAL_PAGES : flash.pages;
  const vault = createVault(hal, kernel);
  const keyPage = createKeyPage(hal.keyPage, hal.native, hal.entropy);
  const records = createRecords(hal, vault, messagePages, hasEntries ? RECORD_PAGES : 0);
  const journal = createJournal(hal, vault, messagePages + RECORD_PAGES, hasEntries ? JOURNAL_PAGES : 0);
  const number = new Uint32Array(1);
  const numberBytes = new Uint8Array(number.buffer);
  let code: Code = vault.code || (messagePages > SCAN_MAX_PAGES ? ERR_MEMORY : OK);
  let wasMade = false;
  let forgotten = 0;

  // Asked before each number: number[0] is the first one that is not put aside.
  function reserveNumbers(next: number): Code {
    if (code !== OK || !hasEntries || next !== number[0]) return code;
    number[0] = next + NUMBERS;
    return records.put(RECORD_NUMBERS, numberBytes);
  }

  const log = createMessageLog(flash, hal.native, vault, messagePages, recordingSamples, reserveNumbers);

  function isResetting(): boolean {
    return keyPage.state() !== KEY_WHOLE && keyPage.state() !== KEY_BLANK;
  }

  function load(): void {
    log.resume(0, 1);
    if (code !== OK || isResetting()) return;
    wasMade = keyPage.state() === KEY_BLANK;
    if (wasMade) code = keyPage.make();
    if (code !== OK) return;
    vault.useKey(keyPage.key());
    records.load();
    journal.entries.load();
    const count = vault.scan(messagePages);
    if (count < 0) code = ERR_MEMORY;
    else if (vault.table[SCAN_NEWER] > 0 || records.entries.isNewer() || journal.entries.isNewer()) code = ERR_LAYOUT;
    if (code !== OK) return;
    const reserved = records.get(RECORD_NUMBERS);
    let next = vault.table[SCAN_FOUND] > 0 ? (vault.table[SCAN_NEWEST] + 1) >>> 0 : 1;
    number[0] = next;
    if (reserved) {
      numberBytes.set(reserved);
      if (((number[0] - next) | 0) > 0) next = number[0];
    }
    number[0] = next;
    log.resume(count, next);
  }

  function maintain(): boolean {
    if (code !== OK) return false;
    if (hasEntries && number[0] === log.nextSequence()) return reserveNumbers(number[0]) === OK;
    return log.maintain() || records.entries.prepare() || journal.entries.prepare();
  }

  // What cannot be erased is at least written over.
  function wipe(page: number): void {
    const isGone = log.pages.isBlank(page) || flash.erasePage(page) === OK;
    if (!isGone) {
      vault.data.fill(0);
      for (let at = 0; at < flash.pageBytes; at += vault.slot.length) {
        flash.write(page * flash.pageBytes + at, vault.slot.subarray(0, Math.min(vault.slot.length, flash.pageBytes - at)));
      }
    }
    if (page < messagePages) log.pages.setState(page, isGone ? PAGE_ERASED : PAGE_RETIRED);
  }

  function forget(): boolean {
    if (!isResetting()) {
      keyPage.destroy();
      vault.useKey(undefined);
      log.resume(0, 1);
      forgotten = 0;
      return true;
    }
    if (keyPage.state() === KEY_EMPTIED) return false;
    if (forgotten < flash.pages) {
      wipe(forgotten);
      forgotten++;
      return true;
    }
    keyPage.markEmptied();
    return false;
  }

  function renew(): void {
    code = vault.code || keyPage.make();
    if (code === OK) load();
  }

  return {
    messages: log,
    records: records,
    journal: journal,
    code: function () {
      return code;
    },
    load: load,
    isNew: function () {
      return wasMade;
    },
    isResetting: isResetting,
    maintain: maintain,
    forget: forget,
    renew: renew,
  };
}
