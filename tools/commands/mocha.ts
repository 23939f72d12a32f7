// Runs mocha in processes of its own, as many test files at a time as there are cores, and tells what it counted.

import { spawnSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";

const RESULT = "build/test-result.json";
/** Rows of the attack table, from all processes. */
const ATTACK_TABLE = "build/attack-table.txt";

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

interface MochaResult {
  readonly stats: { readonly passes: number; readonly failures: number; readonly pending: number };
}

/** `around`: what runs node, such as a coverage tool with its options. */
export function runMocha(config: string, args: readonly string[], around: readonly string[] = []): Counts {
  for (const file of [RESULT, ATTACK_TABLE]) rmSync(file, { force: true });
  const parallel = ["--parallel", "--jobs", String(availableParallelism())];
  // Loaded by require, every constant that a module imports would be a getter, and hot loops twice as slow.
  const mocha = ["--no-experimental-require-module", "--import", "tsx", "node_modules/mocha/bin/mocha.js", "--config", config, ...parallel, ...args];
  const { status } = spawnSync(process.execPath, around.length > 0 ? [...around, process.execPath, ...mocha] : mocha, {
    stdio: "inherit",
    env: { ...process.env, MOCHA_RESULT: RESULT, ATTACK_TABLE },
  });
  try {
    const { stats } = JSON.parse(readFileSync(RESULT, "utf8")) as MochaResult;
    const { passes: passed, failures, pending: skipped } = stats;
    // A run that ended badly has failed, whatever it counted.
    return { passed, failed: status !== 0 && failures === 0 ? 1 : failures, skipped };
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
}
