// The messages that there are, oldest first: rows that the kernel's scan fills at boot and the log keeps. A message becomes an
// object when somebody asks for it, and only for as long as he keeps it: an object takes 17 of the interpreter's variables, a row none.

import { ROW_KIND, ROW_SHEETS, ROW_SAMPLES, ROW_SEQUENCE, ROW_WORDS, SCAN_ROWS } from "../voice/abi.ts";
import { KIND_HEARD, KIND_OWN, KIND_UNHEARD, ORIGIN_FAMILY, ORIGIN_OWN } from "./layout.ts";

export interface Message {
  readonly sequence: number;
  readonly origin: number;
  readonly samples: number;
  readonly firstSheet: number;
  readonly sheets: number;
  /** What the states of its sheets say. */
  readonly owner: number;
  readonly isHeard: boolean;
}

export interface MessageIndex {
  readonly count: number;
  /** Takes the first so many rows as they are. */
  reset(count: number): void;
  /** As it is now: a new object each time. */
  at(index: number): Message | undefined;
  /** Position of a message by its number, or -1. */
  find(sequence: number): number;
  /** Position of the first one of a kind from `from` on, in steps of 1 or -1; or -1. */
  seek(kind: number, from: number, step: number): number;
  add(sequence: number, samples: number, firstSheet: number, sheets: number, origin: number, owner: number): void;
  remove(index: number): void;
  setHeard(index: number): void;
}

export function createMessageIndex(table: Uint32Array): MessageIndex {
  const rows = table.subarray(SCAN_ROWS, table.length);

  function at(index: number): Message | undefined {
    if (index < 0 || index >= self.count) return undefined;
    const row = index * ROW_WORDS;
    const kind = rows[row + ROW_KIND] & 255;
    return {
      sequence: rows[row + ROW_SEQUENCE],
      origin: kind === KIND_OWN ? ORIGIN_OWN : ORIGIN_FAMILY,
      samples: rows[row + ROW_SAMPLES],
      firstSheet: rows[row + ROW_SHEETS] & 0xffff,
      sheets: rows[row + ROW_SHEETS] >>> 16,
      owner: rows[row + ROW_KIND] >>> 8,
      isHeard: kind === KIND_HEARD,
    };
  }

  // Whoever plays or fetches asks for the same one block by block.
  let found = 0;

  function find(sequence: number): number {
    if (found < self.count && rows[found * ROW_WORDS + ROW_SEQUENCE] === sequence) return found;
    for (found = 0; found < self.count; found++) if (rows[found * ROW_WORDS + ROW_SEQUENCE] === sequence) return found;
    return -1;
  }

  function seek(kind: number, from: number, step: number): number {
    for (let i = from; i >= 0 && i < self.count; i += step) if ((rows[i * ROW_WORDS + ROW_KIND] & 255) === kind) return i;
    return -1;
  }

  function reset(count: number): void {
    self.count = count;
  }

  function add(sequence: number, samples: number, firstSheet: number, sheets: number, origin: number, owner: number): void {
    const row = self.count * ROW_WORDS;
    rows[row + ROW_SEQUENCE] = sequence;
    rows[row + ROW_SAMPLES] = samples;
    rows[row + ROW_SHEETS] = firstSheet | (sheets << 16);
    rows[row + ROW_KIND] = (origin === ORIGIN_OWN ? KIND_OWN : KIND_UNHEARD) | (owner << 8);
    self.count++;
  }

  function remove(index: number): void {
    rows.set(rows.subarray((index + 1) * ROW_WORDS, self.count * ROW_WORDS), index * ROW_WORDS);
    self.count--;
  }

  function setHeard(index: number): void {
    const row = index * ROW_WORDS + ROW_KIND;
    rows[row] = (rows[row] & 0xff00) | KIND_HEARD;
  }

  const self = { count: 0, reset: reset, at: at, find: find, seek: seek, add: add, remove: remove, setHeard: setHeard };
  return self;
}
