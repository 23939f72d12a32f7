// What the heart's free colour says. Red is the microphone's own and not in this file's power.

import type { Clock, Heart, TimerId } from "../../hal/contract.ts";

/** Glow while unheard messages wait, of 255. */
const GLOW_LEVEL = 40;
/** One slow blink while forgetting; a fast one when broken. */
const BLINK_MS = 500;
const BROKEN_MS = 125;
/** A quick pulse while a phone may pair. */
const PAIRING_MS = 250;

export const HEART_DARK = 0;
export const HEART_WAITING = 1;
export const HEART_FORGETTING = 2;
export const HEART_BROKEN = 3;
export const HEART_PAIRING = 4;

export interface HeartLight {
  /** Shows one of the HEART_ patterns until the next call. */
  show(pattern: number): void;
}

export function createHeartLight(heart: Heart, clock: Clock): HeartLight {
  let shown = HEART_DARK;
  let timer: TimerId | undefined;
  let isLit = false;

  function blink(): void {
    isLit = !isLit;
    heart.glow(isLit ? 255 : 0);
  }

  function show(pattern: number): void {
    if (pattern === shown) return;
    shown = pattern;
    if (timer !== undefined) clock.cancel(timer);
    timer = undefined;
    isLit = false;
    heart.glow(pattern === HEART_WAITING ? GLOW_LEVEL : 0);
    if (pattern >= HEART_FORGETTING) timer = clock.every(pattern === HEART_BROKEN ? BROKEN_MS : pattern === HEART_PAIRING ? PAIRING_MS : BLINK_MS, blink);
  }

  return { show: show };
}
