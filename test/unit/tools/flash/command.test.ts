// `pawlock flash` itself, as a process: the built firmware onto a simulated board at a pseudo-terminal, and killed half-way.

import assert from "node:assert/strict";
import { Toy } from "../../../support/toy.ts";
import { runPawlock, type Running } from "../../../support/pawlock.ts";
import { PtyBoard } from "../../../support/pty-board.ts";

const run = (path: string, ...more: string[]): Running => runPawlock(["flash", "--dev", "--no-hold", "--json", "--port", path, ...more]);

describe("pawlock flash", function () {
  this.timeout(180000);

  it("is killed while it writes, which leaves the toy as it was; run again it updates and tests it", async () => {
    const toy = new Toy({ isOnBench: true });
    toy.powerOn().wait(5000);
    const before = new PtyBoard(toy);
    const killed = run(before.path, "--board", "XIAOBLE");
    let written = 0;
    killed.child.stdout!.on("data", (text: Buffer) => {
      written += text.toString().split("writing").length - 1;
      if (written >= 8) killed.child.kill("SIGKILL");
    });
    const { out: half } = await killed.ended;
    before.unplug();
    assert.match(half, /update into slot B/);
    toy.powerOn().wait(5000).hold(1500).wait(2000).assertHealthy();
    assert.equal(toy.machine.evaluate("pawlockSlot"), "0");
    assert.equal(toy.messages().length, 1);

    const after = new PtyBoard(toy);
    try {
      const { status, out, err } = await run(after.path).ended;
      assert.equal(status, 0, err);
      const steps = out.trim().split("\n").map((line) => JSON.parse(line) as { step?: string; done?: { isSealed: boolean; verdicts: { state: string }[] } });
      assert.ok(steps.some(({ step }) => step === "hello"));
      const { done } = steps.at(-1)!;
      assert.equal(done!.isSealed, false);
      assert.equal(done!.verdicts.filter(({ state }) => state === "ok").length, 6);
      assert.equal(toy.machine.evaluate("pawlockSlot"), "1");
      assert.equal(toy.messages().length, 1, "the message is still there");
    } finally {
      after.unplug();
    }
  });

  it("says in two lines what is wrong, and exits with 1", async () => {
    const { status, err } = await run("/dev/does-not-exist").ended;
    assert.equal(status, 1);
    assert.match(err, /^pawlock: there is no port \/dev\/does-not-exist\n {2}`pawlock ports`/);
  });
});
