// Where the blocks of a message lie, and reading them: forward, as they are played and fetched.

import { ERR_DAMAGED, ERR_RANGE, OK, type Code, type Flash } from "../../hal/contract.ts";
import { BLOCK_BYTES, BLOCK_SAMPLES } from "../voice/abi.ts";
import type { Message, MessageIndex } from "./index.ts";
import { BLOCKS_PER_PAGE, BLOCKS_PER_SHEET, PAGES_PER_SHEET, PAGE_HEADER_BYTES, SLOT_BYTES, SPACE_BLOCK, TAG_BYTES } from "./layout.ts";
import type { Vault } from "./vault.ts";

export interface Blocks {
  /** Address of a block in a sheet. */
  slotAt(sheet: number, block: number): number;
  /** Copies block `block` of a message; ERR_DAMAGED when it is not what was written. */
  read(message: Message, block: number, into: Uint8Array): Code;
}

export function createBlocks(flash: Flash, vault: Vault, index: MessageIndex, states: Uint8Array): Blocks {
  function slotAt(sheet: number, block: number): number {
    const page = sheet * PAGES_PER_SHEET + (Math.floor(block / BLOCKS_PER_PAGE) % PAGES_PER_SHEET);
    return page * flash.pageBytes + PAGE_HEADER_BYTES + (block % BLOCKS_PER_PAGE) * SLOT_BYTES;
  }

  // The sheet of the last block that was read: playing goes forward, so the next block is there or behind it.
  let cursorMessage: Message | undefined;
  let cursorIndex = 0;
  let cursorSheet = 0;

  function read(message: Message, block: number, into: Uint8Array): Code {
    if (block < 0 || block * BLOCK_SAMPLES >= message.samples) return ERR_RANGE;
    if (index.find(message.sequence) < 0) return ERR_DAMAGED;
    const wanted = Math.floor(block / BLOCKS_PER_SHEET);
    if (cursorMessage !== message || cursorIndex > wanted) {
      cursorMessage = message;
      cursorIndex = 0;
      cursorSheet = message.firstSheet;
    }
    for (; cursorIndex < wanted; cursorIndex++) {
      const next = states.indexOf(message.owner, cursorSheet + 1);
      cursorSheet = next < 0 ? states.indexOf(message.owner) : next;
    }
    vault.data.set(flash.read(slotAt(cursorSheet, block), SLOT_BYTES));
    if (!vault.open(message.sequence, block, SPACE_BLOCK, BLOCK_BYTES, TAG_BYTES)) return ERR_DAMAGED;
    into.set(new Uint8Array(vault.data.buffer, vault.data.byteOffset, BLOCK_BYTES));
    return OK;
  }

  return { slotAt: slotAt, read: read };
}
