// NativeCode port: machine code by E.nativeCall, and flat memory for it and for DMA.

import type { FlatBuffer, NativeCode, NativeFunction } from "../contract.ts";

/** Thumb code is called at an odd address. */
const THUMB = 1;

export function createEspruinoNative(): NativeCode {
  function allocate(bytes: number): FlatBuffer | undefined {
    // Variables are 13 or 14 bytes long, so flat data may begin anywhere: three bytes more, then up to the next word.
    const buffer = new ArrayBuffer(bytes + 3);
    if (!buffer) return undefined;
    const address = E.getAddressOf(buffer, true);
    if (address === 0) return undefined;
    const shift = -address & 3;
    return { bytes: new Uint8Array(buffer, shift, bytes), address: address + shift };
  }

  function load(code: string, offsets: readonly number[]): NativeFunction[] | undefined {
    const flat = E.toFlatString(code);
    if (!flat) return undefined;
    const functions: NativeFunction[] = [];
    for (let i = 0; i < offsets.length; i++) {
      functions.push(E.nativeCall(offsets[i] | THUMB, "int(int,int,int,int)", flat));
    }
    return functions;
  }

  return {
    addressOf: E.getAddressOf,
    allocate: allocate,
    crc32: E.CRC32,
    load: load,
  };
}
