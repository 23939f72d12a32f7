// The cost counters change nothing on the interpreter whose time they count. Needs ESPRUINO.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { instrument } from "../../sim/cost/instrument.ts";
import { AWKWARD } from "../support/awkward.ts";

describe("instrumented code on the real interpreter", () => {
  const interpreter = process.env["ESPRUINO"]!;
  // It has no labels.
  const samples = AWKWARD.filter(([source]) => !source.includes("continue a"));

  it("gives the same results as the plain program there", function () {
    this.timeout(20_000);
    const folder = mkdtempSync(join(tmpdir(), "pawlock-cost-"));
    try {
      const wrap = (text: string, result: string): string => `(function(){${text};return ${result};})()`;
      const bodies = samples.map(([source, result]) => [wrap(source, result), wrap(instrument(source), result)] as const);
      const checks = bodies.map(([plain, counted], index) => `if(""+${plain}!=""+${counted})bad.push(${index});`).join("\n");
      writeFileSync(join(folder, "script.js"), `var $t=0,bad=[];\n${checks}\nprint("result="+JSON.stringify([bad,$t>1000]));quit();`);
      const limits = { encoding: "utf8", timeout: 10_000, killSignal: "SIGKILL" } as const;
      const output = execFileSync(interpreter, ["script.js"], { cwd: folder, ...limits });
      assert.match(output, /result=\[\[\s*\],true\]/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
