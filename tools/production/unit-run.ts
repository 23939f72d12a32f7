// One unit on one port: the steps from a blank board to a sealed toy, each in the ledger before it begins and when it has ended.
// What a board answers is checked here before anything rests on it.

import { UserError } from "../errors.ts";
import { BoardFault, type BoardIdentity, type BoardPort } from "./board-port.ts";
import { printable } from "./files.ts";
import type { VerifiedImage } from "./image-verify.ts";
import { LedgerError, type Ledger, type Verdict } from "./ledger.ts";
import { violations, type Limits, type Measurement } from "./limits.ts";
import { unitOf, writeIdentity } from "./provisioning.ts";

export const STEPS = ["connect", "identify", "install", "provision", "selftest", "seal", "check"] as const;
export type StepName = (typeof STEPS)[number];

/** Longest time of a step, in seconds: a board that talks without end is cut off. */
const LONGEST_S: Readonly<Record<StepName, number>> = { connect: 15, identify: 15, install: 900, provision: 60, selftest: 180, seal: 60, check: 60 };
const MOST_MEASUREMENTS = 100;

export interface Bench {
  readonly ledger: Ledger;
  readonly image: VerifiedImage;
  readonly limits: Limits;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Tells the operator; the text is safe to print. */
  readonly say: (port: string, text: string) => void;
  /** Chips that are being worked on now. */
  readonly chips: Set<string>;
}

export interface Outcome {
  readonly verdict: Verdict;
  readonly cause: string | undefined;
  readonly serial: string | undefined;
}

class StepFailed extends Error {}

export class UnitRun {
  #chip: string | undefined;
  #serial: string | undefined;

  constructor(
    private readonly bench: Bench,
    private readonly port: BoardPort,
    /** Its row in the ledger. */
    private readonly run: number,
  ) {}

