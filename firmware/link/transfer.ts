// Voice over the air, one message at a time, whole blocks of the kernel's format. Who receives says what he wants: the phone asks for
// ranges of frames, and again for what did not come, since a dropped notification is seen by nobody; the toy grants the phone a few
// frames at a time. The child comes first: while he has the toy, nothing moves, and what a phone sends gives way to what he says.
// Over 300 lines: both directions share one ring, one check and one state, and calls between two files would cost each frame time.

import { ERR_BUSY, ERR_FULL, ERR_RANGE, OK, type Code, type TimerId } from "../../hal/contract.ts";
import { ORIGIN_FAMILY } from "../messages/layout.ts";
import type { Message } from "../messages/index.ts";
import { BLOCK_BYTES, BLOCK_SAMPLES, FN_CRC32, FN_FRAME, FN_TAKE } from "../voice/abi.ts";
import type { Guard } from "./guard.ts";
import type { LinkPorts } from "./link.ts";
import { AT_REST, CODE_CHECK, CODE_NOT_FOUND, CODE_RATE, CODE_STATE, CREDIT, DATA_HEADER_BYTES, MOST_RANGES, OP_GRANT, RANGE_BYTES, REQUEST_HEADER_BYTES, ROOM } from "./protocol.ts";

/** What a phone sends must go on within this, connected or not, or it is dropped. */
const PATIENCE_MS = 60000;
/** A grant that says nothing new is repeated no sooner than this. */
const REPEAT_MS = 100;
const CHECK_STEP_MS = 20;
/** 15 ms, in units of 1.25 ms. */
const LONG_INTERVAL = 12;
/** Highest step index in a block's header. */
const LAST_STEP = 88;

export const NONE = 0;
export const FETCHING = 1;
export const SENDING = 2;
/** All has arrived and is a message: FINISH may be asked again. */
export const SENT = 3;

export interface Transfer {
  readonly kind: number;
  /** Whether frames go out. */
  readonly isMoving: boolean;
  /** Bytes of a frame on this link. */
  frameBytes: number;
  /** Bytes and samples of the message, and how many of its bytes have arrived or the number that it got. */
  readonly bytes: number;
  readonly samples: number;
  readonly received: number;
  readonly sequence: number;
  fetch(sequence: number): Code;
  /** Takes the ranges of a PULL. */
  pull(frame: Uint8Array): void;
  /** OK promises the CRC-32 of the message that is fetched, or why there is none, unless the link ends before. */
  check(done: (code: Code, crc: number) => void): Code;
  send(samples: number, crc: number): Code;
  /** Takes whatever a phone has written, and keeps the voice. */
  written(data: ArrayBuffer): void;
  /** Makes what has arrived a message. */
  finish(): Code;
  /** The child records: what a phone sends is dropped, what it fetches must be read again. */
  giveWay(): void;
  /** Somebody has connected, or gone: nothing moves until he says so. */
  linkChanged(): void;
  /** Ends whatever is under way; what was sent is dropped. */
  stop(): void;
  /** Once a second, told the connection's interval in units of 1.25 ms. */
  tick(interval: number): void;
}

