// A child presses everything for minutes, seeded. Nothing breaks, no promise is broken, and the toy comes to rest.

import assert from "node:assert/strict";
import { boards } from "../../boards/index.ts";
import { observed } from "../support/attack-table.ts";
import { random } from "../support/random.ts";
import { playbacks, sounds } from "../support/speaker.ts";
import { Toy, assertPromisesKept, tone } from "../support/toy.ts";

const MINUTES = 10;
/** On the bench boards, to keep the tests short. */
const BENCH_MINUTES = 4;
/** Long enough for the longest playback, and for a reset to forget a whole flash. */
const REST_MS = 60000;

describe("a child that presses at random for minutes", () => {
  afterEach(assertPromisesKept);

  for (const [seed, board] of boards.entries()) {
    it(`T52 finds nothing that breaks on ${board.id}`, () => {
      const next = random(seed + 1);
      const toy = Toy.awake({ board });
      const voice = tone(300, 60, 0.3);
      const minutes = board.role === "product" ? MINUTES : BENCH_MINUTES;
      const untilMs = toy.nowMs + minutes * 60000;
      while (toy.nowMs < untilMs) {
        const kind = next();
        if (kind < 0.1) toy.speak(voice);
        // Bounces, taps, holds, and now and then the long gestures.
        if (kind < 0.2) toy.hold(1 + 20 * next()).wait(400 * next());
        else if (kind < 0.55) toy.hold(30 + 300 * next()).wait(20 + 400 * next());
        else if (kind < 0.85) toy.hold(250 + 4000 * next()).wait(10 + 1500 * next());
        else if (kind < 0.9) toy.hold(10000 * next()).wait(3000 * next());
        else if (kind < 0.95) toy.tap(4).wait(150).hold(3500 * next()).wait(500);
        else if (kind < 0.98) toy.tap(6).wait(150).hold(9000 * next()).wait(500);
        else toy.wait(8000 * next());
      }
      toy.wait(REST_MS);
      const restMs = toy.nowMs;
      toy.wait(5000);
      assert.equal(toy.isListening, false);
      assert.deepEqual(sounds(toy, restMs), []);
      assert.deepEqual(playbacks(toy, restMs), []);
      assert.equal(toy.lastLevel(board.speaker.output), 0, "the speaker rests");
      for (const { sequence, blocks } of toy.messages()) assert.ok(blocks, `message ${sequence} is damaged`);
      // And it still does what it is for.
      toy.speak(tone(440, 2), 400).hold(2000).wait(2000);
      assert.deepEqual(sounds(toy, restMs), ["start", "stop"]);
      toy.assertHealthy();
      observed("T52", `${minutes} minutes of presses at random on ${board.id}`, "microphone off at rest, no message damaged, it records as before");
    });
  }

  it("forgets everything when that is what was pressed, and records again", () => {
    const toy = Toy.awake();
    toy.speak(tone(440, 2), 400).hold(2000).wait(1500).tap(6).wait(150).hold(11000);
    // Presses while it forgets mean nothing.
    const next = random(9);
    for (let i = 0; i < 20; i++) toy.hold(50 + 600 * next()).wait(300 * next());
    toy.wait(REST_MS);
    assert.equal(toy.messages().length, 0);
    const fromMs = toy.nowMs;
    toy.speak(tone(440, 2), 400).hold(2000).wait(1500);
    assert.deepEqual(sounds(toy, fromMs), ["start", "stop"]);
    toy.assertHealthy();
  });
});
