// The flashing tools against a real Espruino at a pseudo-terminal: its own console, Storage and flash file. A reboot is a new
// process in the same folder, a cut its death.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as pty from "@lydell/node-pty";
import type { Board } from "../../boards/board.ts";
import { xiaoble } from "../../boards/xiaoble.ts";
import { flashBoard, type Flashed } from "../../tools/flash/flash-one.ts";
import type { Installation } from "../../tools/flash/install.ts";
import type { Port } from "../../tools/flash/serial-layer.ts";
import { random } from "../support/random.ts";
import { greeting, installationOf } from "../support/flashing.ts";

/** Espruino for Linux: a file of 256 KB in pages of 1 KB, as flash from 0x10000000 on, and no radio. */
const linux: Board = {
  ...xiaoble,
  id: "LINUX",
  chip: { ...xiaoble.chip, pageBytes: 1024 },
  storage: { kind: "external", base: 0x10000000, pages: 256 },
  flashMap: {
    filePages: 240,
    slots: [
      { firstPage: 1, pages: 40 },
      { firstPage: 41, pages: 40 },
    ],
    hasPrompts: false,
    log: { kind: "flash", firstPage: 81, pages: 150 },
  },
  capabilities: { ...xiaoble.capabilities, link: false },
};

/** One after another, the processes of a board. */
class RealBoard {
  /** All that it printed. */
  text = "";
  #process: pty.IPty | undefined;
  #port: Port | undefined;
  #written = 0;
  #isInterrupted = false;

  /** Dies when so many bytes have been sent to it. */
  constructor(
    readonly folder: string,
    private readonly cutAfterBytes = Infinity,
  ) {}

  readonly open = async (): Promise<Port> => {
    if (this.#written >= this.cutAfterBytes) throw new Error("the board is unplugged");
    if (!this.#process) await this.#start();
    const port: Port = {
      write: async (bytes) => {
        this.#written += bytes.length;
        if (this.#written >= this.cutAfterBytes) await this.kill();
        else this.#process?.write(this.#gentle(Buffer.from(bytes).toString("latin1")));
      },
      close: async () => void (this.#port = undefined),
      onBytes: () => undefined,
      onClose: () => undefined,
    };
    this.#port = port;
    return port;
  };

  async kill(): Promise<void> {
    const dying = this.#process;
    if (!dying) return;
    const isGone = new Promise<void>((resolve) => dying.onExit(() => resolve()));
    dying.kill("SIGKILL");
    await isGone;
  }

  /** A second Ctrl-C ends Espruino on a desktop; boards know no such thing. */
  #gentle(text: string): string {
    if (!text.includes("\x03")) return text;
    const isFirst = !this.#isInterrupted;
    this.#isInterrupted = true;
    return isFirst ? text : text.replaceAll("\x03", "");
  }

  /** It has ended itself, with a word on the assertion that failed. */
  get hasCrashed(): boolean {
    return this.#process === undefined && this.text.includes("ASSERT(");
  }

  /** Waits until it has printed something. */
  async prints(wanted: RegExp): Promise<void> {
    for (let i = 0; i < 100 && !wanted.test(this.text); i++) await new Promise((resolve) => setTimeout(resolve, 50));
    assert.match(this.text, wanted);
  }

  async #start(): Promise<void> {
    this.text = "";
    this.#isInterrupted = false;
    const started = pty.spawn(process.env["ESPRUINO"]!, [], { cwd: this.folder, encoding: "latin1" });
    this.#process = started;
    started.onData((data) => {
      this.text += data;
      this.#port?.onBytes(Buffer.from(data, "latin1"));
    });
    started.onExit(() => {
      if (this.#process === started) this.#process = undefined;
      this.#port?.onClose();
    });
    // Before it is ready the terminal would turn Ctrl-C into its end.
    await this.prints(/>/);
  }
}

const MOST_CRASHES = 3;

describe("flashing a real Espruino", function () {
  this.timeout(120000);
  let folder: string;
  const made: RealBoard[] = [];
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "flash-"))));
  afterEach(async () => {
    for (const board of made.splice(0)) await board.kill();
    rmSync(folder, { recursive: true });
  });

  function board(cutAfterBytes?: number): RealBoard {
    const real = new RealBoard(folder, cutAfterBytes);
    made.push(real);
    return real;
  }

  function once(real: RealBoard, installation: Installation, wanted = linux): Promise<Flashed> {
    return flashBoard({
      ...{ open: real.open, board: wanted, candidates: [], installation: async () => installation, pollMs: 100 },
      ...{ isErasing: false, isForced: false, isDev: true, hasSelfTest: false, agree: async () => true, report: () => undefined, tell: () => undefined },
    });
  }

  /**
   * On a desktop a thread reads the input, and shares the queue of events with the interpreter without a lock; boards have an
   * interrupt there, which nothing overtakes. On a busy machine the queue breaks now and then, and the process ends with a failed
   * assertion (src/jsdevices.c). To the tools that is a cut like any other: flashing is run again.
   */
  async function flash(real: RealBoard, installation: Installation): Promise<Flashed> {
    for (let crashes = 0; ; crashes++) {
      try {
        return await once(real, installation);
      } catch (error) {
        if (!real.hasCrashed || crashes === MOST_CRASHES) throw error;
        console.log(`      the interpreter ended itself: ${/ASSERT.*/.exec(real.text)![0]}`);
      }
    }
  }

  const build = (name: string): Installation => installationOf(linux, greeting(linux, name, 1000, 3000, 500));

  it("installs on a blank one, and updates it back and forth", async () => {
    const real = board();
    await flash(real, build("first"));
    await real.prints(/first/);
    for (const [i, name] of ["second", "third"].entries()) {
      const { plan } = await flash(real, build(name));
      assert.ok(plan.kind === "update" && plan.isOnTrial && plan.version > 1000 + i);
      await real.prints(new RegExp(name));
    }
  });

  it("leaves old or new firmware when it dies while it is updated, and updates it when it is run again", async () => {
    const next = random(5);
    for (let i = 0; i < 5; i++) {
      const real = board();
      await flash(real, build("old"));
      await real.kill();
      const dying = board(200 + Math.floor(next() * 12000));
      await assert.rejects(once(dying, build("new")));
      await dying.kill();
      const after = board();
      await after.open();
      await after.prints(/old|new/);
      assert.doesNotMatch(after.text, /ERROR|no whole application|corrupt/);
      await flash(after, build("new"));
      await after.prints(/new/);
      await after.kill();
    }
  });

  it("refuses it as the wrong board", async () => {
    await assert.rejects(once(board(), build("x"), xiaoble), /this is LINUX, the firmware is for XIAOBLE/);
  });
});
