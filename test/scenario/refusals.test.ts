// When the toy cannot record it says why, each with its own sound, and the microphone stays without power.

import assert from "node:assert/strict";
import { boards } from "../../boards/index.ts";
import { xiaoble } from "../../boards/xiaoble.ts";
import { kernelImage } from "../../firmware/voice/kernel.generated.ts";
import { messageSheets } from "../../tools/image/messages.ts";
import { fill } from "../support/family.ts";
import { playbacks, sounds } from "../support/speaker.ts";
import { Toy, assertPromisesKept, bundleOf, tone } from "../support/toy.ts";

/** A sheet holds a little more than two seconds. */
const LONGEST_IN_SHEETS = 20;

describe("the toy refuses", () => {
  afterEach(assertPromisesKept);

  for (const board of boards) {
    if (messageSheets(board) === 0) continue;
    it(`on ${board.id} to record over unheard messages when it is full of them`, () => {
      const toy = new Toy({ board });
      fill(toy, { sheetsEach: LONGEST_IN_SHEETS });
      toy.powerOn().wait(5000);
      const before = toy.messages();
      const fromMs = toy.nowMs;
      toy.speak(tone(440, 3)).hold(3000).wait(2000);
      assert.deepEqual(sounds(toy, fromMs), ["full"]);
      assert.deepEqual(toy.lit("microphone"), []);
      assert.deepEqual(toy.messages(), before, "no message is touched");
      toy.assertHealthy();
    });

    it(`on ${board.id} nothing when the room is taken by heard messages: the oldest go`, () => {
      const toy = new Toy({ board });
      fill(toy, { sheetsEach: 5, isHeard: true });
      toy.powerOn().wait(30000);
      const fromMs = toy.nowMs;
      toy.speak(tone(440, 3), 400).hold(3000).wait(2000);
      assert.deepEqual(sounds(toy, fromMs), ["start", "stop"]);
      const left = toy.messages();
      assert.equal(left.at(-1)!.isOwn, true);
      assert.notEqual(left[0]!.sequence, 1);
      assert.ok(left.every(({ blocks }) => blocks), "a message that stayed is damaged");
      toy.assertHealthy();
    });
  }

  it("to begin a recording on a low battery", () => {
    const toy = Toy.awake({ batteryMillivolts: xiaoble.battery!.lowMillivolts - 100 });
    const fromMs = toy.nowMs;
    toy.speak(tone(440, 3)).hold(3000).wait(2000);
    assert.deepEqual(sounds(toy, fromMs), ["battery"]);
    assert.deepEqual(toy.lit("microphone"), []);
    toy.assertHealthy();
  });

  it("nothing on a battery that is just good enough, whose divider is never cut off from ground", () => {
    const toy = Toy.awake({ batteryMillivolts: xiaoble.battery!.lowMillivolts + 100 });
    const fromMs = toy.nowMs;
    toy.speak(tone(440, 3)).hold(3000).wait(2000);
    assert.deepEqual(sounds(toy, fromMs), ["start", "stop"]);
    const enable = xiaoble.battery!.enable!;
    assert.deepEqual([...new Set(toy.world.changes.get(enable.nrf)!.map(({ drive }) => drive.kind === "level" && drive.level))], [enable.on]);
  });

  for (const board of boards) {
    it(`on ${board.id} all audio when the kernel's bytes are altered in flash`, () => {
      const toy = new Toy({ board, bundle: withAlteredKernel(bundleOf(board)) });
      toy.powerOn();
      // The tone may begin within the boot.
      toy.wait(5000);
      assert.deepEqual(sounds(toy, 0), ["error"], "said once at boot");
      const fromMs = toy.nowMs;
      toy.speak(tone(440, 3)).hold(3000).wait(2000);
      assert.deepEqual(sounds(toy, fromMs), ["error"], "and at each hold");
      const tappedMs = toy.nowMs;
      toy.tap().wait(2000);
      assert.deepEqual(playbacks(toy, tappedMs), []);
      assert.deepEqual(toy.lit("microphone"), []);
      assert.deepEqual(toy.machine.uncaught, []);
    });
  }
});

/** Turns one bit of the machine code in the bundle's text; the rest is whole, and so are its checks. */
function withAlteredKernel(bundle: string): string {
  // A run of plain letters or digits of the code stands in the text as it is.
  const plain = /[0-9A-Za-z]{3,}/g;
  for (let match = plain.exec(kernelImage.code); match; match = plain.exec(kernelImage.code)) {
    const around = kernelImage.code.slice(match.index, match.index + match[0].length);
    const at = bundle.indexOf(around);
    if (at < 0 || bundle.indexOf(around, at + 1) >= 0) continue;
    return bundle.slice(0, at) + String.fromCharCode(bundle.charCodeAt(at) ^ 1) + bundle.slice(at + 1);
  }
  throw new Error("no such run in the bundle");
}
