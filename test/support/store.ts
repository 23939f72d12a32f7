// The firmware's store over mock ports, with the kernel's twin for machine code.

import assert from "node:assert/strict";
import { crc32 } from "node:zlib";
import { OK, type Code, type Flash, type Hal } from "../../hal/contract.ts";
import { mockFlash, type MockFlash } from "../../hal/mock/flash.ts";
import { mockNative } from "../../hal/mock/native.ts";
import { mockEntropy } from "../../hal/mock/ports.ts";
import { ORIGIN_OWN, SHEET_SAMPLES } from "../../firmware/messages/layout.ts";
import type { MessageLog } from "../../firmware/messages/log.ts";
import { createStore, type Store } from "../../firmware/messages/store.ts";
import { BLOCK_BYTES, BLOCK_SAMPLES, SCAN_STATE_WORDS, SEAL_STATE_WORDS } from "../../firmware/voice/abi.ts";
import type { Kernel } from "../../firmware/voice/kernel.ts";
import { createTwin } from "../../firmware/voice/twin.ts";

export interface StoreFlash {
  /** The log region: messages, then records and journal. */
  readonly flash: Flash;
  readonly keyPage: Flash | undefined;
}

export interface StoreOptions {
  readonly recordingSamples?: number;
  readonly seed?: number;
  readonly nowMs?: () => number;
  /** The chip that it is; 1 when not given. */
  readonly rootsOf?: number;
  readonly kernelCode?: Code;
}

export const mockStoreFlash = (pages: number): { readonly flash: MockFlash; readonly keyPage: MockFlash } => ({ flash: mockFlash(pages), keyPage: mockFlash(1) });

/** A word of a chip's own roots. */
export const rootOf = (chip: number, index: number): number => Math.imul(chip, 0x9e3779b9 + index) >>> 0;

/** A store that has just booted. */
export function bootStore({ flash, keyPage }: StoreFlash, { recordingSamples = 3 * SHEET_SAMPLES, seed = 1, nowMs = () => 0, rootsOf = 1, kernelCode = OK }: StoreOptions = {}): Store {
  const memoryBytes = SEAL_STATE_WORDS * 4 + BLOCK_BYTES + 16 + SCAN_STATE_WORDS * 4 + flash.pages * 28 + 64;
  const native = mockNative(memoryBytes, (bytes) => crc32(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes) >>> 0);
  const twin = createTwin(native);
  const kernel = { code: kernelCode, call: (index: number, a: number, b: number, c: number, d: number) => twin.functions[index]!.call(a, b, c, d) } as Kernel;
  const hal = { flash, keyPage, native, entropy: { ...mockEntropy(seed), root: (index: number) => rootOf(rootsOf, index) }, clock: { nowMs } } as unknown as Hal;
  const store = createStore(hal, kernel, recordingSamples);
  store.load();
  return store;
}

export const block = (value: number): Uint8Array => new Uint8Array(BLOCK_BYTES).fill(value);

/** Writes a message of so many blocks; block i is filled with first + i. */
export function write(log: MessageLog, blocks: number, first: number, origin = ORIGIN_OWN): void {
  assert.equal(log.begin(origin), OK);
  for (let i = 0; i < blocks; i++) assert.equal(log.append(block(first + i)), OK);
  assert.equal(log.commit(blocks * BLOCK_SAMPLES), OK);
}

/** Housekeeping until nothing is left to do. */
export function settle(store: Store): void {
  for (let steps = 0; store.maintain(); steps++) assert.ok(steps < 2000, "housekeeping never ends");
}
