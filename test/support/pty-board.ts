// A simulated board at the end of a pseudo-terminal: what the flashing tools find where a real one would be plugged in.

import { closeSync, constants, openSync } from "node:fs";
import { ReadStream } from "node:tty";
import * as pty from "@lydell/node-pty";
import { BoardConsole } from "../../sim/console.ts";
import type { Stage } from "../../sim/stage.ts";
import { openPort } from "../../tools/flash/serial-port.ts";
import type { Port } from "../../tools/flash/serial-layer.ts";
import { random } from "./random.ts";

export interface CableOptions {
  /** The board loses its power when so many lines have been evaluated. */
  readonly cutAfterLines?: number;
  /** Share of the bytes to the board that arrive wrong. */
  readonly noise?: number;
  /** Text that the board prints now and then, unasked. */
  readonly chatter?: string;
  /** Most bytes that arrive at once, and are sent at once. */
  readonly pieceBytes?: number;
  readonly seed?: number;
}

/** Virtual time that passes for each millisecond of the test's, while somebody speaks to the board and so long after. */
const SPEED = 200;
const USED_MS = 3000;
const TICK_MS = 1;

interface Terminal {
  readonly master: NodeJS.ReadStream & NodeJS.WritableStream & { destroy(): void };
  readonly slave: { destroy(): void };
  readonly ptsName: string;
}

export class PtyBoard {
  readonly path: string;
  readonly console: BoardConsole;
  isPlugged = true;
  readonly #terminal: Terminal;
  readonly #hold: number;
  readonly #timer: ReturnType<typeof setTimeout>;
  readonly #random: () => number;
  /** When somebody spoke to the board, in its own time. */
  #usedAtMs: number;

  constructor(
    readonly stage: Stage,
    private readonly options: CableOptions = {},
  ) {
    this.#terminal = (pty as unknown as { open(options: { encoding: null }): Terminal }).open({ encoding: null });
    this.path = this.#terminal.ptsName;
    // The terminal stays while nobody has it open; the library's own end of it would eat what the board says.
    this.#hold = openSync(this.path, constants.O_RDWR | constants.O_NOCTTY);
    this.#terminal.slave.destroy();
    // Until somebody opens it the terminal would send back what the board says.
    new ReadStream(this.#hold).setRawMode(true).on("error", () => undefined);
    this.#random = random(options.seed ?? 1);
    this.console = new BoardConsole(stage, (text) => this.#send(text));
    this.#usedAtMs = stage.nowMs;
    this.#terminal.master.on("data", (bytes: Buffer) => {
      this.#usedAtMs = stage.nowMs;
      this.console.receive(this.#disturbed(bytes));
    });
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  /** For the flashing tools. */
  readonly open = async (): Promise<Port> => openPort(this.path, 115200);

  unplug(): void {
    if (!this.isPlugged) return;
    this.isPlugged = false;
    clearInterval(this.#timer);
    if (this.stage.machine.isPowered) this.stage.machine.cutPower();
    closeSync(this.#hold);
    this.#terminal.master.destroy();
  }

  #tick(): void {
    const { cutAfterLines = Infinity, chatter } = this.options;
    while (this.console.lines < cutAfterLines && this.console.run(1)) continue;
    // One that nobody speaks to lives in the test's own time: many of them would leave none for the others.
    const isUsed = this.stage.nowMs - this.#usedAtMs < USED_MS;
    this.console.run((isUsed ? SPEED : 1) * TICK_MS);
    if (chatter !== undefined && this.#random() < 0.05) this.#send(`${chatter}\r\n`);
    const { isPowered, isRebooting } = this.stage.machine;
    if (this.console.lines >= cutAfterLines || (!isPowered && !isRebooting)) this.unplug();
  }

  #send(text: string): void {
    if (!this.isPlugged) return;
    const { pieceBytes = 4096 } = this.options;
    for (let at = 0; at < text.length; at += pieceBytes) this.#terminal.master.write(Buffer.from(text.slice(at, at + pieceBytes), "latin1"));
  }

  #disturbed(bytes: Uint8Array): Uint8Array {
    const { noise = 0 } = this.options;
    if (noise === 0) return bytes;
    return bytes.map((byte) => (this.#random() < noise ? byte ^ (1 << Math.floor(this.#random() * 7)) : byte));
  }
}
