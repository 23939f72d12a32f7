// Addresses of the interpreter's flat buffers, from where code and the interpreter's own variables end: those that were asked for at
// boot last, one that was asked for in a callback ends with it, as the buffer may.

import type { Bus } from "./bus.ts";
import type { Engine } from "./engine.ts";

const BUFFERS_AT = 0x20010000;
/** What is shorter is in one piece in no build of Espruino, whatever its variables' size: on a board 20 bytes are. */
const SHORTEST_FLAT = 28;

export class Placement {
  /** Addresses by the buffer's number. */
  readonly #placed: number[] = [];
  #next = BUFFERS_AT;

  constructor(
    private readonly bus: Bus,
    private readonly engine: Engine,
    private readonly endOfRam: number,
  ) {}

  /** 0 when memory has no room left, and for what is too short to be in one piece, but for a waveform's own memory. */
  place(buffer: number, length: number, isWaveform: boolean): number {
    if (length < SHORTEST_FLAT && !isWaveform) return 0;
    const known = this.#placed[buffer];
    if (known !== undefined) return known;
    const base = this.#next;
    const next = base + ((length + 31) & ~15);
    if (next > this.endOfRam) return 0;
    this.#next = next;
    this.#placed[buffer] = base;
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

  /** Buffers from this number on have no address any more. */
  forget(from: number): void {
    const gone = this.#placed.splice(from, this.#placed.length);
    gone.forEach((base) => this.bus.detachMemory(base));
    this.#next = Math.min(this.#next, ...gone.filter((base) => base !== undefined));
  }
}
