// The kernel's machine code itself in the loop: what a recording and its playback leave in flash and on the speaker pin when
// the simulated board executes the Thumb bytes is what their twin makes of the same samples.

import assert from "node:assert/strict";
import { encoded, firstDifference, joined, rendered } from "../support/reference.ts";
import { playbacks } from "../support/speaker.ts";
import { Toy, assertPromisesKept, tone } from "../support/toy.ts";

describe("the kernel's Thumb bytes on the simulated board", () => {
  afterEach(assertPromisesKept);

  it("record and play as their twin does", function () {
    this.timeout(60_000);
    const toy = Toy.awake({ isThumb: true });
    toy.captured.length = 0;
    toy.speak(tone(440, 2), 600).hold(1800).wait(1000).tap().wait(2500);
    toy.assertHealthy();
    const message = toy.messages()[0]!;
    const twin = encoded(toy.board, joined(toy.captured));
    assert.ok(twin.samples > 8000);
    assert.equal(message.samples, twin.samples);
    assert.deepEqual(message.blocks, twin.blocks);
    const [played] = playbacks(toy, 0);
    assert.equal(firstDifference(rendered(toy.board, twin.blocks, twin.samples), played!.words), -1);
  });
});
