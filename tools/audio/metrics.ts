// How well a signal came through: noise is what no short linear filter of the reference explains, in the voice band. Delay
// and linear response are found and stated apart, so that a flat-out wrong level or a dull speaker is neither hidden in the
// SNR nor punished twice.
// Method: both signals are band-limited by FFT, the delay is the peak of their cross-correlation, the response is a FIR
// fitted by least squares over what both hold (covariance method), the residual is the noise.

import { bitReversed, Fft } from "./fft.ts";
import { filterFir, fitFir } from "./fir.ts";
import { retime } from "./retime.ts";

/** The band that carries speech on the toy, in Hz. */
export const VOICE_BAND = { lowHz: 100, highHz: 3600 } as const;
/** Each edge of the band is a raised cosine this wide: it rings for 1/EDGE_HZ, which GUARD_S keeps out of the comparison. */
const EDGE_HZ = 20;
const GUARD_S = 0.05;
/** Step of the stated response, and the least share of the reference's power that a step needs to count. */
const RESPONSE_STEP_HZ = 100;
const RESPONSE_FLOOR = 1e-4;
/** The response's delay is how far its phase turns over this step: up to +-20 ms can be told. */
const TURN_HZ = 25;
/** The delay is first sought at this part of the rate. */
const COARSE = 4;
/** No noise is below this part of the signal: keeps the SNR of equal signals finite (200 dB). */
const NOISE_FLOOR = 1e-20;

export interface CompareOptions {
  readonly rateHz: number;
  readonly lowHz?: number;
  readonly highHz?: number;
  /** Taps of the fitted response, odd. 97 at 8 kHz span 12 ms: enough to follow a DC block of 20 Hz down to 100 Hz with 70 dB. */
  readonly taps?: number;
  /** True rate of the observed signal / rateHz, known from elsewhere (a divider, a crystal). */
  readonly rateRatio?: number;
  /** Largest delay that is sought, either way. */
  readonly maxDelayS?: number;
}

export interface Comparison {
  readonly snrDb: number;
  /** Positive: the observed signal comes later. */
  readonly delayMs: number;
  /** Level of the fitted response, weighted by the reference's power. */
  readonly gainDb: number;
  /** Largest deviation of the response from that level, in steps of 100 Hz that hold at least 1e-4 of the power. */
  readonly deviationDb: number;
  /** Seconds that both signals hold and that were compared. */
  readonly seconds: number;
}

interface Limited {
  readonly reference: Float64Array;
  readonly observed: Float64Array;
  /** Of the reference in RESPONSE_STEP_HZ steps. */
  readonly power: Float64Array;
  readonly delay: number;
}

/** Both band-limited signals, from one complex FFT, and the whole-sample delay between them. */
function limit(reference: ArrayLike<number>, observed: ArrayLike<number>, rateHz: number, lowHz: number, highHz: number, maxDelay: number): Limited {
  const longest = Math.max(reference.length, observed.length);
  let size = 8 * COARSE;
  while (size < longest + maxDelay) size *= 2;
  const re = new Float64Array(size);
  const im = new Float64Array(size);
  re.set(reference);
  im.set(observed);
  const fft = new Fft(size);
  fft.forward(re, im);

  const at = bitReversed(size);
  const coarse = new Fft(size / COARSE);
  const coarseAt = bitReversed(coarse.size);
  const crossRe = new Float64Array(coarse.size);
  const crossIm = new Float64Array(coarse.size);
  const power = new Float64Array(Math.ceil(rateHz / 2 / RESPONSE_STEP_HZ) + 1);
  for (let k = 0; k <= size / 2; k++) {
    const f = (k * rateHz) / size;
    const gain = edge(f, lowHz) * (1 - edge(f, highHz));
    const p = at[k];
    const q = at[(size - k) & (size - 1)];
    re[p] *= gain;
    im[p] *= gain;
    if (q !== p) {
      re[q] *= gain;
      im[q] *= gain;
    }
    if (gain === 0) continue;
    // The packed spectrum parted: reference = (P + Q*) / 2, observed = (P - Q*) / 2i.
    const refRe = (re[p] + re[q]) / 2;
    const refIm = (im[p] - im[q]) / 2;
    power[Math.round(f / RESPONSE_STEP_HZ)] += refRe * refRe + refIm * refIm;
    if (k >= coarse.size / 2) continue;
    const obsRe = (im[p] + im[q]) / 2;
    const obsIm = (re[q] - re[p]) / 2;
    const a = coarseAt[k];
    const b = coarseAt[(coarse.size - k) & (coarse.size - 1)];
    crossRe[a] = crossRe[b] = refRe * obsRe + refIm * obsIm;
    crossIm[a] = refRe * obsIm - refIm * obsRe;
    crossIm[b] = -crossIm[a];
  }
  fft.inverse(re, im);
  coarse.inverse(crossRe, crossIm);
  const near = COARSE * peakLag(crossRe, Math.floor(maxDelay / COARSE));
  return { reference: re, observed: im, power, delay: refine(re, im, near, COARSE + 2) };
}

/** From 0 to 1 about `atHz`. */
function edge(fHz: number, atHz: number): number {
  const x = (fHz - atHz) / EDGE_HZ + 0.5;
  return x <= 0 ? 0 : x >= 1 ? 1 : 0.5 - 0.5 * Math.cos(Math.PI * x);
}

