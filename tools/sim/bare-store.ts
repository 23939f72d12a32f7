// The firmware's store over ports in memory, with the kernel's twin for machine code: as fast as the host is, without a board around it.

import { crc32 } from "node:zlib";
import { OK, type Code, type Flash, type Hal } from "../../hal/contract.ts";
import { mockNative } from "../../hal/mock/native.ts";
import { mockEntropy } from "../../hal/mock/ports.ts";
import { SHEET_SAMPLES } from "../../firmware/messages/layout.ts";
import { createStore, type Store } from "../../firmware/messages/store.ts";
import { BLOCK_BYTES, SCAN_STATE_WORDS, SEAL_STATE_WORDS } from "../../firmware/voice/abi.ts";
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

/** A word of a chip's own roots. */
export const rootOf = (chip: number, index: number): number => Math.imul(chip, 0x9e3779b9 + index) >>> 0;

/** A store that has just booted. */
export function bootStore({ flash, keyPage }: StoreFlash, { recordingSamples = 3 * SHEET_SAMPLES, seed = 1, nowMs = () => 0, rootsOf = 1, kernelCode = OK }: StoreOptions = {}): Store {
  const memoryBytes = SEAL_STATE_WORDS * 4 + BLOCK_BYTES + 16 + SCAN_STATE_WORDS * 4 + flash.pages * 28 + 64;
  const native = mockNative(memoryBytes, (bytes) => crc32(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes) >>> 0);
  const twin = createTwin(native);
  const kernel = { code: kernelCode, functions: twin.functions.map(({ call }) => call) } as unknown as Kernel;
  const scratch = native.allocate(flash.pages * 28);
  const hal = { flash, keyPage, native, scratch, entropy: { ...mockEntropy(seed), root: (index: number) => rootOf(rootsOf, index) }, clock: { nowMs } } as unknown as Hal;
  const store = createStore(hal, kernel, recordingSamples);
  store.load();
  return store;
}
