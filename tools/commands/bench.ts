// `npm run bench`: sizes, speeds and signal-to-noise ratios, each beside its goal and, where there is one, a peer measured in
// the same run. Times are this machine's; everything else is deterministic.

import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { boards } from "../../boards/index.ts";
import { MESSAGE_RATE_HZ } from "../../firmware/voice/abi.ts";
import { xiaoble } from "../../boards/xiaoble.ts";
import { hostThroughput } from "../audio/bench.ts";
import { buildBundle } from "../build/build.ts";
import { budgets } from "../build/budgets.ts";
import { UserError } from "../errors.ts";
import { measureCounts } from "../kernel/counts.ts";
import { qualityReport } from "../kernel/quality-report.ts";
import { productionBench } from "../production/bench.ts";
import { linkBench } from "../sim/link-bench.ts";
import { lostSamplesBench } from "../sim/lost-samples.ts";
import { recordAndPlay } from "../sim/record-and-play.ts";
import { storeBench } from "../sim/store-bench.ts";
import { loadVoice } from "../sim/voice.ts";

/** Committed: the quality table as of the last change of the voice path. */
const QUALITY = new URL("../../firmware/voice/QUALITY.md", import.meta.url);

const HELP = `npm run bench [-- --json] | [-- --quality [--write]]
  Prints what the firmware costs and how good it is, beside goals and peers.
  --json     the same for machines
  --quality  instead, the quality table: end to end by clip, level and noise, and the speaker alone (two minutes)
  --write    writes that table to firmware/voice/QUALITY.md`;

export interface Line {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  /** What the product asks for. */
  readonly goal?: { readonly atMost: number } | { readonly atLeast: number };
  /** A peer's figure in the same run. */
  readonly peer?: string;
}

export interface Section {
  readonly title: string;
  readonly lines: readonly Line[];
}

export async function bench(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: { quality: { type: "boolean" }, write: { type: "boolean" }, json: { type: "boolean" }, help: { type: "boolean" } } });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  if (values.write && !values.quality) throw new UserError("--write writes the quality table only", "add --quality");
  if (values.quality) {
    await quality(values.write === true);
    return 0;
  }
  const sections: Section[] = [];
  for (const measure of [bundles, kernel, simulation, lostSamplesBench, storeBench, linkBench, throughput, productionBench]) {
    const section = await measure();
    sections.push(section);
    if (!values.json) print(section);
  }
  if (values.json) console.log(JSON.stringify(sections, null, 2));
  return 0;
}

async function quality(isWritten: boolean): Promise<void> {
  const report = await qualityReport((row) => console.error(row));
  if (!isWritten) return console.log(report);
  writeFileSync(QUALITY, report);
  console.log(`written: ${fileURLToPath(QUALITY)}`);
}

async function bundles(): Promise<Section> {
  const lines: Line[] = [];
  for (const board of boards) {
    const { size } = await buildBundle(board);
    lines.push(
      { what: `${board.id} bundle`, value: size.bytes, unit: "bytes", goal: { atMost: budgets.bundle.bytes } },
      { what: `${board.id} functions`, value: size.functions, unit: "", goal: { atMost: budgets.bundle.functions } },
      { what: `${board.id} outermost names`, value: size.outerNames, unit: "", goal: { atMost: budgets.bundle.outerNames } },
    );
  }
  return { title: "Bundles", lines };
}

