// The quality table as Markdown, method and goals with it: firmware/voice/QUALITY.md is this text. Figures only; nothing of
// the clips' sound. The same text on every machine that has both clips.

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { xiaoble } from "../../boards/xiaoble.ts";
import { BLOCK_BYTES, CAPTURE_OWN, CAPTURE_STATE_WORDS, RENDER_STATE_WORDS } from "../../firmware/voice/abi.ts";
import { SAADC_EFFECTIVE_BITS } from "../../sim/blocks/facts.ts";
import { UserError } from "../errors.ts";
import { MESSAGE_HZ, WAVEFORM_BITS, type Chain } from "./chain.ts";
import { lena, spokenWords, type Clip } from "./clips.ts";
import { measureCounts, type Count } from "./counts.ts";
import { ENCODER_LEVELS_DBFS, TRELLIS, measureEncoders, type EncoderRow } from "./encoders.ts";
import { FRONTIER_DBFS, measureFrontier } from "./frontier.ts";
import { CHAINS, LEVELS_DBFS, NOISES_DBFS, SHIPPED, measure, measureSpeakers, type Figures, type Row, type SpeakerRow } from "./quality.ts";
import { WORDS_PER_SAMPLE } from "./speakers.ts";

/** Two buffers of this length, capturing and playing. */
const BUFFER_S = 0.25;

/** SNR at microphone noise -90 dBFS, by clip, at LEVELS_DBFS. */
const GOALS: Readonly<Record<string, Readonly<Record<string, readonly number[]>>>> = {
  "audio-lena (sung)": { goal: [21.8, 21.4, 18.8], moonshot: [23.5, 23, 20] },
  "alsa-utils (spoken)": { goal: [27.2, 25.6, 19.6] },
};

const list = (values: readonly number[]): string => values.map((x) => x.toFixed(1)).join(" / ");
const of = (row: { readonly cells: readonly Figures[] } | undefined, figure: keyof Figures): string => (row ? list(row.cells.map((cell) => cell[figure])) : "");
const grouped = (bytes: number): string => String(bytes).replace(/\B(?=(\d{3})+$)/g, ",");

/** Interrupts per second and bytes of RAM, recording and playing. */
function price(chain: Chain): string {
  if (chain.coder === "host") return "not on the toy | not on the toy";
  const isWaveform = chain.bits === WAVEFORM_BITS;
  const wordBytes = isWaveform ? 1 : 2;
  // Plain coding needs the two words of its state and the shaping's before them, at most a tenth of the search's.
  const state = 4 * (chain.coder === "toy" ? CAPTURE_STATE_WORDS : CAPTURE_OWN + 12);
  const recording = (2 * BUFFER_S * chain.conversionHz * wordBytes) / chain.average + state + 2 * BLOCK_BYTES;
  const playing = 2 * BUFFER_S * MESSAGE_HZ * wordBytes * (isWaveform ? 1 : WORDS_PER_SAMPLE) + 4 * RENDER_STATE_WORDS + BLOCK_BYTES;
  const interrupts = isWaveform ? grouped(MESSAGE_HZ) : "0";
  return `${interrupts}, ${interrupts} | ${grouped(recording)}, ${grouped(playing)}`;
}

function chainTable(rows: readonly Row[], clip: string): string[] {
  const noises = (what: string): string => NOISES_DBFS.map((noise) => `${what}, noise ${noise}`).join(" | ");
  const lines = [`| chain | ${noises("SNR")} | ${noises("NMR")} | response within | interrupts/s rec, play | RAM rec, play |`, `|${"---|".repeat(2 * NOISES_DBFS.length + 4)}`];
  for (const name of new Set(rows.map((row) => row.name))) {
    const mine = NOISES_DBFS.map((noise) => rows.find((row) => row.name === name && row.noiseDbfs === noise));
    const { chain, cells } = mine.find((row) => row !== undefined)!;
    const columns = [name, ...mine.map((row) => of(row, "snrDb")), ...mine.map((row) => of(row, "nmrDb")), cells[0]!.deviationDb.toFixed(1)];
    lines.push(`| ${columns.join(" | ")} | ${price(chain)} |`);
  }
  const shipped = rows.find((row) => row.name === SHIPPED.name && row.noiseDbfs === NOISES_DBFS[0]);
  const rest = " |".repeat(2 * NOISES_DBFS.length + 2);
  for (const [name, values] of Object.entries(GOALS[clip] ?? {})) {
    lines.push(`| **${name}** | **${list(values)}** |${rest}`);
    if (shipped) lines.push(`| shipped above ${name} by | ${list(shipped.cells.map(({ snrDb }, i) => snrDb - values[i]!))} |${rest}`);
  }
  return lines;
}

