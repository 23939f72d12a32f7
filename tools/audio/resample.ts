// Changes the rate of a mono signal by libsamplerate's best sinc converter (the npm port measured 142 to 147 dB in the
// voice band; others stay below 30 dB at 3.4 kHz, worse than the codec that is tested with it), and sets levels.
// Works in pieces of its own: the port's own cutting of long signals ignores byte offsets and loses the tail.

import { createRequire } from "node:module";
import { UserError } from "../errors.ts";

type LibSampleRate = typeof import("@alexanderolsen/libsamplerate-js");

/** Rates that the port accepts, in whole Hz: it cuts fractions off without a word. */
const RATE_MAX_HZ = 192000;
/** The port moves at most 4 MB per call; this is far below, on either side. */
const PIECE_SAMPLES = 65536;
/** Widest ratio that libsamplerate takes, either way. */
const RATIO_MAX = 256;
/** Half the converter's impulse response is shorter than this many samples at the lower of the two rates. */
const TAIL_SAMPLES = 512;

/** `onProgress` hears the share done, 0 to 1. The result has round(length * toHz / fromHz) samples, aligned with the input. */
export async function resample(
  samples: Float32Array,
  fromHz: number,
  toHz: number,
  onProgress?: (done: number) => void,
): Promise<Float32Array> {
  const ratio = toHz / fromHz;
  const known = (hz: number): boolean => Number.isInteger(hz) && hz > 0 && hz <= RATE_MAX_HZ;
  if (!known(fromHz) || !known(toHz) || ratio > RATIO_MAX || ratio < 1 / RATIO_MAX) throw new RangeError(`no way from ${fromHz} Hz to ${toHz} Hz`);
  if (fromHz === toHz) return samples.slice();
  const { create, ConverterType } = createRequire(import.meta.url)("@alexanderolsen/libsamplerate-js") as LibSampleRate;
  const converter = await create(1, fromHz, toHz, { converterType: ConverterType.SRC_SINC_BEST_QUALITY });
  try {
    const wanted = Math.round(samples.length * ratio);
    const out = new Float32Array(wanted);
    const piece = Math.max(1, Math.min(PIECE_SAMPLES, Math.floor(PIECE_SAMPLES / ratio)));
    const tail = Math.ceil(TAIL_SAMPLES * Math.max(1, 1 / ratio));
    const padded = new Float32Array(piece);
    let filled = 0;
    for (let at = 0; at < samples.length + tail && filled < wanted; at += piece) {
      padded.fill(0);
      padded.set(samples.subarray(at, at + piece));
      const got = converter.full(padded);
      out.set(got.subarray(0, Math.min(got.length, wanted - filled)), filled);
      filled = Math.min(wanted, filled + got.length);
      onProgress?.(filled / wanted);
    }
    if (filled < wanted) throw new Error(`resampling from ${fromHz} Hz to ${toHz} Hz ended ${wanted - filled} samples early`);
    return out;
  } finally {
    converter.destroy();
  }
}

export function peakOf(samples: ArrayLike<number>): number {
  let peak = 0;
  for (let i = 0; i < samples.length; i++) peak = Math.max(peak, Math.abs(samples[i]));
  return peak;
}

/** A copy whose largest sample stands at `peakDbfs` (0 = full scale 1). */
export function normalise(samples: Float32Array, peakDbfs: number): Float32Array {
  const peak = peakOf(samples);
  if (peak === 0) throw new UserError("the recording is digital silence", "Name a WAV file with a voice in it.");
  const gain = 10 ** (peakDbfs / 20) / peak;
  return samples.map((x) => x * gain);
}
