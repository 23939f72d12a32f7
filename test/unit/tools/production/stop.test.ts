// A station as an operator starts and stops it: Ctrl-C, a service manager's TERM, a kill, and a second one beside it.

import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { xiaoble } from "../../../../boards/xiaoble.ts";
import { claimStation } from "../../../../tools/production/claim.ts";
import { closeWorkshop, imageIn, openWorkshop, type Workshop } from "../../../support/images.ts";

describe("a station", function () {
  this.timeout(120000);
  let shop: Workshop;
  let ledger: string;
  let args: string[];
  before(() => {
    shop = openWorkshop();
    ledger = join(shop.folder, "line.db");
    writeFileSync(join(shop.folder, "limits.json"), '{"kernel": {"is": true}}');
    args = ["tools/run.mjs", "pawlock", "line", "--image", imageIn(shop, "unsigned", xiaoble).path, "--allow-unsigned", "--ledger", ledger, "--limits", join(shop.folder, "limits.json"), "--station", "north/1"];
  });
  after(() => closeWorkshop(shop));

  /** In a process group of its own, as a shell starts it, and at work. */
  async function started(): Promise<{ child: ChildProcess; said: () => string }> {
    const child = spawn(process.execPath, args, { detached: true, stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (text: Buffer) => (said += text.toString()));
    while (!said.includes("plug in boards") && child.exitCode === null) await Promise.race([once(child.stdout, "data"), once(child, "close")]);
    return { child, said: () => said };
  }

  for (const [how, stop] of [["Ctrl-C", (pid: number) => process.kill(-pid, "SIGINT")], ["TERM", (pid: number) => process.kill(pid, "SIGTERM")]] as const) {
    it(`finishes and says so when it gets ${how}`, async () => {
      const { child, said } = await started();
      stop(child.pid!);
      const [code] = (await once(child, "close")) as [number];
      assert.match(said(), /takes no more boards and finishes those at work[^]*ended: 0 passed, 0 failed\n$/);
      assert.equal(code, 0);
    });
  }

  it("keeps another of its name out while it lives, and no longer", async () => {
    const { child } = await started();
    const other = await started();
    assert.match(other.said(), /a station north\/1 works with this ledger already\n {2}End that one/);
    assert.equal(other.child.exitCode, 1);
    claimStation(ledger, "south")();
    process.kill(-child.pid!, "SIGKILL");
    await once(child, "close");
    claimStation(ledger, "north/1")();
    assert.deepEqual(readdirSync(shop.folder).filter((name) => name.endsWith(".lock")), ["line.db.north%2F1.lock", "line.db.south.lock"]);
  });

  it("says that its lock cannot be made where nothing can be written", () => {
    assert.throws(() => claimStation(join(shop.folder, "none", "line.db"), "north"), /cannot lock .*north.lock/);
  });
});
