// Resampling and levels: tones stay tones, lengths are exact, nothing folds.

import assert from "node:assert/strict";
import { normalise, peakOf, resample } from "../../../tools/audio/resample.ts";

const tone = (hz: number, rateHz: number, count: number): Float32Array => Float32Array.from({ length: count }, (_, i) => 0.5 * Math.sin((2 * Math.PI * hz * i) / rateHz));

function snrDb(actual: Float32Array, expected: Float32Array): number {
  const skip = actual.length >> 3;
  let signal = 0;
  let error = 0;
  for (let i = skip; i < actual.length - skip; i++) {
    signal += expected[i] ** 2;
    error += (actual[i] - expected[i]) ** 2;
  }
  return 10 * Math.log10(signal / error);
}

describe("resample", () => {
  for (const [from, to] of [[44100, 8000], [48000, 8000], [8000, 48000], [11025, 8000], [192000, 8000]]) {
    it(`carries a tone at 3.4 kHz from ${from} Hz to ${to} Hz with more than 110 dB`, async () => {
      const count = Math.round(from * 0.4);
      const out = await resample(tone(3400, from, count), from, to);
      assert.equal(out.length, Math.round((count * to) / from));
      assert.ok(snrDb(out, tone(3400, to, out.length)) > 110);
    });
  }

  it("joins its pieces without a seam, loses no tail where a piece ends with the input, and reports its progress", async () => {
    const heard: number[] = [];
    const out = await resample(tone(1000, 16000, 3 * 65536), 16000, 8000, (done) => heard.push(done));
    assert.ok(snrDb(out, tone(1000, 8000, 3 * 32768)) > 110);
    assert.ok(heard.length >= 3 && heard.every((done, i) => i === 0 || done >= heard[i - 1]));
    assert.equal(heard.at(-1), 1);
  });

  it("does not fold what the new rate cannot hold", async () => {
    assert.ok(peakOf((await resample(tone(6000, 44100, 22050), 44100, 8000)).subarray(500, 3500)) < 1e-4);
  });

  it("reads a view into a larger buffer from where the view begins", async () => {
    const whole = tone(1000, 16000, 9000);
    assert.deepEqual(await resample(whole.subarray(1000), 16000, 8000), await resample(whole.slice(1000), 16000, 8000));
  });

  it("copies at equal rates", async () => {
    const input = Float32Array.of(1, 2);
    const out = await resample(input, 8000, 8000);
    assert.deepEqual(out, input);
    assert.notEqual(out, input);
  });

  it("refuses rates that the converter would bend", async () => {
    for (const rate of [0, -8000, 8064.5, 200000, NaN, 31]) await assert.rejects(resample(Float32Array.of(1), rate, 8000), RangeError);
  });
});

describe("normalise", () => {
  it("puts the peak where it is told", () => {
    assert.ok(Math.abs(peakOf(normalise(Float32Array.of(0.1, -0.2), -6)) - 10 ** (-6 / 20)) < 1e-7);
  });

  it("refuses digital silence", () => {
    assert.throws(() => normalise(new Float32Array(8), -6), { name: "UserError" });
  });
});
