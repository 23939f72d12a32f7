// The key page of a toy as its firmware makes it (firmware/messages/key-page.ts), and the key that it works with.

import { crc32 } from "node:zlib";
import type { Board } from "../../boards/board.ts";
import { KEY_MAGIC, KEY_WORD_ADDRESS, KEY_WORD_CHECK } from "../../firmware/boot/key-words.ts";
import { KEY_WHOLE, createKeyPage, type KeyPage } from "../../firmware/messages/key-page.ts";
import { SPACE_ROOT } from "../../firmware/messages/layout.ts";
import type { Entropy, Flash, NativeCode } from "../../hal/contract.ts";
import { applyStream } from "../../firmware/voice/twin-seal.ts";
import { PAGE_BYTES, type FlashMemory } from "../../sim/flash.ts";
import { Noise } from "../../sim/noise.ts";

/** What the firmware makes of the bytes of a key page. */
export function readKeyPage(page: Uint8Array): KeyPage {
  const flash = { read: (address: number, length: number) => page.slice(address, address + length) } as Flash;
  const native = { crc32: (bytes: Uint8Array) => crc32(bytes) >>> 0 } as NativeCode;
  return createKeyPage(flash, native, {} as Entropy);
}

/** What everything is sealed with: the stored key mixed with the eight words of the chip's own roots. */
export function workingKey(stored: Uint32Array, roots: ArrayLike<number>): Uint32Array {
  const key = Uint32Array.from(roots);
  applyStream(stored, [0, 0, SPACE_ROOT], new Uint8Array(key.buffer));
  return key;
}

/** The bytes of a simulated board's key page; undefined where it has none. */
export function keyPageOf({ flashMap: { keyPage } }: Board, memories: readonly FlashMemory[]): Uint8Array | undefined {
  const memory = keyPage === undefined ? undefined : memories.find((candidate) => candidate.holds(keyPage, PAGE_BYTES));
  return memory?.bytes.subarray(keyPage! - memory.base, keyPage! - memory.base + PAGE_BYTES);
}

/** What a simulated board seals with; undefined while it has no key. */
export function keyOf(board: Board, memories: readonly FlashMemory[], roots: ArrayLike<number>): Uint32Array | undefined {
  const page = keyPageOf(board, memories);
  const read = page && readKeyPage(page);
  return read?.state === KEY_WHOLE ? workingKey(read.key, roots) : undefined;
}

/** The page that a toy has made at its first boot; every seed another toy. */
export function keyPage(seed: number): Uint8Array {
  const noise = new Noise(seed);
  const page = new Uint8Array(PAGE_BYTES).fill(0xff);
  const words = new Uint32Array(page.buffer);
  for (let i = KEY_WORD_ADDRESS; i < KEY_WORD_CHECK; i++) words[i] = noise.bits();
  words[0] = KEY_MAGIC;
  words[KEY_WORD_ADDRESS]! &= 0xffff0000;
  words[KEY_WORD_ADDRESS + 1] = (words[KEY_WORD_ADDRESS + 1]! & 0xffff) | 0xc000;
  words[KEY_WORD_CHECK] = crc32(new Uint8Array(words.buffer, 0, KEY_WORD_CHECK * 4));
  return page;
}

/** The radio address in a key page, as Espruino writes it. */
export function ownAddress(page: Uint8Array): string {
  const octets = page.slice(KEY_WORD_ADDRESS * 4, KEY_WORD_ADDRESS * 4 + 6).reverse();
  return `${Array.from(octets, (octet) => octet.toString(16).padStart(2, "0")).join(":")} random`;
}
