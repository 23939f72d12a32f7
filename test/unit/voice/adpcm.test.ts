// The ADPCM arithmetic against two implementations that are not ours (test/data/README.md tells how the vectors were made).

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { BLOCK_BYTES, BLOCK_SAMPLES } from "../../../firmware/voice/abi.ts";
import {
  HEADER_BYTES,
  INDEX_CHANGE,
  STEPS,
  decodeBlock,
  decodeInto,
  decodeNibble,
  difference,
  encodeBlock,
  encodeNibble,
  nibbleFor,
  samplesInBlock,
  writeHeader,
  writeNibble,
} from "../../../firmware/voice/adpcm.ts";
import { Noise } from "../../../sim/noise.ts";

const DATA = new URL("../../data/adpcm/", import.meta.url);

interface Wav {
  readonly blockBytes: number;
  readonly data: Buffer;
  /** Samples by the fact chunk; 0 without one. */
  readonly samples: number;
}

function readWav(name: string): Wav {
  const file = readFileSync(new URL(name, DATA));
  let blockBytes = 0;
  let samples = 0;
  for (let at = 12; at + 8 <= file.length; at += 8 + file.readUInt32LE(at + 4) + (file.readUInt32LE(at + 4) & 1)) {
    const id = file.toString("latin1", at, at + 4);
    const body = file.subarray(at + 8, at + 8 + file.readUInt32LE(at + 4));
    if (id === "fmt ") blockBytes = body.readUInt16LE(12);
    if (id === "fact") samples = body.readUInt32LE(0);
    if (id === "data") return { blockBytes, data: body, samples };
  }
  throw new Error(`${name} has no data chunk`);
}

function pcm(name: string): Int16Array {
  const file = readFileSync(new URL(name, DATA));
  return Int16Array.from({ length: file.length >> 1 }, (_, i) => file.readInt16LE(2 * i));
}

function decodeAll(wav: Wav): Int16Array {
  const out: number[] = [];
  for (let at = 0; at + 4 <= wav.data.length; at += wav.blockBytes) out.push(...decodeBlock(wav.data.subarray(at, at + wav.blockBytes)));
  return Int16Array.from(wav.samples > 0 ? out.slice(0, wav.samples) : out);
}

function snrDb(wanted: ArrayLike<number>, got: ArrayLike<number>): number {
  let power = 0;
  let error = 0;
  for (let i = 0; i < wanted.length; i++) {
    power += wanted[i]! ** 2;
    error += (wanted[i]! - got[i]!) ** 2;
  }
  return 10 * Math.log10(power / error);
}

const signal = Int16Array.from(new Int16Array(Uint8Array.from(readWav("signal.wav").data).buffer));

