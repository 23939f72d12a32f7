// `npm run soak`: what takes longer than `npm test` may. Builds, then runs test/soak; options go to mocha.

import { build } from "./build.ts";
import { runMocha } from "./mocha.ts";

export async function soak(args: string[]): Promise<number> {
  if ((await build([])) !== 0) return 1;
  const { passed, failed, skipped } = runMocha("test/soak/mocharc.json", args);
  console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
  return failed === 0 ? 0 : 1;
}
