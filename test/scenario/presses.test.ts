// Which presses record: none shorter than 0.3 s, none that belongs to a tap before it, none with too little voice, none longer
// than the limit, and none that nobody made.

import assert from "node:assert/strict";
import { boards } from "../../boards/index.ts";
import { sounds } from "../support/speaker.ts";
import { Toy, assertPromisesKept, tone } from "../support/toy.ts";

describe("a press", () => {
  afterEach(assertPromisesKept);

  for (const board of boards) {
    describe(`on ${board.id}`, () => {
      const kept = (toy: Toy): number => toy.messages().length;

      for (const ms of [12, 50, 150, 250, 290]) {
        it(`of ${ms} ms never powers the microphone`, () => {
          const toy = Toy.awake({ board });
          toy.hold(ms).wait(2500);
          assert.deepEqual(toy.lit("microphone"), []);
          assert.deepEqual(toy.lit("light"), []);
          assert.equal(kept(toy), 0);
          toy.assertHealthy();
        });
      }

      it("of a bounce is none, unless housekeeping or the link's look at the radio holds up the watch: then it may be a tap", () => {
        const toy = Toy.awake({ board }).wait(20_000);
        const looks = toy.machine.radioCalls.length;
        for (let ms = 0; board.capabilities.link && ms < 1100 && toy.machine.radioCalls.length === looks; ms++) toy.wait(1);
        toy.wait(100);
        const fromMs = toy.nowMs;
        for (let i = 0; i < 8; i++) toy.hold(1).wait(2);
        toy.wait(1500);
        assert.deepEqual(sounds(toy, fromMs), []);
        assert.deepEqual(toy.lit("microphone"), []);
      });

      it("that begins within 350 ms of a tap does nothing, however long", () => {
        const toy = Toy.awake({ board });
        toy.tap().wait(250).hold(2000).wait(1500);
        assert.deepEqual(toy.lit("microphone"), []);
        assert.equal(kept(toy), 0);
        toy.assertHealthy();
      });

      it("that begins 500 ms after a tap records", () => {
        const toy = Toy.awake({ board });
        const fromMs = toy.nowMs;
        toy.tap().wait(500).hold(2000).wait(1500);
        assert.equal(toy.lit("microphone").length, 1);
        assert.deepEqual(sounds(toy, fromMs).slice(-2), ["start", "stop"]);
        toy.assertHealthy();
      });

      for (const ms of [330, 420, 600, 800]) {
        it(`of ${ms} ms gives less than half a second of voice: no, and nothing is kept`, () => {
          const toy = Toy.awake({ board });
          const fromMs = toy.nowMs;
          toy.speak(tone(440, 2)).hold(ms).wait(2500);
          // Very short ones cut the start chirp off.
          assert.match(sounds(toy, fromMs).at(-1)!, /(^no| 392)$/);
          assert.equal(kept(toy), 0);
          const tappedMs = toy.nowMs;
          toy.tap().wait(1500);
          assert.deepEqual(sounds(toy, tappedMs), ["no"], "there is nothing to play");
          toy.assertHealthy();
        });
      }

      it("stuck down ends at the limit and does not record again until it was released", () => {
        const toy = Toy.awake({ board });
        const seconds = board.flashMap.log.kind === "ram" ? board.flashMap.log.seconds : 40;
        const pressedMs = toy.nowMs;
        toy.press().wait(seconds * 1000 + 20000);
        const hearing = toy.lit("microphone");
        assert.equal(hearing.length, 1);
        const heardMs = (hearing[0]!.toUs - hearing[0]!.fromUs) / 1000;
        assert.ok(heardMs > seconds * 1000 && heardMs < seconds * 1000 + 1100, `${heardMs} ms`);
        // Five seconds of room are told where there are more than ten.
        assert.deepEqual(sounds(toy, pressedMs), seconds > 10 ? ["start", "ending", "stop"] : ["start", "stop"]);
        if (board.flashMap.log.kind === "flash") assert.equal(toy.messages()[0]!.samples, seconds * 8000);
        toy.release().wait(1000).hold(2000).wait(1500);
        assert.equal(toy.lit("microphone").length, 2);
        toy.assertHealthy();
      });
    });
  }
});
