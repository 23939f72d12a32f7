// `pawlock provision --port`: a board's identity written into page 0 of a board at a pseudo-terminal, one serial for ever (S03),
// whatever is cut off.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sinon from "sinon";
import { nrf52840dk } from "../../../../boards/nrf52840dk.ts";
import { xiaoble } from "../../../../boards/xiaoble.ts";
import { RECORD_AT, RECORD_LENGTH_AT } from "../../../../firmware/boot/manifest.ts";
import type { CutPlan } from "../../../../sim/flash.ts";
import { Stage } from "../../../../sim/stage.ts";
import { UserError } from "../../../../tools/errors.ts";
import { keyPage } from "../../../../tools/image/keys.ts";
import { provisionedFlash } from "../../../../tools/image/storage.ts";
import { parseIdentity } from "../../../../tools/production/identity.ts";
import { Ledger } from "../../../../tools/production/ledger.ts";
import { provision } from "../../../../tools/production/provision-command.ts";
import { makeReport } from "../../../../tools/production/report.ts";
import { reportPage } from "../../../../tools/production/report-page.ts";
import { blankBoard, boardRunning, greeting } from "../../../support/flashing.ts";
import { PtyBoard, type CableOptions } from "../../../support/pty-board.ts";

describe("provisioning one board", function () {
  this.timeout(120000);
  let folder: string;
  let files = 0;
  before(() => void (folder = mkdtempSync(join(tmpdir(), "pawlock-provision-"))));
  after(() => rmSync(folder, { recursive: true }));

  const application = greeting(xiaoble, "one", 7);
  const fresh = (): string => join(folder, `ledger-${files++}.db`);

  /** The command at the board's port; what it printed. */
  async function at(stage: Stage, ledger: string, more: readonly string[] = [], cable: CableOptions = {}, cut?: CutPlan): Promise<Record<string, unknown>> {
    const pty = new PtyBoard(stage.powerOn(cut), cable);
    const log = sinon.stub(console, "log");
    try {
      assert.equal(await provision(["--ledger", ledger, "--count", "PW", "--port", pty.path, "--json", ...more]), 0);
      return JSON.parse(log.args[0]![0] as string) as Record<string, unknown>;
    } finally {
      log.restore();
      pty.unplug();
    }
  }

  const refused = (run: Promise<unknown>, what: RegExp): Promise<void> => assert.rejects(run, (error) => error instanceof UserError && what.test(error.what) && error.remedy.length > 10);

  function borne(stage: Stage): string | undefined {
    const page = Buffer.from(stage.memories[0]!.bytes.subarray(0, 4096));
    const length = page.readUInt32LE(RECORD_LENGTH_AT);
    return length === 0xffffffff ? undefined : parseIdentity(page.subarray(RECORD_AT, RECORD_AT + length))?.serial;
  }

  it("S03: writes it and reads it back, and finds it there the next time", async () => {
    const stage = boardRunning(xiaoble, application);
    const ledger = fresh();
    const unit = { serial: "PW-000001", name: "Pawlock", colour: "brown", chip: "0123456789abcdef" };
    assert.deepEqual((await at(stage, ledger)).unit, { ...unit, isNew: true });
    assert.equal(borne(stage), "PW-000001");
    assert.deepEqual((await at(stage, ledger)).unit, { ...unit, isNew: false });
    const second = new Stage({ board: xiaoble, ...provisionedFlash(xiaoble, { application }), native: () => () => undefined, serial: "00000000-00000002" });
    assert.equal(((await at(second, ledger)).unit as { serial: string }).serial, "PW-000002");
  });

  it("S03: refuses a board that bears the serial of another ledger", async () => {
    const stage = boardRunning(xiaoble, application);
    await at(stage, fresh());
    const other = fresh();
    await refused(at(stage, other, ["--count", "XX"]), /got no identity: it bears the serial PW-000001, which is not its own/);
    const ledger = new Ledger(other);
    assert.deepEqual(ledger.units(), []);
    ledger.close();
    assert.equal(borne(stage), "PW-000001");
  });

  it("S04: asks for no key, and nothing that it writes or says holds any", async () => {
    const key = Buffer.from(keyPage(4));
    const { storage, flash } = provisionedFlash(xiaoble, { application });
    const stage = new Stage({ board: xiaoble, storage, flash: [...flash, { address: xiaoble.flashMap.keyPage!, bytes: key }], native: () => () => undefined });
    const ledger = fresh();
    const [csv, labels] = ["all.csv", "labels.html"].map((name) => join(folder, name)) as [string, string];
    const told = await at(stage, ledger, ["--export", csv, "--labels", labels]);
    const failed = await at(stage, fresh()).then(() => assert.fail("accepted"), (error: unknown) => String((error as Error).stack));
    const opened = new Ledger(ledger);
    const report = makeReport(opened);
    opened.close();
    const all = [JSON.stringify(told), failed, readFileSync(csv, "latin1"), readFileSync(labels, "latin1"), readFileSync(ledger, "latin1"), JSON.stringify(report), reportPage(report)].join("\n");
    for (const file of [csv, labels]) assert.ok(readFileSync(file, "latin1").includes("PW-000001"));
    for (let from = 4; from + 6 <= 44; from++) {
      for (const format of ["latin1", "hex", "base64"] as const) assert.ok(!all.includes(key.subarray(from, from + 6).toString(format)), format);
    }
  });

  it("refuses another kind of board, a blank one, and a port where nothing is", async () => {
    await refused(at(boardRunning(nrf52840dk, greeting(nrf52840dk, "one", 7)), fresh()), /this is NRF52840DK, not XIAOBLE/);
    const blank = blankBoard(xiaoble);
    await refused(at(blank, fresh()), /first page is not that of our firmware/);
    assert.equal(borne(blank), undefined);
    await refused(provision(["--ledger", fresh(), "--count", "PW", "--port", join(folder, "none")]), /there is no port/);
  });

  it("cut off at any line or flash operation, gives the same serial when it is run again", async () => {
    const ledger = fresh();
    let cuts = 0;
    // Record, checksum and length are its three operations.
    const cases: readonly [CableOptions, CutPlan?][] = [
      ...[12, 26].map((cutAfterLines): [CableOptions] => [{ cutAfterLines }]),
      ...([[0, "during"], [1, "before"], [1, "during"], [2, "during"], [2, "after"]] as const).map(([operation, phase]): [CableOptions, CutPlan] => [{}, { operation, phase }]),
    ];
    for (const [cable, cut] of cases) {
      const serial = `00000000-${String(cuts).padStart(8, "0")}`;
      const board = (): Stage => new Stage({ board: xiaoble, ...provisionedFlash(xiaoble, { application }), native: () => () => undefined, serial });
      let stage = board();
      const wasCut = await at(stage, ledger, [], cable, cut).then(() => false, (error: unknown) => error instanceof UserError);
      cuts += Number(wasCut);
      const { unit } = (await at(stage, ledger).catch((error: unknown) => {
        // Torn in the very word that makes it a record: the remedy is to flash the board anew, as it says.
        if (!(error instanceof UserError) || !/record that is none/.test(error.what) || !/flash --erase/.test(error.remedy)) throw error;
        stage = board();
        return at(stage, ledger);
      })) as { unit: { serial: string } };
      assert.equal(borne(stage), unit.serial);
    }
    assert.equal(cuts, cases.length);
    const kept = new Ledger(ledger);
    assert.equal(new Set(kept.units().map(({ serial }) => serial)).size, kept.units().length);
    kept.close();
  });
});
