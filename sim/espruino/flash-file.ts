// The interpreter's own flash, a file: the board's Storage at its beginning, byte for byte, then files that only the
// interpreter sees (the shim), then the board's other flash areas where they fit. What the simulated flash does is copied here.
//
// A board's file that must be replaced is struck out (its name zeroed) and stands anew behind the board's area; a file without
// a name fills what is free of the area, so that the chain of files goes on behind it. Those headers are the only difference.

import { closeSync, openSync, writeSync } from "node:fs";
import type { FlashMemory } from "../flash.ts";
import { walk } from "../storage-image.ts";

const HEADER_BYTES = 32;
const NAME_AT = 4;
const aligned = (size: number): number => (size + 3) & ~3;

/** Where Espruino for Linux addresses its flash (platform_config: FLASH_START). */
export const FLASH_FILE_BASE = 0x10000000;

interface Mirror {
  readonly memory: FlashMemory;
  readonly at: number;
}

export class FlashFile {
  readonly #file: number;
  readonly #mirrors: Mirror[] = [];
  /** Ranges of the board's area that differ from the board's. */
  readonly #patched: { readonly from: number; readonly to: number }[] = [];
  #end: number;

  constructor(
    path: string,
    private readonly bytes: number,
    memories: readonly FlashMemory[],
    replacements: ReadonlyMap<string, string>,
    additions: ReadonlyMap<string, string>,
  ) {
    this.#file = openSync(path, "w+");
    const [storage, ...others] = memories;
    const area = storage!.bytes;
    this.#require(area.length);
    this.#write(0, area);
    this.#mirrors.push({ memory: storage!, at: 0 });
    let chainEnd = 0;
    for (const { name, at, size } of headers(area)) {
      chainEnd = at + HEADER_BYTES + aligned(size);
      if (replacements.has(name)) this.#patch(at + NAME_AT, new Uint8Array(HEADER_BYTES - NAME_AT));
    }
    const free = area.length - chainEnd;
    if (free > 0 && free < HEADER_BYTES) throw new Error(`Storage has ${free} bytes left: too few for a header`);
    if (free > 0) this.#patch(chainEnd, header("", free - HEADER_BYTES));
    this.#end = area.length;
    for (const [name, text] of [...additions, ...replacements]) this.add(name, Buffer.from(text, "latin1"));
    for (const memory of others) {
      if (this.#end + HEADER_BYTES + memory.bytes.length > this.bytes / 2) continue;
      this.#mirrors.push({ memory, at: this.#end + HEADER_BYTES });
      this.add("", memory.bytes);
    }
  }

  /** Appends a Storage file. */
  add(name: string, data: Uint8Array): void {
    this.#require(this.#end + HEADER_BYTES + data.length);
    this.#write(this.#end, header(name, data.length));
    this.#write(this.#end + HEADER_BYTES, data);
    this.#end += HEADER_BYTES + aligned(data.length);
  }

  /** The board's flash has changed there. */
  copy(address: number, length: number): void {
    for (const { memory, at } of this.#mirrors) {
      if (!memory.holds(address, length)) continue;
      const from = address - memory.base;
      const kept = at === 0 ? this.#patched.filter((patch) => patch.from < from + length && from < patch.to) : [];
      if (kept.length > 0) throw new Error("the firmware writes a Storage header that the simulator uses");
      this.#write(at + from, memory.bytes.subarray(from, from + length));
    }
  }

  /** The interpreter's address of the same bytes; undefined where it has none. */
  addressOf(address: number, length: number): number | undefined {
    const mirror = this.#mirrors.find(({ memory }) => memory.holds(address, length));
    if (!mirror) return undefined;
    const from = mirror.at + address - mirror.memory.base;
    const isPatched = this.#patched.some((patch) => patch.from < from + length && from < patch.to);
    return isPatched ? undefined : FLASH_FILE_BASE + from;
  }

  close(): void {
    closeSync(this.#file);
  }

  #patch(at: number, data: Uint8Array): void {
    this.#write(at, data);
    this.#patched.push({ from: at, to: at + data.length });
  }

  #write(at: number, data: Uint8Array): void {
    writeSync(this.#file, data, 0, data.length, at);
  }

  #require(bytes: number): void {
    if (bytes <= this.bytes) return;
    throw new Error(`the interpreter's flash has ${this.bytes / 1024} KB, ${Math.ceil(bytes / 1024)} KB are needed: build it with a larger "flash" in its board file`);
  }
}

function header(name: string, size: number): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES);
  new DataView(bytes.buffer).setUint32(0, size, true);
  bytes.set(Buffer.from(name, "latin1"), NAME_AT);
  return bytes;
}

function* headers(area: Uint8Array): Generator<{ name: string; at: number; size: number }> {
  for (const { name, data } of walk(area)) yield { name, at: data.byteOffset - area.byteOffset - HEADER_BYTES, size: data.length };
}
