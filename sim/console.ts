// Espruino's console as the other end of a serial line sees it: echo, prompts, results, Ctrl-C, a line without echo after 0x10,
// XOFF and XON around its input buffer. Lines are evaluated by the board's own interpreter. Facts: espruino-platform 9,
// espruino/Espruino src/jsinteractive.c. Editing keys and bracket counting over several lines are not modelled: a line is whole.

import type { Stage } from "./stage.ts";

const ECHO_OFF = 0x10;
const CTRL_C = 0x03;
const XON = "\x11";
const XOFF = "\x13";
/** Bytes of the input buffer, and how full it is when the board asks for a pause. */
const BUFFER_BYTES = 1024;
const XOFF_AT = 768;
/** What the board gets through of its input in one go. */
const STEP_BYTES = 256;

export class BoardConsole {
  /** Bytes that came and wait. */
  #input: number[] = [];
  #line = "";
  #isEchoing = true;
  #isPaused = false;
  #printed = 0;
  #boots = 0;
  /** Lines evaluated so far. */
  lines = 0;
  /** Bytes that found the buffer full: lost, as on the board. */
  lost = 0;

  constructor(
    private readonly stage: Stage,
    private readonly send: (text: string) => void,
  ) {}

  /** Bytes arrive. */
  receive(bytes: Uint8Array): void {
    for (const byte of bytes) {
      // Ctrl-C is taken by the interrupt.
      if (byte === CTRL_C) this.#interrupt();
      else if (this.#input.length < BUFFER_BYTES) this.#input.push(byte);
      else this.lost++;
    }
    if (!this.#isPaused && this.#input.length >= XOFF_AT) {
      this.#isPaused = true;
      if (this.#isOpen) this.send(XOFF);
    }
  }

  /** The board runs for a while and looks at its input; true when more waits. */
  run(ms: number): boolean {
    for (const byte of this.#input.splice(0, STEP_BYTES)) this.#take(byte);
    if (this.stage.machine.isPowered || this.stage.machine.isRebooting) this.stage.wait(ms);
    this.#flush();
    if (this.#isPaused && this.#input.length < XOFF_AT / 2) {
      this.#isPaused = false;
      if (this.#isOpen) this.send(XON);
    }
    return this.#input.length > 0;
  }

  /** Locked, or with its console elsewhere, the board answers nothing. */
  get #isOpen(): boolean {
    return this.stage.machine.isPowered && this.stage.machine.hasConsole;
  }

  #interrupt(): void {
    this.#line = "";
    this.#isEchoing = true;
    if (this.#isOpen) this.send("\r\n>");
  }

  #take(byte: number): void {
    if (!this.#isOpen) return;
    if (byte === ECHO_OFF && this.#line === "") {
      this.#isEchoing = false;
      // The prompt is taken back.
      this.send("\b \b");
      return;
    }
    if (byte !== 0x0d && byte !== 0x0a) {
      const character = String.fromCharCode(byte);
      this.#line += character;
      if (this.#isEchoing) this.send(character);
      return;
    }
    const line = this.#line;
    const isEchoing = this.#isEchoing;
    this.#line = "";
    this.#isEchoing = true;
    if (isEchoing) this.send("\r\n");
    if (line.trim() !== "") {
      this.lines++;
      const result = this.stage.machine.evaluate(line);
      this.#flush();
      if (isEchoing && result !== undefined) this.send(`=${result}\r\n`);
    }
    if (this.#isOpen) this.send(">");
  }

  /** What the interpreter has printed since. */
  #flush(): void {
    const { machines } = this.stage;
    for (; this.#boots < machines.length; this.#boots++) {
      const { console, hasConsole } = machines[this.#boots]!;
      for (; this.#printed < console.length; this.#printed++) if (hasConsole) this.send(`${console[this.#printed]}\r\n`);
      if (this.#boots === machines.length - 1) return;
      this.#printed = 0;
    }
  }
}
