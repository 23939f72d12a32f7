// The voice in front of the simulated microphone: a WAV file of the user's, or the sung sample of the package audio-lena.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { normalise, resample } from "../audio/resample.ts";
import { decodeWav, readWav, type Wav } from "../audio/wav.ts";
import type { Sound } from "../../sim/world.ts";

/** The simulated converter's rate before averaging, so that sampling it costs no interpolation error. */
export const SOUND_RATE_HZ = 64000;

export interface Voice {
  readonly name: string;
  readonly sound: Sound;
  readonly seconds: number;
  readonly notes: readonly string[];
}

export async function loadVoice(path: string | undefined, peakDbfs: number): Promise<Voice> {
  const wav = path === undefined ? sample() : readWav(path);
  const samples = normalise(await resample(wav.samples, wav.rateHz, SOUND_RATE_HZ), peakDbfs);
  return {
    name: path ?? "audio-lena (sung)",
    sound: { samples, rateHz: SOUND_RATE_HZ },
    seconds: samples.length / SOUND_RATE_HZ,
    notes: wav.notes,
  };
}

function sample(): Wav {
  const index = createRequire(import.meta.url).resolve("audio-lena");
  return decodeWav(readFileSync(join(dirname(index), "lena.wav")), "audio-lena");
}
