// Voice over the air, one message at a time, whole blocks of the kernel's format. Who receives says what he wants: the phone asks for
// ranges of frames, and again for what did not come, since a dropped notification is seen by nobody; the toy grants the phone a few
// frames at a time. The child comes first: while he has the toy, nothing moves, and what a phone sends gives way to what he says.

import { ERR_BUSY, ERR_FULL, ERR_RANGE, OK, type Code, type TimerId } from "../../hal/contract.ts";
import { ORIGIN_FAMILY } from "../messages/layout.ts";
import type { Message } from "../messages/index.ts";
import { BLOCK_BYTES, BLOCK_SAMPLES, FN_CRC32, FN_FRAME } from "../voice/abi.ts";
import type { Guard } from "./guard.ts";
import type { LinkPorts } from "./link.ts";
import { AT_REST, CODE_CHECK, CODE_NOT_FOUND, CODE_RATE, CODE_STATE, CREDIT, DATA_HEADER_BYTES, MOST_RANGES, OP_GRANT, RANGE_BYTES, REQUEST_HEADER_BYTES } from "./protocol.ts";

/** What a phone sends must go on within this, connected or not, or it is dropped. */
const PATIENCE_MS = 60000;
/** A grant that says nothing new is repeated no sooner than this. */
const REPEAT_MS = 100;
const CHECK_STEP_MS = 20;
/** The link's interval is told in units of 1.25 ms; 7.5 ms is the shortest. */
const INTERVAL_MS = 1.25;
const LEAST_UNITS = 6;
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
  /** Takes a DATA frame. */
  data(frame: Uint8Array): void;
  /** Makes what has arrived a message. */
  finish(): Code;
  /** The child records: what a phone sends is dropped, what it fetches must be read again. */
  giveWay(): void;
  /** Ends whatever is under way; what was sent is dropped. */
  stop(): void;
  /** Once a second. */
  tick(): void;
}

