// A message on its way from the toy: asks for ranges ahead of need, notices what did not come, asks again, and compares the whole.
// What has arrived stays in `Fetched`, so that another connection may go on with it.

import { DATA_HEADER_BYTES, MOST_RANGES, OP_CHECK, OP_FETCH, OP_PULL, RANGE_BYTES, REQUEST_HEADER_BYTES } from "../firmware/link/protocol.ts";
import { crc32 } from "./crc32.ts";
import { CORRUPT, STALLED, u32, type Requester, type Wire } from "./requests.ts";

/** Frames asked for in one go, and how few may be on their way before the next go. */
const BATCH_FRAMES = 96;
const LOW_FRAMES = 16;
/** Ranges that fit the smallest frame. */
const RANGES_AT_ONCE = 4;
/** Silence after which all that is on its way is taken for lost; after so many, whether the toy still has the message is asked. */
const SILENCE_MS = 600;
const MOST_SILENCES = 5;
/** The child may have the toy: so long without a byte is borne. */
const PATIENCE_MS = 120_000;

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

export interface FetchOptions {
  readonly wire: Wire;
  readonly requester: Requester;
  /** Bytes of a frame on this connection. */
  readonly frameBytes: number;
  readonly sequence: number;
  /** What an earlier connection has brought of it. */
  readonly before: Fetched | undefined;
  onProgress(share: number): void;
  done(code: number, message: Fetched | undefined): void;
}

export function createFetch({ wire, requester, frameBytes, sequence, before, onProgress, done }: FetchOptions): Fetch {
  const payload = frameBytes - DATA_HEADER_BYTES;
  let message = before?.sequence === sequence ? before : undefined;
  /** In the order in which the toy sends them. */
  let onTheWay: Range[] = [];
  let low = 0;
  let arrived = 0;
  let silences = 0;
  let isSecondTry = false;
  let heardMs = wire.now();
  // Infinity while an answer is awaited: then no voice is.
  let dueMs = Infinity;

  function end(code: number): void {
    dueMs = Infinity;
    done(code, message);
  }

  const framesOf = ({ at, end: to }: Range): number => Math.ceil((to - at) / payload);

  /** Ranges that are neither there nor on their way, from the lowest on. */
  function missing(have: Uint8Array, most: number): Range[] {
    const found: Range[] = [];
    let left = BATCH_FRAMES;
    while (low < have.length && have[low]) low++;
    for (let at = low; at < have.length && found.length < most && left > 0; ) {
      const expected = onTheWay.find((range) => at >= range.at && at < range.end);
      if (expected || have[at]) {
        at = expected ? expected.end : at + 1;
        continue;
      }
      const longest = at + left * payload;
      const from = at;
      while (at < have.length && at < longest && !have[at] && !onTheWay.some((range) => at === range.at)) at++;
      found.push({ at: from, end: at });
      left -= framesOf({ at: from, end: at });
    }
    return found;
  }

  function pull({ have }: Fetched): void {
    const room = Math.min(RANGES_AT_ONCE, MOST_RANGES - onTheWay.length);
    const ranges = room > 0 ? missing(have, room) : [];
    if (ranges.length > 0) {
      const frame = new Uint8Array(REQUEST_HEADER_BYTES + ranges.length * RANGE_BYTES);
      frame[0] = OP_PULL;
      ranges.forEach((range, i) => frame.set([...u32(range.at).slice(0, 3), framesOf(range)], REQUEST_HEADER_BYTES + i * RANGE_BYTES));
      wire.command(frame);
      onTheWay.push(...ranges);
    }
    if (onTheWay.length > 0) dueMs = wire.now() + SILENCE_MS;
    else check();
  }

  function check(): void {
    dueMs = Infinity;
    requester.ask(OP_CHECK, [], (code, result) => {
      if (code !== 0 || !message) return end(code);
      if (result.getUint32(0, true) === crc32(message.blocks)) return end(0);
      // What an earlier connection brought may have been another toy's; nothing is believed any more.
      message = undefined;
      if (isSecondTry) return end(CORRUPT);
      isSecondTry = true;
      begin();
    });
  }

  function begin(): void {
    dueMs = Infinity;
    requester.ask(OP_FETCH, u32(sequence), (code, result) => {
      if (code !== 0) return end(code);
      const bytes = result.getUint32(0, true);
      const samples = result.getUint32(4, true);
      if (!message || message.blocks.length !== bytes || message.samples !== samples) message = { sequence, samples, blocks: new Uint8Array(bytes), have: new Uint8Array(bytes) };
      arrived = message.have.reduce((sum, have) => sum + have, 0);
      low = 0;
      onTheWay = [];
      silences = 0;
      pull(message);
    });
  }

  function take({ blocks, have }: Fetched, at: number, voice: Uint8Array): void {
    const to = at + voice.length;
    blocks.set(voice, at);
    for (let i = at; i < to; i++) if (!have[i]) arrived++;
    have.fill(1, at, to);
    // The toy keeps the order: what was to come before this one is lost.
    const position = onTheWay.findIndex((range) => at >= range.at && at < range.end);
    if (position < 0) return;
    onTheWay.splice(0, position);
    const [first] = onTheWay;
    first!.at = to;
    if (to >= first!.end) onTheWay.shift();
  }

  begin();

  return {
    message: () => message,
    received(frame) {
      const at = frame[1]! | (frame[2]! << 8) | (frame[3]! << 16);
      const voice = frame.subarray(DATA_HEADER_BYTES);
      if (!message || dueMs === Infinity || voice.length === 0 || at + voice.length > message.blocks.length) return;
      heardMs = wire.now();
      silences = 0;
      take(message, at, voice);
      onProgress(arrived / message.blocks.length);
      dueMs = wire.now() + SILENCE_MS;
      if (onTheWay.reduce((sum, range) => sum + framesOf(range), 0) < LOW_FRAMES) pull(message);
    },
    dueMs: () => dueMs,
    tick() {
      if (!message || wire.now() < dueMs) return;
      if (wire.now() - heardMs > PATIENCE_MS) return end(STALLED);
      if (++silences >= MOST_SILENCES) return begin();
      onTheWay = [];
      pull(message);
    },
  };
}