function speakerTable(rows: readonly SpeakerRow[]): string[] {
  return [
    "| speaker | SNR | NMR | 4.4-16 kHz against the voice |",
    "|---|---|---|---|",
    ...rows.map((row) => `| ${row.speaker.name} | ${of(row, "snrDb")} | ${of(row, "nmrDb")} | ${list(row.cells.map(({ aboveDb }) => aboveDb))} |`),
    "| **goal** | **43.0** at the loudest | | |",
  ];
}

const METHOD = `# What the voice path is worth

Made by \`npm run bench -- --quality --write\` (tools/kernel/quality.ts measures, tools/kernel/quality-report.ts writes). Everything
is computed with seeded noise: the same figures on every machine. Nothing was measured on hardware.

## How
- Every cell holds the figures for speech that peaks at ${LEVELS_DBFS.join(" / ")} dBFS of the converter, in dB.
- The chain: clip, resampled; white microphone noise of the stated level (dBFS rms within 4 kHz); converter of ${SAADC_EFFECTIVE_BITS} effective bits
  (assumed: sim/blocks/facts.ts) with results of 8 or 12 bits, "/ 4" averages four conversions in hardware; the kernel's twin shapes
  and codes at ${MESSAGE_HZ / 1000} kHz, 4 bits per sample; decoder; at full volume to PWM words, and from these back to ${MESSAGE_HZ / 1000} kHz.
  No jitter, no lost samples: \`Waveform\` is shown at its best; what it loses is in \`npm run bench\`. The microphone's and the speaker's own response is in nobody's row.
- **SNR**: 100-3600 Hz against the clip. What a filter of 12 ms, fitted by least squares, explains is response, not noise;
  "response within" is its largest deviation from flat, at ${LEVELS_DBFS[0]} dBFS, in dB (tools/audio/metrics.ts). It bounds the
  estimate's own error as well: where a band holds little voice, noise moves it.
- **NMR**, noise to mask: frames of 32 ms, bands of 1 Bark, Schroeder's spreading, Johnston's offset by spectral flatness, threshold
  in quiet with the voice's peak at 80 dB SPL; mean over bands, then in dB over the frames within 40 dB of the loudest
  (tools/audio/masking.ts). Lower is better; below 0 the model holds the noise for inaudible. Good for comparing rows, not for more.
- **Interrupts**: per second and per sample of sound, recording and playing. DMA takes none; a poll every 20 ms wakes the interpreter 50 times a second.
- **RAM**: bytes for two buffers of ${BUFFER_S * 1000} ms, coder state and blocks, recording and playing (one shared area holds the larger). The
  kernel's code comes on top.
- **Level control**: up 6 dB/s, down 60 dB/s towards peaks of -6 dBFS, at most 30 dB; its gate holds the gain in pauses and mutes
  nothing (tools/kernel/level-control.ts). First as it is heard: one fitted response cannot undo a gain that moves, so the change of
  dynamics counts as error. Then as if the gain were stored beside the message and undone sample by sample: all that it can save.
`;

/** What the figures say of the level control, from the figures. */
function verdict(rows: readonly Row[]): string {
  const against = (name: string): number[] =>
    rows
      .filter((row) => row.name === name)
      .flatMap((row) => {
        const plain = rows.find((other) => other.name === SHIPPED.name && other.clip === row.clip && other.noiseDbfs === row.noiseDbfs);
        return plain ? row.cells.map(({ snrDb }, i) => snrDb - plain.cells[i]!.snrDb) : [];
      });
  const range = (values: readonly number[]): string => `${Math.min(...values).toFixed(1)} to ${Math.max(...values).toFixed(1)} dB`;
  const names = [...new Set(rows.filter(({ chain }) => chain.levelControl).map(({ name }) => name))];
  return names.map((name) => `- ${name}: ${range(against(name))} of SNR against the shipped chain without.`).join("\n");
}

function alsaVersion(): string {
  const { status, stdout } = spawnSync("dpkg-query", ["-W", "-f", "${Version}", "alsa-utils"], { encoding: "utf8" });
  return status === 0 ? stdout.trim() : "of unknown version";
}

function lenaVersion(): string {
  const folder = dirname(createRequire(import.meta.url).resolve("audio-lena"));
  return (JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { version: string }).version;
}