describe("ADPCM", () => {
  for (const name of ["sox", "ours"]) {
    it(`decodes ${name}.wav to sox's samples, every one`, () => {
      const wanted = pcm(`${name}.sox.pcm`);
      const got = decodeAll(readWav(`${name}.wav`));
      assert.ok(wanted.length >= signal.length);
      assert.deepEqual(got.subarray(0, wanted.length), wanted.subarray(0, got.length));
    });

    it(`sounds the same in ffmpeg within 0.5 dB (${name}.wav)`, () => {
      const wav = readWav(`${name}.wav`);
      const ours = snrDb(signal, decodeAll(wav));
      const theirs = snrDb(signal, pcm(`${name}.ffmpeg.pcm`));
      assert.ok(Math.abs(ours - theirs) < 0.5, `${ours} and ${theirs} dB`);
    });
  }

  it("encodes the vectors' blocks again to the same bytes", () => {
    const wav = readWav("ours.wav");
    let index = 0;
    for (let block = 0; block * BLOCK_BYTES < wav.data.length; block++) {
      const bytes = new Uint8Array(BLOCK_BYTES);
      index = encodeBlock(signal.subarray(block * BLOCK_SAMPLES, (block + 1) * BLOCK_SAMPLES), bytes, index);
      assert.deepEqual(Buffer.from(bytes), wav.data.subarray(block * BLOCK_BYTES, (block + 1) * BLOCK_BYTES));
    }
  });

  it("moves by (2 magnitude + 1) eighths of the step, each part rounded down", () => {
    for (const step of STEPS) {
      for (let magnitude = 0; magnitude < 8; magnitude++) {
        const exact = ((2 * magnitude + 1) * step) / 8;
        const got = difference(step, magnitude);
        assert.ok(got <= exact && got > exact - 4, `${step} x ${magnitude}`);
      }
    }
  });

  it("keeps predictor and index in range for every index, nibble and edge of the predictor", () => {
    for (let index = 0; index < STEPS.length; index++) {
      for (let nibble = 0; nibble < 16; nibble++) {
        for (const predictor of [-32768, -32767, -1, 0, 1, 32766, 32767]) {
          const state = { predictor, index };
          const sample = decodeNibble(state, nibble);
          assert.equal(sample, state.predictor);
          assert.ok(sample >= -32768 && sample <= 32767);
          assert.equal(state.index, Math.min(88, Math.max(0, index + INDEX_CHANGE[nibble & 7]!)));
        }
      }
    }
  });

  it("chooses a nibble whose sample is at most half a quantiser step from the best", () => {
    for (let index = 0; index < STEPS.length; index++) {
      for (let sample = -32768; sample <= 32767; sample += 997) {
        const state = { predictor: 0, index };
        encodeNibble(state, sample);
        const errors = Array.from({ length: 16 }, (_, nibble) => Math.abs(decodeNibble({ predictor: 0, index }, nibble) - sample));
        assert.ok(Math.abs(state.predictor - sample) <= Math.min(...errors) + STEPS[index]! / 8 + 4);
      }
    }
  });

  it("chooses without branches what the reference encoder chooses, at every index and distance", () => {
    const state = { predictor: 0, index: 0 };
    let wrong = 0;
    for (let index = 0; index < STEPS.length; index++) {
      for (let distance = -65535; distance <= 65535; distance++) {
        state.predictor = 0;
        state.index = index;
        if (nibbleFor(distance, STEPS[index]!) !== encodeNibble(state, distance)) wrong++;
      }
    }
    assert.equal(wrong, 0);
  });

  it("moves whole blocks as nibble by nibble, at every index, length and clipped edge", () => {
    const random = new Noise(9);
    for (let index = 0; index < STEPS.length; index++) {
      // Of any length, odd and even; jumps between the edges by turns with small steps.
      const samples = Int16Array.from({ length: 1 + (random.bits() % 64) }, (_, i) => (i & 8 ? random.bits() >> 24 : random.bits() >> 16));
      const wanted = new Uint8Array(HEADER_BYTES + 40);
      const state = { predictor: samples[0]!, index };
      writeHeader(wanted, samples[0]!, index);
      const decoded = samples.map((sample, i) => {
        if (i > 0) writeNibble(wanted, i, encodeNibble(state, sample));
        return state.predictor;
      });
      const block = new Uint8Array(wanted.length).fill(255);
      assert.equal(encodeBlock(samples, block, index), state.index);
      assert.deepEqual(block, wanted);
      assert.deepEqual(decodeBlock(block, samples.length), decoded);
    }
    for (let index = 0; index < STEPS.length; index++) {
      for (let pair = 0; pair < 256; pair++) {
        const block = Uint8Array.of(random.bits(), random.bits(), index, 0, pair, random.bits(), random.bits());
        const state = { predictor: ((block[0]! | (block[1]! << 8)) << 16) >> 16, index };
        const wanted = [state.predictor];
        for (let i = 0; i < 6; i++) wanted.push(decodeNibble(state, (block[HEADER_BYTES + (i >> 1)]! >> (4 * (i & 1))) & 15));
        for (const count of [samplesInBlock(block.length), pair % 7]) assert.deepEqual([...decodeBlock(block, count)], wanted.slice(0, count));
      }
    }
  });

  it("refuses a block without a header, an index above 88 and more samples than there are", () => {
    assert.throws(() => decodeBlock(new Uint8Array(3)), RangeError);
    assert.throws(() => decodeBlock(Uint8Array.of(0, 0, 89, 0)), RangeError);
    assert.throws(() => decodeBlock(Uint8Array.of(0, 0, 0, 0, 0), 4), RangeError);
    assert.throws(() => decodeInto(new Int16Array(4), Uint8Array.of(0, 0, 0, 0, 0)), RangeError);
    assert.throws(() => encodeBlock([], new Uint8Array(8), 0), RangeError);
  });

  it("keeps a block of one sample", () => {
    assert.deepEqual([...decodeBlock(Uint8Array.of(0xfe, 0xff, 7, 0))], [-2]);
  });
});