/** `mayChange` tells whether one more change may wear the flash. */
export function createTransfer(ports: LinkPorts, guard: Guard, mayChange: () => boolean): Transfer {
  const clock = ports.clock;
  const kernel = ports.kernel;
  const log = ports.store.messages;
  const toy = ports.toy;
  const ring = kernel.blocksAddress;
  // A frame may lie across the border of two blocks: they lie in a ring, which is the recorder's when he needs it.
  const blocks = kernel.blocks;
  let out = kernel.frame;
  let message: Message | undefined;
  // Which block lies in each half of the ring; -1 for none.
  const loaded = [-1, -1];
  // CRC-32 of the blocks before `checked`.
  let crc = 0;
  let checked = 0;
  const rangeAt: number[] = [];
  const rangeFrames: number[] = [];
  let pump: TimerId | undefined;
  let checking: TimerId | undefined;
  let epoch = 0;
  // Of what a phone sends: what it announced, who it is, how far it may go on.
  let announced = 0;
  let sender = "";
  let granted = 0;
  let heardMs = 0;
  let grantedMs = 0;
  let failure: Code = OK;

  function halt(): void {
    if (pump !== undefined) clock.cancel(pump);
    pump = undefined;
    self.isMoving = false;
    rangeAt.splice(0, rangeAt.length);
    rangeFrames.splice(0, rangeFrames.length);
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
    crc = kernel.call(FN_CRC32, ring + (index & 1) * BLOCK_BYTES, BLOCK_BYTES, crc, 0) >>> 0;
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

  /** Notifies `length` bytes of voice from `at` on, behind their header. */
  function notify(at: number, length: number, op: number): void {
    kernel.call(FN_FRAME, kernel.frameAddress, ring, length, at);
    if (op === OP_GRANT) kernel.frame[0] = op;
    if (out.length !== length + DATA_HEADER_BYTES) out = new Uint8Array(kernel.frame.buffer, kernel.frame.byteOffset, length + DATA_HEADER_BYTES);
    ports.radio.notify(out);
  }

  // One frame each connection interval: more would be dropped.
  function sendNext(): void {
    if (toy.activity !== AT_REST) return;
    const at = rangeAt[0];
    const length = Math.min(self.frameBytes - DATA_HEADER_BYTES, self.bytes - at);
    const first = Math.floor(at / BLOCK_BYTES);
    const last = Math.floor((at + length - 1) / BLOCK_BYTES);
    if (self.kind !== FETCHING || epoch !== guard.epoch || !load(first) || !load(last) || !guard.isSafe()) {
      halt();
      return;
    }
    notify(at, length, 0);
    rangeAt[0] = at + length;
    rangeFrames[0]--;
    if (rangeFrames[0] > 0 && rangeAt[0] < self.bytes) return;
    rangeAt.splice(0, 1);
    rangeFrames.splice(0, 1);
    if (rangeAt.length === 0) halt();
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
    if (self.kind !== FETCHING || epoch !== guard.epoch) return;
    for (let at = REQUEST_HEADER_BYTES; at + RANGE_BYTES <= frame.length && rangeAt.length < MOST_RANGES; at += RANGE_BYTES) {
      const offset = frame[at] | (frame[at + 1] << 8) | (frame[at + 2] << 16);
      if (offset >= self.bytes || frame[at + 3] === 0) continue;
      rangeAt.push(offset);
      rangeFrames.push(frame[at + 3]);
    }
    if (self.isMoving || rangeAt.length === 0) return;
    self.isMoving = true;
    pump = clock.every((ports.radio.status().connectionInterval || LEAST_UNITS) * INTERVAL_MS, sendNext);
  }

  function check(done: (code: Code, crc: number) => void): Code {
    if (self.kind !== FETCHING || epoch !== guard.epoch) return CODE_STATE;
    function step(): void {
      const isWhole = checked * BLOCK_BYTES >= self.bytes;
      const isGoing = !isWhole && (toy.activity !== AT_REST || load(checked));
      checking = isGoing ? clock.after(CHECK_STEP_MS, step) : undefined;
      if (!isGoing) done(isWhole ? OK : failure, crc);
    }
    if (checking !== undefined) clock.cancel(checking);
    checking = clock.after(0, step);
    return OK;
  }

  function send(samples: number, theirs: number): Code {
    const isSame = self.kind >= SENDING && samples === self.samples && theirs === announced && sender === guard.identity;
    heardMs = clock.nowMs();
    epoch = guard.epoch;
    granted = self.received;
    if (isSame) return OK;
    if (samples < 1 || samples > ports.longestSamples) return ERR_RANGE;
    if (!mayChange()) return CODE_RATE;
    stop();
    const code = log.begin(ORIGIN_FAMILY);
    if (code !== OK) return code;
    begin(SENDING, samples);
    announced = theirs;
    sender = guard.identity;
    granted = 0;
    if (log.roomSamples() >= samples) return OK;
    stop();
    return ERR_FULL;
  }

  function grant(): void {
    granted = self.received;
    grantedMs = clock.nowMs();
    if (guard.isSafe()) notify(granted, 0, OP_GRANT);
  }

  function data(frame: Uint8Array): void {
    if (self.kind !== SENDING || epoch !== guard.epoch || toy.activity !== AT_REST) return;
    heardMs = clock.nowMs();
    const end = self.received + frame.length - DATA_HEADER_BYTES;
    const offset = frame[1] | (frame[2] << 8) | (frame[3] << 16);
    if (offset !== self.received || end > self.bytes) {
      // Sent twice, or after one that was lost: the phone goes back to what is granted.
      if (heardMs - grantedMs >= REPEAT_MS) grant();
      return;
    }
    for (let from = DATA_HEADER_BYTES; self.received < end; ) {
      const index = Math.floor(self.received / BLOCK_BYTES);
      const block = blocks[index & 1];
      const at = self.received - index * BLOCK_BYTES;
      const part = Math.min(BLOCK_BYTES - at, end - self.received);
      block.set(new Uint8Array(frame.buffer, frame.byteOffset + from, part), at);
      from += part;
      self.received += part;
      if (at + part < BLOCK_BYTES) continue;
      // A block is whole: what its header claims must be possible.
      addToCheck(index);
      failure = block[2] > LAST_STEP || block[3] !== 0 ? CODE_CHECK : log.append(block);
      if (failure !== OK) {
        stop();
        return;
      }
    }
    if (end === self.bytes || end - granted >= (CREDIT >> 1) * (self.frameBytes - DATA_HEADER_BYTES)) grant();
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
    self.sequence = newest.sequence;
    return OK;
  }

  function tick(): void {
    if (self.kind >= SENDING && clock.nowMs() - heardMs > PATIENCE_MS) stop();
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
    data: data,
    finish: finish,
    giveWay: giveWay,
    stop: stop,
    tick: tick,
  };
  return self;
}
