// The interpreter's own flash, a file: what it reads of the simulated flash by itself. That is its boot files, found and run in
// its own order, and every text that it reads from Storage. All else of the flash it reads and writes through the board.

import { closeSync, openSync, writeSync } from "node:fs";

const HEADER_BYTES = 32;
const NAME_AT = 4;
const ALIGNMENT = 4;

export class FlashFile {
  readonly #file: number;
  #end = 0;

  /** The interpreter fills the file up to so many bytes. */
  constructor(
    path: string,
    private readonly bytes: number,
  ) {
    this.#file = openSync(path, "w");
  }

  /** Appends a file to the chain. */
  add(name: string, data: Uint8Array): void {
    const padded = Math.ceil(data.length / ALIGNMENT) * ALIGNMENT;
    const entry = new Uint8Array(HEADER_BYTES + padded).fill(0xff);
    entry.fill(0, NAME_AT, HEADER_BYTES);
    new DataView(entry.buffer).setUint32(0, data.length, true);
    entry.set(Buffer.from(name, "latin1"), NAME_AT);
    entry.set(data, HEADER_BYTES);
    const at = this.#end;
    this.#end += entry.length;
    if (this.#end > this.bytes) {
      throw new Error(`the interpreter's flash has ${this.bytes / 1024} KB, ${Math.ceil(this.#end / 1024)} KB are needed: build it with a larger "flash" in its board file`);
    }
    writeSync(this.#file, entry, 0, entry.length, at);
  }

  close(): void {
    closeSync(this.#file);
  }
}
