// How fast the host codes and decodes IMA ADPCM, beside the npm package `imaadpcm` on the same samples in the same run.
// Throughput only: quality is in the table of the voice engine. Times are this machine's, never asserted on.

import { createRequire } from "node:module";
import { BLOCK_BYTES, BLOCK_SAMPLES } from "../../firmware/voice/abi.ts";
import { decodeInto, encodeBlock } from "../../firmware/voice/adpcm.ts";

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

/**
 * Best of `rounds` runs of each, in millions of samples per second. The runs take turns, so that a busy spell of the machine
 * falls on all of them; the first rounds also warm up the just-in-time compiler.
 */
function rates<Name extends string>(rounds: number, runs: Readonly<Record<Name, { readonly samples: number; readonly run: () => void }>>): Record<Name, number> {
  const names = Object.keys(runs) as Name[];
  const best = Object.fromEntries(names.map((name) => [name, Infinity])) as Record<Name, number>;
  for (let round = 0; round < rounds; round++) {
    for (const name of names) {
      const from = performance.now();
      runs[name].run();
      best[name] = Math.min(best[name], performance.now() - from);
    }
  }
  for (const name of names) best[name] = runs[name].samples / best[name] / 1000;
  return best;
}

export function hostThroughput(rounds = 40): Throughput {
  const peer = createRequire(import.meta.url)("imaadpcm") as typeof import("imaadpcm");
  // A whole number of our blocks, 40 s at 8 kHz and a bit.
  const blocks = 160;
  const samples = voice(blocks * BLOCK_SAMPLES);
  const coded = new Uint8Array(blocks * BLOCK_BYTES);
  const samplesOf = (all: Int16Array, i: number): Int16Array => all.subarray(i * BLOCK_SAMPLES, (i + 1) * BLOCK_SAMPLES);
  const block = (all: Uint8Array, i: number): Uint8Array => all.subarray(i * BLOCK_BYTES, (i + 1) * BLOCK_BYTES);
  const whole = samples.subarray(0, samples.length - (samples.length % PEER_BLOCK_SAMPLES));
  const peerCoded = peer.encode(whole);

  // Either peer gets a whole message and makes the array that it returns.
  const best = rates(rounds, {
    encode: {
      samples: samples.length,
      run: () => {
        const made = new Uint8Array(coded.length);
        for (let i = 0, index = 0; i < blocks; i++) index = encodeBlock(samplesOf(samples, i), block(made, i), index);
        coded.set(made);
      },
    },
    peerEncode: { samples: whole.length, run: () => void peer.encode(whole) },
    decode: {
      samples: samples.length,
      run: () => {
        const made = new Int16Array(samples.length);
        for (let i = 0; i < blocks; i++) decodeInto(samplesOf(made, i), block(coded, i));
      },
    },
    peerDecode: { samples: whole.length, run: () => void peer.decode(peerCoded, PEER_BLOCK_BYTES) },
  });
  return {
    ours: { encode: best.encode, decode: best.decode },
    imaadpcm: { encode: best.peerEncode, decode: best.peerDecode },
    samples: samples.length,
  };
}
