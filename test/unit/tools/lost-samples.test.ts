// Forty seconds of voice through both implementations of the audio ports, counted at the converter and at the pin.

import assert from "node:assert/strict";
import { DMA, PROMISED, WAVEFORM, playing, recording } from "../../../tools/sim/lost-samples.ts";

/** Longer than the two buffers of either implementation. */
const LONG = { stallMs: 1300, everyMs: 5000 };

describe("40 s of voice with an interpreter that stalls, bonds that are rewritten and a connection", () => {
  it("lose nothing by DMA, and keep time to the microsecond", () => {
    assert.deepEqual(recording(DMA, PROMISED), { samples: 0, reported: 0, worstUs: 0 });
    assert.deepEqual(playing(DMA, PROMISED), { samples: 0, reported: 0, worstUs: 0 });
  });

  it("lose samples by Waveform, which nobody hears of, and stand still in mid-word", () => {
    const recorded = recording(WAVEFORM, PROMISED);
    assert.ok(recorded.samples > 1000, `${recorded.samples} lost`);
    assert.equal(recorded.reported, 0);
    assert.ok(recorded.worstUs > 80_000 && playing(WAVEFORM, PROMISED).worstUs > 80_000);
  });

  it("are missed by the count that DMA reports, when the stall is longer than its buffers", () => {
    const { samples, reported } = recording(DMA, LONG);
    assert.ok(samples > 0);
    assert.equal(reported, samples);
  });

  it("are counted by DMA as playing late then", () => {
    const { samples, reported } = playing(DMA, { stallMs: 600, everyMs: 4000 });
    assert.ok(samples > 0 && reported > 0, `${samples} places, ${reported} reported`);
  });

  it("are counted by Waveform too where it can tell, and never in full", () => {
    const { samples, reported } = recording(WAVEFORM, LONG);
    assert.ok(reported > 0 && reported < samples, `${reported} of ${samples}`);
  });
});
