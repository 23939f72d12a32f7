// A board's console, spoken to in expressions: each goes out as one line without echo, and its value comes back as JSON. Both bear
// their CRC-32, so neither a turned bit nor what the board prints besides can pass for either.

import { crc32 } from "node:zlib";
import { UserError } from "../errors.ts";
import { printable } from "../production/files.ts";
import type { Line } from "./serial-layer.ts";

const CTRL_C = "\x03";
const ECHO_OFF = "\x10";
const MOST_TEXT = 64 * 1024;
const TIMEOUT_MS = 2500;
const TRIES = 4;
/** How long a board may take to show that its console answers. */
const ATTENTION_MS = 1000;

/** The line went dead while something waited for it. */
export class LineClosed extends UserError {
  constructor() {
    super("the board went away in the middle of it", "Plug it in again, and run the same command again: it goes on from whatever state the board is in.");
    this.name = "LineClosed";
  }
}

/** No answer, or none that makes sense, however often it was asked. */
export class NoAnswer extends UserError {
  constructor(what: string) {
    super(what, "Check the cable (some only charge) and that no other program has the port; then unplug the board, plug it in and try again. `pawlock doctor` helps.");
    this.name = "NoAnswer";
  }
}

/** The board threw. */
export class BoardError extends UserError {
  constructor(message: string) {
    super(`the board says: ${message}`, "Run the command again; if it says so again, unplug the board first.");
    this.name = "BoardError";
  }
}

type Waiter = { readonly id: number; readonly settle: (answer: { readonly kind: string; readonly body: string } | undefined) => void };

export class BoardConsole {
  #text = "";
  #id = 0;
  #waiter: Waiter | undefined;
  #isClosed = false;

  constructor(private readonly line: Line) {
    line.onText = (text) => this.#receive(text);
    line.onClose = () => {
      this.#isClosed = true;
      this.#waiter?.settle(undefined);
    };
  }

  close(): Promise<void> {
    this.#isClosed = true;
    return this.line.close();
  }

  /** Interrupts what runs and asks for a sign of life; false when none comes. */
  async attention(timeoutMs = ATTENTION_MS): Promise<boolean> {
    for (let attempt = 0; attempt < 3; attempt++) {
      await this.#send(`${CTRL_C}\n`);
      if ((await this.#ask("1", timeoutMs))?.body === "1") return true;
    }
    return false;
  }

  /** The expression's value. It may be evaluated more than once: a line that noise has torn is sent again. */
  async evaluate(expression: string, timeoutMs = TIMEOUT_MS): Promise<unknown> {
    let error: string | undefined;
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const answer = await this.#ask(expression, timeoutMs);
      if (this.#isClosed) throw new LineClosed();
      // Said once it may be noise, in the part of the line that nothing protects.
      if (answer?.kind === "!" && answer.body === error) throw new BoardError(printable(error, 200));
      error = answer?.kind === "!" ? answer.body : undefined;
      if (answer?.kind === "=") {
        const value = parse(answer.body);
        if (value !== undefined) return value;
      }
      // The rest of a torn line must not join the next one.
      await this.#send(`${CTRL_C}\n`);
    }
    throw new NoAnswer(`the board does not answer ${JSON.stringify(expression.slice(0, 40))}`);
  }

  async #ask(expression: string, timeoutMs: number): Promise<{ kind: string; body: string } | undefined> {
    const id = ++this.#id;
    this.#text = "";
    let timer: ReturnType<typeof setTimeout> | undefined;
    const answer = new Promise<{ kind: string; body: string } | undefined>((resolve) => {
      this.#waiter = { id, settle: resolve };
      timer = setTimeout(() => resolve(undefined), timeoutMs);
    });
    // The expression is evaluated only as it was sent: a turned bit in an address must not reach the flash.
    const check = crc32(Buffer.from(expression, "latin1"));
    const text = `(function(s,c){var r=${id}+"?";try{if(E.CRC32(s)===c){r=${id}+"!";r=${id}+"="+JSON.stringify(eval("("+s+")"))}}catch(e){r+=e}print("<~"+r+"~"+E.CRC32(r)+"~>")})`;
    await this.#send(`${ECHO_OFF}${text}(${JSON.stringify(expression)},${check})\n`);
    const result = await answer;
    clearTimeout(timer);
    this.#waiter = undefined;
    return result;
  }

  /** Ends early when the line dies. */
  async #send(text: string): Promise<void> {
    if (this.#isClosed) throw new LineClosed();
    let timer: ReturnType<typeof setInterval> | undefined;
    const isDead = new Promise<void>((resolve) => {
      timer = setInterval(() => this.#isClosed && resolve(), 20);
    });
    await Promise.race([this.line.write(text), isDead]);
    clearInterval(timer);
    if (this.#isClosed) throw new LineClosed();
  }

  #receive(text: string): void {
    this.#text = (this.#text + text).slice(-MOST_TEXT);
    if (!this.#waiter) return;
    for (const [, answer, check] of this.#text.matchAll(/<~([^~]*)~(\d+)~>/g)) {
      const [, id, kind, body] = /^(\d+)([=!?])([^]*)$/.exec(answer!) ?? [];
      if (Number(id) !== this.#waiter.id || crc32(Buffer.from(answer!, "latin1")) !== Number(check)) continue;
      return this.#waiter.settle({ kind: kind!, body: body! });
    }
    // A torn line is an error of the interpreter, or none at all.
    if (this.#text.includes("Uncaught")) this.#waiter.settle(undefined);
  }
}

/** undefined when it is no JSON: noise again. */
function parse(body: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return undefined;
  }
}