function peakLag(correlation: Float64Array, reach: number): number {
  let best = 0;
  let peak = -1;
  for (let lag = -reach; lag <= reach; lag++) {
    const size = Math.abs(correlation[lag < 0 ? lag + correlation.length : lag]);
    if (size > peak) {
      peak = size;
      best = lag;
    }
  }
  return best;
}

function refine(reference: Float64Array, observed: Float64Array, near: number, reach: number): number {
  let best = near;
  let peak = -1;
  for (let lag = near - reach; lag <= near + reach; lag++) {
    let sum = 0;
    const end = Math.min(observed.length, reference.length + lag);
    for (let n = Math.max(0, lag); n < end; n++) sum += reference[n - lag] * observed[n];
    if (Math.abs(sum) > peak) {
      peak = Math.abs(sum);
      best = lag;
    }
  }
  return best;
}

/** About the middle tap. */
function response(h: Float64Array, rateHz: number, fHz: number): [re: number, im: number] {
  let re = 0;
  let im = 0;
  for (let i = 0; i < h.length; i++) {
    const angle = (2 * Math.PI * fHz * (i - (h.length - 1) / 2)) / rateHz;
    re += h[i] * Math.cos(angle);
    im -= h[i] * Math.sin(angle);
  }
  return [re, im];
}

function describe(h: Float64Array, power: Float64Array, rateHz: number): { gainDb: number; deviationDb: number; delay: number } {
  const total = power.reduce((sum, p) => sum + p, 0);
  const steps = Array.from(power, (p, k) => ({ p, k })).filter(({ p }) => p >= RESPONSE_FLOOR * total);
  const levels = steps.map(({ p, k }) => {
    const [re, im] = response(h, rateHz, k * RESPONSE_STEP_HZ);
    const [re2, im2] = response(h, rateHz, k * RESPONSE_STEP_HZ + TURN_HZ);
    return { p, level: re * re + im * im, turnRe: p * (re2 * re + im2 * im), turnIm: p * (im2 * re - re2 * im) };
  });
  const weight = levels.reduce((sum, { p }) => sum + p, 0);
  const gain = levels.reduce((sum, { p, level }) => sum + p * level, 0) / weight;
  const turn = Math.atan2(
    levels.reduce((sum, { turnIm }) => sum + turnIm, 0),
    levels.reduce((sum, { turnRe }) => sum + turnRe, 0),
  );
  return {
    gainDb: 10 * Math.log10(gain),
    deviationDb: Math.max(...levels.map(({ level }) => Math.abs(10 * Math.log10(level / gain)))),
    delay: (-turn / (2 * Math.PI * TURN_HZ)) * rateHz,
  };
}

/** Compares an observed signal with its reference. Throws RangeError when they share too little to tell. */
export function compare(reference: ArrayLike<number>, observed: ArrayLike<number>, options: CompareOptions): Comparison {
  return separate(reference, observed, options).comparison;
}

/** Besides the figures what they were taken from, in the voice band: the reference as the response made it, and the rest. */
export function separate(
  reference: ArrayLike<number>,
  observed: ArrayLike<number>,
  options: CompareOptions,
): { readonly comparison: Comparison; readonly voice: Float64Array; readonly noise: Float64Array } {
  const { rateHz, lowHz = VOICE_BAND.lowHz, highHz = VOICE_BAND.highHz, taps = 97, rateRatio = 1, maxDelayS = 5 } = options;
  if (taps % 2 !== 1 || !(highHz < rateHz / 2)) throw new RangeError("taps must be odd and the band below half the rate");
  const paced = rateRatio === 1 ? observed : retime(observed, rateRatio);
  const longest = Math.max(reference.length, paced.length);
  const limited = limit(reference, paced, rateHz, lowHz, highHz, Math.min(longest, Math.round(maxDelayS * rateHz)));
  const half = (taps - 1) / 2;
  const shift = limited.delay - half;
  const guard = Math.round(GUARD_S * rateHz);
  const from = Math.max(0, limited.delay + half + 1) + guard;
  const to = Math.min(paced.length, reference.length + limited.delay - half) - guard;
  if (to - from < 20 * taps) throw new RangeError("the two signals overlap too little to be compared");

  const h = fitFir(limited.reference, limited.observed, shift, taps, from, to);
  const linear = filterFir(h, limited.reference, shift, from, to);
  let sent = 0;
  let signal = 0;
  let noise = 0;
  const rest = new Float64Array(to - from);
  for (let n = from; n < to; n++) {
    rest[n - from] = limited.observed[n] - linear[n - from];
    sent += limited.reference[n - limited.delay] ** 2;
    signal += linear[n - from] ** 2;
    noise += rest[n - from] ** 2;
  }
  if (!(signal > NOISE_FLOOR * sent)) throw new RangeError("nothing of the reference is in the observed signal's voice band");
  const { gainDb, deviationDb, delay } = describe(h, limited.power, rateHz);
  const comparison = {
    snrDb: 10 * Math.log10(signal / Math.max(noise, NOISE_FLOOR * signal)),
    delayMs: ((limited.delay + delay) / rateHz) * 1000,
    gainDb,
    deviationDb,
    seconds: (to - from) / rateHz,
  };
  return { comparison, voice: linear, noise: rest };
}
