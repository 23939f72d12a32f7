// Where the blocks of a message lie.

import { BLOCKS_PER_PAGE, PAGES_PER_SHEET, PAGE_HEADER_BYTES, SLOT_BYTES } from "../../firmware/messages/layout.ts";
import { PAGE_BYTES } from "../../sim/flash.ts";

export const SHEET_BYTES = PAGES_PER_SHEET * PAGE_BYTES;

/** Address of a block within its sheet; its tag follows it. */
export function blockOffset(block: number): number {
  const page = Math.floor(block / BLOCKS_PER_PAGE) % PAGES_PER_SHEET;
  return page * PAGE_BYTES + PAGE_HEADER_BYTES + (block % BLOCKS_PER_PAGE) * SLOT_BYTES;
}
