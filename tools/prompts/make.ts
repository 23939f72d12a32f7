// Makes digits.adpcm, what the toy speaks a passkey with: the ten English digits by espeak-ng (Debian, 1.51), trimmed, set to one
// level, at 8 kHz in the toy's own ADPCM, each in CLIP_BLOCKS blocks (half a second), and a block of silence behind them.
// `node --import tsx tools/prompts/make.ts`; the result is committed, so nobody needs espeak-ng to build. It says the same on every
// machine with that version.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { CLIP_BLOCKS, DIGITS } from "../../firmware/voice/prompts.ts";
import { BLOCK_SAMPLES, MESSAGE_RATE_HZ } from "../../firmware/voice/abi.ts";
import { encodeBlocks } from "../audio/encoder.ts";
import { resample } from "../audio/resample.ts";
import { readWav } from "../audio/wav.ts";
import { UserError } from "../errors.ts";

const WORDS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
const VOICE = ["-v", "en-us", "-s", "160", "-p", "60"];
/** What is quieter than this share of the loudest is not spoken yet. */
const SILENCE = 0.02;
/** Level of the loudest sample (the codec's noise comes on top), and how the ends fade, in samples. */
const PEAK = 0.75;
const FADE = 40;

function trimmed(voice: Float32Array): Float32Array {
  const loudest = voice.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
  const isLoud = (sample: number): boolean => Math.abs(sample) > SILENCE * loudest;
  const from = voice.findIndex(isLoud);
  const to = voice.length - voice.slice().reverse().findIndex(isLoud);
  return voice.slice(from, to).map((sample, i) => (sample / loudest) * PEAK * Math.min(1, (i + 1) / FADE, (to - from - i) / FADE));
}

async function spoken(folder: string, word: string): Promise<Int16Array> {
  const file = join(folder, `${word}.wav`);
  execFileSync("espeak-ng", [...VOICE, "-w", file, word]);
  const { samples, rateHz } = readWav(file);
  const voice = trimmed(await resample(samples, rateHz, MESSAGE_RATE_HZ));
  const room = CLIP_BLOCKS * BLOCK_SAMPLES;
  if (voice.length > room) throw new UserError(`"${word}" takes ${voice.length} samples, a clip has ${room}`, "Speak faster: VOICE in tools/prompts/make.ts.");
  const clip = new Int16Array(room);
  voice.forEach((sample, i) => (clip[i] = Math.round(sample * 32767)));
  return clip;
}

/** All clips, one behind the other, and the silence. */
async function promptSamples(): Promise<Int16Array> {
  const folder = mkdtempSync(join(tmpdir(), "prompts-"));
  const all = new Int16Array((DIGITS * CLIP_BLOCKS + 1) * BLOCK_SAMPLES);
  for (const [i, word] of WORDS.entries()) all.set(await spoken(folder, word), i * CLIP_BLOCKS * BLOCK_SAMPLES);
  rmSync(folder, { recursive: true });
  return all;
}

writeFileSync(fileURLToPath(new URL("digits.adpcm", import.meta.url)), encodeBlocks(await promptSamples()));
