// One request at a time to a toy: numbered, repeated when no answer comes, given up after a while. It moves no bytes and reads no
// clock itself: whoever owns the connection does.

import { ANSWER_HEADER_BYTES } from "../firmware/link/protocol.ts";

// Outcomes beside the toy's own codes (hal/contract.ts, firmware/link/protocol.ts).
/** The write was refused: this phone is not accepted, or its system did not pair. */
export const NOT_ACCEPTED = 250;
/** Another transfer of this client is under way. */
export const UNDER_WAY = 251;
/** A transfer has not moved for minutes, though the toy answers. */
export const STALLED = 252;
/** What arrived is not what the toy has, twice. */
export const CORRUPT = 253;
/** No answer came, however often it was asked. */
export const NO_ANSWER = 254;
/** The connection has ended. */
export const DISCONNECTED = 255;

const REPEAT_MS = 1000;
const MOST_REPEATS = 6;

/** The code, and what the answer holds behind it. */
export type Answered = (code: number, result: DataView) => void;

/** Writes the request characteristic. Nothing is received within these calls, and `written` is not called. */
export interface Wire {
  /**
   * With response, so that the phone's system starts encryption, or pairing, when the toy wants it: `written` comes after that,
   * false when it failed. A connection that ends may leave it out.
   */
  request(frame: Uint8Array, written: (isWritten: boolean) => void): void;
  /** Without response: it may be lost. */
  command(frame: Uint8Array): void;
  /** Milliseconds, from anywhere. */
  now(): number;
}

interface Asked {
  readonly frame: Uint8Array;
  readonly done: Answered;
}

export interface Requester {
  ask(op: number, args: readonly number[], done: Answered): void;
  received(frame: Uint8Array): void;
  /** When `tick` has something to do; Infinity when never. */
  dueMs(): number;
  tick(): void;
  /** Everything asked for ends with that code. */
  end(code: number): void;
}

const EMPTY = new DataView(new ArrayBuffer(0));

/** A number as four little-endian bytes of a request. */
export const u32 = (value: number): number[] => [value & 255, (value >>> 8) & 255, (value >>> 16) & 255, value >>> 24];

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
    // However long the phone's system takes to pair, no answer is missing before the request has arrived.
    dueMs = Infinity;
    wire.request(asked.frame, (isWritten) => {
      if (current !== asked) return;
      if (isWritten) dueMs = wire.now() + REPEAT_MS;
      else finish(NOT_ACCEPTED, EMPTY);
    });
  }

  function finish(code: number, result: DataView): void {
    const done = current?.done;
    next();
    done?.(code, result);
  }

  return {
    ask(op, args, done) {
      tag = (tag + 1) & 255;
      waiting.push({ frame: Uint8Array.of(op, tag, ...args), done });
      if (!current) next();
    },
    received(frame) {
      if (!current || frame.length < ANSWER_HEADER_BYTES || frame[0] !== current.frame[0] || frame[1] !== current.frame[1]) return;
      finish(frame[2]!, new DataView(frame.slice(ANSWER_HEADER_BYTES).buffer));
    },
    dueMs: () => dueMs,
    tick() {
      if (!current || wire.now() < dueMs) return;
      if (++repeats > MOST_REPEATS) finish(NO_ANSWER, EMPTY);
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
