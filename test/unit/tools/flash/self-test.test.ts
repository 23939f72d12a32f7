// The self-test on the real firmware: what a good board measures, and that nothing listens unless the paw is held.

import assert from "node:assert/strict";
import { boards } from "../../../../boards/index.ts";
import { xiaoble } from "../../../../boards/xiaoble.ts";
import { limitsOf, runSelfTest } from "../../../../tools/flash/self-test.ts";
import { Session } from "../../../../tools/flash/session.ts";
import { violations, type Measurement } from "../../../../tools/production/limits.ts";
import { PtyBoard } from "../../../support/pty-board.ts";
import { Toy, assertPromisesKept, tone } from "../../../support/toy.ts";

describe("the self-test", function () {
  this.timeout(120000);
  afterEach(assertPromisesKept);

  async function test(toy: Toy, onAsked?: () => void): Promise<Measurement[]> {
    const board = new PtyBoard(toy);
    const session = new Session({ open: board.open, board: toy.board, report: () => undefined, pollMs: 5 });
    try {
      await session.connect();
      return await runSelfTest({ console: session.console, board: toy.board, pollMs: 5, ...(onAsked ? { askToHold: onAsked } : {}) });
    } finally {
      await session.close();
      board.unplug();
    }
  }

  for (const board of boards) {
    it(`passes a good ${board.id}, which hears silence while its paw is held`, async () => {
      const toy = Toy.awake({ board });
      const found = await test(toy, () => void toy.press());
      // The simulated speaker is not heard by the simulated microphone.
      const limits = new Map([...limitsOf(board, true)].filter(([item]) => item !== "loopback"));
      assert.deepEqual(violations(limits, found), []);
      assert.equal(toy.lit("microphone").length, 1);
    });
  }

  it("hears a sound at the microphone", async () => {
    const toy = Toy.awake();
    const found = await test(toy, () => void toy.speak(tone(1000, 5), 300).press());
    assert.deepEqual(violations(new Map([["loopback", { atLeast: 200, atMost: 500 }]]), found), []);
  });

  it("without the question powers no microphone, whatever is pressed", async () => {
    const toy = Toy.awake();
    const found = await test(toy);
    assert.deepEqual(violations(limitsOf(xiaoble, false), found), []);
    assert.deepEqual(toy.lit("microphone"), []);
  });

  it("fails a board with a flat battery, a pressed paw or damaged text, and says what", async () => {
    const toy = Toy.awake({ batteryMillivolts: 3000 });
    toy.press();
    const memory = toy.memories[0]!;
    memory.bytes[4096 + 5000]! ^= 1;
    assert.deepEqual(
      violations(limitsOf(xiaoble, false), await test(toy)).map((line) => line.split(" ")[0]),
      ["flash", "paw-at-rest", "battery-mv"],
    );
  });

  it("is not to be had on a sealed board", async () => {
    const toy = Toy.awake();
    toy.memories[0]!.bytes.fill(0, 32, 36);
    toy.powerOn().wait(3000);
    await assert.rejects(test(toy), /does not answer the tools/);
  });
});
