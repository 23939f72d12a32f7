// The voice path from the converter's pin to the PWM's duty words and back to 8 kHz, as the boards run it, on the kernel's
// twin and a model of the converter: what the quality table measures. No clock, no bus: samples only.

import { BLOCK_BYTES, BLOCK_SAMPLES, CAPTURE_DECIMATION, CAPTURE_MAX_SAMPLES, CAPTURE_MID, CAPTURE_SCALE, CAPTURE_STATE_WORDS } from "../../firmware/voice/abi.ts";
import { encodeBlock } from "../../firmware/voice/adpcm.ts";
import { shape } from "../../firmware/voice/twin-capture.ts";
import { conversionNoise, SAADC_EFFECTIVE_BITS } from "../../sim/blocks/facts.ts";
import { Noise } from "../../sim/noise.ts";
import { decimate } from "../audio/retime.ts";
import { createTwinHarness, type CaptureSettings, type Harness } from "./harness.ts";
import { controlLevel } from "./level-control.ts";
import { searchBlocks } from "./search.ts";
import { SPEAKERS, WORDS_PER_SAMPLE, decodeMessage, speak } from "./speakers.ts";

export const MESSAGE_HZ = 8000;
/** Espruino's Waveform: samples of 8 bits in and out. */
export const WAVEFORM_BITS = 8;
const BITS = 12;

export type Coder = "greedy" | "toy" | "host";

export interface Chain {
  readonly name: string;
  readonly bits: 8 | 12;
  /** Conversions per second, averaged in hardware by `average`, then halved by the kernel where that gives 16 kHz. */
  readonly conversionHz: number;
  readonly average: 1 | 4;
  readonly coder: Coder;
  /** A slow level control before the coder. */
  readonly levelControl?: boolean;
}

/**
 * Converts: microphone noise of `noiseDbfs` (white, rms, within the 4 kHz that a message holds) is added before, the
 * converter's own noise after; hardware averages `average` conversions into a result of `bits` bits.
 */
export function convert(voice: Float32Array, chain: Chain, noiseDbfs: number): Int16Array {
  const volts = Float64Array.from(voice);
  const noise = new Noise(1);
  noise.addNormal(volts, volts.length, 10 ** (noiseDbfs / 20) * Math.sqrt(chain.conversionHz / 2 / (MESSAGE_HZ / 2)));
  const mid = 2 ** (chain.bits - 1);
  // Volts run from -1 to 1: two full scales of the converter's range of 0 to 1.
  noise.addNormal(volts, volts.length, 2 * conversionNoise(SAADC_EFFECTIVE_BITS, BITS));
  const results = new Int16Array(Math.floor(volts.length / chain.average));
  for (let i = 0; i < results.length; i++) {
    let sum = 0;
    for (let k = 0; k < chain.average; k++) sum += volts[i * chain.average + k]!;
    results[i] = Math.max(0, Math.min(2 * mid - 1, Math.floor(mid * (1 + sum / chain.average))));
  }
  return results;
}

/** What the kernel's front makes of converter results. */
export function shaped(results: Int16Array, { mid, full, decimation }: CaptureSettings): Int16Array {
  const state = new Int32Array(CAPTURE_STATE_WORDS);
  state[CAPTURE_MID] = mid;
  state[CAPTURE_SCALE] = Math.floor((32767 * 32768) / full);
  state[CAPTURE_DECIMATION] = decimation;
  return shape(state, results);
}

export function greedyBlocks(samples: Int16Array): Uint8Array {
  const blocks = new Uint8Array(Math.ceil(samples.length / BLOCK_SAMPLES) * BLOCK_BYTES);
  for (let i = 0, index = 0; i * BLOCK_BYTES < blocks.length; i++) {
    index = encodeBlock(samples.subarray(i * BLOCK_SAMPLES, (i + 1) * BLOCK_SAMPLES), blocks.subarray(i * BLOCK_BYTES, (i + 1) * BLOCK_BYTES), index);
  }
  return blocks;
}

export function toyBlocks(results: Int16Array, settings: CaptureSettings, toy: Harness = createTwinHarness()): Uint8Array {
  toy.beginCapture(settings);
  const blocks: Uint8Array[] = [];
  const most = CAPTURE_MAX_SAMPLES * settings.decimation;
  for (let from = 0; from < results.length; from += most) {
    const done = toy.capture(results.subarray(from, Math.min(from + most, results.length)));
    while (blocks.length < done) blocks.push(toy.block(blocks.length & 1).slice());
  }
  const total = toy.flush();
  if (total > blocks.length * BLOCK_SAMPLES) blocks.push(toy.block(blocks.length & 1).slice());
  return Uint8Array.from(blocks.flatMap((block) => [...block]));
}

export interface Message {
  readonly blocks: Uint8Array;
  readonly samples: number;
  /** What the level control made of each sample. */
  readonly gains?: Float64Array;
}

/** A message from converter results. */
export function encode(results: Int16Array, chain: Chain): Message {
  const mid = 2 ** (chain.bits - 1);
  const decimation = chain.conversionHz / chain.average === 2 * MESSAGE_HZ ? 2 : 1;
  const samples = Math.floor(results.length / decimation);
  if (chain.coder === "toy" && !chain.levelControl) return { blocks: toyBlocks(results, { mid, full: mid, decimation }), samples };
  const plain = shaped(results, { mid, full: mid, decimation });
  const { samples: input, gains } = chain.levelControl ? controlLevel(plain) : { samples: plain };
  const coders: Readonly<Record<Coder, () => Uint8Array>> = {
    greedy: () => greedyBlocks(input),
    // Samples that are shaped already go through the kernel's front once more, at gain 1.
    toy: () => toyBlocks(input, { mid: 0, full: 32767, decimation: 1 }),
    host: () => searchBlocks(input),
  };
  return { blocks: coders[chain.coder](), samples, ...(gains && { gains }) };
}

/** What is heard at full volume, at 8 kHz: by DMA words, or by Waveform. */
export function play({ blocks, samples }: Message, chain: Chain): ArrayLike<number> {
  if (chain.bits !== WAVEFORM_BITS) return decimate(speak(blocks, samples, SPEAKERS.shipped), WORDS_PER_SAMPLE);
  return Float32Array.from(decodeMessage(blocks, samples), (x) => Math.floor(x / 256 + 0.5) / 128);
}
