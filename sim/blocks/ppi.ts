// PPI: wires events to tasks without the CPU. A channel's event, when it happens, writes 1 to its task through the bus.
// Offsets: nRF52840 PS, PPI. Channel groups, forks and the fixed channels 20-31 are not modelled; channels 17-31 are the radio stack's.

import { BusFault, unmodelled, type Bus, type RegisterBlock } from "../bus.ts";

export const PPI_BASE = 0x4001f000;

const CHEN = 0x500;
const CHENSET = 0x504;
const CHENCLR = 0x508;
const CH = 0x510;
/** Channels that an application may use under the radio stack. SoftDevice specification, "PPI channels". */
const FREE_CHANNELS = 17;

export class Ppi implements RegisterBlock {
  readonly name = "PPI";
  readonly base = PPI_BASE;
  readonly size = 0x1000;
  readonly #bus: Bus;
  readonly #event = new Uint32Array(FREE_CHANNELS);
  readonly #task = new Uint32Array(FREE_CHANNELS);
  #enabled = 0;

  constructor(bus: Bus) {
    this.#bus = bus;
  }

  /** A block reports that its event at `address` happened. */
  fire(address: number): void {
    for (let n = 0; n < FREE_CHANNELS; n++) {
      if (this.#enabled & (1 << n) && this.#event[n] === address) this.#bus.write32(this.#task[n]!, 1);
    }
  }

  read32(offset: number): number {
    if (offset === CHEN || offset === CHENSET || offset === CHENCLR) return this.#enabled;
    const n = this.#channel(offset, "read");
    return (offset & 4) === 0 ? this.#event[n]! : this.#task[n]!;
  }

  write32(offset: number, value: number): void {
    if (offset === CHEN || offset === CHENSET || offset === CHENCLR) {
      if (value >>> FREE_CHANNELS !== 0) throw this.#radioChannel(offset);
      if (offset === CHEN) this.#enabled = value;
      else if (offset === CHENSET) this.#enabled |= value;
      else this.#enabled &= ~value;
      return;
    }
    const n = this.#channel(offset, "write");
    if ((offset & 4) === 0) this.#event[n] = value;
    else this.#task[n] = value;
  }

  #channel(offset: number, access: "read" | "write"): number {
    const n = (offset - CH) >> 3;
    if (offset < CH || n >= 20) throw unmodelled(this, offset, access);
    if (n >= FREE_CHANNELS) throw this.#radioChannel(offset);
    return n;
  }

  #radioChannel(offset: number): BusFault {
    return new BusFault(this.base + offset, this.name, "write", "channels 17 to 31 belong to the radio stack: touching them is a hard fault");
  }
}
