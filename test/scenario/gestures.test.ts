// The two long gestures: neither ever powers the microphone; the second leaves no byte of voice.

import assert from "node:assert/strict";
import { messageMemory } from "../../boards/flash-map.ts";
import { boards } from "../../boards/index.ts";
import { PAGE_BYTES } from "../../sim/flash.ts";
import { SHEET_BYTES } from "../../tools/image/blocks.ts";
import { messageSheets } from "../../tools/image/messages.ts";
import { give } from "../support/family.ts";
import { soundings, sounds } from "../support/speaker.ts";
import { Toy, assertPromisesKept, tone } from "../support/toy.ts";

const RESET_HOLD_MS = 10000;

describe("a gesture", () => {
  afterEach(assertPromisesKept);

  for (const board of boards) {
    describe(`on ${board.id}`, () => {
      const tapsAndHold = (toy: Toy, taps: number, ms: number): Toy => toy.tap(taps - 1).wait(150).hold(ms);

      for (const taps of [2, 3, 4, 5, 6, 7, 8, 9]) {
        it(`of ${taps} taps, the last held 12 s, never powers the microphone`, () => {
          const toy = Toy.awake({ board });
          tapsAndHold(toy, taps, 12000).wait(3000);
          assert.deepEqual(toy.lit("microphone"), []);
          toy.assertHealthy();
        });
      }

      it(board.capabilities.link ? "for pairing opens the window" : "for pairing answers no: there is no link", () => {
        const toy = Toy.awake({ board });
        toy.tap(4).wait(150);
        const fromMs = toy.nowMs;
        toy.hold(4000).wait(1000);
        assert.deepEqual(sounds(toy, fromMs), [board.capabilities.link ? "pairing" : "no"]);
        const { atMs } = soundings(toy, fromMs)[0]!;
        assert.ok(atMs - fromMs >= 3000 && atMs - fromMs < 3200, `after ${atMs - fromMs} ms`);
      });

      it("for reset warns at 3, 6 and 9 s and forgets after 10 s", () => {
        const toy = Toy.awake({ board });
        toy.speak(tone(440, 3), 400).hold(3000).wait(1500);
        toy.tap(6).wait(150);
        const fromMs = toy.nowMs;
        toy.hold(11000).wait(board.flashMap.log.kind === "flash" ? 40000 : 3000);
        const heard = soundings(toy, fromMs);
        assert.deepEqual(sounds(toy, fromMs), ["warning", "warning", "warning", "reset"]);
        for (const [i, { atMs }] of heard.slice(0, 3).entries()) {
          assert.ok(Math.abs(atMs - fromMs - 3000 * (i + 1)) < 200, `warning ${i + 1} after ${atMs - fromMs} ms`);
        }
        assert.ok(heard[3]!.atMs - fromMs > RESET_HOLD_MS);
        assert.equal(toy.messages().length, 0);
        const tappedMs = toy.nowMs;
        toy.tap().wait(1500);
        assert.deepEqual(sounds(toy, tappedMs), ["no"]);
        assert.equal(toy.lit("microphone").length, 1, "only for the recording before");
        toy.assertHealthy();
      });

      it("for reset warns aloud while a long message plays", () => {
        const toy = Toy.awake({ board });
        toy.speak(tone(440, 6), 400).hold(6000).wait(1500);
        toy.tap(6).wait(150);
        const fromMs = toy.nowMs;
        toy.hold(4000).wait(2000);
        assert.deepEqual(sounds(toy, fromMs), ["warning"]);
        toy.assertHealthy();
      });

      it("for reset is cancelled by a release", () => {
        const toy = Toy.awake({ board });
        toy.speak(tone(440, 3), 400).hold(3000).wait(1500);
        tapsAndHold(toy, 7, 9800).wait(3000);
        if (board.flashMap.log.kind === "flash") assert.equal(toy.messages().length, 1);
        const tappedMs = toy.nowMs;
        toy.tap().wait(1500);
        assert.notDeepEqual(sounds(toy, tappedMs), ["no"]);
        toy.assertHealthy();
      });

      const messages = messageMemory(board);
      if (messages.kind === "flash") {
        it("for reset leaves no byte of voice in flash", () => {
          const toy = new Toy({ board });
          give(toy, { sheet: 0, sequence: 1, seconds: 3, hz: 500 });
          give(toy, { sheet: 8, sequence: 2, seconds: 2, hz: 600, isHeard: true });
          // What a torn erase left: a page that begins as if it were blank, far from where housekeeping looks.
          const memory = toy.memories.find((candidate) => candidate.holds(messages.base, 1))!;
          const area = memory.bytes.subarray(messages.base - memory.base, messages.base - memory.base + messages.pages * PAGE_BYTES);
          area.fill(0x5a, messageSheets(board) * SHEET_BYTES - PAGE_BYTES + 100, messageSheets(board) * SHEET_BYTES);
          toy.powerOn().wait(4000);
          toy.speak(tone(440, 3), 400).hold(3000).wait(1500);
          assert.equal(toy.messages().length, 3);
          const key = toy.key;
          const before = Buffer.from(area.subarray(messageSheets(board) * SHEET_BYTES));
          tapsAndHold(toy, 7, 11000).wait(40000);
          const kept = messageSheets(board) * SHEET_BYTES;
          assert.equal(area.subarray(0, kept).findIndex((byte) => byte !== 0xff), -1, "a byte is left");
          assert.notDeepEqual(toy.key, key, "the key is another one");
          // Records begin anew under it: nothing of what was there before.
          const left = Buffer.from(area.subarray(kept));
          for (let at = 0; at + 16 <= before.length; at += 16) {
            // A page's own header tells its kind and age only.
            if (at % PAGE_BYTES === 0) continue;
            const old = before.subarray(at, at + 16);
            if (new Set(old).size > 8) assert.equal(left.indexOf(old), -1, "something from before is left");
          }
          toy.assertHealthy();
        });
      }
    });
  }
});
