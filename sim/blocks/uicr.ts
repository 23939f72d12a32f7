// UICR: what is configured once for all, beside the program. Here for where the boot loader begins (NRFFW[0], nrf52840.h), which the
// radio stack asks for; erased where there is none.

import { BusFault, unmodelled, type RegisterBlock } from "../bus.ts";

const NRFFW0 = 0x014;
const ERASED = 0xffffffff;

export class Uicr implements RegisterBlock {
  readonly name = "UICR";
  readonly base = 0x10001000;
  readonly size = 0x1000;

  constructor(private readonly bootLoader = ERASED) {}

  read32(offset: number): number {
    if (offset !== NRFFW0) throw unmodelled(this, offset, "read");
    return this.bootLoader;
  }

  write32(offset: number): void {
    throw new BusFault(this.base + offset, this.name, "write", "written through the flash controller only: touching it is a hard fault");
  }
}
