// The WAV reader against files made byte by byte: every format that it takes, every one that it refuses, and why.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join as joinPath } from "node:path";
import { UserError } from "../../../tools/errors.ts";
import { decodeWav, readWav } from "../../../tools/audio/wav.ts";
import { ascii, extension, fmt, join, le, pcm16, riff, samplesPerBlock, type Chunk } from "./wav-bytes.ts";

const read = (...chunks: Chunk[]): { samples: number[]; notes: readonly string[] } => {
  const { samples, notes } = decodeWav(riff(...chunks), "in.wav");
  return { samples: [...samples], notes };
};

function float(bytes: 4 | 8, ...values: number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(values.length * bytes));
  values.forEach((x, i) => (bytes === 4 ? view.setFloat32(i * 4, x, true) : view.setFloat64(i * 8, x, true)));
  return new Uint8Array(view.buffer);
}

const adpcm = (blockAlign = 8, perBlock = 9): Chunk => fmt({ tag: 0x11, bits: 4, blockAlign, extra: samplesPerBlock(perBlock) });
/** First sample 1000, index 0 (step 7); nibble 4 adds 7 and moves to step 9, then zeros add 9 >> 3, 8 >> 3, 7 >> 3 = 0. */
const block = Uint8Array.of(0xe8, 0x03, 0, 0, 0x04, 0, 0, 0);
const decoded = [1000, 1007, 1008, 1009, 1009, 1009, 1009, 1009, 1009];

