// A running Espruino process and the two named pipes to it. Everything is synchronous: one side runs while the other one
// waits. No test can hang and no process is left: the supervisor kills an interpreter that does not come back.

import { execFileSync } from "node:child_process";
import { closeSync, constants, mkdtempSync, openSync, readFileSync, readSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { awaiting, sleep, startInterpreter } from "./supervisor.ts";

const START_PATIENCE_MS = 10_000;
const START_POLL_MS = 1;

const running = new Set<Link>();
process.on("exit", () => running.forEach((link) => link.kill()));

function killProcess(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

export class Link {
  /** Where the process runs: its flash file lies here. */
  readonly folder = mkdtempSync(join(tmpdir(), "espruino-"));
  #pid = 0;
  #requests = -1;
  #replies = -1;
  #input: Buffer = Buffer.alloc(0);

  /** Starts the interpreter in the folder, which holds all it needs. */
  start(interpreter: string): void {
    const path = (name: string): string => join(this.folder, name);
    execFileSync("mkfifo", ["requests", "replies", "keyboard"], { cwd: this.folder });
    // Opened for reading and writing, a pipe neither blocks nor ends. The keyboard must never end: its end is read as keys.
    const keyboard = openSync(path("keyboard"), "r+");
    const output = openSync(path("output"), "w");
    this.#replies = openSync(path("replies"), "r+");
    const starting = openSync(path("requests"), constants.O_RDONLY | constants.O_NONBLOCK);
    this.#pid = startInterpreter(interpreter, this.folder, [keyboard, output, output]);
    closeSync(keyboard);
    closeSync(output);
    running.add(this);
    this.#input = this.#firstBytes(starting);
    // From here on the pipe ends if the process does.
    this.#requests = openSync(path("requests"), "r");
    closeSync(starting);
  }

  /** 0 when it does not run. */
  get pid(): number {
    return this.#pid;
  }

  get isRunning(): boolean {
    return this.#pid !== 0;
  }

  /** The next line that the interpreter sends. */
  readLine(): string {
    for (let from = 0; ; ) {
      const end = this.#input.indexOf(10, from);
      if (end >= 0) {
        const line = this.#input.toString("latin1", 0, end);
        this.#input = this.#input.subarray(end + 1);
        return line;
      }
      from = this.#input.length;
      this.#receive();
    }
  }

  /** The next `length` bytes that the interpreter sends. */
  readBytes(length: number): Uint8Array {
    while (this.#input.length < length) this.#receive();
    const bytes = this.#input.subarray(0, length);
    this.#input = this.#input.subarray(length);
    return bytes;
  }

  /** Sends a reply: what it is, its text, and bytes behind it. */
  send(kind: string, body: string, bytes?: Uint8Array): void {
    const parts: Uint8Array[] = [Buffer.from(kind + String(body.length).padStart(7, "0") + body, "latin1")];
    if (bytes) parts.push(bytes);
    const all = Buffer.concat(parts);
    for (let sent = 0; sent < all.length; ) sent += awaiting(this.#pid, () => writeSync(this.#replies, all, sent));
  }

  /** Ends the process at once and removes its folder. */
  kill(): void {
    if (this.#pid) killProcess(this.#pid);
    this.#pid = 0;
    running.delete(this);
    if (this.#requests >= 0) closeSync(this.#requests);
    if (this.#replies >= 0) closeSync(this.#replies);
    this.#requests = this.#replies = -1;
    rmSync(this.folder, { recursive: true, force: true });
  }

  #firstBytes(pipe: number): Buffer<ArrayBuffer> {
    const chunk = Buffer.alloc(65536);
    for (let waitedMs = 0; this.#pid && waitedMs < START_PATIENCE_MS; waitedMs += START_POLL_MS) {
      try {
        const length = readSync(pipe, chunk);
        if (length > 0) return Buffer.from(chunk.subarray(0, length));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
      }
      sleep(START_POLL_MS);
    }
    closeSync(pipe);
    this.#fail("did not start");
  }

  #receive(): void {
    const chunk = Buffer.allocUnsafe(65536);
    const length = awaiting(this.#pid, () => readSync(this.#requests, chunk));
    if (length === 0) this.#fail("ended or had to be killed");
    this.#input = Buffer.concat([this.#input, chunk.subarray(0, length)]);
  }

  #fail(what: string): never {
    let said = "";
    try {
      said = readFileSync(join(this.folder, "output"), "latin1").slice(-2000);
    } finally {
      this.kill();
    }
    throw new Error(`the interpreter ${what}; it said: ${JSON.stringify(said)}`);
  }
}
