// Executes ARMv6-M machine code on the simulator's memory, for the native kernel: the very bytes that the board runs.
// The instruction set is rp2040js's Cortex-M0+. It counts instructions (the same on any core that runs v6-M code) and that
// core's cycles (not the nRF52's M4F, whose branches and multiplications differ).

import { RP2040 } from "rp2040js";

/** Memory by address, little-endian. Must throw, naming the address, where there is none. */
export interface ThumbMemory {
  read8(address: number): number;
  read16(address: number): number;
  read32(address: number): number;
  write8(address: number, value: number): void;
  write16(address: number, value: number): void;
  write32(address: number, value: number): void;
}

export interface ThumbResult {
  /** r0 as a signed 32-bit integer. */
  readonly value: number;
  readonly instructions: number;
  readonly cycles: number;
}

export interface Thumb {
  /** Calls the function at `entry` (even address) with up to four arguments; `stackTop` is the first byte above the stack. */
  call(entry: number, args: readonly number[], stackTop: number): ThumbResult;
}

/** Where a called function returns to: no memory is there, and no code of ours. */
const RETURN_ADDRESS = 0xe0000000;
/** A call that runs longer hangs: the longest real one, half a second of capture, takes 4 million. */
const MOST_INSTRUCTIONS = 50_000_000;
/** What a called function must leave as it found it (AAPCS). */
const CALLEE_SAVED = [4, 5, 6, 7, 8, 9, 10, 11, 13];

export class ThumbFault extends Error {}

function aligned(address: number, size: number): number {
  const at = address >>> 0;
  if (at % size !== 0) throw new ThumbFault(`access of ${size} bytes at 0x${at.toString(16)}: ARMv6-M faults unless aligned`);
  return at;
}

export function createThumb(memory: ThumbMemory): Thumb {
  const core = new RP2040().core;
  const { registers } = core;
  core.readUint8 = (address) => memory.read8(address >>> 0);
  core.readUint16 = (address) => memory.read16(aligned(address, 2));
  core.readUint32 = (address) => memory.read32(aligned(address, 4));
  core.writeUint8 = (address, value) => memory.write8(address >>> 0, value & 0xff);
  core.writeUint16 = (address, value) => memory.write16(aligned(address, 2), value & 0xffff);
  core.writeUint32 = (address, value) => memory.write32(aligned(address, 4), value >>> 0);

  function call(entry: number, args: readonly number[], stackTop: number): ThumbResult {
    if (args.length > 4) throw new ThumbFault(`${args.length} arguments: a native function takes at most four`);
    if (entry % 2 !== 0) throw new ThumbFault("the entry is the function's address, without the Thumb bit");
    for (let i = 0; i < 4; i++) registers[i] = args[i] ?? 0;
    registers[13] = stackTop & ~7;
    registers[14] = RETURN_ADDRESS | 1;
    registers[15] = entry;
    const saved = CALLEE_SAVED.map((r) => registers[r]);
    const cyclesBefore = core.cycles;
    let instructions = 0;
    while ((registers[15] & ~1) >>> 0 !== RETURN_ADDRESS) {
      core.executeInstruction();
      if (++instructions > MOST_INSTRUCTIONS) throw new ThumbFault(`no return after ${MOST_INSTRUCTIONS} instructions`);
    }
    CALLEE_SAVED.forEach((r, i) => {
      if (registers[r] !== saved[i]) throw new ThumbFault(`the function changed r${r}, which is its caller's`);
    });
    return { value: registers[0] | 0, instructions, cycles: core.cycles - cyclesBefore };
  }

  return { call };
}

/** A flat piece of RAM at `base` as ThumbMemory; everything else faults. */
export function flatMemory(base: number, bytes: Uint8Array): ThumbMemory {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const at = (address: number, size: number): number => {
    const offset = address - base;
    if (offset < 0 || offset + size > bytes.length) throw new ThumbFault(`no memory at 0x${address.toString(16)}`);
    return offset;
  };
  return {
    read8: (address) => view.getUint8(at(address, 1)),
    read16: (address) => view.getUint16(at(address, 2), true),
    read32: (address) => view.getUint32(at(address, 4), true),
    write8: (address, value) => view.setUint8(at(address, 1), value),
    write16: (address, value) => view.setUint16(at(address, 2), value, true),
    write32: (address, value) => view.setUint32(at(address, 4), value, true),
  };
}
