// `npm test`: lint, build, then every test, with coverage of lines and functions. Closes with one plain line of counts;
// the suite that needs a real interpreter is counted as skipped, loudly.

import { spawnSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { build } from "./build.ts";
import { lint } from "./lint.ts";

const RESULT = "build/test-result.json";

interface MochaResult {
  readonly stats: { readonly passes: number; readonly failures: number; readonly pending: number };
}

export async function test(args: string[]): Promise<number> {
  const linted = await lint([]);
  const built = linted === 0 ? await build([]) : 1;
  let passed = 0;
  let failed = linted === 0 && built === 0 ? 0 : 1;
  let skipped = 0;
  if (failed === 0) {
    rmSync(RESULT, { force: true });
    // Loaded by require, every constant that a module imports would be a getter, and hot loops twice as slow.
    const mocha = ["--no-experimental-require-module", "--import", "tsx", "node_modules/mocha/bin/mocha.js", "--config", "test/mocharc.json", ...args];
    const coverage = ["node_modules/c8/bin/c8.js", "--reporter=text-summary", "--include=firmware", "--include=hal", "--include=sim", "--include=tools", "--all=false"];
    const { status } = spawnSync(process.execPath, [...coverage, process.execPath, ...mocha], {
      stdio: "inherit",
      env: { ...process.env, MOCHA_RESULT: RESULT },
    });
    ({ passed, failed, skipped } = counts(status ?? 1));
  }
  skipped++;
  console.log("\nSKIPPED: the real interpreter. `ESPRUINO=path npm run test:interpreter` runs the bundle on Espruino itself; see README.\n");
  console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
  return failed === 0 ? 0 : 1;
}

function counts(status: number): { passed: number; failed: number; skipped: number } {
  try {
    const { stats } = JSON.parse(readFileSync(RESULT, "utf8")) as MochaResult;
    const { passes: passed, failures, pending: skipped } = stats;
    // A run that ended badly has failed, whatever it counted.
    return { passed, failed: status !== 0 && failures === 0 ? 1 : failures, skipped };
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
}
