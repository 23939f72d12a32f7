// Helpers of the store's unit tests.

import assert from "node:assert/strict";
import { OK } from "../../hal/contract.ts";
import { mockFlash, type MockFlash } from "../../hal/mock/flash.ts";
import { ORIGIN_OWN } from "../../firmware/messages/layout.ts";
import type { MessageLog } from "../../firmware/messages/log.ts";
import type { Store } from "../../firmware/messages/store.ts";
import { BLOCK_BYTES, BLOCK_SAMPLES } from "../../firmware/voice/abi.ts";

export const mockStoreFlash = (pages: number): { readonly flash: MockFlash; readonly keyPage: MockFlash } => ({ flash: mockFlash(pages), keyPage: mockFlash(1) });

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
