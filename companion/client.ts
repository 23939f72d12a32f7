// The phone's side of the protocol, for the companion page and the simulated phones: what a family phone may ask of a toy, one call
// each. It does no input or output: `Wire` writes, `received` is given each notification, `tick` is to be called when `dueMs` says.

import * as protocol from "../firmware/link/protocol.ts";
import { createFetch, type Fetch, type Fetched } from "./fetch.ts";
import { DISCONNECTED, UNDER_WAY, createRequester, u32, type Answered, type Wire } from "./requests.ts";
import { createSend, type Send } from "./send.ts";

export interface ToyState {
  readonly activity: number;
  readonly batteryPercent: number;
  readonly messages: number;
  readonly unheard: number;
  readonly isTimeKnown: boolean;
  /** Local time, in seconds since the year 2000 began; 0 when it was never set. */
  readonly seconds: number;
  readonly uptimeSeconds: number;
}

export interface ListedMessage {
  readonly sequence: number;
  readonly samples: number;
  readonly isFamily: boolean;
  readonly isHeard: boolean;
}

export interface JournalEntry {
  readonly event: number;
  readonly number: number;
  readonly detail: number;
  readonly seconds: number;
}

export interface ListedPhone {
  readonly phone: number;
  readonly isSelf: boolean;
  readonly name: Uint8Array;
}

/** 0, one of the toy's codes, or what requests.ts adds; and the value when it is 0. */
type Done<T> = (code: number, value: T | undefined) => void;

export interface Client {
  /** First on each connection. The MTU is what the connection has; its first write starts encryption. */
  hello(mtu: number, done: (code: number) => void): void;
  state(done: Done<ToyState>): void;
  list(done: Done<ListedMessage[]>): void;
  /** One transfer at a time. Goes on with `before`, which an earlier connection has left unfinished; a failure gives what has arrived. */
  fetch(sequence: number, done: Done<Fetched>, options?: { before?: Fetched; onProgress?: (share: number) => void }): void;
  /** Whole blocks; the value is the number that the message got. */
  send(blocks: Uint8Array, samples: number, done: Done<number>, onProgress?: (share: number) => void): void;
  abandon(done: (code: number) => void): void;
  remove(sequence: number, done: (code: number) => void): void;
  mark(sequence: number, done: (code: number) => void): void;
  get(key: number, done: Done<Uint8Array>): void;
  set(key: number, value: readonly number[], done: (code: number) => void): void;
  journal(done: Done<JournalEntry[]>): void;
  phones(done: Done<ListedPhone[]>): void;
  rename(phone: number, name: Uint8Array, done: (code: number) => void): void;
  revoke(phone: number, done: (code: number) => void): void;
  /** Version and SHA-256 (lowercase hexadecimal) of the application that runs. */
  build(done: Done<{ readonly version: number; readonly sha256: string }>): void;
  received(frame: Uint8Array): void;
  dueMs(): number;
  tick(): void;
  /** The connection is gone: all that is under way ends. A fetch gives what it has. */
  disconnected(): void;
  /** What this phone may know of the connection. */
  readonly link: { readonly frameBytes: number; readonly credit: number; readonly phone: number };
}

const bytesOf = (view: DataView): Uint8Array => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);

