// The WAV writer: header fields byte by byte, odd lengths, and files that appear whole or not at all.

import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join as joinPath } from "node:path";
import { BLOCK_BYTES, BLOCK_SAMPLES } from "../../../firmware/voice/abi.ts";
import { encodeBlocks } from "../../../tools/audio/encoder.ts";
import { decodeWav } from "../../../tools/audio/wav.ts";
import { adpcmWav, fromPcm16, pcm16Wav, toPcm16, writeFileAtomic } from "../../../tools/audio/wav-write.ts";
import { fmt, join, le, pcm16, riff, samplesPerBlock } from "./wav-bytes.ts";

const ramp = (count: number): Int16Array => Int16Array.from({ length: count }, (_, i) => 12000 * Math.sin(i / 9));

describe("WAV writer", () => {
  it("writes 16-bit PCM as the format says", () => {
    assert.deepEqual(pcm16Wav(Int16Array.of(1, -2, 32767), 22050), riff(fmt({ rateHz: 22050 }), ["data", pcm16(1, -2, 32767)]));
  });

  it("writes IMA ADPCM as the format says: block align, samples per block, fact", () => {
    const blocks = new Uint8Array(2 * 8);
    const bytes = adpcmWav(blocks, 8, 10, 8000);
    const expected = riff(
      // 8 bytes for 9 samples: 7111 bytes per second.
      ["fmt ", join(le([2, 0x11], [2, 1], [4, 8000], [4, 7111], [2, 8], [2, 4]), samplesPerBlock(9))],
      ["fact", le([4, 10])],
      ["data", blocks],
    );
    assert.deepEqual(bytes, expected);
  });

  it("pads an odd data chunk and counts the padding only in the file's size", () => {
    const bytes = adpcmWav(new Uint8Array(9), 9, 11, 8000);
    assert.equal(bytes.length % 2, 0);
    const view = new DataView(bytes.buffer);
    assert.equal(view.getUint32(4, true), bytes.length - 8);
    assert.equal(view.getUint32(bytes.length - 14, true), 9);
  });

  for (const count of [1, 2, 3, BLOCK_SAMPLES - 1, BLOCK_SAMPLES, BLOCK_SAMPLES + 1, 2 * BLOCK_SAMPLES + 2]) {
    it(`keeps the exact count of ${count} samples through ADPCM`, () => {
      const { samples, notes } = decodeWav(adpcmWav(encodeBlocks(ramp(count)), BLOCK_BYTES, count, 8000), "x.wav");
      assert.equal(samples.length, count);
      assert.deepEqual(notes, []);
    });
  }

  it("refuses blocks and counts that do not belong together", () => {
    assert.throws(() => adpcmWav(new Uint8Array(16), 8, 9, 8000), RangeError);
    assert.throws(() => adpcmWav(new Uint8Array(8), 8, 10, 8000), RangeError);
    assert.throws(() => adpcmWav(new Uint8Array(0), 8, 0, 8000), RangeError);
  });

  it("takes every 16-bit value to full scale and back", () => {
    const all = Int16Array.from({ length: 65536 }, (_, i) => i - 32768);
    assert.deepEqual(toPcm16(fromPcm16(all)), all);
  });

  it("clips at full scale instead of wrapping", () => {
    assert.deepEqual([...toPcm16([1, 1.5, -1, -1.5, 1e9])], [32767, 32767, -32768, -32768, 32767]);
  });

  describe("of files", () => {
    const folder = mkdtempSync(joinPath(tmpdir(), "wav-"));
    after(() => rmSync(folder, { recursive: true }));

    it("replaces a file and leaves nothing beside it", () => {
      const path = joinPath(folder, "a.wav");
      writeFileSync(path, "old");
      writeFileAtomic(path, "new");
      assert.equal(readFileSync(path, "utf8"), "new");
      assert.deepEqual(readdirSync(folder), ["a.wav"]);
    });

    it("fails with a remedy where it cannot write, and leaves nothing", () => {
      const path = joinPath(folder, "none", "a.wav");
      assert.throws(() => writeFileAtomic(path, "x"), { name: "UserError", what: `${path} cannot be written (ENOENT)` });
      assert.equal(existsSync(joinPath(folder, "none")), false);
      // The target is a folder: the temporary file was written, the rename fails.
      assert.throws(() => writeFileAtomic(folder, "x"), { name: "UserError" });
      assert.deepEqual(readdirSync(joinPath(folder, "..")).filter((name) => name.endsWith(`.${process.pid}.tmp`)), []);
    });
  });
});
