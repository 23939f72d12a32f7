// The clips that the voice path is measured with: the sung sample of audio-lena and, where Debian's alsa-utils is installed,
// its spoken words one after the other. Nothing made from them is committed.

import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { decodeWav, readWav } from "../audio/wav.ts";
import { resample } from "../audio/resample.ts";

const ALSA = "/usr/share/sounds/alsa/";
const SPOKEN = ["Front_Center", "Front_Left", "Front_Right", "Rear_Center", "Rear_Left", "Rear_Right", "Side_Left", "Side_Right"];

export interface Clip {
  readonly name: string;
  readonly rateHz: number;
  readonly samples: Float32Array;
}

export function lena(): Clip {
  const folder = dirname(createRequire(import.meta.url).resolve("audio-lena"));
  const { rateHz, samples } = decodeWav(readFileSync(join(folder, "lena.wav")), "audio-lena");
  return { name: "audio-lena (sung)", rateHz, samples };
}

/** Undefined where the words are not installed. */
export function spokenWords(): Clip | undefined {
  const paths = SPOKEN.map((name) => `${ALSA}${name}.wav`);
  if (!paths.every((path) => existsSync(path))) return undefined;
  const words = paths.map((path) => readWav(path));
  const samples = new Float32Array(words.reduce((sum, word) => sum + word.samples.length, 0));
  let at = 0;
  for (const word of words) {
    samples.set(word.samples, at);
    at += word.samples.length;
  }
  return { name: "alsa-utils (spoken)", rateHz: words[0]!.rateHz, samples };
}

/** The clip at another rate, its largest sample at `peakDbfs`. */
export async function at(clip: Clip, rateHz: number, peakDbfs: number): Promise<Float32Array> {
  const samples = await resample(clip.samples, clip.rateHz, rateHz);
  const peak = samples.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  return samples.map((x) => (x / peak) * 10 ** (peakDbfs / 20));
}
