// The line report: right figures, and a page on which what boards and spreadsheets said is text (S05, S06, S12).

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ledger, type Verdict } from "../../../../tools/production/ledger.ts";
import { makeReport } from "../../../../tools/production/report.ts";
import { reportPage } from "../../../../tools/production/report-page.ts";

describe("the line report", () => {
  let folder: string;
  let ledger: Ledger;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "pawlock-report-"));
    ledger = new Ledger(join(folder, "ledger.db"));
    ledger.count("PW", "Pawlock", "brown");
  });
  after(() => {
    ledger.close();
    rmSync(folder, { recursive: true });
  });

  function run(chip: string | undefined, fromS: number, toS: number, verdict: Verdict | undefined, cause?: string, detail?: string): void {
    const id = ledger.startRun({ station: "s", port: "<tty>", usbId: undefined, board: "XIAOBLE", image: "i".repeat(64), version: 3 }, fromS * 1000);
    if (chip !== undefined) {
      ledger.identify(id, chip);
      ledger.assign(id, ledger.reserve(chip, fromS * 1000).serial);
    }
    const step = ledger.startStep(id, "install", fromS * 1000);
    ledger.endStep(step, verdict === "passed" ? "passed" : "failed", detail, fromS * 1000 + 500);
    if (verdict) ledger.endRun(id, verdict, cause, toS * 1000);
  }

  it("of an empty ledger is empty, and a page", () => {
    const report = makeReport(ledger);
    assert.deepEqual([report.runs, report.boards, report.perHour, report.timing, report.failures], [0, 0, 0, [], []]);
    assert.match(reportPage(report), /of 0 boards passed/);
  });

  it("counts boards, first passes, causes and times", () => {
    run("a", 0, 10, "passed");
    run("b", 0, 20, "failed", "install: damaged", '<script>alert("x")</script> & \' {{x}}');
    run("b", 30, 60, "passed");
    run("c", 0, 5, "interrupted", "install: station stopped");
    run("c", 10, 50, "passed");
    run(undefined, 0, 3, "failed", "connect: silent");
    run("d", 3000, 3001, "failed", "install: damaged");
    run("e", 3600, 3600, undefined);
    const report = makeReport(ledger);
    assert.deepEqual(report.verdicts, { passed: 3, failed: 3, interrupted: 1, bench: 0, open: 1 });
    assert.deepEqual([report.boards, report.passed, report.passedFirst, report.serials], [6, 3, 2, 5]);
    assert.deepEqual(report.failures, [{ cause: "install: damaged", count: 2 }, { cause: "connect: silent", count: 1 }]);
    assert.deepEqual(report.timing.find(({ step }) => step === "unit"), { step: "unit", count: 3, medianMs: 30000, p95Ms: 40000 });
    assert.deepEqual(report.timing.find(({ step }) => step === "install"), { step: "install", count: 3, medianMs: 500, p95Ms: 500 });
    assert.equal(report.perHour, 180);
    assert.deepEqual(report.latest.map(({ run: id, serial }) => [id, serial]), [[7, "PW-000004"], [6, ""], [2, "PW-000002"]]);
  });

  it("draws failures and times as bars, with what each cause means", () => {
    const page = reportPage(makeReport(ledger));
    assert.match(page, /install: damaged<\/td><td class="n">2<\/td><td class="n">66.7%<\/td><td><div class="bar"><i class="bad" style="width:100.00%"><\/i><\/div>flash does not read back/);
    assert.match(page, /connect: silent<\/td><td class="n">1<\/td><td class="n">33.3%<\/td><td><div class="bar"><i class="bad" style="width:50.00%">/);
    assert.match(page, /whole unit<\/td><td class="n">3<\/td><td class="n">30.0 s<\/td><td class="n">40.0 s<\/td><td><div class="bar"><i class="time" style="width:75.00%"><\/i><i class="rest" style="width:25.00%">/);
    assert.match(page, /<div class="bar whole"><i class="good" style="width:33.33%"><\/i><i class="later" style="width:16.67%"><\/i><i class="bad" style="width:50.00%">/);
  });

  it("S05, S06: shows text as text, runs nothing and fetches nothing", () => {
    const page = reportPage(makeReport(ledger));
    assert.ok(page.includes("&#60;script&#62;alert(&#34;x&#34;)&#60;/script&#62; &#38; &#39; {{x}}"));
    assert.ok(page.includes("&#60;tty&#62;"));
    const tags = new Set([...page.matchAll(/<\/?([a-z!]+[0-9]?)/gi)].map(([, tag]) => tag!.toLowerCase()));
    assert.deepEqual([...tags].filter((tag) => !/^(!doctype|html|head|meta|title|style|body|h1|h2|p|div|b|i|table|thead|tbody|tr|th|td)$/.test(tag)), []);
    assert.doesNotMatch(page, /\s(src|href|action|on[a-z]+)\s*=|url\(|@import|https?:/i);
    assert.match(page, /default-src 'none'/);
  });
});
