// Our IMA ADPCM WAV files against the programs that people have: sox and libsndfile must decode them to the same PCM, sample
// for sample, and we theirs; ffmpeg rounds differently and must stay within 0.5 dB. Needs sox, ffmpeg and sndfile-convert,
// so it is no part of `npm test`; a missing program fails.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BLOCK_BYTES, BLOCK_SAMPLES } from "../../firmware/voice/abi.ts";
import { encodeBlocks } from "../../tools/audio/encoder.ts";
import { compare } from "../../tools/audio/metrics.ts";
import { normalise, resample } from "../../tools/audio/resample.ts";
import { decodeWav, readWav } from "../../tools/audio/wav.ts";
import { adpcmWav, fromPcm16, pcm16Wav, toPcm16 } from "../../tools/audio/wav-write.ts";

const folder = mkdtempSync(join(tmpdir(), "interop-"));
const at = (name: string): string => join(folder, name);
const sox = (...args: string[]): void => void execFileSync("sox", ["-V1", ...args], { stdio: ["ignore", "ignore", "inherit"] });
const ffmpeg = (...args: string[]): void => void execFileSync("ffmpeg", ["-v", "error", "-y", ...args]);
const sndfile = (...args: string[]): void => void execFileSync("sndfile-convert", args, { stdio: ["ignore", "ignore", "inherit"] });

const pcmOf = (name: string): Int16Array => toPcm16(readWav(at(name)).samples);

/** Where two signals first differ over the length of the shorter; -1 for nowhere. */
const firstDifference = (a: Int16Array, b: Int16Array): number => a.subarray(0, Math.min(a.length, b.length)).findIndex((x, i) => x !== b[i]);

let voice: Int16Array;

before(async function () {
  this.timeout(20000);
  const lena = decodeWav(new Uint8Array(readFileSync(new URL("../../node_modules/audio-lena/lena.wav", import.meta.url))), "lena.wav");
  voice = toPcm16(normalise(await resample(lena.samples, lena.rateHz, 8000), -3));
});
after(() => rmSync(folder, { recursive: true }));

const decoders: [string, (from: string, to: string) => void][] = [
  ["sox", (from, to) => sox(at(from), "-b", "16", "-e", "signed-integer", at(to))],
  ["libsndfile", (from, to) => sndfile("-pcm16", at(from), at(to))],
];
const encoders: [string, (from: string, to: string) => void][] = [
  ["sox", (from, to) => sox(at(from), "-e", "ima-adpcm", at(to))],
  ["libsndfile", (from, to) => sndfile("-ima-adpcm", at(from), at(to))],
];

/** Odd, even, one short of a block, a block, one more. */
const lengths = [1, 2, 7, 505, BLOCK_SAMPLES - 1, BLOCK_SAMPLES, BLOCK_SAMPLES + 1, 2 * BLOCK_SAMPLES + 3, 98001];

describe("our ADPCM WAV", () => {
  for (const count of lengths) {
    for (const [name, decode] of decoders) {
      it(`of ${count} samples is decoded by ${name} to the same PCM`, () => {
        const file = adpcmWav(encodeBlocks(voice.subarray(0, count)), BLOCK_BYTES, count, 8000);
        writeFileSync(at("ours.wav"), file);
        const ours = toPcm16(decodeWav(file, "ours.wav").samples);
        assert.equal(ours.length, count);
        decode("ours.wav", "theirs.wav");
        const theirs = pcmOf("theirs.wav");
        // They do not cut the padding of the last block off.
        assert.ok(theirs.length >= count && theirs.length <= Math.ceil(count / BLOCK_SAMPLES) * BLOCK_SAMPLES, `${theirs.length} samples`);
        assert.equal(firstDifference(ours, theirs), -1);
      });
    }
  }

  it("is decoded by ffmpeg to the same length and within 0.5 dB", () => {
    writeFileSync(at("ours.wav"), adpcmWav(encodeBlocks(voice), BLOCK_BYTES, voice.length, 8000));
    ffmpeg("-i", at("ours.wav"), "-c:a", "pcm_s16le", at("theirs.wav"));
    const theirs = pcmOf("theirs.wav");
    assert.ok(theirs.length >= voice.length);
    const reference = fromPcm16(voice);
    const own = compare(reference, readWav(at("ours.wav")).samples, { rateHz: 8000 }).snrDb;
    const other = compare(reference, fromPcm16(theirs), { rateHz: 8000 }).snrDb;
    assert.ok(Math.abs(own - other) < 0.5, `${own} dB and ${other} dB`);
  });
});

