// Where the blocks of a message lie, and reading them: forward, as they are played and fetched.

import { ERR_DAMAGED, ERR_RANGE, OK, type Code, type Flash } from "../../hal/contract.ts";
import { BLOCK_BYTES, BLOCK_SAMPLES } from "../voice/abi.ts";
import type { Message, MessageIndex } from "./index.ts";
import { BLOCKS_PER_PAGE, BLOCKS_PER_SHEET, PAGES_PER_SHEET, PAGE_HEADER_BYTES, SLOT_BYTES, SPACE_BLOCK, TAG_BYTES } from "./layout.ts";
import type { Vault } from "./vault.ts";

export interface Blocks {
  /** Copies block `block` of a message; ERR_DAMAGED when it is not what was written. */
  read(message: Message, block: number, into: Uint8Array): Code;
  /**
   * The block behind the last one that was read, as it lies in flash; to be forgotten when that changes. They are read in pairs, which
   * lie on one page: memory for the bytes costs the interpreter more time than the bytes do.
   */
  next: Uint8Array | undefined;
}

export function createBlocks(flash: Flash, vault: Vault, index: MessageIndex, states: Uint8Array): Blocks {
  // The sheet of the last block that was read: playing goes forward, so the next block is there or behind it.
  let cursorMessage = 0;
  let cursorIndex = 0;
  let cursorSheet = 0;
  let nextBlock = 0;
  let nextMessage = 0;

  /** Reads a block and the other one of its pair; the slot of the first one. */
  function readPair(message: Message, block: number): Uint8Array | undefined {
    if (index.find(message.sequence) < 0) return undefined;
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
    nextBlock = block + 1;
    nextMessage = message.sequence;
    const page = cursorSheet * PAGES_PER_SHEET + (((block / BLOCKS_PER_PAGE) | 0) % PAGES_PER_SHEET);
    const from = page * flash.pageBytes + PAGE_HEADER_BYTES + (block % BLOCKS_PER_PAGE) * SLOT_BYTES;
    if ((block & 1) === 1 || nextBlock * BLOCK_SAMPLES >= message.samples) return flash.read(from, SLOT_BYTES);
    const pair = flash.read(from, 2 * SLOT_BYTES);
    self.next = pair.subarray(SLOT_BYTES, 2 * SLOT_BYTES);
    return pair.subarray(0, SLOT_BYTES);
  }

  function read(message: Message, block: number, into: Uint8Array): Code {
    if (block < 0 || block * BLOCK_SAMPLES >= message.samples) return ERR_RANGE;
    // What is not wanted goes before anything is read: there is no room for both.
    let slot = block === nextBlock && message.sequence === nextMessage ? self.next : undefined;
    self.next = undefined;
    if (!slot) slot = readPair(message, block);
    if (!slot) return ERR_DAMAGED;
    vault.data.set(slot);
    return vault.open(message.sequence, block, SPACE_BLOCK, BLOCK_BYTES, TAG_BYTES, into) ? OK : ERR_DAMAGED;
  }

  const self: Blocks = { read: read, next: undefined };
  return self;
}
