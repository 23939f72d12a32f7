// `pawlock wav encode|decode`: between any WAV and the toy's message format, mono IMA ADPCM at 8 kHz. Whatever changes on
// the way is said. Bad input leaves the output file as it was. Exit codes: 0 done, 1 bad input, 2 wrong usage.

import { basename, resolve } from "node:path";
import { BLOCK_BYTES, MESSAGE_RATE_HZ } from "../../firmware/voice/abi.ts";
import { UserError } from "../errors.ts";
import { encodeBlocks } from "./encoder.ts";
import { describeFormat } from "./formats.ts";
import { resample } from "./resample.ts";
import { readWav, type Wav } from "./wav.ts";
import { adpcmWav, pcm16Wav, toPcm16, writeFileAtomic } from "./wav-write.ts";

export interface CommandIo {
  out(line: string): void;
  err(line: string): void;
}

const USAGE = `pawlock wav encode IN.wav OUT.wav   any WAV to a message: IMA ADPCM, mono, 8 kHz
pawlock wav decode IN.wav OUT.wav   IMA ADPCM, mono, to 16-bit PCM at the same rate, sample for sample

Options:
  --json   print one line of JSON instead of text
  --help   print this

IN.wav may be PCM (8, 16, 24, 32 bit), float (32, 64 bit) or mono IMA ADPCM, of any channel count and rate up to 192 kHz.
OUT.wav is replaced when all went well, and left alone otherwise.`;

/** From here on a file is long enough that one wants to see it move. */
const PROGRESS_FROM_S = 30;

interface Written {
  readonly content: Uint8Array;
  readonly samples: number;
  readonly rateHz: number;
  readonly format: string;
  readonly notes: readonly string[];
}

type Progress = (stage: string, done: number) => void;

async function encode(wav: Wav, progress: Progress): Promise<Written> {
  const notes: string[] = [];
  let samples = wav.samples;
  if (wav.rateHz !== MESSAGE_RATE_HZ) {
    samples = await resample(samples, wav.rateHz, MESSAGE_RATE_HZ, (done) => progress("resampling", done));
    notes.push(`${wav.rateHz} Hz was converted to ${MESSAGE_RATE_HZ} Hz`);
  }
  if (samples.length === 0) throw new UserError("the recording is shorter than one sample at 8 kHz", "Name a longer recording.");
  const clipped = samples.reduce((count, x) => (x > 1 || x < -1 ? count + 1 : count), 0);
  if (clipped > 0) notes.push(`${clipped} samples were clipped`);
  const blocks = encodeBlocks(toPcm16(samples), (done) => progress("encoding", done));
  return {
    content: adpcmWav(blocks, BLOCK_BYTES, samples.length, MESSAGE_RATE_HZ),
    samples: samples.length,
    rateHz: MESSAGE_RATE_HZ,
    format: "IMA ADPCM",
    notes,
  };
}

function decode(wav: Wav, name: string): Written {
  if (wav.format.kind !== "ima-adpcm") {
    throw new UserError(`${name} is ${describeFormat(wav.format)}: there is nothing to decode`, "To make a message of it, use: pawlock wav encode");
  }
  return { content: pcm16Wav(toPcm16(wav.samples), wav.rateHz), samples: wav.samples.length, rateHz: wav.rateHz, format: "16-bit PCM", notes: [] };
}

/** Prints each stage's tenths as they are reached. */
function tenths(io: CommandIo): Progress {
  let last = "";
  return (stage, done) => {
    const line = `${stage} ${Math.floor(done * 10) * 10}%`;
    if (line !== last) io.err(line);
    last = line;
  };
}

async function convert(verb: "encode" | "decode", input: string, output: string, isJson: boolean, io: CommandIo): Promise<void> {
  const wav = readWav(input);
  const progress: Progress = wav.samples.length / wav.rateHz >= PROGRESS_FROM_S ? tenths(io) : () => {};
  const made = verb === "encode" ? await encode(wav, progress) : decode(wav, basename(input));
  writeFileAtomic(output, made.content);
  const notes = [...wav.notes, ...made.notes];
  const seconds = made.samples / made.rateHz;
  if (isJson) {
    const { rateHz, samples } = made;
    const from = { path: input, ...wav.format, samples: wav.samples.length };
    io.out(JSON.stringify({ command: verb, input: from, output: { path: output, format: made.format, rateHz, samples, seconds, bytes: made.content.length }, notes }));
    return;
  }
  io.out(`${input}: ${describeFormat(wav.format)}`);
  for (const note of notes) io.out(`  ${note}`);
  io.out(`${output}: ${made.format}, mono, ${made.rateHz} Hz, ${seconds.toFixed(2)} s, ${made.content.length} bytes`);
}

export async function runWav(args: string[], io: CommandIo): Promise<number> {
  const isJson = args.includes("--json");
  const words = args.filter((arg) => !arg.startsWith("-"));
  const unknown = args.find((arg) => arg.startsWith("-") && arg !== "--json" && arg !== "--help" && arg !== "-h");
  const fail = (code: number, what: string, remedy: string): number => {
    if (isJson) io.out(JSON.stringify({ error: what, remedy }));
    else io.err(`pawlock wav: ${what}\n  ${remedy}`);
    return code;
  };
  if (args.includes("--help") || args.includes("-h")) {
    io.out(USAGE);
    return 0;
  }
  const [verb, input, output] = words;
  if (unknown !== undefined) return fail(2, `there is no option ${unknown}`, "See: pawlock wav --help");
  if (verb !== "encode" && verb !== "decode") return fail(2, `say encode or decode${verb === undefined ? "" : `, not ${JSON.stringify(verb)}`}`, "See: pawlock wav --help");
  if (words.length !== 3) return fail(2, `${verb} takes two file names, not ${words.length - 1}`, "See: pawlock wav --help");
  if (resolve(input) === resolve(output)) return fail(2, "input and output are the same file", "Name another file for the output.");
  try {
    await convert(verb, input, output, isJson, io);
    return 0;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return fail(1, error.what, error.remedy);
  }
}
