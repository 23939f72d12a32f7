// The simulation command behind `npm start` and `pawlock sim`: runs the demonstration, writes its files, says what happened.

import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { BLOCK_BYTES, MESSAGE_RATE_HZ } from "../../firmware/voice/abi.ts";
import { adpcmWav, pcm16Wav, toPcm16, writeFileAtomic } from "../audio/wav-write.ts";
import { buildBundle, readBuilt } from "../build/build.ts";
import { UserError } from "../errors.ts";
import { flashMap } from "../sim/flash-map.ts";
import { recordAndPlay, type Outcome } from "../sim/record-and-play.ts";
import { outcomeTimeline } from "../sim/timeline.ts";
import { loadVoice } from "../sim/voice.ts";
import { boardNamed } from "./board-option.ts";

const options = {
  board: { type: "string", default: "XIAOBLE" },
  wav: { type: "string" },
  bundle: { type: "string" },
  level: { type: "string", default: "-6" },
  seed: { type: "string", default: "1" },
  out: { type: "string", default: "out" },
  "flash-map": { type: "string" },
  once: { type: "boolean" },
  json: { type: "boolean" },
  help: { type: "boolean" },
} as const;

const HELP = `
  Boots the shipped firmware bundle on a simulated board, holds its paw while a voice speaks, taps it to hear the message,
  and writes what was spoken, stored and played, and a timeline.

  --board ID     board to simulate (XIAOBLE)
  --wav FILE     voice to speak: any WAV file (a sung sample, if not given)
  --level DB     peak of the voice at the microphone, in dBFS (-6)
  --bundle FILE  bundle to run instead of the built one
  --seed N       seed of all noise (1)
  --out FOLDER   where the files go (out)
  --flash-map FILE  draws the flash and how often each page was erased
  --once         run once and exit, which is all it does so far
  --json         one JSON object instead of text
  --help         this`;

const FILES = { spoken: "spoken.wav", stored: "stored.wav", played: "played.wav", timeline: "timeline.svg" };

/** `usage` is the command line's beginning; `isBuilding`: build the bundle first rather than ask for it. */
export async function simulate(usage: string, isBuilding: boolean, args: string[]): Promise<number> {
  const { values } = parseOptions(usage, args);
  if (values.help) {
    console.log(`${usage} [options]${HELP}`);
    return 0;
  }
  const board = boardNamed(values.board);
  if (board.flashMap.log.kind !== "flash") {
    throw new UserError(`${board.id} keeps its one message in RAM, where this report cannot read it`, "Simulate XIAOBLE or NRF52840DK.");
  }
  const level = numberOption("level", values.level, -60, 0);
  const seed = numberOption("seed", values.seed, 1, 0x7fffffff);
  const say = (line: string): void => void (values.json || console.log(line));
  const voice = await loadVoice(values.wav, level);
  for (const note of voice.notes) say(`note: ${note}`);
  if (isBuilding && values.bundle === undefined) {
    say(`building the firmware for ${board.id} ...`);
    await buildBundle(board);
  }
  const built = await readBuilt(board);
  const firmware = values.bundle === undefined ? built : { ...built, code: await readGiven(values.bundle) };
  const outcome = await recordAndPlay(board, firmware, voice, { seed }, (what, atMs) => say(`${seconds(atMs)}  ${what}`));
  const files = { ...(await writeFiles(values.out, outcome)), ...writeMap(values["flash-map"], outcome) };
  if (values.json) console.log(JSON.stringify(report(outcome, files), null, 2));
  else printReport(outcome, files);
  return 0;
}

function parseOptions(usage: string, args: string[]): ReturnType<typeof parseArgs<{ args: string[]; options: typeof options }>> {
  try {
    return parseArgs({ args, options });
  } catch (error) {
    throw new UserError((error as Error).message.split(". To specify")[0]!, `${usage} --help lists the options.`);
  }
}

