// Many boards at once: a child process for each port, since EspruinoTools was made for one board and a crash must stay with its
// own; their lines as they come, and a table at the end.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { UserError } from "../errors.ts";
import { printable } from "../production/files.ts";
import type { FoundPort } from "./serial-port.ts";

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));

interface Result {
  readonly path: string;
  readonly isDone: boolean;
  readonly said: string;
}

export async function flashAll(ports: readonly FoundPort[], args: readonly string[], isJson: boolean): Promise<number> {
  if (ports.length === 0) throw new UserError("no board was found", "Plug them in by cables that carry data; `pawlock doctor` says what this computer sees.");
  const results = await Promise.all(ports.map(({ path }) => flashChild(path, args, isJson)));
  if (!isJson) {
    const width = Math.max(...results.map(({ path }) => path.length));
    console.log("");
    for (const { path, isDone, said } of results) console.log(`${path.padEnd(width)}  ${isDone ? "ok    " : "FAILED"}  ${said}`);
  }
  return results.every(({ isDone }) => isDone) ? 0 : 1;
}

/** `pawlock flash --json` for one port; `main` may be another program, for tests. */
export function flashChild(path: string, args: readonly string[], isJson: boolean, command: readonly string[] = ["--import", "tsx", MAIN, "pawlock", "flash"]): Promise<Result> {
  const child = spawn(process.execPath, [...command, "--port", path, "--json", ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let last = "";
  let told = -1;
  createInterface({ input: child.stdout }).on("line", (line) => {
    if (isJson) return console.log(line);
    const { step, share } = parse(line);
    if (step === undefined) return;
    last = printable(step, 200);
    const tenth = share === undefined ? -1 : Math.floor(share * 10);
    if (share === undefined || tenth > told) console.log(`${path}  ${last}${share === undefined ? "" : ` ${tenth * 10}%`}`);
    told = tenth;
  });
  const errors: string[] = [];
  createInterface({ input: child.stderr }).on("line", (line) => errors.push(printable(line, 300)));
  return new Promise((resolve) => {
    child.on("error", (error) => resolve({ path, isDone: false, said: error.message }));
    child.on("close", (status) => {
      const isDone = status === 0;
      if (!isDone && isJson) console.log(JSON.stringify({ port: path, error: errors.join(" ") }));
      resolve({ path, isDone, said: isDone ? last : (errors[0]?.replace(/^pawlock: /, "") ?? `ended with ${status}`) });
    });
  });
}

function parse(line: string): { readonly step?: string; readonly share?: number } {
  try {
    return JSON.parse(line) as { step?: string; share?: number };
  } catch {
    return {};
  }
}
