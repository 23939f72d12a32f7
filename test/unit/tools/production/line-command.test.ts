// `pawlock line`, `provision` and `image` as they are called: what they refuse before a board is touched, and what they write.

import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sinon from "sinon";
import { xiaoble } from "../../../../boards/xiaoble.ts";
import { UserError } from "../../../../tools/errors.ts";
import { limitsOf } from "../../../../tools/flash/verdict.ts";
import { image } from "../../../../tools/production/image-command.ts";
import { Ledger } from "../../../../tools/production/ledger.ts";
import { parseLimits } from "../../../../tools/production/limits.ts";
import { line } from "../../../../tools/production/line-command.ts";
import { provision } from "../../../../tools/production/provision-command.ts";
import { closeWorkshop, imageIn, openWorkshop, type Workshop } from "../../../support/images.ts";

describe("commands of production", function () {
  this.timeout(120000);
  let shop: Workshop;
  let ledger: string;
  let limits: string;
  let unsigned: string;
  before(() => {
    shop = openWorkshop();
    ledger = join(shop.folder, "line.db");
    limits = join(shop.folder, "limits.json");
    writeFileSync(limits, '{"kernel": {"is": true}}');
    unsigned = imageIn(shop, "unsigned", xiaoble).path;
  });
  after(() => closeWorkshop(shop));

  const refused = (run: Promise<number>, what: RegExp): Promise<void> => assert.rejects(run, (error) => error instanceof UserError && what.test(error.what) && error.remedy.length > 10);
  /** What a command prints: its output, and what it says aside. */
  async function printed(run: () => Promise<number>): Promise<{ out: string; err: string; code: number }> {
    const stubs = [sinon.stub(console, "log"), sinon.stub(console, "error")];
    try {
      const code = await run();
      const [out, err] = stubs.map((stub) => stub.args.map(([text]) => String(text)).join("\n"));
      return { out: out!, err: err!, code };
    } finally {
      for (const stub of stubs) stub.restore();
    }
  }

  it("S01: a station takes no image that is unsigned or older than what its boards have had", async () => {
    await refused(line(["--image", unsigned, "--ledger", ledger, "--limits", limits]), /^key: .*not signed/);
    await refused(line(["--image", unsigned, "--key", join(shop.folder, "key.pub"), "--ledger", ledger, "--limits", limits]), /^key: .*not signed/);
    const newer = new Ledger(ledger);
    const run = newer.startRun({ station: "s", port: "p", usbId: undefined, board: "XIAOBLE", image: "i", version: 2000000 }, 1);
    newer.endStep(newer.startStep(run, "install", 1), "passed", undefined, 2);
    newer.close();
    const { err } = await printed(async () => {
      await refused(line(["--image", unsigned, "--ledger", ledger, "--limits", limits, "--allow-unsigned"]), /^version: 1002003 .*older than 2000000/);
      return 0;
    });
    assert.match(err, /IS NOT SIGNED/);
  });

  it("say what is missing or misunderstood", async () => {
    await refused(line([]), /--image/);
    await refused(line(["report"]), /--ledger/);
    await refused(line(["reprot"]), /reprot/);
    await refused(line(["--colour"]), /--colour/);
    await refused(line(["report", "--ledger", join(shop.folder, "none.db")]), /no ledger/);
    assert.ok(!existsSync(join(shop.folder, "none.db")));
    await refused(provision([]), /--ledger/);
    await refused(provision(["--ledger", ledger, "--csv", limits]), /columns/);
    await refused(provision(["--ledger", ledger, "--count", "=1"]), /serial/);
    await refused(provision(["--ledger", ledger, "--name", "Bear"]), /--count/);
    await refused(image([]), /--board/);
    await refused(image(["verify"]), /verify/);
    await refused(image(["--board", "XIAOBLE", "--espruino", limits]), /takes: .uf2/);
    await refused(image(["verify", unsigned, "--minimum-version", "x"]), /whole number/);
    await refused(image(["verify", unsigned]), /^key/);
  });

  it("limits to begin with are the board's own, in the form that a station reads", async () => {
    const { out } = await printed(() => line(["limits", "--board", "XIAOBLE"]));
    const own = new Map(limitsOf(xiaoble));
    own.delete("light");
    assert.deepEqual(parseLimits(out, "limits"), own);
    await refused(line(["limits"]), /--board/);
  });

  it("limits are checked before a board is", async () => {
    for (const text of ["", "[]", "{}", '{"kernel": {}}', '{"kernel": {"is": 1}}', '{"a": {"atLeast": 2, "atMost": 1}}', '{"a": {"atMost": "1"}}', '{"A b": {"is": true}}', '{"a": {"is": true, "max": 1}}', '{"a": null}']) {
      writeFileSync(join(shop.folder, "bad.json"), text);
      const fresh = join(shop.folder, "fresh.db");
      await printed(async () => {
        await refused(line(["--image", unsigned, "--ledger", fresh, "--limits", join(shop.folder, "bad.json"), "--allow-unsigned"]), /^the limits/);
        return 0;
      });
    }
  });

  it("S01: verify takes an unsigned image loudly, and tells machines and people", async () => {
    const { out, err, code } = await printed(() => image(["verify", unsigned, "--allow-unsigned", "--json"]));
    assert.equal(code, 0);
    assert.match(err, /IS NOT SIGNED/);
    assert.equal((JSON.parse(out) as { isSigned: boolean }).isSigned, false);
    const diff = await printed(() => image(["diff", unsigned, unsigned, "--allow-unsigned"]));
    assert.deepEqual([diff.code, /byte for byte/.test(diff.out)], [0, true]);
  });

  it("provision and report write what they say", async () => {
    const [csv, html, table] = ["out.csv", "report.html", "in.csv"].map((name) => join(shop.folder, name)) as [string, string, string];
    writeFileSync(table, "serial,name,colour\nA-01,Bear,white\n");
    const { out } = await printed(() => provision(["--ledger", ledger, "--csv", table, "--count", "PW", "--export", csv, "--json"]));
    assert.deepEqual(JSON.parse(out), { command: "provision", ledger, imported: 1, given: 0, left: 1, counting: "PW" });
    assert.match(readFileSync(csv, "utf8"), /^run,serial,name/);
    const told = await printed(() => line(["report", "--ledger", ledger, "--html", html, "--json"]));
    assert.equal((JSON.parse(told.out) as { runs: number }).runs, 1);
    assert.match(readFileSync(html, "utf8"), /<title>Pawlock line report/);
  });
});
