// The SNR meter against signals whose noise, delay, level and response are known.

import assert from "node:assert/strict";
import { compare } from "../../../tools/audio/metrics.ts";
import { decimate, retime } from "../../../tools/audio/retime.ts";

const RATE = 8000;

/** Uniform noise in +-1 with a seed of its own. */
function noise(seed: number): () => number {
  let s = seed;
  return () => {
    s = (Math.imul(s, 1664525) + 1013904223) | 0;
    return s / 2 ** 31;
  };
}

/** Low-passed noise in bursts, as voices are. */
function voice(count: number): Float64Array {
  const random = noise(1);
  let held = 0;
  return Float64Array.from({ length: count }, (_, i) => {
    held += 0.4 * (random() - held);
    return held * (0.1 + Math.max(0, Math.sin(i / 1500)));
  });
}

const power = (x: ArrayLike<number>): number => Array.from(x).reduce((sum, v) => sum + v * v, 0) / x.length;
const near = (actual: number, expected: number, tolerance: number): void => assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not ${expected} +- ${tolerance}`);

/** What is left of a signal in the voice band, measured independently of the meter: a slow DFT of one second. */
function bandShare(x: Float64Array): number {
  const cos = Float64Array.from({ length: RATE }, (_, i) => Math.cos((2 * Math.PI * i) / RATE));
  let inside = 0;
  let all = 0;
  for (let f = 0; f <= RATE / 2; f++) {
    let re = 0;
    let im = 0;
    for (let i = 0; i < RATE; i++) {
      re += x[i] * cos[(f * i) % RATE];
      im += x[i] * cos[(f * i + (3 * RATE) / 4) % RATE];
    }
    all += re * re + im * im;
    if (f >= 100 && f <= 3600) inside += re * re + im * im;
  }
  return inside / all;
}

describe("compare", () => {
  const reference = voice(6 * RATE);

  it("finds no noise between equal signals", () => {
    const { snrDb, delayMs, gainDb, deviationDb } = compare(reference, reference, { rateHz: RATE });
    assert.ok(snrDb > 90);
    near(delayMs, 0, 0.001);
    near(gainDb, 0, 0.001);
    near(deviationDb, 0, 0.01);
  });

  it("measures added noise in the voice band", () => {
    const random = noise(2);
    const steady = voice(RATE).map((x, i) => x / (0.1 + Math.max(0, Math.sin(i / 1500))));
    const added = steady.map(() => 0.01 * random());
    const expected = 10 * Math.log10((power(steady) * bandShare(steady)) / (power(added) * bandShare(added)));
    const { snrDb } = compare(steady, steady.map((x, i) => x + added[i]), { rateHz: RATE, taps: 33 });
    near(snrDb, expected, 0.2);
  });

  it("does not count what lies outside the band", () => {
    const hum = reference.map((x, i) => x + 0.5 * Math.sin((2 * Math.PI * 50 * i) / RATE) + 0.5 * Math.sin((2 * Math.PI * 3800 * i) / RATE));
    assert.ok(compare(reference, hum, { rateHz: RATE }).snrDb > 60);
    const tone = reference.map((x, i) => x + 0.05 * Math.sin((2 * Math.PI * 1000 * i) / RATE));
    assert.ok(compare(reference, tone, { rateHz: RATE }).snrDb < 25);
  });

  for (const delay of [-9000, -1, 0, 7, 12345]) {
    it(`finds a delay of ${delay} samples, level and polarity aside`, () => {
      const observed = new Float64Array(reference.length + Math.max(0, delay));
      for (let i = 0; i < observed.length; i++) observed[i] = -0.3 * (reference[i - delay] ?? 0);
      const { snrDb, delayMs, gainDb } = compare(reference, observed, { rateHz: RATE });
      assert.ok(snrDb > 90);
      near(delayMs, delay / 8, 0.001);
      near(gainDb, 20 * Math.log10(0.3), 0.001);
    });
  }

  it("states a linear response apart from the noise", () => {
    const dull = reference.map((x, i) => 0.5 * (x + (i > 0 ? reference[i - 1] : 0)));
    const { snrDb, deviationDb, delayMs } = compare(reference, dull, { rateHz: RATE });
    assert.ok(snrDb > 80);
    // |cos(pi f / rate)|: -16 dB at 3600 Hz against near 0 dB where the voice is.
    assert.ok(deviationDb > 10);
    near(delayMs, 0.0625, 0.002);
  });

  it("notices one sample that was dropped", () => {
    const dropped = Float64Array.from([...reference.subarray(0, 24000), ...reference.subarray(24001)]);
    assert.ok(compare(reference, dropped, { rateHz: RATE }).snrDb < 20);
  });

  it("undoes a rate error that it is told", () => {
    const ratio = 1.008;
    const observed = retime(reference, 1 / ratio);
    assert.ok(compare(reference, observed, { rateHz: RATE, rateRatio: ratio }).snrDb > 60);
    assert.ok(compare(reference, observed, { rateHz: RATE }).snrDb < 5);
  });

  it("refuses silence, too short an overlap and impossible bands", () => {
    assert.throws(() => compare(reference, new Float64Array(reference.length), { rateHz: RATE }), /nothing of the reference/);
    assert.throws(() => compare(reference.subarray(0, 1000), reference, { rateHz: RATE }), /overlap too little/);
    assert.throws(() => compare(reference, reference, { rateHz: RATE, highHz: 4000 }), RangeError);
    assert.throws(() => compare(reference, reference, { rateHz: RATE, taps: 64 }), RangeError);
  });
});

describe("retime", () => {
  it("reads a tone between its samples", () => {
    const tone = (i: number): number => Math.sin((2 * Math.PI * 3000 * i) / RATE);
    const read = retime(Float64Array.from({ length: 2000 }, (_, i) => tone(i)), 1.003);
    assert.equal(read.length, Math.floor(1999 / 1.003) + 1);
    for (let n = 100; n < 1800; n++) near(read[n], tone(n * 1.003), 3e-5);
  });

  it("refuses a ratio that is no small error", () => {
    assert.throws(() => retime([1, 2], 2), RangeError);
  });
});

describe("decimate", () => {
  const tone = (hz: number): Float64Array => Float64Array.from({ length: 24000 }, (_, i) => Math.SQRT2 * Math.sin((2 * Math.PI * hz * i) / 48000));
  const levelDb = (x: Float64Array): number => 10 * Math.log10(power(x.subarray(500, 3500)));

  it("keeps the voice band, without delay", () => {
    for (const hz of [100, 1000, 3600]) near(levelDb(decimate(tone(hz), 6)), 0, 0.01);
    const tones = tone(1000);
    near(decimate(tones, 6)[1001], tones[6006], 1e-4);
  });

  it("lets nothing fold into the voice band", () => {
    for (const hz of [4400, 5000, 9000, 23000]) assert.ok(levelDb(decimate(tone(hz), 6)) < -100);
  });

  it("refuses what is no whole number", () => {
    assert.throws(() => decimate([1], 1.5), RangeError);
    assert.throws(() => decimate([1], 0), RangeError);
  });
});
