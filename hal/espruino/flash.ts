// Flash port on Espruino's Flash module (flash) or on a typed array (boards that keep messages in RAM). Never Storage:
// its writes are not atomic. Everything written is read back, because an erase can stop half-way without a word.

import type { FirmwareBoard, PageRun } from "../../boards/board.ts";
import { ERR_HARDWARE, ERR_RANGE, OK, type Code, type Flash } from "../contract.ts";

/** Page size of every flash in boards/. */
const PAGE_BYTES = 4096;

export function createEspruinoFlash(run: PageRun): Flash {
  const base = run.base;
  const pages = run.pages;
  const module = require("Flash");
  const blankCheck = E.CRC32(new Uint8Array(PAGE_BYTES).fill(255));

  function read(address: number, length: number): Uint8Array {
    return module.read(length, base + address);
  }

  // The toy's boot waits for this loop.
  function gather(into: Uint8Array, bytes: number, stride: number, count: number): void {
    for (let i = 0; i < count; i++) into.set(module.read(bytes, base + i * stride), i * bytes);
  }

  function write(address: number, bytes: Uint8Array, isSame?: (held: Uint8Array) => boolean): Code {
    "ram";
    const length = bytes.length;
    if (address < 0 || ((address | length) & 3) !== 0 || address + length > pages * PAGE_BYTES) return ERR_RANGE;
    module.write(bytes, base + address);
    const held = module.read(length, base + address);
    return (isSame ? isSame(held) : E.CRC32(held) === E.CRC32(bytes)) ? OK : ERR_HARDWARE;
  }

  function erasePage(page: number): Code {
    if (page < 0 || page >= pages) return ERR_RANGE;
    module.erasePage(base + page * PAGE_BYTES);
    return E.CRC32(read(page * PAGE_BYTES, PAGE_BYTES)) === blankCheck ? OK : ERR_HARDWARE;
  }

  return { pageBytes: PAGE_BYTES, pages: pages, read: read, gather: gather, write: write, erasePage: erasePage };
}

/** Pages of RAM that behave like flash, as long as the power lasts. */
export function createRamFlash(run: Pick<PageRun, "pages">): Flash {
  const pages = run.pages;
  const memory = new Uint8Array(pages * PAGE_BYTES).fill(255);

  return {
    pageBytes: PAGE_BYTES,
    pages: pages,
    read: function (address: number, length: number): Uint8Array {
      const copy = new Uint8Array(length);
      copy.set(new Uint8Array(memory.buffer, address, length));
      return copy;
    },
    gather: function (into: Uint8Array, bytes: number, stride: number, count: number): void {
      for (let i = 0; i < count; i++) into.set(new Uint8Array(memory.buffer, i * stride, bytes), i * bytes);
    },
    write: function (address: number, bytes: Uint8Array): Code {
      if (address < 0 || (address & 3) !== 0 || (bytes.length & 3) !== 0 || address + bytes.length > memory.length) return ERR_RANGE;
      memory.set(bytes, address);
      return OK;
    },
    erasePage: function (page: number): Code {
      if (page < 0 || page >= pages) return ERR_RANGE;
      new Uint8Array(memory.buffer, page * PAGE_BYTES, PAGE_BYTES).fill(255);
      return OK;
    },
  };
}

/** The slot that this application was started from; undefined when no loader did. */
export function createSlotFlash(board: Pick<FirmwareBoard, "slots">): Flash | undefined {
  if (typeof pawlockSlot === "undefined") return undefined;
  return createEspruinoFlash(board.slots[pawlockSlot]);
}
