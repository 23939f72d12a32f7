// The one address bus of the simulated board: peek and poke, EasyDMA and native code all go through it. It never guesses: an
// access to anything that is not modelled throws, as does one that the chip would answer with a fault.
// Facts: nRF52840 PS, Memory map and "instantiation" (bases); nRF5 SoftDevice specification (peripherals that the radio stack keeps).

export type Access = "read" | "write";

/** An access that the board would not survive, or that the simulator does not know. */
export class BusFault extends Error {
  constructor(
    readonly address: number,
    /** Name of the block or region, as far as it is known. */
    readonly block: string,
    readonly attempt: string,
    readonly why: string,
  ) {
    super(`${attempt} at 0x${(address >>> 0).toString(16).padStart(8, "0")} (${block}): ${why}`);
    this.name = "BusFault";
  }
}

/** A peripheral: 32-bit registers at multiples of 4. An offset that it does not model is its own to refuse: see `unmodelled`. */
export interface RegisterBlock {
  readonly name: string;
  readonly base: number;
  readonly size: number;
  read32(offset: number): number;
  write32(offset: number, value: number): void;
}

/** Memory. It may lie in another process, so `read` returns a copy; `view` is the live bytes where there are such. */
export interface MemoryRegion {
  readonly name: string;
  readonly base: number;
  readonly size: number;
  read(offset: number, length: number): Uint8Array;
  write(offset: number, bytes: Uint8Array): void;
  view?(offset: number, length: number): Uint8Array;
}

export function unmodelled(block: RegisterBlock, offset: number, access: Access, value?: number): BusFault {
  const written = value === undefined ? "" : ` of 0x${(value >>> 0).toString(16)}`;
  return new BusFault(block.base + offset, block.name, `${access}${written}`, "this register, or this value of it, is not modelled");
}

/** Blocks of 4 KB that the radio stack keeps to itself while it is enabled, as it always is under Espruino. */
const RADIO_STACK: Readonly<Record<number, string>> = {
  0x40000000: "CLOCK/POWER",
  0x40001000: "RADIO",
  0x40008000: "TIMER0",
  0x4000b000: "RTC0",
  0x4000c000: "TEMP",
  0x4000d000: "RNG",
  0x4000e000: "ECB",
  0x4000f000: "CCM/AAR",
  0x40015000: "EGU1/SWI1",
  0x40018000: "EGU4/SWI4",
  0x40019000: "EGU5/SWI5",
  0x4001e000: "NVMC/ACL",
};

/** Names for the fault's text only. */
const KNOWN: Readonly<Record<number, string>> = {
  0x40002000: "UART0",
  0x40003000: "SPI0/TWI0",
  0x40004000: "SPI1/TWI1",
  0x40006000: "GPIOTE",
  0x40007000: "SAADC",
  0x40009000: "TIMER1",
  0x4000a000: "TIMER2",
  0x40010000: "WDT",
  0x40011000: "RTC1",
  0x40012000: "QDEC",
  0x4001a000: "TIMER3",
  0x4001b000: "TIMER4",
  0x4001c000: "PWM0",
  0x4001d000: "PDM",
  0x4001f000: "PPI",
  0x40021000: "PWM1",
  0x40022000: "PWM2",
  0x40024000: "RTC2",
  0x40025000: "I2S",
  0x4002d000: "PWM3",
  0x50000000: "GPIO",
  0x10000000: "FICR",
  0x10001000: "UICR",
};

/** EasyDMA reaches data RAM only. nRF52840 PS, Memory: the area of data RAM, of which each chip has a part. */
const DATA_RAM_BASE = 0x20000000;
const DATA_RAM_END = 0x20040000;

interface Place {
  readonly base: number;
  readonly end: number;
  readonly block?: RegisterBlock;
  readonly region?: MemoryRegion;
}

export class Bus {
  #places: Place[] = [];
  #last: Place | undefined;

  attach(block: RegisterBlock): void {
    this.#insert({ base: block.base, end: block.base + block.size, block });
  }

  attachMemory(region: MemoryRegion): void {
    this.#insert({ base: region.base, end: region.base + region.size, region });
  }

  detachMemory(base: number): void {
    this.#places = this.#places.filter((place) => place.base !== base);
    this.#last = undefined;
  }

  read8(address: number): number {
    return this.#memory(address, 1, "read of 8 bits").bytes[0]!;
  }

  read16(address: number): number {
    const { bytes } = this.#memory(address, 2, "read of 16 bits");
    return bytes[0]! | (bytes[1]! << 8);
  }