function numberOption(name: string, text: string, low: number, high: number): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= low && value <= high)) {
    throw new UserError(`--${name} ${text} is not a number from ${low} to ${high}`, `For instance --${name} ${low === 1 ? 7 : -20}.`);
  }
  return value;
}

async function readGiven(file: string): Promise<string> {
  try {
    return await readFile(file, "latin1");
  } catch (error) {
    throw new UserError(`cannot read the bundle ${file}: ${(error as Error).message}`, "Name a file that `npm run build` made.");
  }
}

async function writeFiles(folder: string, outcome: Outcome): Promise<Record<keyof typeof FILES, string>> {
  const paths = Object.fromEntries(Object.entries(FILES).map(([name, file]) => [name, join(folder, file)])) as Record<keyof typeof FILES, string>;
  try {
    await mkdir(folder, { recursive: true });
    writeFileAtomic(paths.spoken, pcm16Wav(toPcm16(outcome.spoken), MESSAGE_RATE_HZ));
    writeFileAtomic(paths.stored, adpcmWav(outcome.message.blocks!, BLOCK_BYTES, outcome.message.samples, MESSAGE_RATE_HZ));
    writeFileAtomic(paths.played, pcm16Wav(toPcm16(outcome.played), outcome.playedRateHz));
    writeFileAtomic(paths.timeline, outcomeTimeline(outcome));
  } catch (error) {
    throw new UserError(`cannot write to ${folder}: ${(error as Error).message}`, "Name another folder with --out.");
  }
  return paths;
}

function writeMap(file: string | undefined, { board, stage }: Outcome): Record<string, string> {
  if (file === undefined) return {};
  try {
    writeFileAtomic(file, flashMap(board, stage.memories));
  } catch (error) {
    throw new UserError(`cannot write ${file}: ${(error as Error).message}`, "Name another file with --flash-map.");
  }
  return { flashMap: file };
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(3).padStart(8)} s`;
const db = (value: number): number => Math.round(value * 10) / 10;

function report(outcome: Outcome, files: Record<string, string>): object {
  const { stages } = outcome;
  return {
    board: outcome.board.id,
    steps: outcome.steps,
    samples: { captured: outcome.samplesCaptured, stored: outcome.samplesStored, dropped: outcome.samplesDropped },
    bytesStored: outcome.bytesStored,
    latencyMs: { holdToFirstSample: Math.round(outcome.firstSampleMs), tapToFirstSound: Math.round(outcome.firstSoundMs) },
    snrDb: {
      converter: db(stages.converter.snrDb),
      codec: db(stages.codec.snrDb),
      pwm: db(stages.pwm.snrDb),
      endToEnd: db(stages.endToEnd.snrDb),
    },
    files,
  };
}

function printReport(outcome: Outcome, files: Record<string, string>): void {
  const { stages } = outcome;
  console.log(
    [
      "",
      `captured    ${outcome.samplesCaptured} samples at 16 kHz, ${outcome.samplesDropped} dropped`,
      `stored      ${outcome.samplesStored} samples at 8 kHz in ${outcome.bytesStored} bytes of IMA ADPCM`,
      `latency     ${outcome.firstSampleMs.toFixed(0)} ms from the recognised hold to the first sample, ${outcome.firstSoundMs.toFixed(0)} ms from the tap to the first sound`,
      "SNR in the voice band, 100 to 3600 Hz, linear response fitted apart:",
      `  converter  ${stages.converter.snrDb.toFixed(1).padStart(5)} dB  what was captured against what was spoken`,
      `  codec      ${stages.codec.snrDb.toFixed(1).padStart(5)} dB  what was stored against what was captured`,
      `  PWM        ${stages.pwm.snrDb.toFixed(1).padStart(5)} dB  what was played against what was stored`,
      `  end to end ${stages.endToEnd.snrDb.toFixed(1).padStart(5)} dB  what was played against what was spoken`,
      ...Object.entries(files).map(([name, file]) => `${name.padEnd(11)} ${file}`),
    ].join("\n"),
  );
}
