// Times programs on a real Espruino, in turns of the README loop run beside them in the same process. Needs the interpreter's
// path; never guesses one. The clock is the interpreter's getTime().

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UserError } from "../errors.ts";
import type { Sample } from "./programs.ts";

/** Rounds of README loop and program in turn; the median of their ratios counts, as other work may share the machine. */
const ROUNDS = 61;
/** About a millisecond on Linux: long against the clock's step, short against the scheduler's slice. */
const README_TURNS = 500;

export function interpreterPath(): string {
  const path = process.env["ESPRUINO"];
  if (path) return path;
  throw new UserError("no interpreter: ESPRUINO is not set", "name a Linux build of Espruino, as in ESPRUINO=./espruino");
}

/** A program whose call `run(n)` makes n passes of the sample's body. */
export function programOf({ setup = "", body, outerNames = 0 }: Sample): string {
  const outer = Array.from({ length: outerNames }, (_, index) => `x${index}=${index},`).join("");
  const run = `return function(n){for(var i=0;i<n;i=i+1){${body}}}`;
  return `var run=(function(){var ${outer}o=0;return (function(){${setup}${run}})()})();`;
}

/** Tells the script's own line from the interpreter's banner and prompt. */
export const RESULT = "result=";

/** Runs a script, which must quit(), in a scratch folder; returns the JSON that it prints after RESULT. */
export function runScript(script: string): unknown {
  const folder = mkdtempSync(join(tmpdir(), "pawlock-cost-"));
  try {
    writeFileSync(join(folder, "script.js"), script);
    const limits = { encoding: "utf8", timeout: 60_000, killSignal: "SIGKILL" } as const;
    const output = execFileSync(interpreterPath(), ["script.js"], { cwd: folder, ...limits });
    const line = output.split(/[\r\n]+/).find((text) => text.includes(RESULT));
    if (line !== undefined) return JSON.parse(line.slice(line.indexOf(RESULT) + RESULT.length));
    throw new UserError(`the interpreter printed ${JSON.stringify(output.slice(-300))}`, "run the script by hand to see why");
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** README-loop turns per pass of the sample's body, and of the loop around it. */
export function measureTurns(sample: Sample, passes: number): number {
  const readme = `function readme(){for(i=0;i<${README_TURNS};i=i+1);}`;
  const round = `t=getTime();readme();a=getTime()-t;t=getTime();run(${passes});r.push((getTime()-t)/a);`;
  const rounds = `var a,t,k,r=[];for(k=0;k<${ROUNDS};k++){${round}}`;
  const script = `i=0;${programOf(sample)}${readme}${rounds}print('${RESULT}'+JSON.stringify(r));quit();`;
  const ratios = (runScript(script) as number[]).sort((a, b) => a - b);
  return (ratios[ROUNDS >> 1]! * README_TURNS) / passes;
}