  /** Unsigned. */
  read32(address: number): number {
    const place = this.#word(address, "read of 32 bits");
    if (place.block) return place.block.read32(address - place.base) >>> 0;
    const { bytes } = this.#memory(address, 4, "read of 32 bits");
    return (bytes[0]! | (bytes[1]! << 8) | (bytes[2]! << 16) | (bytes[3]! << 24)) >>> 0;
  }

  write8(address: number, value: number): void {
    this.#store(address, Uint8Array.of(value), "write of 8 bits");
  }

  write16(address: number, value: number): void {
    this.#store(address, Uint8Array.of(value, value >>> 8), "write of 16 bits");
  }

  write32(address: number, value: number): void {
    const place = this.#word(address, "write of 32 bits");
    if (place.block) place.block.write32(address - place.base, value >>> 0);
    else this.#store(address, Uint8Array.of(value, value >>> 8, value >>> 16, value >>> 24), "write of 32 bits");
  }

  /** Bulk read of memory: live bytes where the region has them, else a copy. Never to be written to. */
  read(address: number, length: number): Uint8Array {
    return this.#memory(address, length, `read of ${length} bytes`).bytes;
  }

  /** Bulk write of memory. */
  write(address: number, bytes: Uint8Array): void {
    this.#store(address, bytes, `write of ${bytes.length} bytes`);
  }

  /** Refuses what EasyDMA cannot serve: `who` is the register that holds the pointer. */
  checkDma(address: number, length: number, who: string): void {
    const place = this.#find(address);
    const attempt = `DMA of ${length} bytes by ${who}`;
    if (!place?.region || address < DATA_RAM_BASE || address >= DATA_RAM_END) throw new BusFault(address, this.#name(address), attempt, "EasyDMA reaches RAM only");
    if (address % 2 !== 0) throw new BusFault(address, place.region.name, attempt, "16-bit words at an odd address");
    if (address + length > place.end) throw new BusFault(address, place.region.name, attempt, "it runs over the end");
  }

  #insert(place: Place): void {
    const clash = this.#places.find((other) => place.base < other.end && other.base < place.end);
    if (clash) throw new RangeError(`${this.#label(place)} overlaps ${this.#label(clash)}`);
    this.#places.push(place);
  }

  #label(place: Place): string {
    return (place.block ?? place.region)!.name;
  }

  #find(address: number): Place | undefined {
    if (this.#last && address >= this.#last.base && address < this.#last.end) return this.#last;
    const place = this.#places.find(({ base, end }) => address >= base && address < end);
    if (place) this.#last = place;
    return place;
  }

  #name(address: number): string {
    const place = this.#find(address);
    if (place) return this.#label(place);
    const page = address - (address % 0x1000);
    return RADIO_STACK[page] ?? KNOWN[page] ?? "nothing";
  }

  #at(address: number, attempt: string): Place {
    const place = this.#find(address);
    if (place) return place;
    const isRadio = RADIO_STACK[address - (address % 0x1000)] !== undefined;
    const why = isRadio ? "it belongs to the radio stack: touching it is a hard fault" : "nothing is modelled there";
    throw new BusFault(address, this.#name(address), attempt, why);
  }

  #word(address: number, attempt: string): Place {
    const place = this.#at(address, attempt);
    if (address % 4 !== 0) throw new BusFault(address, this.#label(place), attempt, "the address is no multiple of 4");
    return place;
  }

  #region(address: number, length: number, attempt: string): { region: MemoryRegion; offset: number } {
    const { base, end, block, region } = this.#at(address, attempt);
    if (block) throw new BusFault(address, block.name, attempt, "registers are accessed as 32-bit words only");
    if (address + length > end) throw new BusFault(address, region!.name, attempt, "it runs over the end");
    return { region: region!, offset: address - base };
  }

  #memory(address: number, length: number, attempt: string): { bytes: Uint8Array } {
    const { region, offset } = this.#region(address, length, attempt);
    return { bytes: region.view ? region.view(offset, length) : region.read(offset, length) };
  }

  #store(address: number, bytes: Uint8Array, attempt: string): void {
    const { region, offset } = this.#region(address, bytes.length, attempt);
    region.write(offset, bytes);
  }
}

/** Consecutive values of 8, 16 or 32 bits, as Espruino's peek and poke take them. */
export function peek(bus: Bus, bits: number, address: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => {
    const at = address + (i * bits) / 8;
    return bits === 32 ? bus.read32(at) : bits === 16 ? bus.read16(at) : bus.read8(at);
  });
}

export function poke(bus: Bus, bits: number, address: number, values: readonly number[]): void {
  values.forEach((value, i) => {
    const at = address + (i * bits) / 8;
    if (bits === 32) bus.write32(at, value);
    else if (bits === 16) bus.write16(at, value);
    else bus.write8(at, value);
  });
}
