// NativeCode port on the host: flat memory is an array, machine code is whatever functions the test supplies.

import type { FlatBuffer, NativeCode, NativeFunction } from "../contract.ts";

/** Where the fake memory claims to be. */
const BASE = 0x20000000;

export interface MockNative extends NativeCode {
  /** What `load` binds, in order; undefined makes loading fail. */
  functions: readonly NativeFunction[] | undefined;
  /** The bytes behind an address, for code that works by address. */
  view(address: number, length: number): Uint8Array;
}

export function mockNative(memoryBytes: number, crc32: (bytes: Uint8Array | string) => number): MockNative {
  const memory = new Uint8Array(memoryBytes);
  let used = 0;
  const native: MockNative = {
    functions: undefined,
    crc32,
    addressOf(data) {
      const { buffer, byteOffset } = data instanceof Uint8Array ? data : new Uint8Array(data);
      return buffer === memory.buffer ? BASE + byteOffset : 0;
    },
    allocate(bytes): FlatBuffer | undefined {
      if (used + bytes > memoryBytes) return undefined;
      const at = used;
      used += (bytes + 3) & ~3;
      return { bytes: new Uint8Array(memory.buffer, at, bytes), address: BASE + at };
    },
    load: () => native.functions?.slice(),
    view: (address, length) => new Uint8Array(memory.buffer, address - BASE, length),
  };
  return native;
}
