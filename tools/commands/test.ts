// `npm test`: lint, build, then every test, with coverage of lines and functions. Closes with one plain line of counts;
// the suite that needs a real interpreter is counted as skipped, loudly.

import { build } from "./build.ts";
import { lint } from "./lint.ts";
import { runMocha, type Counts } from "./mocha.ts";

const COVERAGE = ["node_modules/c8/bin/c8.js", "--reporter=text-summary", "--include=firmware", "--include=hal", "--include=sim", "--include=tools", "--all=false"];

export async function test(args: string[]): Promise<number> {
  const isReady = (await lint([])) === 0 && (await build([])) === 0;
  const { passed, failed, skipped }: Counts = isReady ? runMocha("test/mocharc.json", args, COVERAGE) : { passed: 0, failed: 1, skipped: 0 };
  console.log("\nSKIPPED: the real interpreter. `ESPRUINO=path npm run test:interpreter` runs the bundle on Espruino itself; see README.\n");
  console.log(`${passed} passed, ${failed} failed, ${skipped + 1} skipped`);
  return failed === 0 ? 0 : 1;
}
