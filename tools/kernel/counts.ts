// What the kernel costs: instructions (the same on every core that runs ARMv6-M code) and cycles (of rp2040js's Cortex-M0+)
// per sample, by executing the committed bytes on the clips; code bytes. `npm run bench` prints them.

import { BLOCK_SAMPLES, MESSAGE_RATE_HZ } from "../../firmware/voice/abi.ts";
import { decoder, kernelImage, voiceBytes } from "../../firmware/voice/kernel.generated.ts";
import { at, lena, spokenWords, type Clip } from "./clips.ts";
import { createHarness, type Harness } from "./harness.ts";

const SECONDS = 3;
const MID = 2048;

export interface Count {
  readonly what: string;
  /** Per 8 kHz sample, or per byte for the CRC. */
  readonly instructions: number;
  readonly cycles: number;
}

function spent(harness: Harness, units: number, what: string, run: () => void): Count {
  const { instructions, cycles } = harness.spent;
  run();
  return { what, instructions: (harness.spent.instructions - instructions) / units, cycles: (harness.spent.cycles - cycles) / units };
}

/** What capture takes of the clip's first seconds, the kernel's front included. */
export async function captureCount(harness: Harness, clip: Clip, peakDbfs: number): Promise<Count> {
  const voice = (await at(clip, 2 * MESSAGE_RATE_HZ, peakDbfs)).subarray(0, SECONDS * 2 * MESSAGE_RATE_HZ);
  const input = Int16Array.from(voice, (x) => Math.round(MID + MID * x));
  harness.beginCapture({ mid: MID, full: MID, decimation: 2 });
  return spent(harness, voice.length / 2, `capture, ${clip.name}, ${peakDbfs} dBFS`, () => {
    for (let from = 0; from < input.length; from += 4000) harness.capture(input.subarray(from, from + 4000));
  });
}

/** `decode`: instructions per sample of render's ADPCM decoder alone. */
export async function measureCounts(): Promise<{ bytes: number; voiceBytes: number; decode: number; counts: Count[] }> {
  const code = Uint8Array.from(kernelImage.code, (character) => character.charCodeAt(0));
  const harness = createHarness(code, kernelImage.offsets, decoder);
  const counts: Count[] = [];
  for (const clip of [lena(), spokenWords()]) {
    if (!clip) continue;
    for (const level of [-6, -36]) counts.push(await captureCount(harness, clip, level));
  }
  const block = harness.block(0).slice();
  for (const wordsPerSample of [1, 4] as const) {
    harness.beginRender({ wordsPerSample, full: 500, volume: 256 });
    harness.beginBlock(block, BLOCK_SAMPLES);
    counts.push(spent(harness, BLOCK_SAMPLES, `render, ${wordsPerSample} words per sample`, () => void harness.render(4 * BLOCK_SAMPLES)));
  }
  const decode = harness.spent.watched / (2 * BLOCK_SAMPLES);
  counts.push(spent(harness, block.length, "crc32, per byte", () => void harness.crc32(block, 0)));
  return { bytes: code.length, voiceBytes, decode, counts };
}
