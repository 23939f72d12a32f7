// The quality table: SNR in the voice band (100-3600 Hz, linear response fitted) from microphone to speaker, on named clips,
// levels and noise, for Waveform and DMA side by side. Figures are deterministic; about a minute.
// The last two columns are the price while recording: interrupts per second, and RAM for two buffers of 250 ms.
// `npm run bench -- --quality` prints it.

import { compare } from "../audio/metrics.ts";
import { MESSAGE_HZ, convert, encode, play, type Chain } from "./chain.ts";
import { at, lena, spokenWords, type Clip } from "./clips.ts";

const LEVELS_DBFS = [-6, -26, -36];
const NOISES_DBFS = [-90, -70];
const BUFFER_S = 0.25;

export const CHAINS: readonly Chain[] = [
  { name: "Waveform 8 bit, greedy", bits: 8, conversionHz: 8000, average: 1, coder: "greedy" },
  { name: "DMA 16 kHz, greedy", bits: 12, conversionHz: 16000, average: 1, coder: "greedy" },
  { name: "DMA 64 kHz / 4, greedy", bits: 12, conversionHz: 64000, average: 4, coder: "greedy" },
  { name: "DMA 16 kHz, toy's search", bits: 12, conversionHz: 16000, average: 1, coder: "toy" },
  { name: "DMA 64 kHz / 4, toy's search (shipped)", bits: 12, conversionHz: 64000, average: 4, coder: "toy" },
  { name: "DMA 64 kHz / 4, host's search", bits: 12, conversionHz: 64000, average: 4, coder: "host" },
];

/** Goals at noise -90 for the shipped chain, by clip, at LEVELS_DBFS. */
export const GOALS: Readonly<Record<string, readonly number[]>> = {
  "audio-lena (sung)": [21.8, 21.4, 18.8],
  "alsa-utils (spoken)": [27.2, 25.6, 19.6],
};

export interface Row {
  readonly clip: string;
  readonly chain: string;
  readonly noiseDbfs: number;
  /** SNR in dB at each of LEVELS_DBFS. */
  readonly snrDb: readonly number[];
  /** Largest deviation of the linear response in the band, in dB, at the loudest level. */
  readonly deviationDb: number;
}

export async function measure(clip: Clip, chains: readonly Chain[], noises: readonly number[]): Promise<Row[]> {
  const reference = await at(clip, MESSAGE_HZ, 0);
  const rows: Row[] = [];
  for (const chain of chains) {
    const voice = await at(clip, chain.conversionHz, 0);
    for (const noiseDbfs of noises) {
      const results: { snrDb: number; deviationDb: number }[] = [];
      for (const level of LEVELS_DBFS) {
        const gain = 10 ** (level / 20);
        const { blocks, samples } = encode(convert(voice.map((x) => x * gain), chain, noiseDbfs), chain);
        results.push(compare(reference, play(blocks, samples, chain), { rateHz: MESSAGE_HZ }));
      }
      rows.push({ clip: clip.name, chain: chain.name, noiseDbfs, snrDb: results.map(({ snrDb }) => snrDb), deviationDb: results[0]!.deviationDb });
    }
  }
  return rows;
}

/** Waveform takes an interrupt per sample; DMA none. */
function price(chain: Chain): string {
  const resultsPerSecond = chain.conversionHz / chain.average;
  return `${chain.bits === 8 ? resultsPerSecond : 0} | ${2 * BUFFER_S * resultsPerSecond * (chain.bits === 8 ? 1 : 2)} B`;
}

export function formatTable(rows: readonly Row[]): string {
  const lines: string[] = [];
  for (const clip of new Set(rows.map((row) => row.clip))) {
    lines.push("", `${clip}: SNR in dB, 100-3600 Hz, at peaks of ${LEVELS_DBFS.join(" / ")} dBFS`, "");
    lines.push("| chain | noise -90 | noise -70 | response within | interrupts/s | RAM |", "|---|---|---|---|---|---|");
    const mine = rows.filter((row) => row.clip === clip);
    for (const chain of new Set(mine.map((row) => row.chain))) {
      const cells = NOISES_DBFS.map((noise) => mine.find((row) => row.chain === chain && row.noiseDbfs === noise)?.snrDb.map((x) => x.toFixed(1)).join(" / ") ?? "");
      lines.push(`| ${chain} | ${cells.join(" | ")} | ${mine.find((row) => row.chain === chain)!.deviationDb.toFixed(1)} dB | ${price(CHAINS.find(({ name }) => name === chain)!)} |`);
    }
    const goals = GOALS[clip];
    if (goals) lines.push(`| goal | ${goals.map((x) => x.toFixed(1)).join(" / ")} | | | | |`);
  }
  return lines.join("\n");
}

/** The whole table as Markdown. */
export async function qualityTable(): Promise<string> {
  const clips = [lena(), spokenWords()].filter((clip) => clip !== undefined);
  const rows: Row[] = [];
  for (const clip of clips) rows.push(...(await measure(clip, CHAINS, NOISES_DBFS)));
  return formatTable(rows) + (clips.length < 2 ? "\n\nalsa-utils is not installed: its spoken words are left out." : "");
}
