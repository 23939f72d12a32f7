// `npm run test:interop`: live sox, libsndfile and ffmpeg against our WAV files. Needs those programs.

import { spawnSync } from "node:child_process";

export async function testInterop(args: string[]): Promise<number> {
  const mocha = ["--import", "tsx", "node_modules/mocha/bin/mocha.js", "--no-config", "--timeout", "60000", "test/interop/**/*.test.ts", ...args];
  return spawnSync(process.execPath, mocha, { stdio: "inherit" }).status ?? 1;
}
