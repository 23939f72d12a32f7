// What taps play, what they stop, what becomes heard, and when the heart glows.

import assert from "node:assert/strict";
import { messageMemory } from "../../boards/flash-map.ts";
import { boards } from "../../boards/index.ts";
import { give } from "../support/family.ts";
import { firstDifference, rendered } from "../support/reference.ts";
import { playbacks, sounds } from "../support/speaker.ts";
import { Toy, assertPromisesKept, tone } from "../support/toy.ts";

const FIRST = { sheet: 0, sequence: 1, seconds: 1.2, hz: 500 };
const SECOND = { sheet: 2, sequence: 2, seconds: 0.8, hz: 700 };
const HEARD = { sheet: 3, sequence: 3, seconds: 0.9, hz: 900, isHeard: true };
const OWN = { sheet: 4, sequence: 4, seconds: 1, hz: 600, isOwn: true };

describe("a tap", () => {
  afterEach(assertPromisesKept);

  for (const board of boards) {
    describe(`on ${board.id}`, () => {
      it("says no when there is nothing to play", () => {
        const toy = Toy.awake({ board });
        const fromMs = toy.nowMs;
        toy.tap().wait(1500);
        assert.deepEqual(sounds(toy, fromMs), ["no"]);
        assert.deepEqual(playbacks(toy, fromMs), []);
        toy.assertHealthy();
      });

      it("stops what a tap before it started", () => {
        const toy = Toy.awake({ board });
        toy.speak(tone(440, 4), 400).hold(4000).wait(2500);
        const fromMs = toy.nowMs;
        toy.tap().wait(1500).tap().wait(3000);
        const [played, ...others] = playbacks(toy, fromMs);
        assert.deepEqual(others, []);
        const seconds = played!.words.length / board.speaker.carrierHz;
        assert.ok(seconds > 1 && seconds < 2.2, `${seconds} s were handed to the speaker`);
        assert.deepEqual(sounds(toy, fromMs), []);
        toy.assertHealthy();
      });
    });
  }

  for (const board of boards.filter(({ flashMap }) => flashMap.log.kind === "flash")) {
    describe(`with messages in the flash of ${board.id}`, () => {
      let toy: Toy;
      beforeEach(() => {
        toy = new Toy({ board });
      });

      function wake(): void {
        toy.powerOn().wait(4000);
      }

      function tapsOnce(): Uint16Array {
        const fromMs = toy.nowMs;
        toy.tap().wait(2500);
        const all = playbacks(toy, fromMs);
        assert.equal(all.length, 1);
        return all[0]!.words;
      }

      const isGlowing = (): boolean => toy.lit("glow").some(({ toUs }) => toUs === toy.machine.clock.now);

      it("plays the oldest unheard one first and marks it heard, then the next, then the last heard again", () => {
        const first = give(toy, FIRST);
        const second = give(toy, SECOND);
        const heard = give(toy, HEARD);
        give(toy, OWN);
        wake();
        assert.deepEqual(toy.messages().map(({ isHeard }) => isHeard), [false, false, true, false]);
        assert.equal(isGlowing(), true, "the heart glows while unheard messages wait");
        const words = [first, second, heard].map(({ blocks, samples }) => rendered(board, blocks, samples));
        assert.equal(firstDifference(words[0]!, tapsOnce()), -1);
        assert.deepEqual(toy.messages().map(({ isHeard }) => isHeard), [true, false, true, false]);
        assert.equal(isGlowing(), true);
        assert.equal(firstDifference(words[1]!, tapsOnce()), -1);
        assert.deepEqual(toy.messages().map(({ isHeard }) => isHeard), [true, true, true, false]);
        assert.equal(isGlowing(), false, "nothing unheard is left");
        assert.equal(firstDifference(words[2]!, tapsOnce()), -1);
        toy.assertHealthy();
      });

      it("stays heard through a power cut", () => {
        give(toy, FIRST);
        wake();
        tapsOnce();
        toy.machine.cutPower();
        wake();
        assert.equal(toy.messages()[0]!.isHeard, true);
        assert.equal(isGlowing(), false);
        toy.assertHealthy();
      });

      it("twice plays the child's own recording and leaves the family's unheard", () => {
        give(toy, FIRST);
        const own = give(toy, OWN);
        wake();
        const fromMs = toy.nowMs;
        toy.tap(2).wait(2500);
        const last = playbacks(toy, fromMs).at(-1)!;
        assert.equal(firstDifference(rendered(board, own.blocks, own.samples), last.words), -1);
        assert.equal(toy.messages()[0]!.isHeard, false, "a message cut off by the second tap has not been heard");
        assert.equal(isGlowing(), true);
        toy.assertHealthy();
      });

      it("on a damaged message says so and plays no wrong sound", () => {
        give(toy, FIRST);
        const messages = messageMemory(board);
        if (messages.kind !== "flash") return;
        const memory = toy.memories.find((candidate) => candidate.holds(messages.base, 1))!;
        memory.bytes[messages.base - memory.base + 500]! ^= 0x10;
        wake();
        const fromMs = toy.nowMs;
        toy.tap().wait(2500);
        assert.deepEqual(sounds(toy, fromMs), ["error"]);
        assert.ok(playbacks(toy, fromMs).every(({ words }) => words.every((word) => word === words[0])), "something sounded");
        toy.assertHealthy();
      });
    });
  }
});
