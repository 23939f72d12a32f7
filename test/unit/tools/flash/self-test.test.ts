// The self-test on the real firmware: what a good board measures, what a bad one, and that nothing listens unless the paw is held.

import assert from "node:assert/strict";
import { boards } from "../../../../boards/index.ts";
import { runSelfTest, type Operator } from "../../../../tools/flash/self-test.ts";
import { Session } from "../../../../tools/flash/session.ts";
import { failures, judge, verdictLines, type Verdict } from "../../../../tools/flash/verdict.ts";
import { PtyBoard } from "../../../support/pty-board.ts";
import { Toy, assertPromisesKept, tone } from "../../../support/toy.ts";

describe("the self-test", function () {
  this.timeout(120000);
  afterEach(assertPromisesKept);

  async function test(toy: Toy, operator?: Operator): Promise<Verdict[]> {
    const board = new PtyBoard(toy);
    const session = new Session({ open: board.open, board: toy.board, report: () => undefined, pollMs: 5 });
    try {
      await session.connect();
      return judge(toy.board, await runSelfTest({ console: session.console, board: toy.board, pollMs: 5, holdMs: 3000, ...(operator ? { operator } : {}) }));
    } finally {
      await session.close();
      board.unplug();
    }
  }

  /** Somebody who holds the paw, and tells what he saw. */
  const holding = (toy: Toy, hasSeen = true): Operator => ({ askToHold: () => void toy.press(), askAboutLight: async () => hasSeen });
  const of = (verdicts: readonly Verdict[], item: string): Verdict => verdicts.find((verdict) => verdict.item === item)!;

  for (const board of boards) {
    it(`passes a good ${board.id}, which hears its own speaker while its paw is held`, async () => {
      const toy = Toy.awake({ board, isOnBench: true });
      const verdicts = await test(toy, holding(toy));
      assert.deepEqual(verdicts.filter(({ state }) => state !== "ok"), []);
      // Volume one half of a path of a tenth: 0.9 / 10 / sqrt(2).
      const loopback = Number(of(verdicts, "loopback").value);
      assert.ok(loopback >= 55 && loopback <= 70, `loopback ${loopback}`);
      assert.equal(toy.lit("microphone").length, 1);
    });
  }

  for (const [what, options, sound, failed] of [
    ["a dead speaker", { path: { delayUs: 0, gain: 0 } }, undefined, ["loopback"]],
    ["a dead speaker where it is loud", { path: { delayUs: 0, gain: 0 } }, tone(1000, 9, 0.1), ["loopback"]],
    ["a speaker that drowns the microphone", { path: { delayUs: 0, gain: 2 } }, undefined, ["loopback"]],
    ["somebody who talks", {}, tone(300, 9), ["silence"]],
  ] as const) {
    it(`fails ${what}`, async () => {
      const toy = Toy.awake({ ...options, isOnBench: true });
      const askToHold = (): void => void (sound ? toy.speak(sound) : toy).press();
      assert.deepEqual(failures(await test(toy, { askToHold })), failed);
    });
  }

  it("fails a light that nobody saw, and a paw that nobody held", async () => {
    const toy = Toy.awake({ isOnBench: true });
    assert.deepEqual(failures(await test(toy, holding(toy, false))), ["light"]);
    const idle = await test(Toy.awake({ isOnBench: true }), { askToHold: () => undefined });
    assert.deepEqual(failures(idle), ["paw"]);
    assert.equal(of(idle, "microphone").state, "not judged");
  });

  it("without anybody powers no microphone, whatever is pressed, and says what was not judged", async () => {
    const toy = Toy.awake({ isOnBench: true });
    const verdicts = await test(toy);
    assert.deepEqual(verdicts.filter(({ state }) => state === "not judged").map(({ item }) => item), ["paw", "microphone", "silence", "loopback", "light"]);
    assert.deepEqual(failures(verdicts), []);
    assert.deepEqual(toy.lit("microphone"), []);
    const lines = verdictLines(verdicts);
    assert.match(lines.join("\n"), /ok {10}battery-mv {3}\d{4} {2}3500 to 4300 mV\n[^]*not judged {2}light {11}- {2}must be true/);
  });

  it("fails a board with a flat battery, a pressed paw or damaged text, and says what", async () => {
    const toy = Toy.awake({ batteryMillivolts: 3000, isOnBench: true });
    toy.press();
    const memory = toy.memories[0]!;
    memory.bytes[4096 + 5000]! ^= 1;
    assert.deepEqual(failures(await test(toy)), ["flash", "paw-at-rest", "battery-mv"]);
  });

  it("is not to be had on a sealed board", async () => {
    await assert.rejects(test(Toy.awake()), /no prompt answers/);
  });
});
