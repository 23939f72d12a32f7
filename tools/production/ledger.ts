// The ledger of a production run: an SQLite file in which every serial, run, step and verdict is on disk before anything rests on
// it. Killing the process at any moment leaves it as after the last call that returned (libsql: node-sqlite3-wasm keeps a stale
// lock for ever when it is killed).

import Database from "libsql";
import { UserError } from "../errors.ts";
import { printable } from "./files.ts";
import { checkIdentity, type Identity } from "./identity.ts";
import { SCHEMA, SCHEMA_VERSION } from "./ledger-schema.ts";

export type Verdict = "passed" | "failed" | "interrupted" | "bench";

/** The ledger cannot be read or written: nothing may go on that rests on it. */
export class LedgerError extends UserError {
  constructor(why: string) {
    super(`the ledger cannot be written: ${why}`, "Free or repair the disk that holds it; units wait until it can be written again.");
    this.name = "LedgerError";
  }
}

export interface NewRun {
  readonly station: string;
  readonly port: string;
  readonly usbId: string | undefined;
  readonly board: string;
  /** SHA-256 of the image's manifest. */
  readonly image: string;
  readonly version: number;
}

export interface RunRow extends Omit<NewRun, "usbId"> {
  readonly id: number;
  readonly usb_id: string | null;
  readonly chip: string | null;
  readonly serial: string | null;
  readonly started_at: number;
  readonly ended_at: number | null;
  readonly verdict: Verdict | null;
  readonly cause: string | null;
}

export interface StepRow {
  readonly id: number;
  readonly run: number;
  readonly name: string;
  readonly started_at: number;
  readonly ended_at: number | null;
  readonly outcome: "passed" | "failed" | null;
  readonly detail: string | null;
}

export interface UnitRow extends Identity {
  readonly chip: string;
  readonly reserved_at: number;
}

const BUSY_MS = 10000;
const MOST_COUNT = 999999;
const PROBE_BYTES = 64 * 1024;

export class Ledger {
  readonly #db: Database.Database;

