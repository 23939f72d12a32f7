// JavaScript stands still for longer than the buffers last: samples are lost then, but whole buffers of them, and the toy ends in
// a defined state with a message in which nothing is wrong but what is missing.

import assert from "node:assert/strict";
import { boards } from "../../boards/index.ts";
import { numberMicrophone } from "../support/numbered.ts";
import { encoded, joined } from "../support/reference.ts";
import { playbacks, sounds } from "../support/speaker.ts";
import { Toy, assertPromisesKept, tone } from "../support/toy.ts";

const STALL_MS = 1300;
/** All that was captured meanwhile, up to two buffers, comes at once when the recording ends. */
const STALLS_AT_RELEASE_MS = [400, 600, 800, STALL_MS];
const RESULTS_PER_MS = 16;

describe(`a stall of ${STALL_MS} ms`, () => {
  afterEach(assertPromisesKept);

  for (const board of boards) {
    describe(`on ${board.id}`, () => {
      it("in a recording loses whole buffers and nothing else", () => {
        const toy = Toy.awake({ board });
        const numbers = numberMicrophone(toy);
        toy.captured.length = 0;
        const fromMs = toy.nowMs;
        toy.press().wait(1500).stall(STALL_MS).wait(2000).release().wait(2000);
        let next = 0;
        let lost = 0;
        for (const words of toy.captured) {
          const at = numbers.locate(words, next);
          assert.ok(at >= 0, "a captured buffer is out of place");
          assert.equal(numbers.firstWrong(words, at), -1, "a buffer holds words of two times");
          lost += at - next;
          next = at + words.length;
        }
        // At most what came while JavaScript stood still, less the two buffers that the hardware fills alone.
        assert.ok(lost > 0 && lost <= STALL_MS * RESULTS_PER_MS, `${lost} results are missing`);
        assert.equal(lost % 800, 0, `${lost} missing results are not whole buffers`);
        assert.deepEqual(sounds(toy, fromMs), ["start", "stop"]);
        if (board.flashMap.log.kind === "flash") assert.deepEqual(toy.messages()[0]!.blocks, encoded(board, joined(toy.captured)).blocks);
        toy.assertHealthy();
      });

      for (const ms of STALLS_AT_RELEASE_MS) {
        it(`or of ${ms} ms at the release ends the recording that much later, with its message`, () => {
          const toy = Toy.awake({ board });
          const fromMs = toy.nowMs;
          toy.speak(tone(440, 4)).press().wait(2000).stall(ms).release().wait(2500);
          assert.deepEqual(sounds(toy, fromMs), ["start", "stop"]);
          assert.equal(toy.isListening, false);
          toy.assertHealthy();
        });
      }

      it("in a playback ends in silence all the same", () => {
        const toy = Toy.awake({ board });
        toy.speak(tone(440, 4), 400).hold(4000).wait(2500);
        const fromMs = toy.nowMs;
        toy.tap().wait(1200).stall(STALL_MS).wait(6000);
        assert.equal(playbacks(toy, fromMs, true).length, 1);
        assert.equal(toy.lastLevel(board.speaker.output), 0);
        const tappedMs = toy.nowMs;
        toy.tap().wait(1000);
        assert.equal(playbacks(toy, tappedMs).length, 1, "the next tap plays again");
        toy.wait(5000).assertHealthy();
      });
    });
  }
});