describe("WAV reader", () => {
  const quarter = [0, 0.25, -1];
  const formats: [string, Chunk, Uint8Array][] = [
    ["8-bit PCM, unsigned", fmt({ bits: 8 }), Uint8Array.of(128, 160, 0)],
    ["16-bit PCM", fmt(), pcm16(0, 8192, -32768)],
    ["24-bit PCM", fmt({ bits: 24 }), Uint8Array.of(0, 0, 0, 0, 0, 0x20, 0, 0, 0x80)],
    ["32-bit PCM", fmt({ bits: 32 }), le([4, 0], [4, 0x20000000], [4, 0x80000000])],
    ["32-bit float", fmt({ tag: 3, bits: 32 }), float(4, ...quarter)],
    ["64-bit float", fmt({ tag: 3, bits: 64 }), float(8, ...quarter)],
    ["extensible 16-bit PCM", fmt({ tag: 0xfffe, extra: extension(1, 16) }), pcm16(0, 8192, -32768)],
    ["extensible 24-bit PCM with 20 valid bits", fmt({ tag: 0xfffe, bits: 24, extra: extension(1, 20) }), Uint8Array.of(0, 0, 0, 0, 0, 0x20, 0, 0, 0x80)],
    ["extensible 32-bit float", fmt({ tag: 0xfffe, bits: 32, extra: extension(3, 32) }), float(4, ...quarter)],
  ];
  for (const [name, format, data] of formats) {
    it(`reads ${name}`, () => assert.deepEqual(read(format, ["data", data]), { samples: quarter, notes: [] }));
  }

  it("keeps the low byte of a negative 24-bit sample", () => {
    assert.deepEqual(read(fmt({ bits: 24 }), ["data", Uint8Array.of(0xff, 0xff, 0xff, 1, 0, 0)]).samples, [-1 / 0x800000, 1 / 0x800000]);
  });

  it("mixes any number of channels down and says so", () => {
    assert.deepEqual(read(fmt({ channels: 2 }), ["data", pcm16(8192, 0, -8192, -8192)]), { samples: [0.125, -0.25], notes: ["2 channels were mixed down to mono"] });
    const wide = read(fmt({ channels: 300 }), ["data", pcm16(...new Array<number>(300).fill(-16384))]);
    assert.deepEqual(wide.samples, [-0.5]);
  });

  it("passes chunks that it does not know, odd ones with their padding", () => {
    assert.deepEqual(read(["LIST", ascii("odd")], fmt(), ["cue ", ascii("1234")], ["data", pcm16(8192)], ["id3 ", ascii("x")]).samples, [0.25]);
  });

  it("says how many samples lie beyond full scale", () => {
    assert.match(read(fmt({ tag: 3, bits: 32 }), ["data", float(4, 1.5, 0, -2)]).notes[0], /^2 samples lie beyond full scale/);
  });

  it("reads what is there of a cut file and says so", () => {
    assert.deepEqual(read(fmt(), ["data", pcm16(8192, 8192), 4000]), { samples: [0.25, 0.25], notes: ["cut off: 4 of 4000 bytes of samples are there and were read"] });
    assert.deepEqual(read(fmt(), ["data", pcm16(8192), 0xffffffff]).samples, [0.25]);
  });

  it("leaves out half a sample at the end and says so", () => {
    const { samples, notes } = read(fmt(), ["data", join(pcm16(8192), Uint8Array.of(1))]);
    assert.deepEqual(samples, [0.25]);
    assert.match(notes[0], /last 1 bytes are no whole sample/);
  });

  describe("of IMA ADPCM", () => {
    const exact = (samples: number[]): number[] => samples.map((x) => x * 32768);

    it("decodes by the reference arithmetic", () => {
      assert.deepEqual(exact(read(adpcm(), ["data", block]).samples), decoded);
    });

    it("ends where the fact chunk says", () => {
      const { samples, notes } = read(adpcm(), ["fact", le([4, 13])], ["data", join(block, block)]);
      assert.deepEqual(exact(samples), [...decoded, ...decoded.slice(0, 4)]);
      assert.deepEqual(notes, []);
    });

    it("does not believe a fact chunk that leaves blocks unused or claims more than there is", () => {
      const low = read(adpcm(), ["fact", le([4, 9])], ["data", join(block, block)]);
      assert.equal(low.samples.length, 18);
      assert.match(low.notes[0], /says 9 samples, the blocks hold 18/);
      const high = read(adpcm(), ["fact", le([4, 0xfffffff0])], ["data", block]);
      assert.equal(high.samples.length, 9);
      assert.match(high.notes[0], /9 are there and were read/);
    });

    it("reads the part of a last block that is there", () => {
      const { samples, notes } = read(adpcm(), ["data", join(block, block.subarray(0, 6)), 16]);
      assert.deepEqual(exact(samples), [...decoded, ...decoded.slice(0, 5)]);
      assert.match(notes[0], /^cut off/);
      const headless = read(adpcm(), ["data", join(block, block.subarray(0, 3))]);
      assert.equal(headless.samples.length, 9);
      assert.match(headless.notes[0], /no whole block header/);
    });
  });

  const data: Chunk = ["data", pcm16(1, 2, 3, 4)];
  const refused: [string, Uint8Array, RegExp][] = [
    ["an empty file", new Uint8Array(0), /is empty/],
    ["three bytes", ascii("RIF"), /is not a WAV file/],
    ["another RIFF", join(ascii("RIFF"), le([4, 4]), ascii("AVI ")), /is not a WAV file/],
    ["text", ascii("hello, this is no audio at all"), /is not a WAV file/],
    ["a big-endian file", join(ascii("RIFX"), le([4, 4]), ascii("WAVE")), /is RIFX/],
    ["a file without samples", riff(fmt(), ["data", new Uint8Array(0)]), /holds no samples/],
    ["a file of less than a sample", riff(fmt(), ["data", Uint8Array.of(1)]), /less than one sample/],
    ["a file without a data chunk", riff(fmt()), /has no data chunk/],
    ["samples before their format", riff(data, fmt()), /has no format chunk before/],
    ["two formats", riff(fmt(), fmt(), data), /two format chunks/],
    ["a file that ends in its format", riff(["fmt ", new Uint8Array(4), 16]), /ends inside its "fmt " chunk/],
    ["a chunk of 4 GB before the samples", riff(["junk", new Uint8Array(4), 0xffffffff], fmt(), data), /ends inside its "junk" chunk/],
    ["a format of 14 bytes", riff(["fmt ", new Uint8Array(14)], data), /format chunk of 14 bytes/],
    ["no channel", riff(fmt({ channels: 0, blockAlign: 2 }), data), /has no channel/],
    ["a rate of 0", riff(fmt({ rateHz: 0 }), data), /0 samples per second/],
    ["a rate of 4 GHz", riff(fmt({ rateHz: 0xffffffff }), data), /4294967295 samples per second/],
    ["12 bits", riff(fmt({ bits: 12, blockAlign: 2 }), data), /12 bits per PCM sample/],
    ["16-bit float", riff(fmt({ tag: 3 }), data), /16 bits per float sample/],
    ["a block align that lies", riff(fmt({ channels: 2, blockAlign: 2 }), data), /2 channels of 16 bits make 4 bytes, it says 2/],
    ["MS ADPCM", riff(fmt({ tag: 2, bits: 4, blockAlign: 256 }), data), /holds MS ADPCM/],
    ["mu-law", riff(fmt({ tag: 7, bits: 8 }), data), /holds mu-law/],
    ["an unknown codec", riff(fmt({ tag: 0x1234 }), data), /holds format 0x1234/],
    ["an extensible format without its extension", riff(fmt({ tag: 0xfffe }), data), /extension is cut off/],
    ["an unknown sub-format", riff(fmt({ tag: 0xfffe, extra: extension(1, 16).fill(9, 10) }), data), /unknown sub-format/],
    ["a float that is not a number", riff(fmt({ tag: 3, bits: 32 }), ["data", float(4, 0, NaN)]), /sample 1 is not a number/],
    ["a float beyond single precision", riff(fmt({ tag: 3, bits: 64 }), ["data", float(8, 1e300)]), /sample 0 is not a number/],
    ["stereo ADPCM", riff(fmt({ tag: 0x11, channels: 2, bits: 4, blockAlign: 16, extra: samplesPerBlock(9) }), data), /IMA ADPCM with 2 channels/],
    ["3-bit ADPCM", riff(fmt({ tag: 0x11, bits: 3, blockAlign: 8, extra: samplesPerBlock(9) }), data), /3 bits per sample/],
    ["ADPCM blocks without nibbles", riff(adpcm(4, 1), data), /blocks of 4 bytes/],
    ["a wrong count of samples per block", riff(adpcm(8, 16), data), /states 16 samples in a block of 8 bytes, which holds 9/],
    ["an ADPCM block with an impossible step index", riff(adpcm(), ["data", join(block, Uint8Array.of(0, 0, 89, 0, 0, 0, 0, 0))]), /block 1 begins with step index 89/],
    ["less than an ADPCM block header", riff(adpcm(), ["data", Uint8Array.of(1, 2, 3)]), /less than one ADPCM block header/],
    ["half an hour and more", riff(fmt({ bits: 8, rateHz: 1000 }), ["data", new Uint8Array(1_800_001)]), /lasts 1800 s/],
    ["thousands of chunks", riff(...Array.from({ length: 5000 }, (): Chunk => ["junk", new Uint8Array(0)]), fmt(), data), /more than 4096 chunks/],
  ];
  for (const [name, bytes, what] of refused) {
    it(`refuses ${name}`, () => {
      assert.throws(
        () => decodeWav(bytes, "in.wav"),
        (error) => error instanceof UserError && what.test(error.what) && !error.what.includes("\n") && error.what.includes("in.wav") && error.remedy !== "",
      );
    });
  }

  describe("of files", () => {
    const folder = mkdtempSync(joinPath(tmpdir(), "wav-"));
    after(() => rmSync(folder, { recursive: true }));

    it("reads one", () => {
      writeFileSync(joinPath(folder, "a.wav"), riff(fmt({ rateHz: 16000 }), ["data", pcm16(8192)]));
      const wav = readWav(joinPath(folder, "a.wav"));
      assert.deepEqual([wav.rateHz, wav.format.kind, ...wav.samples], [16000, "pcm", 0.25]);
    });

    it("refuses what does not exist and what is no file", () => {
      assert.throws(() => readWav(joinPath(folder, "none.wav")), /none\.wav does not exist/);
      assert.throws(() => readWav(folder), /is not a file/);
    });
  });
});
