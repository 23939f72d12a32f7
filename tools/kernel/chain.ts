// The voice path from the converter's pin to the PWM's duty words and back to 8 kHz, as the boards run it, on the kernel's
// twin and a model of the converter: what the quality table measures. No clock, no bus: samples only.

import { BLOCK_BYTES, BLOCK_SAMPLES, CAPTURE_DECIMATION, CAPTURE_FULL, CAPTURE_MID, CAPTURE_STATE_WORDS } from "../../firmware/voice/abi.ts";
import { decodeBlock, encodeBlock } from "../../firmware/voice/adpcm.ts";
import { shape } from "../../firmware/voice/twin-capture.ts";
import { conversionNoise, SAADC_EFFECTIVE_BITS } from "../../sim/blocks/facts.ts";
import { Noise } from "../../sim/noise.ts";
import { decimate } from "../audio/retime.ts";
import { createTwinHarness } from "./harness.ts";
import { searchBlocks } from "./search.ts";

export const MESSAGE_HZ = 8000;
/** DMA speaker: a carrier of 16 MHz / 500 = 32 kHz, so 4 words per sample. */
const DMA_FULL = 500;
const WORDS_PER_SAMPLE = 4;
/** Espruino's Waveform: samples of 8 bits in and out. */
const WAVEFORM_BITS = 8;
const BITS = 12;

export type Coder = "greedy" | "toy" | "host";

export interface Chain {
  readonly name: string;
  readonly bits: 8 | 12;
  /** Conversions per second, averaged in hardware by `average`, then halved by the kernel where that gives 16 kHz. */
  readonly conversionHz: number;
  readonly average: 1 | 4;
  readonly coder: Coder;
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

function shaped(results: Int16Array, mid: number, decimation: 1 | 2): Int16Array {
  const state = new Int32Array(CAPTURE_STATE_WORDS);
  state[CAPTURE_MID] = mid;
  state[CAPTURE_FULL] = mid;
  state[CAPTURE_DECIMATION] = decimation;
  const out: number[] = [];
  for (const word of results) {
    const sample = shape(state, word);
    if (sample !== undefined) out.push(sample);
  }
  return Int16Array.from(out);
}

function greedyBlocks(samples: Int16Array): Uint8Array {
  const blocks = new Uint8Array(Math.ceil(samples.length / BLOCK_SAMPLES) * BLOCK_BYTES);
  for (let i = 0, index = 0; i * BLOCK_BYTES < blocks.length; i++) {
    index = encodeBlock(samples.subarray(i * BLOCK_SAMPLES, (i + 1) * BLOCK_SAMPLES), blocks.subarray(i * BLOCK_BYTES, (i + 1) * BLOCK_BYTES), index);
  }
  return blocks;
}

function toyBlocks(results: Int16Array, mid: number, decimation: 1 | 2): Uint8Array {
  const toy = createTwinHarness();
  toy.beginCapture({ mid, full: mid, decimation });
  const blocks: Uint8Array[] = [];
  for (let from = 0; from < results.length; from += 4000) {
    const done = toy.capture(results.subarray(from, Math.min(from + 4000, results.length)));
    while (blocks.length < done) blocks.push(toy.block(blocks.length & 1).slice());
  }
  const total = toy.flush();
  if (total > blocks.length * BLOCK_SAMPLES) blocks.push(toy.block(blocks.length & 1).slice());
  return Uint8Array.from(blocks.flatMap((block) => [...block]));
}

/** Blocks of a message from converter results. */
export function encode(results: Int16Array, chain: Chain): { blocks: Uint8Array; samples: number } {
  const mid = 2 ** (chain.bits - 1);
  const decimation = chain.conversionHz / chain.average === 2 * MESSAGE_HZ ? 2 : 1;
  const samples = Math.floor(results.length / decimation);
  if (chain.coder === "toy") return { blocks: toyBlocks(results, mid, decimation), samples };
  const input = shaped(results, mid, decimation);
  return { blocks: chain.coder === "host" ? searchBlocks(input) : greedyBlocks(input), samples };
}

/** What is heard at full volume: by DMA words at 32 kHz, brought back to 8 kHz; by Waveform, 8 bits at 8 kHz. */
export function play(blocks: Uint8Array, samples: number, chain: Chain): ArrayLike<number> {
  if (chain.bits === WAVEFORM_BITS) {
    const heard = new Float32Array(samples);
    for (let at = 0, i = 0; at < samples; at += BLOCK_SAMPLES, i++) {
      const block = decodeBlock(blocks.subarray(i * BLOCK_BYTES, (i + 1) * BLOCK_BYTES), Math.min(BLOCK_SAMPLES, samples - at));
      heard.set(Float32Array.from(block, (x) => Math.floor(x / 256 + 0.5) / 128), at);
    }
    return heard;
  }
  const speaker = createTwinHarness();
  speaker.beginRender({ wordsPerSample: WORDS_PER_SAMPLE, full: DMA_FULL, volume: 256 });
  const words = new Float32Array(WORDS_PER_SAMPLE * samples);
  for (let at = 0, i = 0; at < samples; at += BLOCK_SAMPLES, i++) {
    const count = Math.min(BLOCK_SAMPLES, samples - at);
    speaker.beginBlock(blocks.subarray(i * BLOCK_BYTES, (i + 1) * BLOCK_BYTES), count);
    words.set(Float32Array.from(speaker.render(WORDS_PER_SAMPLE * count), (word) => (2 * word) / DMA_FULL - 1), WORDS_PER_SAMPLE * at);
  }
  return decimate(words, WORDS_PER_SAMPLE);
}
