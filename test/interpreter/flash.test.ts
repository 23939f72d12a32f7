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

/** Espruino for Linux: a file of 256 KB in pages of 1 KB, as flash from 0x10000000 on. */
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
    keyPage: 0xf1000,
  },
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

  function flash(real: RealBoard, installation: Installation): Promise<Flashed> {
    return flashBoard({
      ...{ open: real.open, board: linux, candidates: [], installation: async () => installation, pollMs: 100 },
      ...{ isErasing: false, isForced: false, isDev: true, hasSelfTest: false, agree: async () => true, report: () => undefined },
    });
  }

  const build = (name: string): Installation => installationOf(linux, greeting(linux, name, 1000, 3000, 500));

  it("installs on a blank one, and updates it back and forth", async () => {
    const real = board();
    assert.equal((await flash(real, build("first"))).plan.kind, "first");
    await real.prints(/first/);
    for (const [i, name] of ["second", "third"].entries()) {
      assert.deepEqual((await flash(real, build(name))).plan, { kind: "update", slot: (i + 1) % 2, version: 1001 + i, isOnTrial: true });
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
      await assert.rejects(flash(dying, build("new")));
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
    await assert.rejects(
      flashBoard({
        ...{ open: board().open, board: xiaoble, candidates: [], installation: async () => build("x"), pollMs: 100 },
        ...{ isErasing: false, isForced: false, isDev: true, hasSelfTest: false, agree: async () => true, report: () => undefined },
      }),
      /this is LINUX, the firmware is for XIAOBLE/,
    );
  });
});
