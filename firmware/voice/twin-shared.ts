// What the twin's capture and render share: the half-band filter (kernel/half-band.S), two branches of two all-pass sections
// with coefficients in 1/8192, and the step table, which the kernel computes into its state (kernel/steps.c). Host only.

import { STEPS } from "./adpcm.ts";

const EARLY_FIRST = 989;
const EARLY_SECOND = 5433;
const LATE_FIRST = 3198;
const LATE_SECOND = 7297;

/** Where a branch's output is in the filter's six words. */
export const EARLY_OUT = 2;
export const LATE_OUT = 5;

/** s[at] is the branch's last input, the two words after it are the sections' last outputs. */
function branch(s: Int32Array, at: number, x: number, first: number, second: number): void {
  const before = s[at + 1];
  const y = s[at] + ((first * (x - before)) >> 13);
  s[at + 2] = before + ((second * (y - s[at + 2])) >> 13);
  s[at + 1] = y;
  s[at] = x;
}

export function halfBand(s: Int32Array, at: number, early: number, late: number): void {
  branch(s, at, early, EARLY_FIRST, EARLY_SECOND);
  branch(s, at + 3, late, LATE_FIRST, LATE_SECOND);
}

/** Two 16-bit steps to a word. */
export function writeSteps(s: Int32Array, at: number): void {
  new Uint16Array(s.buffer, s.byteOffset + 4 * at, STEPS.length).set(STEPS);
}

export function clamp(value: number, low: number, high: number): number {
  return value < low ? low : value > high ? high : value;
}
