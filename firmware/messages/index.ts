// The messages that there are, oldest first: rows that the kernel's scan fills at boot and the log keeps. A message becomes an
// object only when somebody asks for it.

import { ROW_KIND, ROW_PAGES, ROW_SAMPLES, ROW_SEQUENCE, ROW_WORDS, SCAN_ROWS } from "../voice/abi.ts";
import { KIND_HEARD, KIND_OWN, KIND_UNHEARD, ORIGIN_FAMILY, ORIGIN_OWN } from "./layout.ts";

export interface Message {
  readonly sequence: number;
  readonly origin: number;
  readonly samples: number;
  readonly firstPage: number;
  readonly pages: number;
  /** What the states of its pages say. */
  readonly owner: number;
  isHeard: boolean;
}

export interface MessageIndex {
  count(): number;
  /** Takes the first so many rows as they are. */
  reset(count: number): void;
  at(index: number): Message | undefined;
  /** Position of a message by its number, or -1. */
  find(sequence: number): number;
  /** Position of the first one of a kind from `from` on, in steps of 1 or -1; or -1. */
  seek(kind: number, from: number, step: number): number;
  add(sequence: number, samples: number, firstPage: number, pages: number, origin: number, owner: number): void;
  remove(index: number): void;
  setHeard(index: number): void;
}

export function createMessageIndex(table: Uint32Array): MessageIndex {
  const rows = table.subarray(SCAN_ROWS, table.length);
  let cache: (Message | undefined)[] = [];
  let count = 0;

  function at(index: number): Message | undefined {
    if (index < 0 || index >= count) return undefined;
    let message = cache[index];
    if (!message) {
      const row = index * ROW_WORDS;
      const kind = rows[row + ROW_KIND] & 255;
      message = {
        sequence: rows[row + ROW_SEQUENCE],
        origin: kind === KIND_OWN ? ORIGIN_OWN : ORIGIN_FAMILY,
        samples: rows[row + ROW_SAMPLES],
        firstPage: rows[row + ROW_PAGES] & 0xffff,
        pages: rows[row + ROW_PAGES] >>> 16,
        owner: rows[row + ROW_KIND] >>> 8,
        isHeard: kind === KIND_HEARD,
      };
      cache[index] = message;
    }
    return message;
  }

  function find(sequence: number): number {
    for (let i = 0; i < count; i++) if (rows[i * ROW_WORDS + ROW_SEQUENCE] === sequence) return i;
    return -1;
  }

  function seek(kind: number, from: number, step: number): number {
    for (let i = from; i >= 0 && i < count; i += step) if ((rows[i * ROW_WORDS + ROW_KIND] & 255) === kind) return i;
    return -1;
  }

  function reset(newCount: number): void {
    count = newCount;
    cache = [];
    for (let i = 0; i < count; i++) cache.push(undefined);
  }

  function add(sequence: number, samples: number, firstPage: number, pages: number, origin: number, owner: number): void {
    const row = count * ROW_WORDS;
    rows[row + ROW_SEQUENCE] = sequence;
    rows[row + ROW_SAMPLES] = samples;
    rows[row + ROW_PAGES] = firstPage | (pages << 16);
    rows[row + ROW_KIND] = (origin === ORIGIN_OWN ? KIND_OWN : KIND_UNHEARD) | (owner << 8);
    count++;
    cache.push(undefined);
  }

  function remove(index: number): void {
    rows.set(rows.subarray((index + 1) * ROW_WORDS, count * ROW_WORDS), index * ROW_WORDS);
    count--;
    cache.splice(index, 1);
  }

  function setHeard(index: number): void {
    const row = index * ROW_WORDS + ROW_KIND;
    rows[row] = (rows[row] & 0xff00) | KIND_HEARD;
    const message = cache[index];
    if (message) message.isHeard = true;
  }

  return {
    count: function () {
      return count;
    },
    reset: reset,
    at: at,
    find: find,
    seek: seek,
    add: add,
    remove: remove,
    setHeard: setHeard,
  };
}
