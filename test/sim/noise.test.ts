// The noise source: its statistics, its repeatability and its independence of how it is asked.

import assert from "node:assert/strict";
import { Noise } from "../../sim/noise.ts";

const draw = (seed: number, count: number): Float64Array => {
  const values = new Float64Array(count);
  new Noise(seed).addNormal(values, count, 1);
  return values;
};

describe("the noise source", () => {
  it("has mean 0, variance 1 and the tails of a normal distribution", () => {
    const count = 400_000;
    const values = draw(7, count);
    const mean = values.reduce((sum, x) => sum + x, 0) / count;
    const variance = values.reduce((sum, x) => sum + x * x, 0) / count;
    const beyond2 = values.filter((x) => Math.abs(x) > 2).length / count;
    assert.ok(Math.abs(mean) < 0.01, `mean ${mean}`);
    assert.ok(Math.abs(variance - 1) < 0.02, `variance ${variance}`);
    assert.ok(Math.abs(beyond2 - 0.0455) < 0.003, `beyond two sigma ${beyond2}`);
  });

  it("is white: neighbours are uncorrelated", () => {
    const values = draw(9, 400_000);
    for (const lag of [1, 2, 4]) {
      let product = 0;
      for (let i = lag; i < values.length; i++) product += values[i]! * values[i - lag]!;
      assert.ok(Math.abs(product / values.length) < 0.01, `lag ${lag}: ${product / values.length}`);
    }
  });

  it("repeats for a seed and differs between neighbouring seeds", () => {
    assert.deepEqual(draw(3, 100), draw(3, 100));
    assert.notDeepEqual(draw(3, 100), draw(4, 100));
    assert.notDeepEqual(draw(0, 100), draw(1, 100));
  });

  it("gives the same run in whatever pieces it is drawn", () => {
    const pieces = new Noise(5);
    const joined = new Float64Array(30);
    for (let at = 0; at < 30; at += 10) pieces.addNormal(joined.subarray(at, at + 10), 10, 1);
    assert.deepEqual(joined, draw(5, 30));
  });
});
