// The encoders alone, on the same samples: the greedy one, the toy's, ffmpeg's trellis of 2^8 nodes (which weighs all frequencies
// alike), the host's. The samples are what the kernel's front makes of a clip; the SNR is that of the voice band. One figure
// moves by tenths of a decibel with the least change of the input, so each is the mean over several levels.

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compare } from "../audio/metrics.ts";
import { readWav } from "../audio/wav.ts";
import { pcm16Wav, toPcm16 } from "../audio/wav-write.ts";
import { UserError } from "../errors.ts";
import { MESSAGE_HZ, greedyBlocks, shaped, toyBlocks } from "./chain.ts";
import { at, type Clip } from "./clips.ts";
import type { CaptureSettings } from "./harness.ts";
import { searchBlocks } from "./search.ts";
import { decodeMessage } from "./speakers.ts";

export const TRELLIS = "ffmpeg, trellis 8";
export const ENCODER_LEVELS_DBFS = [-6, -8, -10, -12];
const SETTINGS: CaptureSettings = { mid: 0, full: 32767, decimation: 1 };

/** The samples after ffmpeg's encoder and our decoder. */
function throughFfmpeg(samples: Int16Array): Float32Array {
  const folder = mkdtempSync(join(tmpdir(), "trellis-"));
  try {
    const [pcm, adpcm] = [join(folder, "pcm.wav"), join(folder, "adpcm.wav")];
    writeFileSync(pcm, pcm16Wav(samples, MESSAGE_HZ));
    const { status, error, stderr } = spawnSync("ffmpeg", ["-v", "error", "-i", pcm, "-c:a", "adpcm_ima_wav", "-trellis", "8", adpcm], { encoding: "utf8" });
    if (error ?? status !== 0) throw new UserError(`ffmpeg does not encode: ${error?.message ?? stderr.trim()}`, "install Debian's ffmpeg");
    return readWav(adpcm).samples;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** By name: what each makes of raw samples, and of the same samples after the kernel's front. */
const ENCODERS: Readonly<Record<string, (raw: Int16Array, front: Int16Array) => ArrayLike<number>>> = {
  greedy: (_, front) => decodeMessage(greedyBlocks(front), front.length),
  [TRELLIS]: (_, front) => throughFfmpeg(front),
  "toy's search (shipped)": (raw) => decodeMessage(toyBlocks(raw, SETTINGS), raw.length),
  "host's search": (_, front) => decodeMessage(searchBlocks(front), front.length),
};

export interface EncoderRow {
  readonly name: string;
  /** At each of ENCODER_LEVELS_DBFS, in the voice band. */
  readonly snrDb: readonly number[];
}

export async function measureEncoders(clip: Clip): Promise<EncoderRow[]> {
  const inputs: { raw: Int16Array; front: Int16Array }[] = [];
  for (const level of ENCODER_LEVELS_DBFS) {
    const raw = toPcm16(await at(clip, MESSAGE_HZ, level));
    inputs.push({ raw, front: shaped(raw, SETTINGS) });
  }
  return Object.entries(ENCODERS).map(([name, encoder]) => ({
    name,
    snrDb: inputs.map(({ raw, front }) => compare(front, encoder(raw, front), { rateHz: MESSAGE_HZ }).snrDb),
  }));
}
