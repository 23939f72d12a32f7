// One request at a time to a toy: numbered, repeated when no answer comes, given up after a while. It moves no bytes and reads no
// clock itself: whoever owns the connection does.

import { ANSWER_HEADER_BYTES } from "../firmware/link/protocol.ts";

/** No answer came, however often it was asked. Beside the toy's own codes (hal/contract.ts, firmware/link/protocol.ts). */
export const NO_ANSWER = 254;
/** The connection has ended. */
export const DISCONNECTED = 255;

const REPEAT_MS = 1000;
const MOST_REPEATS = 6;

/** The code, and what the answer holds behind it. */
export type Answered = (code: number, result: DataView) => void;

export interface Wire {
  /** Writes the request characteristic: with response, so that the phone's system starts encryption, or as a command. */
  write(frame: Uint8Array, withResponse: boolean): void;
  /** Milliseconds, from anywhere. */
  now(): number;
}

interface Asked {
  readonly frame: Uint8Array;
  readonly done: Answered;
  readonly repeats: number;
}

export interface Requester {
  ask(op: number, args: readonly number[], done: Answered, repeats?: number): void;
  received(frame: Uint8Array): void;
  /** When `tick` has something to do; Infinity when never. */
  dueMs(): number;
  tick(): void;
  /** Everything asked for ends with that code. */
  end(code: number): void;
}

const EMPTY = new DataView(new ArrayBuffer(0));

export function createRequester(wire: Wire): Requester {
  const waiting: Asked[] = [];
  let current: Asked | undefined;
  let tag = 0;
  let repeats = 0;
  let dueMs = Infinity;

  function next(): void {
    current = waiting.shift();
    dueMs = Infinity;
    repeats = 0;
    if (current) transmit(current);
  }

  function transmit(asked: Asked): void {
    dueMs = wire.now() + REPEAT_MS;
    wire.write(asked.frame, true);
  }

  function finish(code: number, result: DataView): void {
    const done = current?.done;
    next();
    done?.(code, result);
  }

  return {
    ask(op, args, done, most = MOST_REPEATS) {
      tag = (tag + 1) & 255;
      waiting.push({ frame: Uint8Array.of(op, tag, ...args), done, repeats: most });
      if (!current) next();
    },
    received(frame) {
      if (!current || frame.length < ANSWER_HEADER_BYTES || frame[0] !== current.frame[0] || frame[1] !== current.frame[1]) return;
      finish(frame[2]!, new DataView(frame.slice(ANSWER_HEADER_BYTES).buffer));
    },
    dueMs: () => dueMs,
    tick() {
      if (!current || wire.now() < dueMs) return;
      if (++repeats > current.repeats) finish(NO_ANSWER, EMPTY);
      else transmit(current);
    },
    end(code) {
      const all = [...(current ? [current] : []), ...waiting.splice(0)];
      current = undefined;
      dueMs = Infinity;
      for (const { done } of all) done(code, EMPTY);
    },
  };
}
