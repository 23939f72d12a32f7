// How fast the host codes and decodes IMA ADPCM, beside the npm package `imaadpcm` on the same samples in the same run.
// Throughput only: quality is in the table of the voice engine. Times are this machine's, never asserted on.

import { createRequire } from "node:module";
import { BLOCK_BYTES, BLOCK_SAMPLES } from "../../firmware/voice/abi.ts";
import { decodeBlock, encodeBlock } from "../../firmware/voice/adpcm.ts";

/** Millions of samples per second. */
export interface Throughput {
  readonly ours: { readonly encode: number; readonly decode: number };
  readonly imaadpcm: { readonly encode: number; readonly decode: number };
  readonly samples: number;
}

/** The peer's block: fixed in its encoder. */
const PEER_BLOCK_BYTES = 256;
const PEER_BLOCK_SAMPLES = 505;

/** Something like a voice: harmonics of a gliding pitch under syllables, and a little noise. Seeded, so always the same. */
function voice(count: number): Int16Array {
  const samples = new Int16Array(count);
  let seed = 1;
  for (let i = 0, phase = 0; i < count; i++) {
    seed = (Math.imul(seed, 1664525) + 1013904223) | 0;
    phase += (2 * Math.PI * (160 + 40 * Math.sin(i / 9000))) / 8000;
    const voiced = Math.sin(phase) + 0.6 * Math.sin(2 * phase) + 0.4 * Math.sin(5 * phase) + 0.2 * Math.sin(11 * phase);
    samples[i] = 9000 * voiced * Math.max(0, Math.sin(i / 1100)) + seed / 2 ** 24;
  }
  return samples;
}

/** Best of `rounds` runs, in millions of samples per second. */
function rate(count: number, rounds: number, run: () => void): number {
  let best = Infinity;
  for (let i = 0; i < rounds; i++) {
    const from = performance.now();
    run();
    best = Math.min(best, performance.now() - from);
  }
  return count / best / 1000;
}

export function hostThroughput(rounds = 7): Throughput {
  const peer = createRequire(import.meta.url)("imaadpcm") as typeof import("imaadpcm");
  // A whole number of either's blocks, 40 s at 8 kHz and a bit.
  const blocks = 160;
  const samples = voice(blocks * BLOCK_SAMPLES);
  const coded = new Uint8Array(blocks * BLOCK_BYTES);
  const own = (each: (from: number, block: Uint8Array) => void): void => {
    for (let i = 0; i < blocks; i++) each(i * BLOCK_SAMPLES, coded.subarray(i * BLOCK_BYTES, (i + 1) * BLOCK_BYTES));
  };
  const encode = rate(samples.length, rounds, () => {
    let index = 0;
    own((from, block) => {
      index = encodeBlock(samples.subarray(from, from + BLOCK_SAMPLES), block, index);
    });
  });
  const decode = rate(samples.length, rounds, () => own((_from, block) => void decodeBlock(block)));

  const whole = samples.subarray(0, samples.length - (samples.length % PEER_BLOCK_SAMPLES));
  const peerCoded = peer.encode(whole);
  return {
    ours: { encode, decode },
    imaadpcm: {
      encode: rate(whole.length, rounds, () => void peer.encode(whole)),
      decode: rate(whole.length, rounds, () => void peer.decode(peerCoded, PEER_BLOCK_BYTES)),
    },
    samples: samples.length,
  };
}
