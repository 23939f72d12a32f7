// The ring of sheets that messages are written to: which may be written, which must be erased first, which are whose. A sheet is
// written only when all of it was seen to be blank; one that does not erase is retired until the next boot tries it again.

import { SCAN_HEAD, SCAN_READY, SCAN_STATES } from "../voice/abi.ts";
import { ERASE_DONE, ERASE_STUCK, type Eraser } from "./eraser.ts";
import { PAGES_PER_SHEET, SHEET_DIRTY, SHEET_ERASED, SHEET_RETIRED, SHEET_UNVERIFIED } from "./layout.ts";

export interface Sheets {
  readonly states: Uint8Array;
  setState(sheet: number, state: number): void;
  /** The next sheet that may be written, or -1. */
  take(): number;
  /** Marks all sheets of an owner for erasing. */
  release(owner: number): void;
  /** One step of erasing what needs it; true when something was done. */
  clean(): boolean;
  /** One step of seeing whether the sheets to be taken next are blank; true when something was done. */
  verify(reserve: number): boolean;
}

export function createSheets(eraser: Eraser, table: Uint32Array, count: number): Sheets {
  const states = new Uint8Array(table.buffer, table.byteOffset + SCAN_STATES * 4, count);
  // Page of a dirty sheet to be erased next.
  let next = 0;
  // Sheet of which the first page was seen to be blank.
  let half = -1;
  // So many sheets behind this head need no look any more.
  let verified = 0;
  let verifiedFrom = -1;

  function setState(sheet: number, state: number): void {
    if (states[sheet] <= SHEET_UNVERIFIED) table[SCAN_READY]--;
    if (state <= SHEET_UNVERIFIED) table[SCAN_READY]++;
    states[sheet] = state;
  }

  function take(): number {
    for (let step = 0; step < count; step++) {
      const sheet = table[SCAN_HEAD] + 1 >= count ? 0 : table[SCAN_HEAD] + 1;
      table[SCAN_HEAD] = sheet;
      if (states[sheet] === SHEET_UNVERIFIED) {
        const isBlank = eraser.isBlank(sheet * PAGES_PER_SHEET) && eraser.isBlank(sheet * PAGES_PER_SHEET + 1);
        setState(sheet, isBlank ? SHEET_ERASED : SHEET_DIRTY);
      }
      if (states[sheet] === SHEET_ERASED) return sheet;
    }
    return -1;
  }

  function release(owner: number): void {
    for (let sheet = states.indexOf(owner); sheet >= 0; sheet = states.indexOf(owner)) setState(sheet, SHEET_DIRTY);
  }

  function clean(): boolean {
    const sheet = states.indexOf(SHEET_DIRTY);
    if (sheet < 0) return false;
    if (next < sheet * PAGES_PER_SHEET || next >= (sheet + 1) * PAGES_PER_SHEET) next = sheet * PAGES_PER_SHEET;
    const done = eraser.step(next);
    if (done === ERASE_STUCK) setState(sheet, SHEET_RETIRED);
    else if (done === ERASE_DONE) next++;
    if (next === (sheet + 1) * PAGES_PER_SHEET) setState(sheet, SHEET_ERASED);
    return true;
  }

  // The ring goes on from its head, so once these pages are known to be blank only pages of older messages can lie between.
  function verify(reserve: number): boolean {
    if (verifiedFrom !== table[SCAN_HEAD]) {
      verifiedFrom = table[SCAN_HEAD];
      verified = 0;
    }
    for (; verified < reserve; verified++) {
      const sheet = (verifiedFrom + 1 + verified) % count;
      if (states[sheet] !== SHEET_UNVERIFIED) continue;
      const page = sheet * PAGES_PER_SHEET + (half === sheet ? 1 : 0);
      if (!eraser.isBlank(page)) setState(sheet, SHEET_DIRTY);
      else if (half === sheet) setState(sheet, SHEET_ERASED);
      half = sheet;
      return true;
    }
    return false;
  }

  return { states: states, setState: setState, take: take, release: release, clean: clean, verify: verify };
}