/** `mayChange` tells whether one more change may wear the flash; `others` takes what is not expected voice. */
export function createTransfer(ports: LinkPorts, guard: Guard, mayChange: () => boolean, others: (frame: Uint8Array) => void): Transfer {
  const kernel = ports.kernel;
  const toy = ports.toy;
  // What every frame needs comes first: the interpreter looks for a name from the first one on.
  const addressOf = kernel.addressOf;
  const frameIn = kernel.functions[FN_TAKE];
  // A frame may lie across the border of two blocks: they lie in a ring, which is the recorder's when he needs it.
  const ring = kernel.blocksAddress;
  // Of what a phone sends: how far the voice in the ring goes, how many frames more are awaited, of how many.
  let arrived = 0;
  let credit = 0;
  let portion = CREDIT / 2;
  // Of what is asked for: the next frame, how far it may go on without another thought, where the range that is being sent ends.
  const frameOut = kernel.functions[FN_FRAME];
  const frameAddress = kernel.frameAddress;
  let at = 0;
  let length = 0;
  let readyTo = 0;
  let rangeEnd = 0;
  const framed = kernel.frame;
  let out = framed;
  const grantFrame = framed.subarray(0, DATA_HEADER_BYTES);
  const clock = ports.clock;
  const log = ports.store.messages;
  const crc32 = kernel.functions[FN_CRC32];
  const blocks = kernel.blocks;
  let message: Message | undefined;
  // Which block lies in each half of the ring; -1 for none.
  const loaded = [-1, -1];
  // CRC-32 of the blocks before `checked`.
  let crc = 0;
  let checked = 0;
  // The ranges that are asked for besides.
  const rangeAt: number[] = [];
  const rangeFrames: number[] = [];
  let checking: TimerId | undefined;
  let epoch = 0;
  // What a phone that sends has announced, and who it is.
  let announced = 0;
  let sender = "";
  let heardTo = 0;
  let heardMs = 0;
  let grantedMs = 0;
  let failure: Code = OK;

  /** Nothing moves any more; false. */
  function halt(): boolean {
    self.isMoving = false;
    rangeAt.splice(0, rangeAt.length);
    rangeFrames.splice(0, rangeFrames.length);
    at = rangeEnd = readyTo = credit = 0;
    return false;
  }

  function stop(): void {
    halt();
    if (checking !== undefined) clock.cancel(checking);
    checking = undefined;
    if (self.kind === SENDING) log.abandon();
    self.kind = NONE;
    message = undefined;
  }

  function giveWay(): void {
    if (self.kind === SENDING) stop();
    halt();
    loaded[0] = loaded[1] = -1;
  }

  function begin(kind: number, samples: number): void {
    self.kind = kind;
    self.samples = samples;
    self.bytes = Math.ceil(samples / BLOCK_SAMPLES) * BLOCK_BYTES;
    self.received = 0;
    epoch = guard.epoch;
    crc = 0;
    checked = 0;
    loaded[0] = loaded[1] = -1;
    failure = OK;
  }

  /** Adds the block that lies in the ring to the CRC-32. */
  function addToCheck(index: number): void {
    crc = crc32(ring + (index & 1) * BLOCK_BYTES, BLOCK_BYTES, crc, 0) >>> 0;
    checked = index + 1;
  }

  /** Has block `index` in the ring; false when it cannot be read. */
  function load(index: number): boolean {
    const half = index & 1;
    if (loaded[half] === index) return true;
    loaded[half] = -1;
    failure = message ? log.readBlock(message, index, blocks[half]) : ERR_RANGE;
    if (failure !== OK) return false;
    loaded[half] = index;
    if (index === checked) addToCheck(index);
    return true;
  }

  /** Has the next frame ready where it is not just the next piece of a block; false when there is none. */
  function prepare(): boolean {
    if (at >= rangeEnd) {
      if (rangeAt.length === 0) return halt();
      at = rangeAt.shift() as number;
      length = self.frameBytes - DATA_HEADER_BYTES;
      rangeEnd = Math.min(self.bytes, at + (rangeFrames.shift() as number) * length);
      if (!load((at / BLOCK_BYTES) | 0)) return halt();
    }
    if (at + length > rangeEnd) length = rangeEnd - at;
    if (out.length !== length + DATA_HEADER_BYTES) out = framed.subarray(0, length + DATA_HEADER_BYTES);
    const last = ((at + length - 1) / BLOCK_BYTES) | 0;
    if (!load(last)) return halt();
    readyTo = Math.min(rangeEnd, (last + 1) * BLOCK_BYTES);
    return true;
  }

  // One frame: all that the interpreter has time for in an interval. What takes longer comes behind it, while it is on its way.
  function sendNext(): boolean {
    "ram";
    if (!self.isMoving || toy.activity !== AT_REST || !guard.isSafe()) return halt();
    frameOut(frameAddress, ring, length, at);
    ports.radio.notify(out);
    at += length;
    return at + length <= readyTo || prepare();
  }

  function fetch(sequence: number): Code {
    const found = log.find(sequence);
    if (self.kind === SENDING && epoch === guard.epoch) return ERR_BUSY;
    if (!found) return CODE_NOT_FOUND;
    stop();
    begin(FETCHING, found.samples);
    message = found;
    return OK;
  }

  function pull(frame: Uint8Array): void {
    if (self.kind !== FETCHING || epoch !== guard.epoch || toy.activity !== AT_REST) return;
    for (let at = REQUEST_HEADER_BYTES; at + RANGE_BYTES <= frame.length && rangeAt.length < MOST_RANGES; at += RANGE_BYTES) {
      const offset = frame[at] | (frame[at + 1] << 8) | (frame[at + 2] << 16);
      if (offset >= self.bytes || frame[at + 3] === 0) continue;
      rangeAt.push(offset);
      rangeFrames.push(frame[at + 3]);
    }
    // Asked again while it moves: the interval may have changed.
    if (!self.isMoving) self.isMoving = prepare();
    if (self.isMoving) ports.radio.eachInterval(sendNext);
  }

  function check(done: (code: Code, crc: number) => void): Code {
    if (self.kind !== FETCHING || epoch !== guard.epoch) return CODE_STATE;
    function step(): void {
      const isWhole = checked * BLOCK_BYTES >= self.bytes;
      const isGoing = !isWhole && (self.isMoving || toy.activity !== AT_REST || load(checked));
      checking = isGoing ? clock.after(CHECK_STEP_MS, step) : undefined;
      if (!isGoing) done(isWhole ? OK : failure, crc);
    }
    if (checking !== undefined) clock.cancel(checking);
    checking = clock.after(0, step);
    return OK;
  }

  function send(samples: number, theirs: number): Code {
    const isSame = samples === self.samples && theirs === announced && sender === guard.identity;
    // Refused for what it is: it will not be better, nor cost another change.
    if (isSame && self.kind === NONE && failure === CODE_CHECK) return failure;
    if (isSame && self.kind >= SENDING) {
      heardMs = clock.nowMs();
      epoch = guard.epoch;
      arrived = self.received;
      if (self.kind === SENDING) credit = portion;
      return OK;
    }
    if (samples < 1 || samples > ports.longestSamples) return ERR_RANGE;
    if (!mayChange()) return CODE_RATE;
    stop();
    const code = log.begin(ORIGIN_FAMILY);
    if (code !== OK) return code;
    begin(SENDING, samples);
    heardMs = clock.nowMs();
    announced = theirs;
    sender = guard.identity;
    arrived = 0;
    credit = portion;
    if (log.roomSamples() >= samples) return OK;
    stop();
    return ERR_FULL;
  }

  // Frames are looked at together, when as many have come as may, or the last one. Machine code takes them from where the stack put
  // them, unless that is not in one piece. None is longer than the stack takes, which is what there is room for.
  function written(data: ArrayBuffer): void {
    "ram";
    let to = -1;
    if (credit > 0) {
      let from = addressOf(data, true);
      if (from === 0) {
        framed.set(new Uint8Array(data));
        from = frameAddress;
      }
      to = frameIn(from, ring, data.byteLength, arrived);
    }
    if (to < 0) others(new Uint8Array(data));
    else {
      arrived = to;
      if (--credit === 0 || to === self.bytes) gather();
    }
  }

  // Only here is what lies in the ring believed to be the phone's, and only while its link is: until then nothing has come of it. All
  // of it was written before this look at the link.
  function gather(): void {
    "ram";
    const to = arrived;
    arrived = self.received;
    credit = portion;
    if (toy.activity !== AT_REST || !guard.isSafe()) return;
    if (to > arrived && to <= self.bytes) {
      arrived = self.received = to;
      ports.radio.room = ROOM;
    } else {
      // Sent twice, or after one that was lost: the phone goes back to what is granted.
      const nowMs = clock.nowMs();
      if (nowMs - grantedMs < REPEAT_MS) return;
      grantedMs = nowMs;
    }
    frameOut(frameAddress, ring, 0, arrived);
    grantFrame[0] = OP_GRANT;
    ports.radio.notify(grantFrame);
    // The next frames come while these go into the flash.
    while ((checked + 1) * BLOCK_BYTES <= arrived) {
      const block = blocks[checked & 1];
      addToCheck(checked);
      // What its header claims must be possible.
      failure = block[2] > LAST_STEP || block[3] !== 0 ? CODE_CHECK : log.append(block);
      if (failure === OK) continue;
      stop();
      return;
    }
  }

  function finish(): Code {
    if (self.kind === SENT && sender === guard.identity) return OK;
    if (self.kind !== SENDING || epoch !== guard.epoch) return failure || CODE_STATE;
    if (self.received < self.bytes) return ERR_RANGE;
    const code = crc === announced ? log.commit(self.samples) : CODE_CHECK;
    if (code !== OK) stop();
    const newest = log.at(log.count() - 1);
    if (code !== OK || !newest) return code;
    self.kind = SENT;
    credit = 0;
    self.sequence = newest.sequence;
    return OK;
  }

  function tick(interval: number): void {
    if (self.kind < SENDING) return;
    // Half of what may be on its way is granted again while the other half comes; where intervals are short the time is better saved.
    portion = interval < LONG_INTERVAL ? CREDIT : CREDIT / 2;
    // Fewer than might have come.
    if (credit > 0 && arrived !== self.received) gather();
    if (heardTo !== self.received) heardMs = clock.nowMs();
    heardTo = self.received;
    if (clock.nowMs() - heardMs > PATIENCE_MS) stop();
  }

  const self = {
    kind: NONE,
    isMoving: false,
    frameBytes: 0,
    bytes: 0,
    samples: 0,
    received: 0,
    sequence: 0,
    fetch: fetch,
    pull: pull,
    check: check,
    send: send,
    written: written,
    finish: finish,
    giveWay: giveWay,
    linkChanged: halt,
    stop: stop,
    tick: tick,
  };
  return self;
}
