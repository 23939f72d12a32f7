// The kernel's cipher, scan and frames on one small RAM: the Thumb bytes, or their twin, through the same calls.

import assert from "node:assert/strict";
import { kernelImage } from "../../firmware/voice/kernel.generated.ts";
import {
  FN_FRAME,
  FN_TAKE,
  FN_OPEN,
  FN_SCAN,
  FN_SEAL,
  SCAN_STATE_WORDS,
  SEAL_AAD,
  SEAL_AAD_BYTES,
  SEAL_KEY,
  SEAL_NONCE,
  SEAL_STATE_WORDS,
  SEAL_TEXT,
} from "../../firmware/voice/abi.ts";
import { createTwin } from "../../firmware/voice/twin.ts";
import { createThumb, flatMemory } from "../../sim/thumb.ts";

const RAM = 0x20000000;
const RAM_BYTES = 0x20000;
const CODE_AT = 0x1000;
const SEAL_AT = 0x4000;
const SCAN_AT = 0x4400;
const AAD_AT = 0x5000;
const DATA_AT = 0x6000;
const TEXT_AT = 0x10000;
const TAG_BYTES = 16;
const FRAME_FIELD_BYTES = 256;

export interface Sealing {
  readonly key: Uint8Array;
  readonly nonce: Uint8Array;
  readonly aad?: Uint8Array;
}

export interface KernelCalls {
  readonly spent: { cycles: number };
  /** The text lies apart from the data, or where they are. */
  seal(how: Sealing, text: Uint8Array, isInPlace?: boolean): { readonly text: Uint8Array; readonly tag: Uint8Array };
  open(how: Sealing, text: Uint8Array, tag: Uint8Array, tagBytes: number, isInPlace?: boolean): Uint8Array | undefined;
  /** The frame, and all bytes that lay behind it in a field of zeros. */
  frame(ring: Uint8Array, length: number, offset: number): { readonly frame: Uint8Array; readonly behind: Uint8Array };
  /** Where the message goes on, and the ring as it is afterwards with what lies behind it. */
  take(frame: Uint8Array, ring: Uint8Array, offset: number): { readonly offset: number; readonly ring: Uint8Array; readonly behind: Uint8Array };
  /** Words of the scan's state; the first one is how many messages there are. */
  scan(key: Uint8Array, headers: Uint32Array, sheets: number): Uint32Array;
}

export function kernelCalls(isThumb: boolean): KernelCalls {
  const ram = new Uint8Array(RAM_BYTES);
  const spent = { cycles: 0 };
  const code = Uint8Array.from(kernelImage.code, (character) => character.charCodeAt(0));
  ram.set(code, CODE_AT);
  const thumb = createThumb(flatMemory(RAM, ram));
  const twin = createTwin({ view: (address, length) => ram.subarray(address - RAM, address - RAM + length) });
  const words = new Uint32Array(ram.buffer, SEAL_AT, SEAL_STATE_WORDS);

  function call(fn: number, ...args: [number, number, number, number]): number {
    if (!isThumb) {
      spent.cycles += twin.functions[fn]!.cycles(...args);
      return twin.functions[fn]!.call(...args);
    }
    const { value, cycles } = thumb.call(RAM + CODE_AT + kernelImage.offsets[fn]!, args, RAM + RAM_BYTES - 16);
    spent.cycles += cycles;
    return value;
  }

  function begin({ key, nonce, aad = new Uint8Array(0) }: Sealing, textAt: number): void {
    ram.set(key, SEAL_AT + SEAL_KEY * 4);
    ram.set(nonce, SEAL_AT + SEAL_NONCE * 4);
    ram.set(aad, AAD_AT);
    words[SEAL_AAD] = RAM + AAD_AT;
    words[SEAL_AAD_BYTES] = aad.length;
    words[SEAL_TEXT] = RAM + textAt;
  }

  return {
    spent,
    seal(how, text, isInPlace = false) {
      const textAt = isInPlace ? DATA_AT : TEXT_AT;
      begin(how, textAt);
      ram.fill(0, DATA_AT, DATA_AT + text.length + TAG_BYTES);
      ram.set(text, textAt);
      call(FN_SEAL, RAM + SEAL_AT, RAM + DATA_AT, text.length, 0);
      if (!isInPlace) assert.deepEqual(ram.subarray(TEXT_AT, TEXT_AT + text.length), text, "the text is changed");
      return { text: ram.slice(DATA_AT, DATA_AT + text.length), tag: ram.slice(DATA_AT + text.length, DATA_AT + text.length + TAG_BYTES) };
    },
    open(how, text, tag, tagBytes, isInPlace = false) {
      const textAt = isInPlace ? DATA_AT : TEXT_AT;
      begin(how, textAt);
      ram.fill(0, TEXT_AT, TEXT_AT + text.length);
      ram.set(text, DATA_AT);
      ram.set(tag, DATA_AT + text.length);
      const before = ram.slice(textAt, textAt + text.length);
      if (call(FN_OPEN, RAM + SEAL_AT, RAM + DATA_AT, text.length, tagBytes) === 0) return ram.slice(textAt, textAt + text.length);
      assert.deepEqual(ram.subarray(textAt, textAt + text.length), before, "something is opened that must not be");
      return undefined;
    },
    frame(ring, length, offset) {
      ram.set(ring, DATA_AT);
      ram.fill(0, AAD_AT, AAD_AT + FRAME_FIELD_BYTES);
      const bytes = call(FN_FRAME, RAM + AAD_AT, RAM + DATA_AT, length, offset);
      return { frame: ram.slice(AAD_AT, AAD_AT + bytes), behind: ram.slice(AAD_AT + bytes, AAD_AT + FRAME_FIELD_BYTES) };
    },
    take(frame, ring, offset) {
      ram.set(ring, DATA_AT);
      ram.fill(0, DATA_AT + ring.length, DATA_AT + ring.length + FRAME_FIELD_BYTES);
      ram.set(frame, AAD_AT);
      const next = call(FN_TAKE, RAM + AAD_AT, RAM + DATA_AT, frame.length, offset);
      return { offset: next, ring: ram.slice(DATA_AT, DATA_AT + ring.length), behind: ram.slice(DATA_AT + ring.length, DATA_AT + ring.length + FRAME_FIELD_BYTES) };
    },
    scan(key, headers, sheets) {
      begin({ key, nonce: new Uint8Array(12) }, DATA_AT);
      ram.set(new Uint8Array(headers.buffer, headers.byteOffset, headers.byteLength), DATA_AT);
      const count = call(FN_SCAN, RAM + SEAL_AT, RAM + SCAN_AT, RAM + DATA_AT, sheets);
      return Uint32Array.from([count, ...new Uint32Array(ram.slice(SCAN_AT, SCAN_AT + SCAN_STATE_WORDS * 4).buffer)]);
    },
  };
}
