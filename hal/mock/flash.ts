// Flash port in memory, with the one physical rule that matters to its users: writing only clears bits. A fake may be told
// to fail; it never fails by itself.

import { ERR_HARDWARE, ERR_RANGE, OK, type Code, type Flash } from "../contract.ts";

export interface MockFlash extends Flash {
  readonly memory: Uint8Array;
  /** Pages that will not erase, and addresses from which on nothing will be written. */
  readonly stuckPages: number[];
  failWritesFrom: number;
}

const PAGE_BYTES = 4096;

export function mockFlash(pages: number): MockFlash {
  const memory = new Uint8Array(pages * PAGE_BYTES).fill(255);
  const flash: MockFlash = {
    memory,
    stuckPages: [],
    failWritesFrom: memory.length,
    pageBytes: PAGE_BYTES,
    pages,
    read: (address, length) => new Uint8Array(memory.buffer.slice(address, address + length)),
    gather(into, bytes, count) {
      for (let i = 0; i < count; i++) into.set(memory.subarray(i * PAGE_BYTES, i * PAGE_BYTES + bytes), i * bytes);
    },
    write(address, bytes): Code {
      if (address < 0 || (address & 3) !== 0 || (bytes.length & 3) !== 0 || address + bytes.length > memory.length) return ERR_RANGE;
      if (address >= flash.failWritesFrom) return ERR_HARDWARE;
      let code: Code = OK;
      for (let i = 0; i < bytes.length; i++) {
        memory[address + i]! &= bytes[i]!;
        if (memory[address + i] !== bytes[i]) code = ERR_HARDWARE;
      }
      return code;
    },
    erasePage(page): Code {
      if (page < 0 || page >= pages) return ERR_RANGE;
      if (flash.stuckPages.indexOf(page) >= 0) return ERR_HARDWARE;
      memory.fill(255, page * PAGE_BYTES, (page + 1) * PAGE_BYTES);
      return OK;
    },
  };
  return flash;
}