export function createClient(wire: Wire): Client {
  const requester = createRequester(wire);
  const link = { frameBytes: protocol.LEAST_FRAME_BYTES, credit: 1, phone: -1 };
  let fetching: Fetch | undefined;
  let sending: Send | undefined;
  /** Ends the transfer with a code. */
  let fail: ((code: number) => void) | undefined;

  const simply =
    (done: (code: number) => void): Answered =>
    (code) =>
      done(code);

  /** Asks for entry 0, 1, 2 ... of something until there is none, or up to `most`. */
  function each<T>(op: number, most: number, read: (result: DataView, index: number) => T, done: Done<T[]>, index = 0, found: T[] = []): void {
    if (index >= most) return done(0, found);
    requester.ask(op, [index], (code, result) => {
      // A phone that was revoked leaves a gap; messages and journal have none.
      if (code === protocol.CODE_NOT_FOUND && op !== protocol.OP_PHONE) return done(0, found);
      if (code === 0) found.push(read(result, index));
      else if (code !== protocol.CODE_NOT_FOUND) return done(code, undefined);
      each(op, most, read, done, index + 1, found);
    });
  }

  return {
    link,
    hello(mtu, done) {
      requester.ask(protocol.OP_HELLO, [protocol.PROTOCOL_VERSION, mtu & 255, mtu >> 8], (code, result) => {
        if (code === 0) Object.assign(link, { frameBytes: result.getUint8(1), credit: result.getUint8(2), phone: result.getInt8(3) });
        done(code);
      });
    },
    state(done) {
      requester.ask(protocol.OP_STATE, [], (code, result) => {
        if (code !== 0) return done(code, undefined);
        done(0, {
          activity: result.getUint8(0),
          batteryPercent: result.getUint8(1),
          messages: result.getUint8(2),
          unheard: result.getUint8(3),
          isTimeKnown: result.getUint8(4) === 1,
          seconds: result.getUint32(5, true),
          uptimeSeconds: result.getUint32(9, true),
        });
      });
    },
    list(done) {
      const read = (result: DataView): ListedMessage => ({
        sequence: result.getUint32(2, true),
        samples: result.getUint32(6, true),
        isFamily: (result.getUint8(1) & protocol.MESSAGE_FAMILY) !== 0,
        isHeard: (result.getUint8(1) & protocol.MESSAGE_HEARD) !== 0,
      });
      each(protocol.OP_LIST, 256, read, done);
    },
    fetch(sequence, done, { before, onProgress = () => undefined } = {}) {
      if (fail) return done(UNDER_WAY, undefined);
      const mine = (code: number): void => finish(code, fetching?.message() ?? before);
      function finish(code: number, message: Fetched | undefined): void {
        if (fail !== mine) return;
        fetching = fail = undefined;
        done(code, message);
      }
      fail = mine;
      fetching = createFetch({ wire, requester, frameBytes: link.frameBytes, sequence, before, onProgress, done: finish });
    },
    send(blocks, samples, done, onProgress = () => undefined) {
      if (fail) return done(UNDER_WAY, undefined);
      const mine = (code: number): void => finish(code, 0);
      function finish(code: number, sequence: number): void {
        if (fail !== mine) return;
        sending = fail = undefined;
        done(code, code === 0 ? sequence : undefined);
      }
      fail = mine;
      sending = createSend({ wire, requester, frameBytes: link.frameBytes, credit: link.credit, blocks, samples, onProgress, done: finish });
    },
    abandon: (done) => requester.ask(protocol.OP_ABANDON, [], simply(done)),
    remove: (sequence, done) => requester.ask(protocol.OP_DELETE, u32(sequence), simply(done)),
    mark: (sequence, done) => requester.ask(protocol.OP_MARK, u32(sequence), simply(done)),
    get(key, done) {
      requester.ask(protocol.OP_GET, [key], (code, result) => done(code, code === 0 ? bytesOf(result).slice(1) : undefined));
    },
    set: (key, value, done) => requester.ask(protocol.OP_SET, [key, ...value], simply(done)),
    journal(done) {
      const read = (result: DataView): JournalEntry => ({
        event: result.getUint8(0),
        number: result.getUint32(1, true),
        detail: result.getUint32(5, true),
        seconds: result.getUint32(9, true),
      });
      each(protocol.OP_JOURNAL, 256, read, done);
    },
    phones(done) {
      const read = (result: DataView, phone: number): ListedPhone => ({ phone, isSelf: (result.getUint8(0) & protocol.PHONE_SELF) !== 0, name: bytesOf(result).slice(1) });
      each(protocol.OP_PHONE, protocol.MOST_PHONES, read, done);
    },
    rename: (phone, name, done) => requester.ask(protocol.OP_RENAME, [phone, ...name], simply(done)),
    revoke: (phone, done) => requester.ask(protocol.OP_REVOKE, [phone], simply(done)),
    build(done) {
      requester.ask(protocol.OP_BUILD, [0], (code, version) => {
        if (code !== 0) return done(code, undefined);
        requester.ask(protocol.OP_BUILD, [1], (first, low) => {
          requester.ask(protocol.OP_BUILD, [2], (second, high) => {
            const sha256 = [low, high].flatMap((half) => [...bytesOf(half)].map((byte) => byte.toString(16).padStart(2, "0"))).join("");
            done(first || second, first || second ? undefined : { version: version.getUint32(0, true), sha256 });
          });
        });
      });
    },
    received(frame) {
      if (frame[0] === protocol.OP_DATA) fetching?.received(frame);
      else if (frame[0] === protocol.OP_GRANT && frame.length === protocol.DATA_HEADER_BYTES) sending?.granted(frame[1]! | (frame[2]! << 8) | (frame[3]! << 16));
      else requester.received(frame);
    },
    dueMs: () => Math.min(requester.dueMs(), fetching?.dueMs() ?? Infinity, sending?.dueMs() ?? Infinity),
    tick() {
      requester.tick();
      fetching?.tick();
      sending?.tick();
    },
    disconnected() {
      Object.assign(link, { frameBytes: protocol.LEAST_FRAME_BYTES, credit: 1, phone: -1 });
      fail?.(DISCONNECTED);
      requester.end(DISCONNECTED);
    },
  };
}
