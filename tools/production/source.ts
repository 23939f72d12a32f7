// What is being built: version and commit of the sources, and whether they are as committed.

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { UserError } from "../errors.ts";

export const ROOT = fileURLToPath(new URL("../../", import.meta.url));

export interface Source {
  readonly firmware: string;
  /** 40 hexadecimal digits. */
  readonly commit: string;
  /** Files that differ from the commit, or that it does not know. */
  readonly changed: readonly string[];
}

export function readSource(root = ROOT): Source {
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
  return { firmware: version, commit: git(root, "rev-parse", "HEAD").trim(), changed: changedIn(root) };
}

/** Two letters and a space stand before each name. */
const changedIn = (root: string): string[] => git(root, "status", "--porcelain", "--no-renames", "-z").split("\0").filter((entry) => entry !== "").map((entry) => entry.slice(3));

/** One number that grows with the version: 1.2.3 is 1002003. */
export function versionNumber(version: string): number {
  const parts = version.split(".").map(Number);
  if (parts.length !== 3 || !parts.every((part) => Number.isInteger(part) && part >= 0 && part < 1000)) {
    throw new UserError(`the version ${version} in package.json is not three numbers below 1000`, "Give it one like 1.2.3.");
  }
  return parts.reduce((sum, part) => sum * 1000 + part, 0);
}

function git(root: string, ...args: string[]): string {
  const { status, stdout, error } = spawnSync("git", args, { cwd: root, encoding: "utf8" });
  if (error || status !== 0) throw new UserError("git does not say which commit this is", "Build images in a clone of the repository, with git installed.");
  return stdout;
}