  /** From a board that was just plugged in to a verdict, which is in the ledger when this returns. Rejects when the ledger fails. */
  async complete(): Promise<Outcome> {
    return this.#toVerdict(async () => {
      await this.#step("connect", () => this.port.connect());
      const identity = await this.#step("identify", () => this.port.identify(), (found) => this.#checkIdentity(found));
      const { image } = this.bench;
      await this.#step("install", () => this.port.install(image, this.#progress()));
      if (image.manifest.kind === "production") await this.#step("provision", () => this.#provision(identity.chip));
      await this.#step("selftest", () => this.port.selftest(() => this.bench.say(this.port.path, "HOLD THE PAW until its light goes out")), (measured) => this.#judge(measured));
      if (image.manifest.kind !== "production") return "bench";
      await this.#sealAndCheck();
      return "passed";
    });
  }

  /** After the station was stopped while it sealed the unit: a board that is silent now is sealed, one that answers is sealed again. */
  async resume(chip: string, serial: string): Promise<Outcome> {
    this.#serial = serial;
    return this.#toVerdict(async () => {
      const isSealed = await this.#step("check", async () => {
        const sealed = await this.port.checkSealed();
        return sealed ? "no prompt answers" : "a prompt answers: seal again";
      });
      if (isSealed === "no prompt answers") return "passed";
      await this.#step("connect", () => this.port.connect());
      await this.#step("identify", () => this.port.identify(), (found) => {
        this.#checkIdentity(found);
        if (found.chip !== chip) throw new BoardFault("foreign", "another board stands where the sealed one was");
        return found.chip;
      });
      await this.#sealAndCheck();
      return "passed";
    });
  }

  async #sealAndCheck(): Promise<void> {
    await this.#step("seal", () => this.port.seal());
    await this.#step("check", async () => {
      if (!(await this.port.checkSealed())) throw new BoardFault("open", "a prompt answers though the toy is sealed");
      return "no prompt answers";
    });
  }

  async #toVerdict(work: () => Promise<Verdict>): Promise<Outcome> {
    const { ledger, now, say, chips } = this.bench;
    let verdict: Verdict;
    let cause: string | undefined;
    try {
      verdict = await work();
    } catch (error) {
      if (!(error instanceof StepFailed)) throw error;
      verdict = "failed";
      cause = error.message;
    } finally {
      if (this.#chip !== undefined) chips.delete(this.#chip);
      await within(this.port.close(), LONGEST_S.connect).catch(() => undefined);
    }
    ledger.endRun(this.run, verdict, cause, now());
    say(this.port.path, `${verdict.toUpperCase()}${this.#serial === undefined ? "" : ` ${this.#serial}`}${cause === undefined ? "" : `: ${cause}`}`);
    return { verdict, cause, serial: this.#serial };
  }

  /** `check` looks at what the board answered, and gives the text that the ledger keeps. */
  async #step<T>(name: StepName, work: () => Promise<T>, check: (answer: T) => string | undefined = (answer) => (typeof answer === "string" ? answer : undefined)): Promise<T> {
    const { ledger, now, say } = this.bench;
    const step = ledger.startStep(this.run, name, now());
    say(this.port.path, name);
    try {
      const answer = await within(work(), LONGEST_S[name]);
      const detail = check(answer);
      ledger.endStep(step, "passed", detail, now());
      return answer;
    } catch (error) {
      if (error instanceof LedgerError) throw error;
      const kind = error instanceof BoardFault ? error.kind : error instanceof UserError ? "refused" : "error";
      const told = printable(error instanceof UserError ? error.what : String((error as Error)?.message ?? error), 300);
      ledger.endStep(step, "failed", told, now());
      say(this.port.path, `${name} failed: ${told}`);
      throw new StepFailed(`${name}: ${kind}`);
    }
  }

  #checkIdentity({ board, version, chip, record }: BoardIdentity): string {
    const { image, ledger, chips } = this.bench;
    const { manifest } = image;
    if (board !== manifest.board) throw new BoardFault("foreign", `this is ${printable(String(board), 30)}, the image is for ${manifest.board}`);
    if (version !== manifest.espruino.version) throw new BoardFault("foreign", `it runs Espruino ${printable(String(version), 30)}, the image was made with ${manifest.espruino.version}`);
    if (typeof chip !== "string" || !/^[0-9a-f]{16}$/.test(chip)) throw new BoardFault("garbled", `its chip's number is ${printable(String(chip), 30)}`);
    if (chips.has(chip)) throw new BoardFault("serial", "another port has a board with the same chip's number");
    chips.add(chip);
    this.#chip = chip;
    ledger.identify(this.run, chip);
    const unit = unitOf(ledger, chip, record);
    if (unit) this.#assign(unit.serial);
    const passed = unit && ledger.passedRun(unit.serial);
    if (passed !== undefined) throw new BoardFault("serial", `${unit!.serial} passed already, in run ${passed}`);
    return `${board} ${version} ${chip}`;
  }

  #assign(serial: string): void {
    this.bench.ledger.assign(this.run, serial);
    this.#serial = serial;
  }

  async #provision(chip: string): Promise<string> {
    const { ledger, now } = this.bench;
    const identity = ledger.reserve(chip, now());
    this.#assign(identity.serial);
    return writeIdentity(this.port, identity);
  }

  #judge(measured: readonly Measurement[]): string {
    if (!Array.isArray(measured) || measured.length > MOST_MEASUREMENTS) throw new BoardFault("garbled", "its self-test answers too much");
    const text = measured.map(({ item, value }) => `${printable(String(item), 30)}=${printable(String(value), 20)}`).join(" ");
    const found = violations(this.bench.limits, measured);
    if (found.length > 0) throw new BoardFault("limits", found.join("; "));
    return text;
  }

  /** Every quarter is told. */
  #progress(): (share: number) => void {
    let told = 0;
    return (share) => {
      const quarter = Math.floor(Math.min(1, Math.max(0, share)) * 4);
      if (quarter > told) this.bench.say(this.port.path, `install ${quarter * 25}%`);
      told = Math.max(told, quarter);
    };
  }
}

/** The promise's result, if it comes in time. */
function within<T>(work: Promise<T>, seconds: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout>;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new BoardFault("timeout", `nothing came within ${seconds} s`)), seconds * 1000);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
