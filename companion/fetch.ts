// A message on its way from the toy: asks for ranges ahead of need, notices what did not come, asks again, and compares the whole.
// What has arrived stays in `Fetched`, so that another connection may go on with it.

import { DATA_HEADER_BYTES, MOST_RANGES, OP_CHECK, OP_FETCH, OP_PULL, RANGE_BYTES } from "../firmware/link/protocol.ts";
import { crc32 } from "./crc32.ts";
import type { Requester, Wire } from "./requests.ts";

/** Frames asked for in one go, and how few may be on their way before the next go. */
const BATCH_FRAMES = 48;
const LOW_FRAMES = 16;
/** Ranges that fit the smallest frame. */
const RANGES_AT_ONCE = 4;
const MOST_RANGE_FRAMES = 255;
/** Silence after which all that is on its way is taken for lost. */
const SILENCE_MS = 600;
/** The child may have the toy: so long without a byte is borne. */
const PATIENCE_MS = 120_000;

/** What arrived is not what the toy has. */
export const CORRUPT = 253;
export const STALLED = 252;

/** A message as far as it has arrived; its blocks are IMA ADPCM of the kernel's format. */
export interface Fetched {
  readonly sequence: number;
  readonly samples: number;
  readonly blocks: Uint8Array;
  /** 1 for each byte that is there. */
  readonly have: Uint8Array;
}

interface Range {
  at: number;
  readonly end: number;
}

export interface Fetch {
  /** What has arrived so far. */
  message(): Fetched | undefined;
  received(frame: Uint8Array): void;
  dueMs(): number;
  tick(): void;
}

export function createFetch(
  wire: Wire,
  requester: Requester,
  frameBytes: () => number,
  sequence: number,
  before: Fetched | undefined,
  onProgress: (share: number) => void,
  done: (code: number, message: Fetched | undefined) => void,
): Fetch {
  let message = before;
  /** In the order in which the toy sends them. */
  let onTheWay: Range[] = [];
  let low = 0;
  let arrived = 0;
  let dueMs = Infinity;
  let heardMs = wire.now();
  let isOver = false;

  function end(code: number): void {
    isOver = true;
    dueMs = Infinity;
    done(code, message);
  }

  const payload = (): number => frameBytes() - DATA_HEADER_BYTES;
  const framesOf = ({ at, end }: Range): number => Math.ceil((end - at) / payload());

  /** Ranges that are neither there nor on their way, from the lowest on. */
  function missing(most: number): Range[] {
    const { have } = message!;
    const found: Range[] = [];
    let left = BATCH_FRAMES;
    while (low < have.length && have[low]) low++;
    for (let at = low; at < have.length && found.length < most && left > 0; ) {
      const expected = onTheWay.find((range) => at >= range.at && at < range.end);
      if (expected || have[at]) {
        at = expected ? expected.end : at + 1;
        continue;
      }
      const longest = at + Math.min(left, MOST_RANGE_FRAMES) * payload();
      let until = at;
      while (until < have.length && until < longest && !have[until] && !onTheWay.some((range) => until === range.at)) until++;
      found.push({ at, end: until });
      left -= framesOf({ at, end: until });
      at = until;
    }
    return found;
  }

  function pull(): void {
    const room = Math.min(RANGES_AT_ONCE, MOST_RANGES - onTheWay.length);
    const ranges = room > 0 ? missing(room) : [];
    if (ranges.length > 0) {
      const frame = new Uint8Array(2 + ranges.length * RANGE_BYTES);
      frame[0] = OP_PULL;
      ranges.forEach((range, i) => frame.set([range.at & 255, (range.at >> 8) & 255, range.at >> 16, framesOf(range)], 2 + i * RANGE_BYTES));
      wire.write(frame, false);
      onTheWay.push(...ranges);
    }
    if (onTheWay.length > 0) dueMs = wire.now() + SILENCE_MS;
    else check();
  }

  function check(): void {
    dueMs = Infinity;
    requester.ask(OP_CHECK, [], (code, result) => {
      if (code !== 0) end(code);
      else end(result.getUint32(0, true) === crc32(message!.blocks) ? 0 : CORRUPT);
    });
  }

  requester.ask(OP_FETCH, [sequence & 255, (sequence >> 8) & 255, (sequence >> 16) & 255, sequence >>> 24], (code, result) => {
    if (code !== 0) return end(code);
    const bytes = result.getUint32(0, true);
    const samples = result.getUint32(4, true);
    if (!message || message.blocks.length !== bytes || message.samples !== samples) message = { sequence, samples, blocks: new Uint8Array(bytes), have: new Uint8Array(bytes) };
    arrived = message.have.reduce((sum, have) => sum + have, 0);
    heardMs = wire.now();
    pull();
  });

  return {
    message: () => message,
    received(frame) {
      if (!message || isOver || frame.length <= DATA_HEADER_BYTES) return;
      const at = frame[1]! | (frame[2]! << 8) | (frame[3]! << 16);
      const to = at + frame.length - DATA_HEADER_BYTES;
      if (to > message.blocks.length) return;
      heardMs = wire.now();
      message.blocks.set(frame.subarray(DATA_HEADER_BYTES), at);
      for (let i = at; i < to; i++) if (!message.have[i]) arrived++;
      message.have.fill(1, at, to);
      // The toy keeps the order: what was to come before this one is lost.
      const position = onTheWay.findIndex((range) => at >= range.at && at < range.end);
      if (position >= 0) {
        onTheWay.splice(0, position);
        onTheWay[0]!.at = to;
        if (to >= onTheWay[0]!.end) onTheWay.shift();
      }
      onProgress(arrived / message.blocks.length);
      if (Number.isFinite(dueMs)) dueMs = wire.now() + SILENCE_MS;
      const coming = onTheWay.reduce((sum, range) => sum + framesOf(range), 0);
      if (Number.isFinite(dueMs) && coming < LOW_FRAMES) pull();
    },
    dueMs: () => dueMs,
    tick() {
      if (wire.now() < dueMs) return;
      if (wire.now() - heardMs > PATIENCE_MS) return end(STALLED);
      onTheWay = [];
      pull();
    },
  };
}
