// Changes of rate for measuring, fast and linear in phase: undoing the small error of a crystal or of an integer divider,
// and dividing by a whole number. What people listen to goes through resample.ts.

/** Taps on each side when re-reading, and positions between two samples that have taps of their own (linear in between: -118 dB). */
const HALF = 48;
const PHASES = 1024;
/** Kaiser window for 100 dB: flat to 0.93 of half the rate. */
const BETA = 10;

function besselI0(x: number): number {
  let sum = 1;
  for (let term = 1, k = 1; term > sum * 1e-17; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

let table: Float64Array | undefined;

/** table[phase * 2 HALF + tap]: weight of the sample `tap - HALF + 1` places after the one before the instant. */
function weights(): Float64Array {
  if (table !== undefined) return table;
  table = new Float64Array((PHASES + 1) * 2 * HALF);
  const full = besselI0(BETA);
  for (let phase = 0; phase <= PHASES; phase++) {
    for (let tap = 0; tap < 2 * HALF; tap++) {
      const x = tap - HALF + 1 - phase / PHASES;
      const window = Math.abs(x) >= HALF ? 0 : besselI0(BETA * Math.sqrt(1 - (x / HALF) ** 2)) / full;
      table[phase * 2 * HALF + tap] = window * (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));
    }
  }
  return table;
}

/** Result[n] = samples at the place n * ratio, zero outside. */
export function retime(samples: ArrayLike<number>, ratio: number): Float64Array {
  if (!(ratio > 0.9 && ratio < 1.1)) throw new RangeError(`a rate ratio of ${ratio} is no small error`);
  if (ratio === 1) return Float64Array.from(samples);
  const taps = weights();
  const out = new Float64Array(Math.floor((samples.length - 1) / ratio) + 1);
  const padded = new Float64Array(samples.length + 2 * HALF + 2);
  padded.set(samples, HALF);
  for (let n = 0; n < out.length; n++) {
    const place = n * ratio;
    const whole = Math.floor(place);
    const fine = (place - whole) * PHASES;
    const phase = Math.floor(fine);
    const share = fine - phase;
    const row = phase * 2 * HALF;
    let low = 0;
    let high = 0;
    for (let tap = 0; tap < 2 * HALF; tap++) {
      const x = padded[whole + 1 + tap];
      low += x * taps[row + tap];
      high += x * taps[row + 2 * HALF + tap];
    }
    out[n] = low + (high - low) * share;
  }
  return out;
}

/** Flat to 0.9 and 110 dB down from 1.1 of half the new rate: what folds lands above 0.9 of it. */
const DIVIDE_BETA = 11.2;
const DIVIDE_HALF = 36;

/** Every `factor`-th sample behind a low pass without delay: ceil(length / factor) samples. */
export function decimate(samples: ArrayLike<number>, factor: number): Float64Array {
  if (!Number.isInteger(factor) || factor < 1) throw new RangeError(`a rate cannot be divided by ${factor}`);
  if (factor === 1) return Float64Array.from(samples);
  const half = DIVIDE_HALF * factor;
  const taps = new Float64Array(2 * half + 1);
  for (let i = 0; i < taps.length; i++) {
    const x = (i - half) / factor;
    const window = besselI0(DIVIDE_BETA * Math.sqrt(Math.max(0, 1 - (x / DIVIDE_HALF) ** 2))) / besselI0(DIVIDE_BETA);
    taps[i] = (window * (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x))) / factor;
  }
  const padded = new Float64Array(samples.length + 2 * half);
  padded.set(samples, half);
  const out = new Float64Array(Math.ceil(samples.length / factor));
  for (let n = 0; n < out.length; n++) {
    let sum = 0;
    for (let i = 0, at = n * factor; i < taps.length; i++, at++) sum += taps[i] * padded[at];
    out[n] = sum;
  }
  return out;
}
