// A thread that starts interpreters, collects them when they have ended, and kills one that does not come back. The simulator itself
// only ever waits or works: it has no idle moment for that.

import { Worker } from "node:worker_threads";

/** Longest wait of ours for the interpreter; its longest work between two calls takes a fraction of a second. */
const PATIENCE_MS = 20_000;
const START_PATIENCE_MS = 10_000;

// Words that both threads see: how often we waited, whether we wait now, for which process; the process that was just started.
const WAITS = 0;
const IS_WAITING = 1;
const AWAITED = 2;
const STARTED = 3;
const words = new Int32Array(new SharedArrayBuffer(16));

const THREAD = `
const { parentPort, workerData: words } = require("node:worker_threads");
const { spawn } = require("node:child_process");
parentPort.on("message", ({ interpreter, folder, stdio }) => {
  const child = spawn(interpreter, [], { cwd: folder, stdio });
  child.on("error", () => {});
  Atomics.store(words, ${STARTED}, child.pid || -1);
  Atomics.notify(words, ${STARTED});
});
let seen = -1;
setInterval(() => {
  if (words[${IS_WAITING}] === 1 && words[${WAITS}] === seen) try { process.kill(words[${AWAITED}], "SIGKILL"); } catch {}
  seen = words[${WAITS}];
}, ${PATIENCE_MS});`;
let thread: Worker | undefined;

/** Returns the process's number; 0 when it could not be started. */
export function startInterpreter(interpreter: string, folder: string, stdio: readonly number[]): number {
  if (!thread) {
    thread = new Worker(THREAD, { eval: true, execArgv: [], workerData: words });
    thread.unref();
  }
  words[STARTED] = 0;
  thread.postMessage({ interpreter, folder, stdio });
  Atomics.wait(words, STARTED, 0, START_PATIENCE_MS);
  return Math.max(0, words[STARTED]!);
}

/** Waits for a process, but not for ever: it is killed when it takes too long. */
export function awaiting<T>(pid: number, wait: () => T): T {
  words[AWAITED] = pid;
  Atomics.add(words, WAITS, 1);
  words[IS_WAITING] = 1;
  try {
    return wait();
  } finally {
    words[IS_WAITING] = 0;
  }
}

export function sleep(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
