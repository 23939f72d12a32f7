// The ledger: no serial twice (S03), nothing that was told is lost when the process is killed, and its tables are safe to open (S06).

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Papa from "papaparse";
import { UserError } from "../../../../tools/errors.ts";
import { checkIdentity, identityRecord, parseIdentity } from "../../../../tools/production/identity.ts";
import { exportCsv, parsePlan } from "../../../../tools/production/ledger-csv.ts";
import { Ledger, LedgerError } from "../../../../tools/production/ledger.ts";
import { random } from "../../../support/random.ts";

describe("the ledger", function () {
  this.timeout(60000);
  let folder: string;
  let files = 0;
  before(() => void (folder = mkdtempSync(join(tmpdir(), "pawlock-ledger-"))));
  after(() => rmSync(folder, { recursive: true }));

  const fresh = (): string => join(folder, `ledger-${files++}.db`);
  const counting = (path = fresh()): Ledger => {
    const ledger = new Ledger(path);
    ledger.count("PW", "Pawlock", "brown");
    return ledger;
  };
  const run = { station: "s", port: "p", usbId: undefined, board: "XIAOBLE", image: "i", version: 1 };
  const refused = (call: () => unknown, what: RegExp): void => assert.throws(call, (error) => error instanceof UserError && what.test(error.what));

  it("S03: gives a chip one serial for ever, and no serial to two", () => {
    const path = fresh();
    let ledger = counting(path);
    assert.equal(ledger.reserve("a", 1).serial, "PW-000001");
    assert.equal(ledger.reserve("b", 1).serial, "PW-000002");
    ledger.close();
    ledger = new Ledger(path);
    assert.equal(ledger.reserve("a", 2).serial, "PW-000001");
    ledger.count("PW", "Other", "white");
    assert.deepEqual(ledger.reserve("c", 2), { serial: "PW-000003", name: "Other", colour: "white" });
    ledger.close();
  });

  it("takes planned serials first, in their order, and counts around them", () => {
    const ledger = counting();
    ledger.plan(parsePlan("serial,name,colour\nPW-000002,Bear,white\nAB-1,Hare,grey\n"));
    assert.deepEqual(["a", "b", "c", "d"].map((chip) => ledger.reserve(chip, 1).serial), ["PW-000002", "AB-1", "PW-000001", "PW-000003"]);
    refused(() => ledger.plan(parsePlan("serial,name,colour\nNEW-1,Bear,white\nPW-000003,Hare,grey\n")), /PW-000003 is in the ledger/);
    assert.deepEqual(ledger.planned(), []);
    ledger.close();
    const empty = new Ledger(fresh());
    refused(() => empty.reserve("a", 1), /no serial is left/);
    empty.close();
  });

  it("is shared by two stations at once", () => {
    const path = fresh();
    const ledgers = [counting(path), new Ledger(path)];
    const serials = Array.from({ length: 40 }, (_, i) => ledgers[i & 1]!.reserve(`chip ${i}`, 1).serial);
    assert.equal(new Set(serials).size, 40);
    for (const ledger of ledgers) ledger.close();
  });

  it("keeps everything that was told when its process is killed at any moment", async () => {
    const path = fresh();
    counting(path).close();
    const next = random(3);
    const told = new Map<string, string>();
    for (let round = 0; round < 5; round++) {
      const script = `const{Ledger}=await import(${JSON.stringify(new URL("../../../../tools/production/ledger.ts", import.meta.url).href)});
        const l=new Ledger(${JSON.stringify(path)});for(let i=0;;i++){const c="r${round}-"+i;process.stdout.write(c+" "+l.reserve(c,i).serial+"\\n")}`;
      const child = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", script], { stdio: ["ignore", "pipe", "inherit"] });
      let said = "";
      const lines = 5 + next() * 40;
      await new Promise<void>((resolve) => {
        child.stdout.on("data", (data: Buffer) => {
          said += data.toString();
          if (said.split("\n").length > lines) child.kill("SIGKILL");
        });
        child.on("close", () => resolve());
      });
      for (const line of said.split("\n").slice(0, -1)) {
        const [chip, serial] = line.split(" ") as [string, string];
        told.set(chip, serial);
      }
    }
    const ledger = new Ledger(path);
    const units = new Map(ledger.units().map(({ chip, serial }) => [chip, serial]));
    ledger.close();
    assert.ok(told.size > 20);
    for (const [chip, serial] of told) assert.equal(units.get(chip), serial);
    assert.equal(new Set(units.values()).size, units.size);
    // Killed between the commit and the telling: one a round at most.
    assert.ok(units.size <= told.size + 5);
  });

  it("says so when its disk is full, and loses nothing that it had", () => {
    const ledger = counting();
    const id = ledger.startRun(run, 1);
    ledger.limitPages(1);
    assert.throws(() => {
      for (;;) ledger.startStep(id, "install", 1);
    }, (error) => error instanceof LedgerError && /full/.test(error.what));
    assert.throws(() => {
      for (let i = 0; ; i++) ledger.reserve(`chip ${i}`, 1);
    }, LedgerError);
    const before = ledger.units();
    ledger.limitPages(10000);
    ledger.probe();
    assert.deepEqual(ledger.units(), before);
    assert.equal(ledger.reserve("next", 3).serial, `PW-${String(before.length + 1).padStart(6, "0")}`);
    ledger.close();
  });

  it("on a disk that takes no more says so, and has all that it told", () => {
    const path = fresh();
    const script = `const{Ledger}=await import(${JSON.stringify(new URL("../../../../tools/production/ledger.ts", import.meta.url).href)});
      const l=new Ledger(${JSON.stringify(path)});l.count("PW","Pawlock","brown");
      try{for(let i=0;;i++){const c="chip-"+i;console.log(c+" "+l.reserve(c,i).serial)}}catch(e){console.log(e.name+": "+e.what)}`;
    // No file of that process grows beyond 256 KB.
    const { stdout } = spawnSync("sh", ["-c", 'trap "" XFSZ; ulimit -f 512; exec "$@"', "sh", process.execPath, "--import", "tsx", "--input-type=module", "-e", script], { encoding: "utf8" });
    const lines = stdout.trim().split("\n");
    assert.match(lines.pop()!, /^LedgerError: the ledger cannot be written: /);
    const ledger = new Ledger(path);
    const units = new Map(ledger.units().map(({ chip, serial }) => [chip, serial]));
    for (const line of lines) assert.equal(units.get(line.split(" ")[0]!), line.split(" ")[1]);
    assert.ok(lines.length > 5 && units.size === lines.length, `${lines.length}`);
    assert.equal(ledger.reserve("next", 1).serial, `PW-${String(units.size + 1).padStart(6, "0")}`);
    ledger.close();
  });

  it("refuses files that are no ledger, and folders that are not there", () => {
    const junk = fresh();
    writeFileSync(junk, "not a database, but long enough to be looked at as if it were one".repeat(20));
    refused(() => new Ledger(junk), /cannot open the ledger/);
    refused(() => new Ledger(join(folder, "none", "ledger.db")), /cannot open the ledger/);
    refused(() => new Ledger(folder), /cannot open the ledger/);
  });

  it("closes runs and steps once", () => {
    const ledger = counting();
    const id = ledger.startRun(run, 1);
    const step = ledger.startStep(id, "install", 2);
    ledger.endStep(step, "passed", "ok", 3);
    ledger.endStep(step, "failed", "no", 4);
    assert.deepEqual(ledger.openRuns("s").map((row) => row.id), [id]);
    ledger.endRun(id, "failed", "x", 5);
    ledger.endRun(id, "passed", undefined, 6);
    assert.deepEqual([ledger.runs()[0]!.verdict, ledger.steps()[0]!.outcome, ledger.openRuns("s").length, ledger.newestVersion("XIAOBLE")], ["failed", "passed", 0, 1]);
    ledger.close();
  });

  describe("S06: given tables from a spreadsheet", () => {
    const row = (serial: string, name = "Bear", colour = "brown"): string => Papa.unparse([{ serial, name, colour }]);

    it("takes commas, semicolons, tabs, quotes and a byte order mark", () => {
      for (const text of ["serial,name,colour\nA-01,Bear,brown", "\ufeffserial;name;colour\r\nA-01;Bear;brown\r\n", 'serial\tname\tcolour\n"A-01"\t"Bear"\t"brown"\n\n']) {
        assert.deepEqual(parsePlan(text), [{ serial: "A-01", name: "Bear", colour: "brown" }]);
      }
    });

    it("refuses formulas, paths, markup, control characters and look-alikes, by row", () => {
      for (const bad of ["=1+1", "@SUM(A1)", "+49", "-A1", "../../etc/passwd", "C:\\x", "<script>", "A\u0000B", "A\u001b[2J", "\u0391-01", "", "A".repeat(21)]) {
        refused(() => parsePlan(row(bad)), /^row 1 of the CSV: serial/);
        refused(() => parsePlan(row("A-01", bad)), bad === "+49" ? /name/ : /^row 1 of the CSV: name/);
        refused(() => parsePlan(row("A-01", "Bear", bad)), /^row 1 of the CSV: colour/);
      }
      refused(() => parsePlan(`${row("A-01")}\n=cmd|' /C calc'!A0,x,y`), /^row 2 of the CSV/);
    });

    it("refuses rows twice, missing and unknown columns, and broken rows", () => {
      refused(() => parsePlan(`${row("A-01")}\nB-01,Bear,brown\nA-01,Hare,white`), /row 3 .* row 1/);
      for (const text of ["", "serial,name\nA-01,Bear", "serial,name,colour,key\nA-01,Bear,brown,00", "A-01,Bear,brown"]) refused(() => parsePlan(text), /columns/);
      refused(() => parsePlan("serial,name,colour\nA-01,Bear"), /row 1/);
    });

    it("S04: gives its own out with formulas as text, and with nothing secret", () => {
      const ledger = counting();
      const id = ledger.startRun({ ...run, port: "=cmd|x", board: "+B" }, 1);
      ledger.identify(id, "@chip");
      ledger.assign(id, ledger.reserve("@chip", 1).serial);
      ledger.endRun(id, "failed", "-1+1", 86400000);
      const [exported] = Papa.parse<Record<string, string>>(exportCsv(ledger), { header: true, skipEmptyLines: true }).data;
      assert.deepEqual([exported!["port"], exported!["chip"], exported!["board"], exported!["cause"], exported!["serial"], exported!["ended"]], ["'=cmd|x", "'@chip", "'+B", "'-1+1", "PW-000001", "1970-01-02T00:00:00.000Z"]);
      assert.deepEqual(Object.keys(exported!).filter((name) => /key|secret|address|pass/.test(name)), []);
      ledger.close();
    });
  });

  it("writes a record that reads back as it was, and no other", () => {
    const identity = checkIdentity({ serial: "PW-000001", name: "Mr. Bear-2", colour: "light brown" }, "test");
    assert.deepEqual(parseIdentity(identityRecord(identity)), identity);
    assert.ok(identityRecord({ serial: "A".repeat(20), name: "B".repeat(20), colour: "c".repeat(20) }).length <= 120);
    for (const text of ["", "{}", "null", '{"serial":"PW-000001","name":"a","colour":"b","x":1}', '{"name":"a","serial":"PW-000001","colour":"b"}', "\xff".repeat(50), "x".repeat(200)]) {
      assert.equal(parseIdentity(Buffer.from(text, "latin1")), undefined);
    }
  });
});