/** The encoders alone. */
function encoderTable(clips: readonly Clip[], columns: readonly EncoderRow[][]): string[] {
  const mean = (values: readonly number[]): string => (values.reduce((sum, x) => sum + x, 0) / values.length).toFixed(2);
  return [
    `Voice band, mean and single figures at peaks of ${ENCODER_LEVELS_DBFS.join(" / ")} dBFS, in dB (tools/kernel/encoders.ts).`,
    "",
    `| encoder | ${clips.map(({ name }) => name).join(" | ")} |`,
    `|${"---|".repeat(clips.length + 1)}`,
    ...columns[0]!.map(({ name }, i) => `| ${name} | ${columns.map((rows) => `**${mean(rows[i]!.snrDb)}** (${list(rows[i]!.snrDb)})`).join(" | ")} |`),
  ];
}

/** What the toy's search costs, against what it is worth; 10% of the core are 800 of whatever is counted. */
async function priceTable(clips: readonly Clip[], columns: readonly EncoderRow[][], onRow?: (name: string) => void): Promise<string[]> {
  const trellis = columns.map((encoders) => encoders.find(({ name }) => name === TRELLIS)!.snrDb[ENCODER_LEVELS_DBFS.indexOf(FRONTIER_DBFS)]!);
  const rows = await measureFrontier(clips, (part) => onRow?.(`search, ${part}`));
  const { counts } = await measureCounts();
  const share = ({ instructions, cycles }: Count): string => [instructions, cycles].map((count) => `${count.toFixed(0)} (${((count * MESSAGE_HZ * 100) / xiaoble.chip.coreHz).toFixed(1)}%)`).join(" | ");
  return [
    `Per sample, the kernel's front included, by executing the Thumb bytes on the first seconds at ${FRONTIER_DBFS} dBFS (tools/kernel/frontier.ts); in`,
    "brackets the share of a 64 MHz core that as many cycles are. An M4 takes one cycle for most instructions, and more for loads and",
    "taken branches, as the M0+ does whose cycles these are: the truth lies between, nearer to the cycles. A way is given up when it",
    "costs more than the best one and this part of its step squared. 1/8 ships: above ffmpeg's trellis, and within 10% of the core by",
    "instructions, not by cycles. 1/32 would be within by both and above the goals end to end, but below the trellis.",
    "",
    `| search | ${clips.map(({ name }) => `${name}: SNR | instructions | M0+ cycles`).join(" | ")} |`,
    `|${"---|".repeat(3 * clips.length + 1)}`,
    `| ffmpeg, trellis 8 | ${trellis.map((snrDb) => `${snrDb.toFixed(2)} | | `).join(" | ")} |`,
    ...rows.map(({ part, cells }) => `| ${part} | ${cells.map((cell) => `${cell.snrDb.toFixed(2)} | ${share(cell)}`).join(" | ")} |`),
    "",
    "What ships, by level:",
    ...counts.filter(({ what }) => what.startsWith("capture")).map(({ what, instructions, cycles }) => `- ${what}: ${instructions.toFixed(0)} instructions, ${cycles.toFixed(0)} cycles.`),
  ];
}

/** The whole document. `onRow` hears the name of each row when it is measured. */
export async function qualityReport(onRow?: (name: string) => void): Promise<string> {
  const spoken = spokenWords();
  if (!spoken) throw new UserError("the spoken words of the quality table are not installed", "install Debian's alsa-utils");
  const clips: readonly { clip: Clip; source: string }[] = [
    { clip: lena(), source: `npm audio-lena ${lenaVersion()}, lena.wav` },
    { clip: spoken, source: `Debian alsa-utils ${alsaVersion()}, the eight spoken words of /usr/share/sounds/alsa, joined` },
  ];
  const rows: Row[] = [];
  const parts: string[] = [METHOD];
  for (const { clip, source } of clips) {
    const mine = await measure(clip, CHAINS, NOISES_DBFS, ({ name, noiseDbfs }) => onRow?.(`${clip.name}: ${name}, noise ${noiseDbfs}`));
    rows.push(...mine);
    parts.push(`## End to end: ${clip.name}\n${source}; ${(clip.samples.length / clip.rateHz).toFixed(1)} s at ${clip.rateHz / 1000} kHz.\n\n${chainTable(mine, clip.name).join("\n")}\n`);
  }
  const heard = clips.map(({ clip }) => clip);
  const columns = await Promise.all(heard.map((clip) => measureEncoders(clip)));
  parts.push(`## The encoder alone\n${encoderTable(heard, columns).join("\n")}\n`);
  parts.push(`## The price of the search\n${(await priceTable(heard, columns, onRow)).join("\n")}\n`);
  parts.push(`## The level control's worth\n${verdict(rows)}\n`);
  for (const { clip } of clips) {
    parts.push(`## The speaker alone: ${clip.name}\nAgainst the decoded message of the shipped chain, noise ${NOISES_DBFS[0]}.\n\n${speakerTable(await measureSpeakers(clip)).join("\n")}\n`);
  }
  return parts.join("\n");
}
