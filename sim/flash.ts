// NOR flash: a program clears bits, an erase sets a page to 0xFF, both take time, and the power may fail at any of them.
// Addresses are those that Espruino's Flash module takes. The physics is here; nobody else may touch the bytes.

import type { Chip } from "../boards/nrf52.ts";
import { PowerCut } from "./engine.ts";

export interface FlashTiming {
  readonly pageEraseUs: number;
  readonly programUsPerByte: number;
  readonly readUsPerByte: number;
  /** Internal flash stops the processor, interrupts included; external flash only keeps JavaScript waiting. */
  readonly stopsProcessor: boolean;
}

export interface FlashOperation {
  readonly kind: "erase" | "program";
  readonly atUs: number;
  readonly address: number;
  readonly length: number;
}

/**
 * Cuts the power at an operation, counted from 0: before it, half-way through with a beginning of it done, half-way through with all
 * of it done faintly, or when it is done.
 */
export interface CutPlan {
  readonly operation: number;
  readonly phase: "before" | "during" | "faint" | "after";
}

export const PAGE_BYTES = 4096;
/** Flash inside the chip is read like RAM; a write goes through the radio stack's queue, the words themselves take wordWriteUs. */
const INTERNAL_READ_US_PER_BYTE = 0.05;

/** Flash inside the chip. */
export function internalTiming({ pageEraseMs, wordWriteUs }: Pick<Chip, "pageEraseMs" | "wordWriteUs">): FlashTiming {
  return { pageEraseUs: pageEraseMs * 1000, programUsPerByte: wordWriteUs / 4, readUsPerByte: INTERNAL_READ_US_PER_BYTE, stopsProcessor: true };
}

export class FlashMemory {
  readonly bytes: Uint8Array;
  /** Erases per page, for wear. */
  readonly erases: Uint32Array;

  constructor(
    readonly base: number,
    readonly pages: number,
    readonly timing: FlashTiming,
    image?: Uint8Array,
  ) {
    this.bytes = new Uint8Array(pages * PAGE_BYTES).fill(0xff);
    if (image) this.bytes.set(image);
    this.erases = new Uint32Array(pages);
  }

  holds(address: number, length: number): boolean {
    return address >= this.base && address + length <= this.base + this.bytes.length;
  }
}

export class FlashPort {
  /** Operations that changed flash, since this port was made. */
  readonly operations: FlashOperation[] = [];
  cut: CutPlan | undefined;

  constructor(
    private readonly memories: readonly FlashMemory[],
    private readonly now: () => number,
    private readonly spend: (us: number, stopsProcessor: boolean) => void,
    private readonly powerOff: () => void,
    /** The radio stack's pages: there for whoever knows the address. */
    private readonly stack?: FlashMemory,
  ) {}

  read(address: number, length: number): Uint8Array {
    const memory = this.#find(address, length);
    this.spend(length * memory.timing.readUsPerByte, false);
    return this.peek(address, length);
  }

  /** What Flash.getFree lists: areas that Storage does not manage. */
  beside(): { readonly addr: number; readonly length: number }[] {
    return this.memories.slice(1).map(({ base, bytes }) => ({ addr: base, length: bytes.length }));
  }

  /** Without its time, for who charges that otherwise. */
  peek(address: number, length: number): Uint8Array {
    const memory = this.#find(address, length);
    return memory.bytes.slice(address - memory.base, address - memory.base + length);
  }

  write(address: number, data: Uint8Array): void {
    const memory = this.#find(address, data.length);
    const at = address - memory.base;
    this.#operate({ kind: "program", atUs: this.now(), address, length: data.length }, memory, data.length * memory.timing.programUsPerByte, (phase) => {
      // A cut program leaves a beginning written, or everything faintly; of what is between only some of the zeros hold.
      const whole = phase === "after" ? data.length : phase === "during" ? data.length >> 1 : 0;
      const touched = phase === "during" ? Math.min(whole + 1, data.length) : data.length;
      for (let i = 0; i < touched; i++) memory.bytes[at + i]! &= i < whole ? data[i]! : data[i]! | 0x55;
    });
  }

  erasePage(address: number): void {
    const memory = this.#find(address, 1);
    const page = Math.floor((address - memory.base) / PAGE_BYTES);
    const at = page * PAGE_BYTES;
    this.#operate({ kind: "erase", atUs: this.now(), address: memory.base + at, length: PAGE_BYTES }, memory, memory.timing.pageEraseUs, (phase) => {
      memory.erases[page]!++;
      // A cut erase leaves cells on their way up, here every other bit: all over the page, or behind a beginning that looks erased.
      if (phase === "after") memory.bytes.fill(0xff, at, at + PAGE_BYTES);
      else for (let i = 0; i < PAGE_BYTES; i++) memory.bytes[at + i]! |= (phase === "during" ? i % 3 === 0 : i < PAGE_BYTES / 2) ? 0xff : 0xaa;
    });
  }

  #find(address: number, length: number): FlashMemory {
    const memory = [...this.memories, ...(this.stack ? [this.stack] : [])].find((candidate) => candidate.holds(address, length));
    if (!memory) throw new Error(`flash address 0x${address.toString(16)}, ${length} bytes: no such memory on this board`);
    return memory;
  }

  #operate(operation: FlashOperation, memory: FlashMemory, us: number, apply: (phase: CutPlan["phase"]) => void): void {
    const phase = this.cut?.operation === this.operations.length ? this.cut.phase : undefined;
    if (phase === "before") this.#fail();
    this.operations.push(operation);
    apply(phase ?? "after");
    if (phase === "during" || phase === "faint") this.#fail();
    this.spend(us, memory.timing.stopsProcessor);
    if (phase === "after") this.#fail();
  }

  #fail(): never {
    this.powerOff();
    throw new PowerCut();
  }
}
