// Waiting for the events of a DMA block, which come within milliseconds or never.

import type { Clock } from "../contract.ts";

/** So many peeks at most, should the clock stand still: one takes 0.2 ms and more. */
const PEEKS_PER_MS = 100;

/** False when the event at this address has not come in time. */
export function waitForEvent(address: number, clock: Pick<Clock, "nowMs">, patienceMs: number): boolean {
  if (peek32(address)) return true;
  const untilMs = clock.nowMs() + patienceMs;
  for (let i = 1; i < patienceMs * PEEKS_PER_MS && clock.nowMs() < untilMs; i++) {
    if (peek32(address)) return true;
  }
  return false;
}
