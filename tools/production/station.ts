// A station of the line: waits for boards to be plugged in and takes each through its steps, many at once. It keeps nothing that
// the ledger does not have: killed and started again, it goes on where it was.

import type { BoardPort, BoardPorts } from "./board-port.ts";
import { printable } from "./files.ts";
import { LedgerError, type RunRow } from "./ledger.ts";
import { UnitRun, type Bench, type Outcome } from "./unit-run.ts";

/** How often the station looks for boards. */
const POLL_MS = 500;
/** A board that is away for longer has been unplugged; a reboot takes less. */
const GONE_MS = 2000;

export interface StationParts extends Bench {
  readonly name: string;
  readonly ports: BoardPorts;
  /** Told of every verdict. */
  readonly finished?: (outcome: Outcome, port: string) => void;
}

export class Station {
  readonly #parts: StationParts;
  /** Boards at work or done, by key; when they were seen last. */
  readonly #seen = new Map<string, number>();
  readonly #busy = new Map<string, Promise<void>>();
  /** Runs that were sealing when they were stopped, by the USB id of their board. */
  readonly #sealing = new Map<string, RunRow>();
  #isRecovered = false;
  #isRestart = true;
  #trouble: string | undefined;
  /** An error that is nobody's fault but ours: it stops the station. */
  #bug: unknown;

  constructor(parts: StationParts) {
    this.#parts = parts;
  }

  /** Works until told to stop, then lets the boards at work finish. */
  async run(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      await this.#poll();
      await pause(POLL_MS, stop);
      if (this.#bug !== undefined) throw this.#bug;
    }
    await Promise.all(this.#busy.values());
  }

  async #poll(): Promise<void> {
    const { now, say, ports } = this.#parts;
    if (!this.#isWritable()) return;
    let found: readonly BoardPort[];
    try {
      found = await ports.list();
    } catch (error) {
      say("station", `cannot look for boards: ${printable((error as Error).message)}`);
      return;
    }
    const keys = found.map((port) => [keyOf(port), port] as const);
    for (const [key] of keys) if (this.#seen.has(key)) this.#seen.set(key, now());
    for (const [key, at] of this.#seen) if (!this.#busy.has(key) && now() - at > GONE_MS) this.#seen.delete(key);
    for (const [key, port] of keys) if (!this.#seen.has(key)) this.#begin(key, port);
  }

  /** Whether the ledger takes what is written; settles what earlier stops left open. */
  #isWritable(): boolean {
    const { ledger, say } = this.#parts;
    try {
      if (this.#trouble !== undefined) ledger.probe();
      if (!this.#isRecovered) this.#recover();
      if (this.#trouble !== undefined) say("station", "the ledger can be written again");
      this.#trouble = undefined;
      return true;
    } catch (error) {
      this.#suffer(error);
      return false;
    }
  }

  #suffer(error: unknown): void {
    if (!(error instanceof LedgerError)) throw error;
    if (this.#trouble === undefined) this.#parts.say("station", `${error.what}. ${error.remedy}`);
    this.#trouble = error.what;
  }

  /** Runs without a verdict: one that was sealing waits for its board, the others end here; their boards keep their serials. */
  #recover(): void {
    const { ledger, name, now, say } = this.#parts;
    const [verdict, why] = this.#isRestart ? (["interrupted", "station stopped"] as const) : (["failed", "ledger"] as const);
    for (const row of ledger.openRuns(name)) {
      if (this.#busy.has(row.usb_id ?? row.port)) continue;
      const last = ledger.steps(row.id).at(-1);
      const wasSealing = row.usb_id !== null && row.serial !== null && last !== undefined && ["seal", "check"].includes(last.name) && last.outcome !== "failed";
      if (wasSealing) {
        this.#sealing.set(row.usb_id!, row);
        this.#seen.delete(row.usb_id!);
      } else ledger.endRun(row.id, verdict, `${last?.name ?? "start"}: ${why}`, now());
      say("station", `run ${row.id} of ${row.serial ?? "a unit without a serial"} was stopped ${wasSealing ? "while it was sealed: it goes on when its board is plugged in" : "and has ended"}`);
    }
    this.#isRecovered = true;
    this.#isRestart = false;
  }

  #begin(key: string, port: BoardPort): void {
    const { ledger, name, image, now, say } = this.#parts;
    const sealing = this.#sealing.get(key);
    this.#seen.set(key, now());
    try {
      const passed = port.usbId === undefined ? undefined : ledger.passedSerial(port.usbId);
      if (passed !== undefined) return say(port.path, `${passed} has passed: unplug it`);
      const run = sealing?.id ?? ledger.startRun({ station: name, port: port.path, usbId: port.usbId, board: image.board.id, image: image.digest, version: image.manifest.version }, now());
      this.#sealing.delete(key);
      const unit = new UnitRun(this.#parts, port, run);
      this.#busy.set(key, this.#work(key, port, sealing ? unit.resume(sealing.chip!, sealing.serial!) : unit.complete()));
    } catch (error) {
      this.#seen.delete(key);
      this.#suffer(error);
    }
  }

  async #work(key: string, port: BoardPort, unit: Promise<Outcome>): Promise<void> {
    const { finished, say, now } = this.#parts;
    let hasVanished = false;
    try {
      const outcome = await unit;
      hasVanished = outcome.cause?.endsWith(": vanished") === true;
      finished?.(outcome, port.path);
    } catch (error) {
      if (!(error instanceof LedgerError)) {
        this.#bug = error;
        return;
      }
      // The run stays open in the ledger, and is settled when that can be written again.
      this.#suffer(error);
      this.#isRecovered = false;
      say(port.path, "FAILED: its steps could not be written down");
    } finally {
      // One that went away is taken anew as soon as it is back; the others when they have been unplugged.
      if (hasVanished) this.#seen.delete(key);
      else this.#seen.set(key, now());
      this.#busy.delete(key);
    }
  }
}

const keyOf = ({ usbId, path }: BoardPort): string => usbId ?? path;

function pause(ms: number, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (stop.aborted) return resolve();
    const timer = setTimeout(done, ms);
    stop.addEventListener("abort", done, { once: true });
    function done(): void {
      clearTimeout(timer);
      stop.removeEventListener("abort", done);
      resolve();
    }
  });
}
