// The ways to sound a message: what each makes of its blocks at full volume, as levels from -1 to 1 at 32 kHz, the rate at
// which the DMA speaker takes duty words. On the kernel's twin; no clock, no carrier: the amplifier's filter removes that.

import { BLOCK_BYTES, BLOCK_SAMPLES } from "../../firmware/voice/abi.ts";
import { decodeBlock } from "../../firmware/voice/adpcm.ts";
import { createTwinHarness } from "./harness.ts";

export const SPEAKER_HZ = 32000;
/** Words per sample of 8 kHz. */
export const WORDS_PER_SAMPLE = 4;
/** As fine as the twin's arithmetic goes: words that are rounded only afterwards. */
const FINEST = 16383;

export interface Speaker {
  readonly name: string;
  /** Espruino's Waveform: 8 bits, each sample held; else duty words from the kernel. */
  readonly waveform?: boolean;
  /** Levels of the PWM: 16 MHz / carrier. */
  readonly levels: number;
  /** 4: interpolated; 1: each word is held for four periods. */
  readonly wordsPerSample: 1 | 4;
  readonly shaped: boolean;
}

export const SPEAKERS = {
  waveform: { name: "Waveform, 8 bit", waveform: true, levels: 256, wordsPerSample: 1, shaped: false },
  held: { name: "DMA, 500 levels at 32 kHz, each sample held", levels: 500, wordsPerSample: 1, shaped: false },
  rounded: { name: "DMA, 500 levels at 32 kHz, interpolated, rounded", levels: 500, wordsPerSample: 4, shaped: false },
  coarse: { name: "DMA, 250 levels at 64 kHz (each word twice), interpolated, shaped", levels: 250, wordsPerSample: 4, shaped: true },
  shipped: { name: "DMA, 500 levels at 32 kHz, interpolated, shaped to 2nd order (shipped)", levels: 500, wordsPerSample: 4, shaped: true },
} as const satisfies Record<string, Speaker>;

/** Decodes the first `samples` samples of a message. */
export function decodeMessage(blocks: Uint8Array, samples: number): Int16Array {
  const decoded = new Int16Array(samples);
  for (let at = 0, i = 0; at < samples; at += BLOCK_SAMPLES, i++) {
    decoded.set(decodeBlock(blocks.subarray(i * BLOCK_BYTES, (i + 1) * BLOCK_BYTES), Math.min(BLOCK_SAMPLES, samples - at)), at);
  }
  return decoded;
}

/** Levels at SPEAKER_HZ. */
export function speak(blocks: Uint8Array, samples: number, speaker: Speaker): Float32Array {
  const levels = new Float32Array(WORDS_PER_SAMPLE * samples);
  if (speaker.waveform) {
    decodeMessage(blocks, samples).forEach((x, i) => levels.fill(Math.floor(x / 256 + 0.5) / 128, WORDS_PER_SAMPLE * i, WORDS_PER_SAMPLE * (i + 1)));
    return levels;
  }
  const { wordsPerSample } = speaker;
  // The twin shapes whatever it interpolates: without shaping it makes fine words, and they are rounded here.
  const full = wordsPerSample === 4 && !speaker.shaped ? FINEST : speaker.levels;
  const toy = createTwinHarness();
  toy.beginRender({ wordsPerSample, full, volume: 256 });
  const held = WORDS_PER_SAMPLE / wordsPerSample;
  for (let at = 0, i = 0; at < samples; at += BLOCK_SAMPLES, i++) {
    const count = Math.min(BLOCK_SAMPLES, samples - at);
    toy.beginBlock(blocks.subarray(i * BLOCK_BYTES, (i + 1) * BLOCK_BYTES), count);
    const words = toy.render(wordsPerSample * count);
    for (let k = 0; k < WORDS_PER_SAMPLE * count; k++) {
      const share = words[Math.floor(k / held)]! / full;
      levels[WORDS_PER_SAMPLE * at + k] = (2 * Math.round(share * speaker.levels)) / speaker.levels - 1;
    }
  }
  return levels;
}
