// Data RAM: plain bytes at an address. Flat strings, DMA buffers and native code lie in it.

import type { MemoryRegion } from "../bus.ts";

/** First address of data RAM on every nRF52. nRF52840 PS, Memory. */
export const RAM_BASE = 0x20000000;

export class Ram implements MemoryRegion {
  readonly #bytes: Uint8Array;

  constructor(
    readonly size: number,
    readonly base = RAM_BASE,
    readonly name = "RAM",
  ) {
    this.#bytes = new Uint8Array(size);
  }

  read(offset: number, length: number): Uint8Array {
    return this.#bytes.slice(offset, offset + length);
  }

  write(offset: number, bytes: Uint8Array): void {
    this.#bytes.set(bytes, offset);
  }

  view(offset: number, length: number): Uint8Array {
    return this.#bytes.subarray(offset, offset + length);
  }
}