describe("their ADPCM WAV", () => {
  for (const count of lengths) {
    for (const [name, encode] of encoders) {
      for (const [other, decode] of decoders) {
        it(`of ${count} samples by ${name} is decoded to the PCM that ${other} makes of it`, () => {
          writeFileSync(at("plain.wav"), pcm16Wav(voice.subarray(0, count), 8000));
          encode("plain.wav", "coded.wav");
          decode("coded.wav", "theirs.wav");
          const ours = pcmOf("coded.wav");
          assert.ok(ours.length >= count, `${ours.length} samples`);
          assert.equal(firstDifference(ours, pcmOf("theirs.wav")), -1);
        });
      }
    }
  }

  it("by ffmpeg is decoded within 0.5 dB of what ffmpeg makes of it", () => {
    writeFileSync(at("plain.wav"), pcm16Wav(voice, 8000));
    ffmpeg("-i", at("plain.wav"), "-c:a", "adpcm_ima_wav", at("coded.wav"));
    ffmpeg("-i", at("coded.wav"), "-c:a", "pcm_s16le", at("theirs.wav"));
    const reference = fromPcm16(voice);
    const own = compare(reference, readWav(at("coded.wav")).samples, { rateHz: 8000 }).snrDb;
    const other = compare(reference, readWav(at("theirs.wav")).samples, { rateHz: 8000 }).snrDb;
    assert.ok(own > 15 && Math.abs(own - other) < 0.5, `${own} dB and ${other} dB`);
  });
});

describe("other WAV files", () => {
  const formats: [string, string[]][] = [
    ["8-bit", ["-b", "8", "-e", "unsigned-integer"]],
    ["24-bit", ["-b", "24", "-e", "signed-integer"]],
    ["32-bit", ["-b", "32", "-e", "signed-integer"]],
    ["float", ["-b", "32", "-e", "floating-point"]],
    ["double", ["-b", "64", "-e", "floating-point"]],
  ];
  for (const [name, options] of formats) {
    it(`of sox, ${name}, are read to what was in them`, () => {
      writeFileSync(at("plain.wav"), pcm16Wav(voice.subarray(0, 4001), 8000));
      sox("-D", at("plain.wav"), ...options, at("other.wav"));
      const { samples } = readWav(at("other.wav"));
      assert.equal(samples.length, 4001);
      const reference = fromPcm16(voice.subarray(0, 4001));
      const most = name === "8-bit" ? 1 / 128 : 1 / 32768;
      assert.ok(samples.every((x, i) => Math.abs(x - reference[i]) <= most));
    });
  }

  it("of ffmpeg through a pipe, whose sizes are unknown, are read whole", () => {
    writeFileSync(at("plain.wav"), pcm16Wav(voice.subarray(0, 4001), 8000));
    const piped = execFileSync("ffmpeg", ["-v", "error", "-i", at("plain.wav"), "-f", "wav", "-"], { maxBuffer: 1 << 20 });
    assert.equal(firstDifference(toPcm16(decodeWav(new Uint8Array(piped), "piped.wav").samples), voice), -1);
  });

  for (const [name, ...options] of [["MS ADPCM", "-e", "ms-adpcm"], ["mu-law", "-e", "mu-law"], ["stereo", "-c", "2", "-e", "ima-adpcm"]]) {
    it(`of sox in ${name} are refused with the way out`, () => {
      writeFileSync(at("plain.wav"), pcm16Wav(voice.subarray(0, 4001), 8000));
      sox(at("plain.wav"), ...options, at("foreign.wav"));
      assert.throws(() => readWav(at("foreign.wav")), { name: "UserError" });
      execFileSync("sox", [at("foreign.wav"), "-b", "16", "-e", "signed-integer", "-c", "1", at("plain2.wav")]);
      assert.ok(readWav(at("plain2.wav")).samples.length >= 4001);
    });
  }
});
