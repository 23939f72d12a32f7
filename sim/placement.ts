// Addresses of the interpreter's flat buffers: given out once each, from where code and the interpreter's own variables end.

import type { Bus } from "./bus.ts";
import type { Engine } from "./engine.ts";

const BUFFERS_AT = 0x20010000;

export class Placement {
  readonly #placed = new Map<number, number>();
  #next = BUFFERS_AT;

  constructor(
    private readonly bus: Bus,
    private readonly engine: Engine,
    private readonly endOfRam: number,
  ) {}

  /** 0 when memory has no room left. */
  place(buffer: number, length: number): number {
    const known = this.#placed.get(buffer);
    if (known !== undefined) return known;
    const base = this.#next;
    this.#next += (length + 31) & ~15;
    if (this.#next > this.endOfRam) return 0;
    this.#placed.set(buffer, base);
    const view = (offset: number, bytes: number): Uint8Array => this.engine.viewBuffer(buffer, offset, bytes);
    this.bus.attachMemory({
      name: `buffer ${buffer}`,
      base,
      size: length,
      read: (offset, bytes) => view(offset, bytes).slice(),
      write: (offset, bytes) => view(offset, bytes.length).set(bytes),
      view,
    });
    return base;
  }
}
