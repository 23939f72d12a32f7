// Where the blocks of a message lie, and reading them: forward, as they are played and fetched.

import { ERR_DAMAGED, ERR_RANGE, OK, type Code, type Flash } from "../../hal/contract.ts";
import { BLOCK_BYTES, BLOCK_SAMPLES } from "../voice/abi.ts";
import type { Message, MessageIndex } from "./index.ts";
import { BLOCKS_PER_PAGE, BLOCKS_PER_SHEET, PAGES_PER_SHEET, PAGE_HEADER_BYTES, SLOT_BYTES, SPACE_BLOCK, TAG_BYTES } from "./layout.ts";
import type { Vault } from "./vault.ts";

/** Copies block `block` of a message; ERR_DAMAGED when it is not what was written. */
export type ReadMessageBlock = (message: Message, block: number, into: Uint8Array) => Code;

export function createBlockReader(flash: Flash, vault: Vault, index: MessageIndex, states: Uint8Array): ReadMessageBlock {
  // The sheet of the last block that was read: playing goes forward, so the next block is there or behind it.
  let cursorMessage = 0;
  let cursorIndex = 0;
  let cursorSheet = 0;

  return function (message: Message, block: number, into: Uint8Array): Code {
    if (block < 0 || block * BLOCK_SAMPLES >= message.samples) return ERR_RANGE;
    if (index.find(message.sequence) < 0) return ERR_DAMAGED;
    const wanted = (block / BLOCKS_PER_SHEET) | 0;
    if (cursorMessage !== message.sequence || cursorIndex > wanted) {
      cursorMessage = message.sequence;
      cursorIndex = 0;
      cursorSheet = message.firstSheet;
    }
    for (; cursorIndex < wanted; cursorIndex++) {
      const sheet = states.indexOf(message.owner, cursorSheet + 1);
      cursorSheet = sheet < 0 ? states.indexOf(message.owner) : sheet;
    }
    const page = cursorSheet * PAGES_PER_SHEET + (((block / BLOCKS_PER_PAGE) | 0) % PAGES_PER_SHEET);
    const slot = flash.read(page * flash.pageBytes + PAGE_HEADER_BYTES + (block % BLOCKS_PER_PAGE) * SLOT_BYTES, SLOT_BYTES);
    return vault.open(message.sequence, block, SPACE_BLOCK, BLOCK_BYTES, TAG_BYTES, into, slot) ? OK : ERR_DAMAGED;
  };
}
