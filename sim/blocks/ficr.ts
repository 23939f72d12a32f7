// FICR: what the factory wrote into the chip. Read-only; its identities come from a seed.
// Offsets: nRF52840 PS, FICR; nrf52840.h. DEVICEADDR is 48 bits in two words, made a random static address by the reader.

import { BusFault, unmodelled, type RegisterBlock } from "../bus.ts";
import { Noise } from "../noise.ts";

export const FICR_BASE = 0x10000000;

export interface ChipIdentity {
  readonly seed: number;
  /** INFO.PART: 0x52840, 0x52833. */
  readonly part: number;
  readonly ramBytes: number;
  readonly flashBytes: number;
  readonly pageBytes: number;
}

/** Where ER and IR lie: roots of the radio stack's keys, eight words. */
const ROOTS = 0x080;
const ROOT_WORDS = 8;

/** The roots of the chip with this seed. */
export function keyRoots(seed: number): Uint32Array {
  const ficr = new Ficr({ seed, part: 0, ramBytes: 0, flashBytes: 0, pageBytes: 4096 });
  return Uint32Array.from({ length: ROOT_WORDS }, (_, i) => ficr.read32(ROOTS + i * 4));
}

export class Ficr implements RegisterBlock {
  readonly name = "FICR";
  readonly base = FICR_BASE;
  readonly size = 0x1000;
  readonly #words = new Map<number, number>();

  constructor({ seed, part, ramBytes, flashBytes, pageBytes }: ChipIdentity) {
    const noise = new Noise(seed);
    const set = (offset: number, value: number): void => void this.#words.set(offset, value >>> 0);
    set(0x010, pageBytes);
    set(0x014, flashBytes / pageBytes);
    for (const offset of [0x060, 0x064]) set(offset, noise.bits());
    for (let offset = ROOTS; offset < ROOTS + ROOT_WORDS * 4; offset += 4) set(offset, noise.bits());
    // Bit 0 of DEVICEADDRTYPE set: the address is random.
    set(0x0a0, 0xffffffff);
    set(0x0a4, noise.bits());
    set(0x0a8, noise.bits());
    set(0x100, part);
    set(0x104, 0x41414430);
    set(0x108, 0x2004);
    set(0x10c, ramBytes / 1024);
    set(0x110, flashBytes / 1024);
  }

  read32(offset: number): number {
    const word = this.#words.get(offset);
    if (word === undefined) throw unmodelled(this, offset, "read");
    return word;
  }

  write32(offset: number): void {
    throw new BusFault(this.base + offset, this.name, "write", "factory information is read-only: touching it is a hard fault");
  }
}
