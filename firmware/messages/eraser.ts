// Brings pages to be blank, in steps none of which takes longer than one erase and its reading back. A page that is blank already
// costs no erase; one that looks blank at its beginning is looked at to its end, as the power may have failed within an erase.

import { OK, type Flash, type NativeCode } from "../../hal/contract.ts";

export const ERASE_MORE = 0;
export const ERASE_DONE = 1;
export const ERASE_STUCK = 2;

export interface Eraser {
  isBlank(page: number): boolean;
  /** One step with this page; until it is done or stuck, the next step is to be made with the same one. */
  step(page: number): number;
}

export function createEraser(flash: Flash, native: NativeCode): Eraser {
  const blankCheck = native.crc32(new Uint8Array(flash.pageBytes).fill(255));
  let written = -1;

  function isBlank(page: number): boolean {
    return native.crc32(flash.read(page * flash.pageBytes, flash.pageBytes)) === blankCheck;
  }

  function step(page: number): number {
    if (written !== page) {
      if (isBlank(page)) return ERASE_DONE;
      written = page;
      return ERASE_MORE;
    }
    written = -1;
    return flash.erasePage(page) === OK ? ERASE_DONE : ERASE_STUCK;
  }

  return { isBlank: isBlank, step: step };
}
