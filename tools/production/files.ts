// What production knows of files and of strangers' text: never more than a stated size into memory, and every failure in the
// user's words. Files are written by writeFileAtomic: whole or not at all.

import { createHash } from "node:crypto";
import { closeSync, existsSync, fstatSync, openSync, readSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { UserError } from "../errors.ts";

/** A whole file; `what` names it in errors. */
export function readBounded(path: string, what: string, mostBytes: number): Buffer {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch (error) {
    throw new UserError(`cannot read ${what} ${path}: ${reason(error)}`, "Name a file that exists and that you may read.");
  }
  try {
    const stat = fstatSync(file);
    if (!stat.isFile()) throw new UserError(`${what} ${path} is not a file`, "Name a file.");
    if (stat.size > mostBytes) throw new UserError(`${what} ${path} has ${stat.size} bytes: more than ${mostBytes} cannot be right`, "Name the right file.");
    const bytes = Buffer.alloc(stat.size);
    let at = 0;
    while (at < bytes.length) {
      const got = readSync(file, bytes, at, bytes.length - at, at);
      if (got === 0) throw new UserError(`${what} ${path} shrank while it was read`, "Run the command again.");
      at += got;
    }
    return bytes;
  } finally {
    closeSync(file);
  }
}

/** The git work tree that would hold `path`; undefined when none does. */
export function workTreeOf(path: string): string | undefined {
  for (let folder = dirname(resolve(path)); ; folder = dirname(folder)) {
    if (existsSync(join(folder, ".git"))) return folder;
    if (folder === dirname(folder)) return undefined;
  }
}

export const sha256 = (bytes: Uint8Array | string): string => createHash("sha256").update(bytes).digest("hex");

export const reason = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? (error as Error).message;

/** Text from a stranger - a board's answer, a field of a file - made safe to print: one line of bounded length without control characters. */
export function printable(text: string, mostChars = 120): string {
  const clean = Array.from(text.slice(0, mostChars * 2), (c) => (/[\p{L}\p{N}\p{P}\p{S} ]/u.test(c) ? c : `\\x${c.codePointAt(0)!.toString(16).padStart(2, "0")}`)).join("");
  return clean.length > mostChars ? `${clean.slice(0, mostChars)}...` : clean;
}
