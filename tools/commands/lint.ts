// `npm run lint`: types of every project, then the source rules.

import { spawnSync } from "node:child_process";

export async function lint(args: string[]): Promise<number> {
  for (const [what, command] of [
    ["types", ["node_modules/typescript/bin/tsc", "-b"]],
    ["rules", ["node_modules/eslint/bin/eslint.js", ".", ...args]],
  ] as const) {
    const { status } = spawnSync(process.execPath, command, { stdio: "inherit" });
    if (status !== 0) {
      console.error(`lint: ${what} failed`);
      return status ?? 1;
    }
  }
  return 0;
}
