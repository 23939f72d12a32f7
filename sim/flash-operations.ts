// Flash and Storage as operations of the board, with what they cost beyond the flash itself.

import type { Wire } from "./engine.ts";
import type { FlashPort } from "./flash.ts";

type Operation = (args: readonly Wire[]) => Wire | void;

/** A read of more than `smallBytes`, two variables' worth, is sought as one piece of memory. */
export function flashOperations(flash: FlashPort, charge: (cost: string, bytes: number) => void, smallBytes: number): Readonly<Record<string, Operation>> {
  const n = Number;
  return {
    "flash.read": ([length, address]) => {
      charge("flashRead", n(length));
      if (n(length) > smallBytes) charge("flatAllocation", 0);
      return flash.read(n(address), n(length));
    },
    "flash.write": ([data, address]) => {
      charge("flashWrite", (data as Uint8Array).length);
      flash.write(n(address), data as Uint8Array);
    },
    "flash.erase": ([address]) => {
      charge("flashErase", 0);
      flash.erasePage(n(address));
    },
    "flash.free": () => flash.beside(),
    // Storage is C code beneath the interpreter: only the flash itself takes time. Evaluating has the price of its reading.
    "storage.read": ([address, length]) => flash.read(n(address), n(length)),
    // A string that stays in flash: E.memoryArea, and code of boot files.
    "flash.string": ([address, length]) => flash.peek(n(address), n(length)),
    "storage.write": ([address, data]) => flash.write(n(address), data as Uint8Array),
    "storage.erase": ([address]) => flash.erasePage(n(address)),
  };
}