async function kernel(): Promise<Section> {
  const { bytes, voiceBytes, decode, counts } = await measureCounts();
  const share = (perSample: number): string => `${((perSample * MESSAGE_RATE_HZ * 100) / xiaoble.chip.coreHz).toFixed(1)}% of the core`;
  const goalOf = (what: string): Pick<Line, "goal"> => (what.startsWith("capture") ? { goal: { atMost: budgets.kernel.captureInstructions } } : {});
  return {
    title: "Kernel (Thumb v6-M, counted by executing the bytes), per sample of 8 kHz",
    lines: [
      { what: "voice functions", value: voiceBytes, unit: "bytes", goal: { atMost: budgets.kernel.voiceBytes } },
      { what: "all functions: cipher, index and frames too", value: bytes, unit: "bytes", goal: { atMost: budgets.kernel.allBytes } },
      { what: "decode, within render", value: decode, unit: "instructions", goal: { atMost: budgets.kernel.decodeInstructions } },
      ...counts.flatMap(({ what, instructions, cycles }): Line[] => [
        { what, value: instructions, unit: "instructions", ...goalOf(what) },
        { what: "", value: cycles, unit: "cycles", peer: what.startsWith("crc32") ? "Cortex-M0+ cycles" : `Cortex-M0+ cycles, ${share(cycles)}` },
      ]),
    ],
  };
}

/** End to end at three levels, on the shipped bundle; goals are the product's. */
const LEVELS = [
  { dbfs: -6, goalDb: 21.8 },
  { dbfs: -26, goalDb: 21.4 },
  { dbfs: -36, goalDb: 18.8 },
] as const;

async function simulation(): Promise<Section> {
  const lines: Line[] = [];
  const firmware = await buildBundle(xiaoble);
  let simulatedMs = 0;
  let wallMs = 0;
  for (const { dbfs, goalDb } of LEVELS) {
    const voice = await loadVoice(undefined, dbfs);
    const outcome = await recordAndPlay(xiaoble, firmware, voice, { seed: 1, noiseDbfs: -90 }, () => undefined);
    simulatedMs += outcome.stage.nowMs;
    wallMs += outcome.wallMs;
    lines.push({ what: `SNR end to end, ${voice.name} at ${dbfs} dBFS`, value: outcome.stages.endToEnd.snrDb, unit: "dB", goal: { atLeast: goalDb } });
    if (dbfs === LEVELS[0].dbfs) {
      lines.push(
        { what: "power to a living paw", value: outcome.bootedMs, unit: "ms", goal: { atMost: 3000 } },
        { what: "recognised hold to first sample", value: outcome.firstSampleMs, unit: "ms", goal: { atMost: 200 } },
        { what: "tap to first sound", value: outcome.firstSoundMs, unit: "ms", goal: { atMost: 150 } },
        { what: "samples dropped", value: outcome.samplesDropped, unit: "", goal: { atMost: 0 } },
      );
    }
  }
  lines.push({ what: "simulated seconds per second", value: simulatedMs / wallMs, unit: "", goal: { atLeast: 200 } });
  return { title: "Simulated XIAO", lines };
}

function throughput(): Section {
  const { ours, imaadpcm } = hostThroughput();
  return {
    title: "Host codec (million samples per second)",
    lines: [
      { what: "decode", value: ours.decode, unit: "", goal: { atLeast: 8 * imaadpcm.decode }, peer: `imaadpcm ${imaadpcm.decode.toFixed(1)}` },
      { what: "plain encode", value: ours.encode, unit: "", goal: { atLeast: 2.5 * imaadpcm.encode }, peer: `imaadpcm ${imaadpcm.encode.toFixed(1)}` },
    ],
  };
}

const number = (value: number): string => (Number.isInteger(value) ? String(value) : value.toFixed(1));

function print({ title, lines }: Section): void {
  console.log(`\n${title}`);
  for (const { what, value, unit, goal, peer } of lines) {
    const isMet = !goal || ("atMost" in goal ? value <= goal.atMost : value >= goal.atLeast);
    const asked = goal ? ("atMost" in goal ? `goal at most ${number(goal.atMost)}` : `goal at least ${number(goal.atLeast)}`) : "";
    const notes = [asked, peer ?? "", isMet ? "" : "MISSED"].filter((note) => note !== "").join("; ");
    console.log(`  ${what.padEnd(50)} ${number(value).padStart(9)} ${unit.padEnd(13)} ${notes}`);
  }
}
