// The ring of pages that messages are written to: which may be written, which must be erased first, which are whose. A page is
// written only when all of it was seen to be blank; one that does not erase is retired until the next boot tries it again.

import { OK, type Flash, type NativeCode } from "../../hal/contract.ts";
import { SCAN_DIRTY, SCAN_HEAD, SCAN_READY, SCAN_STATES } from "../voice/abi.ts";
import { PAGE_DIRTY, PAGE_ERASED, PAGE_RETIRED, PAGE_UNVERIFIED } from "./layout.ts";

export interface Pages {
  readonly states: Uint8Array;
  setState(page: number, state: number): void;
  /** All of it: a page whose erase was cut short may only look blank. */
  isBlank(page: number): boolean;
  /** The next page that may be written, or -1. */
  take(): number;
  /** Marks all pages of an owner for erasing. */
  release(owner: number): void;
  /** Erases one page that needs it; true when something was done. */
  clean(): boolean;
  /** Looks whether one of so many pages to be taken next is blank; true when something was done. */
  verify(reserve: number): boolean;
}

export function createPages(flash: Flash, native: NativeCode, table: Uint32Array, count: number): Pages {
  const states = new Uint8Array(table.buffer, table.byteOffset + SCAN_STATES * 4, count);
  const blankCheck = native.crc32(new Uint8Array(flash.pageBytes).fill(255));

  function tally(state: number, by: number): void {
    if (state <= PAGE_UNVERIFIED) table[SCAN_READY] += by;
    else if (state === PAGE_DIRTY) table[SCAN_DIRTY] += by;
  }

  function setState(page: number, state: number): void {
    tally(states[page], -1);
    states[page] = state;
    tally(state, 1);
  }

  function isBlank(page: number): boolean {
    return native.crc32(flash.read(page * flash.pageBytes, flash.pageBytes)) === blankCheck;
  }

  function after(page: number): number {
    return page + 1 >= count ? 0 : page + 1;
  }

  function take(): number {
    for (let step = 0; step < count; step++) {
      const page = after(table[SCAN_HEAD]);
      table[SCAN_HEAD] = page;
      if (states[page] === PAGE_UNVERIFIED) setState(page, isBlank(page) ? PAGE_ERASED : PAGE_DIRTY);
      if (states[page] === PAGE_ERASED) return page;
    }
    return -1;
  }

  function release(owner: number): void {
    for (let page = states.indexOf(owner); page >= 0; page = states.indexOf(owner)) setState(page, PAGE_DIRTY);
  }

  function clean(): boolean {
    const page = states.indexOf(PAGE_DIRTY);
    if (page < 0) return false;
    setState(page, isBlank(page) || flash.erasePage(page) === OK ? PAGE_ERASED : PAGE_RETIRED);
    return true;
  }

  // The ring goes on from its head, so once these pages are known to be blank only pages of older messages can lie between.
  function verify(reserve: number): boolean {
    let page = table[SCAN_HEAD];
    for (let step = 0; step < reserve; step++) {
      page = after(page);
      if (states[page] !== PAGE_UNVERIFIED) continue;
      setState(page, isBlank(page) ? PAGE_ERASED : PAGE_DIRTY);
      return true;
    }
    return false;
  }

  return { states: states, setState: setState, isBlank: isBlank, take: take, release: release, clean: clean, verify: verify };
}
