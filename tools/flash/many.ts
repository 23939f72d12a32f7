// Many boards at once: a child process for each port, since EspruinoTools was made for one board and a crash must stay with its
// own; their lines as they come, and a table at the end.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { UserError } from "../errors.ts";
import { printable } from "../production/files.ts";
import type { FoundPort } from "./serial-port.ts";
import { createTeller, summary, type Told } from "./tell.ts";

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));

interface Result {
  readonly path: string;
  readonly isDone: boolean;
  readonly said: string;
}

export async function flashAll(ports: readonly Pick<FoundPort, "path">[], args: readonly string[], isJson: boolean, print: (line: string) => void = console.log): Promise<number> {
  if (ports.length === 0) throw new UserError("no board was found", "Plug them in by cables that carry data; `pawlock doctor` says what this computer sees.");
  const results = await Promise.all(ports.map(({ path }) => flashChild(path, args, isJson, print)));
  if (!isJson) {
    const width = Math.max(...results.map(({ path }) => path.length));
    print("");
    for (const { path, isDone, said } of results) print(`${path.padEnd(width)}  ${isDone ? "ok    " : "FAILED"}  ${said}`);
  }
  return results.every(({ isDone }) => isDone) ? 0 : 1;
}

/** `pawlock flash --json` for one port; `command` may be another program, for tests. */
export function flashChild(path: string, args: readonly string[], isJson: boolean, print: (line: string) => void, command: readonly string[] = ["--import", "tsx", MAIN, "pawlock", "flash"]): Promise<Result> {
  const child = spawn(process.execPath, [...command, "--port", path, "--json", ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const tell = createTeller(isJson, print);
  let last = "it said nothing";
  createInterface({ input: child.stdout }).on("line", (line) => {
    const told = parse(line);
    if (!told) return;
    if ("done" in told) last = summary(told.done);
    tell(told);
  });
  const errors: string[] = [];
  createInterface({ input: child.stderr }).on("line", (line) => errors.push(printable(line, 300)));
  return new Promise((resolve) => {
    child.on("error", (error) => resolve({ path, isDone: false, said: error.message }));
    child.on("close", (status) => {
      const isDone = status === 0;
      if (!isDone && isJson) print(JSON.stringify({ port: path, error: errors.join(" ") }));
      resolve({ path, isDone, said: isDone ? last : (errors[0]?.replace(/^pawlock: /, "") ?? `ended with ${status}`) });
    });
  });
}

/** undefined for a line that is none of ours. */
function parse(line: string): Told | undefined {
  try {
    return JSON.parse(line) as Told;
  } catch {
    return undefined;
  }
}
