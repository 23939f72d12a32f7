// `pawlock` as a process of its own.

import { spawn, type ChildProcess } from "node:child_process";

/** On a machine that is busy with other tests. */
const PATIENCE_MS = 60000;

export interface Running {
  readonly child: ChildProcess;
  /** All that it has said so far. */
  readonly said: () => string;
  /** Until it has said something of the kind; fails when it ends before, or takes too long. */
  readonly says: (wanted: RegExp) => Promise<void>;
  readonly ended: Promise<{ readonly status: number | null; readonly out: string; readonly err: string }>;
}

export function runPawlock(args: readonly string[], options: { readonly cwd?: string } = {}): Running {
  const child = spawn(process.execPath, ["--import", "tsx", "tools/main.ts", "pawlock", ...args], { stdio: ["pipe", "pipe", "pipe"], ...options });
  let out = "";
  let err = "";
  let isOver = false;
  let all = "";
  child.stdout.on("data", (text: Buffer) => {
    out += text.toString();
    all += text.toString();
  });
  child.stderr.on("data", (text: Buffer) => {
    err += text.toString();
    all += text.toString();
  });
  const said = (): string => all;
  const ended = new Promise<{ status: number | null; out: string; err: string }>((resolve) => {
    child.on("close", (status) => {
      isOver = true;
      resolve({ status, out, err });
    });
  });
  const says = async (wanted: RegExp): Promise<void> => {
    for (const untilMs = Date.now() + PATIENCE_MS; !wanted.test(said()); ) {
      if (isOver || Date.now() > untilMs) throw new Error(`it ${isOver ? "ended" : "goes on"} without a word of ${wanted}: ${said()}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  return { child, said, says, ended };
}
