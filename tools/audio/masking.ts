// Noise-to-mask ratio: how far noise stands above what the voice itself hides from the ear, 0 dB = just audible by the model.
// A simple model after J. D. Johnston, "Transform coding of audio signals using perceptual noise criteria", IEEE JSAC 6(2),
// 1988: powers in bands of 1 Bark (E. Zwicker, E. Terhardt, JASA 68, 1980), M. R. Schroeder's spreading function (JASA 66,
// 1979), an offset between that of a tone and that of noise by spectral flatness, Terhardt's threshold in quiet (1979).
// No temporal masking, no levels beyond the assumed one: for comparing chains with each other, not for absolute claims.

import { bitReversed, Fft } from "./fft.ts";
import { VOICE_BAND } from "./metrics.ts";

/** 32 ms at 8 kHz, Hann window, half overlapped. */
const FRAME = 256;
const HOP = FRAME / 2;
/** Loudness assumed at the ear for a sine as high as the voice's largest sample, in dB SPL: a toy at arm's length. */
const PEAK_SPL_DB = 80;
/** Frames this far below the loudest one are pauses: nothing masks there, and they are left out. */
const PAUSE_DB = 40;
/** Spectral flatness of a pure tone, in dB. Johnston. */
const TONE_FLATNESS_DB = -60;
/** Keeps logarithms finite: a power far below hearing. */
const NOTHING = 1e-20;

const decibels = (power: number): number => 10 * Math.log10(power);

function bark(fHz: number): number {
  return 13 * Math.atan(0.00076 * fHz) + 3.5 * Math.atan((fHz / 7500) ** 2);
}

/** Power that a masker leaves `distance` Bark above it, relative to its own. */
function spread(distance: number): number {
  const x = distance + 0.474;
  return 10 ** ((15.81 + 7.5 * x - 17.5 * Math.sqrt(1 + x * x)) / 10);
}

/** In dB SPL. */
function quietDb(fHz: number): number {
  const f = fHz / 1000;
  return 3.64 * f ** -0.8 - 6.5 * Math.exp(-0.6 * (f - 3.3) ** 2) + 1e-3 * f ** 4;
}

/** Bands of 1 Bark from the voice band's lower edge; the last one ends at its upper edge. */
function bands(rateHz: number): { first: number; last: number; of: Int32Array; count: number; quiet: Float64Array } {
  const first = Math.ceil((VOICE_BAND.lowHz * FRAME) / rateHz);
  const last = Math.floor((VOICE_BAND.highHz * FRAME) / rateHz);
  const from = bark(VOICE_BAND.lowHz);
  const count = Math.floor(bark((last * rateHz) / FRAME) - from) + 1;
  const of = new Int32Array(last + 1);
  const quiet = new Float64Array(count).fill(Infinity);
  for (let bin = first; bin <= last; bin++) {
    const fHz = (bin * rateHz) / FRAME;
    of[bin] = Math.floor(bark(fHz) - from);
    quiet[of[bin]] = Math.min(quiet[of[bin]], 10 ** ((quietDb(fHz) - PEAK_SPL_DB) / 10));
  }
  return { first, last, of, count, quiet };
}

/** Mean noise-to-mask ratio in dB over all frames that hold voice, of the mean over bands; both signals in any one unit. */
export function noiseToMaskDb(voice: Float64Array, noise: Float64Array, rateHz: number): number {
  const { first, last, of, count, quiet } = bands(rateHz);
  const peak = voice.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  const window = Float64Array.from({ length: FRAME }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * (i + 0.5)) / FRAME));
  // A sine of amplitude `peak` has the power 1 over all bins.
  const scale = 4 / (FRAME * window.reduce((sum, w) => sum + w * w, 0) * peak * peak);
  const spreading = Array.from({ length: count }, (_, to) => {
    const row = Float64Array.from({ length: count }, (_, from) => spread(to - from));
    const sum = row.reduce((all, x) => all + x, 0);
    return row.map((x) => x / sum);
  });
  const fft = new Fft(FRAME);
  const at = bitReversed(FRAME);
  const re = new Float64Array(FRAME);
  const im = new Float64Array(FRAME);
  const frames: { power: number; ratioDb: number }[] = [];

  for (let from = 0; from + FRAME <= voice.length; from += HOP) {
    for (let i = 0; i < FRAME; i++) {
      re[i] = voice[from + i] * window[i];
      im[i] = noise[from + i] * window[i];
    }
    fft.forward(re, im);
    const voiceIn = new Float64Array(count);
    const noiseIn = new Float64Array(count);
    let power = 0;
    let logs = 0;
    for (let bin = first; bin <= last; bin++) {
      // The packed spectrum parted: voice = (P + Q*) / 2, noise = (P - Q*) / 2i.
      const p = at[bin];
      const q = at[FRAME - bin];
      const voicePower = (scale * ((re[p] + re[q]) ** 2 + (im[p] - im[q]) ** 2)) / 4;
      voiceIn[of[bin]] += voicePower;
      noiseIn[of[bin]] += (scale * ((im[p] + im[q]) ** 2 + (re[q] - re[p]) ** 2)) / 4;
      power += voicePower;
      logs += decibels(voicePower + NOTHING);
    }
    const bins = last - first + 1;
    const flatnessDb = logs / bins - decibels(power / bins + NOTHING);
    const tonality = Math.min(1, Math.max(0, flatnessDb / TONE_FLATNESS_DB));
    let ratio = 0;
    for (let band = 0; band < count; band++) {
      const offsetDb = tonality * (14.5 + bark(VOICE_BAND.lowHz) + band + 0.5) + (1 - tonality) * 5.5;
      const masked = spreading[band].reduce((sum, share, k) => sum + share * voiceIn[k], 0) * 10 ** (-offsetDb / 10);
      ratio += noiseIn[band] / Math.max(masked, quiet[band]) / count;
    }
    frames.push({ power, ratioDb: decibels(ratio + NOTHING) });
  }
  const loudest = Math.max(...frames.map(({ power }) => power));
  const spoken = frames.filter(({ power }) => power >= loudest * 10 ** (-PAUSE_DB / 10));
  if (!(loudest > 0)) throw new RangeError("no voice to hide noise behind");
  return spoken.reduce((sum, { ratioDb }) => sum + ratioDb, 0) / spoken.length;
}
