// The throughput of the host's codec and its peer's is measured on the same samples; how fast is the machine's affair.

import assert from "node:assert/strict";
import { hostThroughput } from "../../../tools/audio/bench.ts";

describe("hostThroughput", () => {
  it("gives a rate for either codec in either direction", () => {
    const { ours, imaadpcm, samples } = hostThroughput(1);
    for (const rate of [ours.encode, ours.decode, imaadpcm.encode, imaadpcm.decode]) assert.ok(rate > 0 && Number.isFinite(rate));
    assert.ok(samples >= 40 * 8000);
  });
});