  constructor(path: string) {
    try {
      this.#db = new Database(path, { timeout: BUSY_MS });
      this.#db.pragma("journal_mode = WAL");
      this.#db.pragma("synchronous = FULL");
      this.#db.pragma("foreign_keys = ON");
      this.#atomically(() => {
        this.#db.exec(SCHEMA);
        this.#db.prepare("INSERT INTO setting (name, value) VALUES ('schema', ?) ON CONFLICT DO NOTHING").run(SCHEMA_VERSION);
      });
    } catch (error) {
      throw new UserError(`cannot open the ledger ${path}: ${printable((error as Error).message)}`, "Name a ledger of this tool, or a new file in a folder that you may write, on a disk with room.");
    }
    const found = this.#setting("schema");
    if (found !== SCHEMA_VERSION) throw new UserError(`the ledger ${path} is of version ${printable(String(found))}, this tool keeps ${SCHEMA_VERSION}`, "Use the tool that made it.");
  }

  close(): void {
    this.#db.close();
  }

  /** For tests of a full disk: no more than so many pages. */
  limitPages(pages: number): void {
    this.#db.pragma(`max_page_count = ${pages}`);
  }

  /** Adds identities to hand out, in their order, before counted ones. All or none. */
  plan(identities: readonly Identity[]): void {
    this.#atomically(() => {
      const insert = this.#db.prepare("INSERT INTO plan (serial, name, colour) VALUES (?, ?, ?)");
      for (const { serial, name, colour } of identities) {
        if (this.#isTaken(serial)) throw new UserError(`the serial ${serial} is in the ledger already`, "Every serial is given once: take the row out.");
        insert.run(serial, name, colour);
      }
    });
  }

  /** From now on serials are counted: PREFIX-000001 and so on, never below what was counted before. */
  count(prefix: string, name: string, colour: string): void {
    checkIdentity({ serial: `${prefix}-000000`, name, colour }, "counting");
    this.#atomically(() => {
      for (const [key, value] of Object.entries({ prefix, name, colour })) this.#set(key, value);
    });
  }

  /** What counted serials begin with. */
  prefix(): string | undefined {
    const prefix = this.#setting("prefix");
    return typeof prefix === "string" ? prefix : undefined;
  }

  /** The identity of that chip: the one that it has, or the next that nobody has. On disk when this returns. */
  reserve(chip: string, at: number): Identity {
    return this.#atomically(() => {
      const known = this.unitOfChip(chip);
      const identity = known ?? this.#next();
      if (!known) this.#run("INSERT INTO unit (serial, name, colour, chip, reserved_at) VALUES (?, ?, ?, ?, ?)", identity.serial, identity.name, identity.colour, chip, at);
      return { serial: identity.serial, name: identity.name, colour: identity.colour };
    });
  }

  unitOfChip(chip: string): UnitRow | undefined {
    return this.#get<UnitRow>("SELECT * FROM unit WHERE chip = ?", chip);
  }

  /** The run in which that unit passed. */
  passedRun(serial: string): number | undefined {
    return this.#get<{ id: number }>("SELECT id FROM run WHERE serial = ? AND verdict = 'passed'", serial)?.id;
  }

  /** The serial of a board that passed, by what USB tells of it: it answers no more. */
  passedSerial(usbId: string): string | undefined {
    return this.#get<{ serial: string }>("SELECT serial FROM run WHERE usb_id = ? AND verdict = 'passed'", usbId)?.serial;
  }

  startRun({ station, port, usbId, board, image, version }: NewRun, at: number): number {
    return this.#run("INSERT INTO run (station, port, usb_id, board, image, version, started_at) VALUES (?, ?, ?, ?, ?, ?, ?)", station, port, usbId ?? null, board, image, version, at);
  }

  /** Tells whose run it is. */
  identify(run: number, chip: string): void {
    this.#run("UPDATE run SET chip = ? WHERE id = ?", chip, run);
  }

  assign(run: number, serial: string): void {
    this.#run("UPDATE run SET serial = ? WHERE id = ?", serial, run);
  }

  endRun(run: number, verdict: Verdict, cause: string | undefined, at: number): void {
    this.#run("UPDATE run SET verdict = ?, cause = ?, ended_at = ? WHERE id = ? AND verdict IS NULL", verdict, cause ?? null, at, run);
  }

  startStep(run: number, name: string, at: number): number {
    return this.#run("INSERT INTO step (run, name, started_at) VALUES (?, ?, ?)", run, name, at);
  }

  endStep(step: number, outcome: "passed" | "failed", detail: string | undefined, at: number): void {
    this.#run("UPDATE step SET outcome = ?, detail = ?, ended_at = ? WHERE id = ? AND outcome IS NULL", outcome, detail ?? null, at, step);
  }

  /** Throws unless there is room for what many units write. */
  probe(): void {
    for (const text of ["x".repeat(PROBE_BYTES), ""]) this.#atomically(() => this.#set("probe", text));
  }

  /** Runs without a verdict: the station was killed, or its ledger could not be written. */
  openRuns(station: string): RunRow[] {
    return this.#all<RunRow>("SELECT * FROM run WHERE station = ? AND verdict IS NULL ORDER BY id", station);
  }

  runs(): RunRow[] {
    return this.#all<RunRow>("SELECT * FROM run ORDER BY id");
  }

  steps(run?: number): StepRow[] {
    return run === undefined ? this.#all<StepRow>("SELECT * FROM step ORDER BY id") : this.#all<StepRow>("SELECT * FROM step WHERE run = ? ORDER BY id", run);
  }

  units(): UnitRow[] {
    return this.#all<UnitRow>("SELECT * FROM unit ORDER BY reserved_at, serial");
  }

  /** Identities that wait to be given. */
  planned(): Identity[] {
    return this.#all<Identity>("SELECT serial, name, colour FROM plan WHERE serial NOT IN (SELECT serial FROM unit) ORDER BY position");
  }

  /** Newest version that any board of that kind was loaded with. */
  newestVersion(board: string): number {
    return this.#get<{ newest: number | null }>("SELECT max(version) AS newest FROM run JOIN step ON step.run = run.id WHERE board = ? AND step.name = 'install' AND outcome = 'passed'", board)?.newest ?? 0;
  }

  #next(): Identity {
    const [planned] = this.#all<Identity>("SELECT serial, name, colour FROM plan WHERE serial NOT IN (SELECT serial FROM unit) ORDER BY position LIMIT 1");
    if (planned) return planned;
    const prefix = this.prefix();
    if (prefix === undefined) throw new UserError("no serial is left to give", "Import more with `pawlock provision --csv FILE`, or let them be counted with --count PREFIX.");
    for (let number = Number(this.#setting(`counted ${prefix}`) ?? 0) + 1; number <= MOST_COUNT; number++) {
      const serial = `${prefix}-${String(number).padStart(6, "0")}`;
      if (this.#isTaken(serial)) continue;
      this.#set(`counted ${prefix}`, number);
      return { serial, name: String(this.#setting("name")), colour: String(this.#setting("colour")) };
    }
    throw new UserError(`all serials of ${prefix} are given`, "Count on with another prefix.");
  }

  #isTaken(serial: string): boolean {
    return this.#get("SELECT 1 FROM unit WHERE serial = ? UNION SELECT 1 FROM plan WHERE serial = ?", serial, serial) !== undefined;
  }

  #setting(name: string): unknown {
    return this.#get<{ value: unknown }>("SELECT value FROM setting WHERE name = ?", name)?.value;
  }

  #set(name: string, value: string | number): void {
    this.#run("INSERT INTO setting (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", name, value);
  }

  #atomically<T>(change: () => T): T {
    this.#guarded(() => this.#db.exec("BEGIN IMMEDIATE"));
    try {
      const result = change();
      this.#guarded(() => this.#db.exec("COMMIT"));
      return result;
    } catch (error) {
      if (this.#db.inTransaction) this.#db.exec("ROLLBACK");
      throw error;
    }
  }

  /** Runs one statement; returns the id of the row that it inserted. */
  #run(sql: string, ...values: (string | number | null)[]): number {
    return this.#guarded(() => Number(this.#db.prepare(sql).run(...values).lastInsertRowid));
  }

  #get<T>(sql: string, ...values: (string | number)[]): T | undefined {
    return this.#all<T>(sql, ...values)[0];
  }

  #all<T>(sql: string, ...values: (string | number)[]): T[] {
    return this.#guarded(() => this.#db.prepare(sql).all(...values) as T[]);
  }

  #guarded<T>(call: () => T): T {
    try {
      return call();
    } catch (error) {
      if (error instanceof UserError) throw error;
      throw new LedgerError(printable((error as Error).message));
    }
  }
}
