// Turns presses and releases of the paw into what the child means by them, and mints the one proof that lets the
// microphone have power. Plain data in, events out; no timers, no pins: whoever owns it passes the time and ticks it.

import type { PawToken } from "../../hal/contract.ts";
import { HELD, PAIRING_ASKED, RELEASED, RESET_ASKED, RESET_CANCELLED, RESET_WARNED, TAPPED_MORE, TAPPED_ONCE, TAPPED_TWICE } from "../states.ts";

/** A press shorter than this is a tap and never records. */
export const HOLD_MS = 300;
/** A press that begins sooner than this after a tap belongs to that tap's sequence. */
export const GAP_MS = 350;
export const PAIRING_TAPS = 5;
export const PAIRING_HOLD_MS = 3000;
export const RESET_TAPS = 7;
export const RESET_HOLD_MS = 10000;
export const RESET_WARNING_MS = 3000;

export interface Gesture {
  press(nowMs: number): void;
  release(nowMs: number): void;
  /** To be called when `waitMs` says, and harmless at any other time. */
  tick(nowMs: number): void;
  /** Milliseconds until time alone changes something, or -1: nothing until the next edge. */
  waitMs(nowMs: number): number;
}

/** `tell` gets HELD with its token, RELEASED at the end of that hold, when the token is dead, and the other events of the paw. */
export function createGesture(tell: (event: number, token?: PawToken) => void): Gesture {
  let isDown = false;
  let pressedAtMs = 0;
  let releasedAtMs = -GAP_MS;
  let taps = 0;
  let warnings = 0;
  // What this press has already led to: nothing more comes of it until the release.
  let isSpent = false;
  let holding: { isLive: boolean } | undefined;

  function mint(): PawToken {
    const hold = { isLive: true };
    holding = hold;
    return {
      isLive: function () {
        return hold.isLive;
      },
    } as PawToken;
  }

  // The held time at which this press means something next, or -1.
  function nextHoldMs(): number {
    if (!isDown || isSpent) return -1;
    if (taps === 0) return HOLD_MS;
    if (taps === PAIRING_TAPS - 1) return PAIRING_HOLD_MS;
    if (taps === RESET_TAPS - 1) return warnings < 3 ? (warnings + 1) * RESET_WARNING_MS : RESET_HOLD_MS;
    return -1;
  }

  function press(nowMs: number): void {
    if (isDown) return;
    isDown = true;
    isSpent = false;
    pressedAtMs = nowMs;
    if (nowMs - releasedAtMs >= GAP_MS) taps = 0;
  }

  function release(nowMs: number): void {
    if (!isDown) return;
    isDown = false;
    releasedAtMs = nowMs;
    if (holding) {
      holding.isLive = false;
      holding = undefined;
      taps = 0;
      tell(RELEASED);
    } else if (nowMs - pressedAtMs < HOLD_MS) {
      taps++;
      tell(taps === 1 ? TAPPED_ONCE : taps === 2 ? TAPPED_TWICE : TAPPED_MORE);
    } else {
      // A long press inside a sequence ends it. One that nobody ticked in time means nothing: better silent than a recording.
      const isCancelled = warnings > 0 && !isSpent;
      taps = 0;
      if (isCancelled) tell(RESET_CANCELLED);
    }
    warnings = 0;
  }

  function tick(nowMs: number): void {
    const due = nextHoldMs();
    if (due < 0 || nowMs - pressedAtMs < due) return;
    if (taps === 0) {
      isSpent = true;
      tell(HELD, mint());
    } else if (taps === PAIRING_TAPS - 1) {
      isSpent = true;
      tell(PAIRING_ASKED);
    } else if (due === RESET_HOLD_MS) {
      isSpent = true;
      tell(RESET_ASKED);
    } else {
      warnings++;
      tell(RESET_WARNED);
    }
  }

  function waitMs(nowMs: number): number {
    const due = nextHoldMs();
    return due < 0 ? -1 : Math.max(0, pressedAtMs + due - nowMs);
  }

  return { press: press, release: release, tick: tick, waitMs: waitMs };
}
