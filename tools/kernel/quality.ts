// Measures the quality table: signal-to-noise ratio and noise-to-mask ratio in the voice band (100-3600 Hz, linear response
// fitted) from microphone to speaker, on named clips, levels and noise, for Waveform and DMA side by side; and the speaker
// alone. Deterministic; quality-report.ts makes it readable.

import { bitReversed, Fft } from "../audio/fft.ts";
import { noiseToMaskDb } from "../audio/masking.ts";
import { VOICE_BAND, separate } from "../audio/metrics.ts";
import { decimate } from "../audio/retime.ts";
import { MESSAGE_HZ, convert, encode, play, type Chain, type Message } from "./chain.ts";
import { at, type Clip } from "./clips.ts";
import { SPEAKERS, SPEAKER_HZ, WORDS_PER_SAMPLE, decodeMessage, speak, type Speaker } from "./speakers.ts";

export const LEVELS_DBFS = [-6, -26, -36];
export const NOISES_DBFS = [-90, -70];
/** Above the voice band's upper edge and the roll-off after it: what shaping and images leave to be heard. */
const ABOVE_HZ = 4400;

export const SHIPPED: Chain = { name: "DMA 64 kHz / 4, toy's search (shipped)", bits: 12, conversionHz: 64000, average: 4, coder: "toy" };

export const CHAINS: readonly Chain[] = [
  { name: "Waveform 8 bit, greedy", bits: 8, conversionHz: 8000, average: 1, coder: "greedy" },
  { name: "DMA 16 kHz, greedy", bits: 12, conversionHz: 16000, average: 1, coder: "greedy" },
  { name: "DMA 64 kHz / 4, greedy", bits: 12, conversionHz: 64000, average: 4, coder: "greedy" },
  { name: "DMA 16 kHz, toy's search", bits: 12, conversionHz: 16000, average: 1, coder: "toy" },
  SHIPPED,
  { ...SHIPPED, name: "the same with a slow level control", levelControl: true },
  { name: "DMA 64 kHz / 4, host's search", bits: 12, conversionHz: 64000, average: 4, coder: "host" },
];

/** A row's name when the level control's gain is undone sample by sample, as if it were stored with the message. */
export const undone = (chain: Chain): string => `${chain.name}, its gain undone exactly`;

export interface Figures {
  readonly snrDb: number;
  /** Noise to mask: below 0 dB the model holds the noise for inaudible. */
  readonly nmrDb: number;
  /** Largest deviation of the linear response in the band. */
  readonly deviationDb: number;
}

export interface Row {
  readonly clip: string;
  readonly name: string;
  readonly chain: Chain;
  readonly noiseDbfs: number;
  /** At each of LEVELS_DBFS. */
  readonly cells: readonly Figures[];
}

function figures(reference: ArrayLike<number>, heard: ArrayLike<number>): Figures {
  const { comparison, voice, noise } = separate(reference, heard, { rateHz: MESSAGE_HZ });
  return { snrDb: comparison.snrDb, nmrDb: noiseToMaskDb(voice, noise, MESSAGE_HZ), deviationDb: comparison.deviationDb };
}

export async function measure(clip: Clip, chains: readonly Chain[], noises: readonly number[], onRow?: (row: Row) => void): Promise<Row[]> {
  const reference = await at(clip, MESSAGE_HZ, 0);
  const voices = new Map<number, Float32Array>();
  const rows: Row[] = [];
  for (const chain of chains) {
    const voice = voices.get(chain.conversionHz) ?? (await at(clip, chain.conversionHz, 0));
    voices.set(chain.conversionHz, voice);
    for (const noiseDbfs of noises) {
      const cells: Figures[] = [];
      const undoneCells: Figures[] = [];
      for (const level of LEVELS_DBFS) {
        const gain = 10 ** (level / 20);
        const message = encode(convert(voice.map((x) => x * gain), chain, noiseDbfs), chain);
        const heard = play(message, chain);
        cells.push(figures(reference, heard));
        // The way from coder to ear delays by less than the gain takes to change.
        const { gains } = message;
        if (gains) undoneCells.push(figures(reference, Float64Array.from(heard, (x, i) => x / gains[i]!)));
      }
      const add = (name: string, cells: readonly Figures[]): void => {
        rows.push({ clip: clip.name, name, chain, noiseDbfs, cells });
        onRow?.(rows.at(-1)!);
      };
      add(chain.name, cells);
      if (undoneCells.length > 0) add(undone(chain), undoneCells);
    }
  }
  return rows;
}

export interface SpeakerRow {
  readonly clip: string;
  readonly speaker: Speaker;
  /** At each of LEVELS_DBFS, against the decoded message. */
  readonly cells: readonly (Figures & { readonly aboveDb: number })[];
}

/** Power from ABOVE_HZ to half the rate, relative to that in the voice band. */
function aboveDb(levels: Float32Array): number {
  let size = 2;
  while (size < levels.length) size *= 2;
  const re = new Float64Array(size);
  re.set(levels);
  const im = new Float64Array(size);
  new Fft(size).forward(re, im);
  const place = bitReversed(size);
  let above = 0;
  let inside = 0;
  for (let k = 1; k < size / 2; k++) {
    const fHz = (k * SPEAKER_HZ) / size;
    const power = re[place[k]!]! ** 2 + im[place[k]!]! ** 2;
    if (fHz >= ABOVE_HZ) above += power;
    else if (fHz >= VOICE_BAND.lowHz && fHz <= VOICE_BAND.highHz) inside += power;
  }
  return 10 * Math.log10(above / inside);
}

/** The speaker's own noise, on messages as the shipped chain records them. */
export async function measureSpeakers(clip: Clip): Promise<SpeakerRow[]> {
  const voice = await at(clip, SHIPPED.conversionHz, 0);
  const messages = LEVELS_DBFS.map((level): Message => encode(convert(voice.map((x) => x * 10 ** (level / 20)), SHIPPED, NOISES_DBFS[0]!), SHIPPED));
  return Object.values(SPEAKERS).map((speaker) => ({
    clip: clip.name,
    speaker,
    cells: messages.map(({ blocks, samples }) => {
      const levels = speak(blocks, samples, speaker);
      return { ...figures(decodeMessage(blocks, samples), decimate(levels, WORDS_PER_SAMPLE)), aboveDb: aboveDb(levels) };
    }),
  }));
}
