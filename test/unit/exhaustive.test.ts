// The loops of other tests really see every case, and a sample is one.

import assert from "node:assert/strict";
import { exhaustive, range, sampling } from "../support/exhaustive.ts";

describe("An exhaustive loop", () => {
  afterEach(() => void (sampling.atMost = Infinity));

  it("sees every case", () => assert.deepEqual(exhaustive(range(100)), range(100)));

  it("sees as many as a run may take, the same every time, from everywhere", () => {
    sampling.atMost = 10;
    const sample = exhaustive(range(1000));
    assert.equal(sample.length, 10);
    assert.deepEqual(exhaustive(range(1000)), sample);
    assert.deepEqual([...new Set(sample)].sort((a, b) => a - b), sample);
    assert.ok(sample[0]! < 400 && sample[9]! > 600);
    assert.deepEqual(exhaustive(range(5)), range(5));
  });
});
