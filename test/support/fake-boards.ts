// Boards at the station's port, in whatever time the timers have: each takes a while, remembers what was written to it as a
// board would, and can be told to misbehave at a step.

import { BoardFault, type BoardIdentity, type BoardPort, type BoardPorts } from "../../tools/production/board-port.ts";
import type { Measurement } from "../../tools/production/limits.ts";

export type Misbehaviour = "vanish" | "hang" | "garble" | "crc" | "escape" | "endless" | "weak" | "stay-open" | "wrong-board" | "old";

export interface FakeBoardOptions {
  readonly chip: string;
  readonly board?: string;
  readonly version?: string;
  readonly usbId?: string | undefined;
  /** What it does wrong, by step. */
  readonly faults?: Readonly<Partial<Record<keyof BoardPort, Misbehaviour>>>;
  /** It is so many times faster than usual. */
  readonly haste?: number;
  /** A record that it bears from before. */
  readonly record?: Uint8Array;
}

const DURATION_MS = { connect: 300, identify: 50, install: 20000, provision: 400, selftest: 5000, seal: 2000, checkSealed: 1000, close: 1 } as const;
/** What a terminal must never see. */
export const ESCAPES = "\u001b]0;owned\u0007\u001b[2J\u009b31m\r\n\u202e<b>";

export class FakeBoard implements BoardPort {
  readonly usbId: string | undefined;
  path = "none";
  isSealed = false;
  record: Uint8Array | undefined;
  /** How often something was written to it. */
  readonly writes: string[] = [];
  isPlugged = false;
  /** A killed station's calls have no effect any more. */
  #epoch = 0;
  #isMended = false;

  constructor(readonly options: FakeBoardOptions) {
    this.usbId = "usbId" in options ? options.usbId : `usb-${options.chip}`;
    this.record = options.record;
  }

  /** The process that spoke to it is gone. */
  hangUp(): void {
    this.#epoch++;
  }

  /** Somebody has repaired it. */
  mend(): void {
    this.#isMended = true;
  }

  async connect(): Promise<void> {
    await this.#take("connect");
    if (this.isSealed) throw new BoardFault("silent", "no prompt answers");
  }

  async identify(): Promise<BoardIdentity> {
    const fault = await this.#take("identify");
    const { chip, board = "XIAOBLE", version = "2v29" } = this.options;
    const record = this.record;
    if (fault === "escape") return { board: ESCAPES, version, chip, record };
    if (fault === "garble") return { board, version, chip: "?".repeat(100000), record };
    return { board: fault === "wrong-board" ? "MICROBIT2" : board, version: fault === "old" ? "2v10" : version, chip, record };
  }

  async install(_image: unknown, progress: (share: number) => void): Promise<void> {
    progress(0.5);
    this.record = undefined;
    const fault = await this.#take("install");
    if (fault === "crc") throw new BoardFault("damaged", "page 3 reads back with another CRC");
    progress(1);
    this.writes.push("install");
  }

  async provision(record: Uint8Array): Promise<Uint8Array> {
    const fault = await this.#take("provision");
    this.record = record;
    this.writes.push("provision");
    return fault === "crc" ? record.map((byte) => byte ^ 1) : record;
  }

  async selftest(): Promise<readonly Measurement[]> {
    const fault = await this.#take("selftest");
    if (fault === "endless") return Array.from({ length: 100000 }, () => ({ item: "battery", value: 1 }));
    if (fault === "escape") return [{ item: ESCAPES, value: ESCAPES as unknown as number }];
    return [{ item: "kernel", value: true }, { item: "battery", value: fault === "weak" ? 3100 : 4000 }];
  }

  async seal(): Promise<void> {
    const fault = await this.#take("seal");
    this.isSealed = fault !== "stay-open";
    this.writes.push("seal");
  }

  async checkSealed(): Promise<boolean> {
    await this.#take("checkSealed");
    return this.isSealed;
  }

  async close(): Promise<void> {
    await this.#take("close");
  }

  async #take(step: keyof typeof DURATION_MS): Promise<Misbehaviour | undefined> {
    const epoch = this.#epoch;
    const { faults, haste = 1 } = this.options;
    const fault = this.#isMended ? undefined : faults?.[step];
    await new Promise((resolve) => setTimeout(resolve, DURATION_MS[step] / haste));
    if (epoch !== this.#epoch || fault === "hang") return new Promise(() => undefined);
    if (fault === "vanish") this.isPlugged = false;
    if (!this.isPlugged && step !== "close") throw new BoardFault("vanished", `the port went away ${ESCAPES}`);
    return fault;
  }
}

/** Sockets that boards are put into and taken from. */
export class FakeLine implements BoardPorts {
  readonly boards = new Map<string, FakeBoard>();
  listFault: Error | undefined;

  plug(path: string, board: FakeBoard): void {
    board.path = path;
    board.isPlugged = true;
    this.boards.set(path, board);
  }

  unplug(path: string): void {
    const board = this.boards.get(path);
    if (board) board.isPlugged = false;
    this.boards.delete(path);
  }

  list(): Promise<readonly BoardPort[]> {
    if (this.listFault) return Promise.reject(this.listFault);
    return Promise.resolve([...this.boards.values()].filter(({ isPlugged }) => isPlugged));
  }
}
