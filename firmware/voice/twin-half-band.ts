// The twin's half-band filter, which capture and render share (kernel/tables.h and tables.c): two branches of all-pass
// sections (Valenzuela and Constantinides 1983), coefficients in 1/8192. Host only.

/** Pass band to 3600 Hz, stop band from 4400 Hz at 16 kHz: 53 dB. */
export const EARLY_FIRST = 989;
export const EARLY_SECOND = 5433;
export const LATE_FIRST = 3198;
export const LATE_SECOND = 7297;

/** Two first-order sections: s[at] is the last input, the two words after it are the sections' last outputs. */
export function allPass(s: Int32Array, at: number, x: number, first: number, second: number): number {
  const y1 = s[at + 1];
  const y = s[at] + ((first * (x - y1) + 4096) >> 13);
  const z = y1 + ((second * (y - s[at + 2]) + 4096) >> 13);
  s[at] = x;
  s[at + 1] = y;
  s[at + 2] = z;
  return z;
}

export function clamp(value: number, low: number, high: number): number {
  return value < low ? low : value > high ? high : value;
}
