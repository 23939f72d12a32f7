// One request at a time to a toy: numbered, repeated when no answer comes, given up after a while. It moves no bytes and reads no
// clock itself: whoever owns the connection does.

import { ANSWER_HEADER_BYTES } from "../firmware/link/protocol.ts";

// Outcomes beside the toy's own codes (hal/contract.ts, firmware/link/protocol.ts).
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

export interface Wire {
  /** Writes the request characteristic: with response, so that the phone's system starts encryption, or as a command. Nothing is received meanwhile. */
  write(frame: Uint8Array, withResponse: boolean): void;
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

  function transmit({ frame }: Asked): void {
    dueMs = wire.now() + REPEAT_MS;
    wire.write(frame, true);
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
