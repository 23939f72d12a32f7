// The toy's side of a transfer by a script, over an air that loses, doubles and swaps frames: for tests of the protocol client alone.
// It is simple on purpose: what the real toy does is tested with the real toy.

import { crc32 } from "node:zlib";
import { createClient, type Client } from "../../companion/client.ts";
import {
  ANSWER_HEADER_BYTES,
  CODE_CHECK,
  CODE_NOT_FOUND,
  CREDIT,
  DATA_HEADER_BYTES,
  MOST_FRAME_BYTES,
  OP_CHECK,
  OP_DATA,
  OP_FETCH,
  OP_FINISH,
  OP_GRANT,
  OP_HELLO,
  OP_PULL,
  OP_SEND,
  PROTOCOL_VERSION,
  RANGE_BYTES,
  REQUEST_HEADER_BYTES,
} from "../../firmware/link/protocol.ts";
import { random } from "./random.ts";

/** Time between two notifications and between two commands, and what a frame is on its way at least. */
const INTERVAL_MS = 10;
const AIR_MS = 3;

export interface AirFaults {
  /** Shares of the notifications that are lost, come twice, or come after the next one; and of written commands that are lost. */
  readonly lost?: number;
  readonly doubled?: number;
  readonly swapped?: number;
  readonly unheard?: number;
  readonly seed?: number;
}

const u32 = (value: number): number[] => [value & 255, (value >>> 8) & 255, (value >>> 16) & 255, value >>> 24];
const u32In = (frame: Uint8Array, at: number): number => new DataView(frame.buffer, frame.byteOffset).getUint32(at, true);
const u24In = (frame: Uint8Array, at: number): number => frame[at]! | (frame[at + 1]! << 8) | (frame[at + 2]! << 16);

export class ScriptedToy {
  nowMs = 0;
  readonly client: Client;
  /** Every request and DATA frame that the phone wrote. */
  readonly written: Uint8Array[] = [];
  /** Messages that can be fetched, by number. */
  readonly messages = new Map<number, { blocks: Uint8Array; samples: number }>();
  /** Codes given instead of an answer, by opcode, one after another. */
  readonly codes = new Map<number, number[]>();
  /** Answers by opcode; `undefined` is silence. */
  readonly answers = new Map<number, (args: Uint8Array) => { code: number; result?: readonly number[] } | undefined>();
  upload: { samples: number; crc: number; bytes: Uint8Array; received: number } | undefined;
  /** Most frames that the phone had on their way beyond what it knew to be granted. */
  mostAhead = 0;
  crcError = 0;
  /** Whether writes with response are let through. */
  isAccepted = true;
  faults: AirFaults;
  #next: () => number;
  #events: { atMs: number; what: () => void }[] = [];
  #ranges: { at: number; frames: number }[] = [];
  #fetching: { blocks: Uint8Array; samples: number } | undefined;
  #frameBytes = MOST_FRAME_BYTES;
  #held: Uint8Array | undefined;
  #granted = 0;
  /** What the phone has heard of that. */
  #known = 0;
  /** When the air is free for the next command. */
  #freeMs = 0;

  constructor(faults: AirFaults = {}) {
    this.faults = faults;
    this.#next = random(faults.seed ?? 1);
    this.client = createClient({
      request: (frame, written) => {
        this.written.push(frame.slice());
        this.#freeMs = Math.max(this.#freeMs + INTERVAL_MS, this.nowMs + AIR_MS);
        this.#later(this.#freeMs - this.nowMs, () => {
          written(this.isAccepted);
          if (this.isAccepted) this.#hear(frame);
        });
      },
      command: (frame) => {
        this.written.push(frame.slice());
        if (frame[0] === OP_DATA) this.mostAhead = Math.max(this.mostAhead, Math.ceil((u24In(frame, 1) + frame.length - DATA_HEADER_BYTES - this.#known) / (this.#frameBytes - DATA_HEADER_BYTES)));
        this.#freeMs = Math.max(this.#freeMs + INTERVAL_MS, this.nowMs + AIR_MS);
        if (this.#next() >= (this.faults.unheard ?? 0)) this.#later(this.#freeMs - this.nowMs, () => this.#hear(frame));
      },
      now: () => this.nowMs,
    });
  }

  /** Runs time until the answer is there. */
  wait<T>(seconds: number, ask: (done: (code: number, value?: T) => void) => void): { code: number; value: T | undefined } {
    let answer: { code: number; value: T | undefined } | undefined;
    ask((code, value) => {
      if (answer) throw new Error("answered twice");
      answer = { code, value };
    });
    this.run(seconds * 1000, () => answer !== undefined);
    if (!answer) throw new Error(`no answer within ${seconds} s`);
    return answer;
  }

  run(ms: number, isDone = (): boolean => false): void {
    for (const end = this.nowMs + ms; this.nowMs < end && !isDone(); this.nowMs++) {
      const due = this.#events.filter(({ atMs }) => atMs <= this.nowMs);
      this.#events = this.#events.filter(({ atMs }) => atMs > this.nowMs);
      for (const { what } of due) what();
      if (this.nowMs % INTERVAL_MS === 0) this.#pump();
      if (this.nowMs >= this.client.dueMs()) this.client.tick();
    }
  }

  /** The connection ends; what was on its way is lost. */
  disconnect(): void {
    this.#events = [];
    this.#ranges = [];
    this.#held = undefined;
    this.client.disconnected();
  }

  /** Puts a frame on its way to the phone. */
  notify(frame: Uint8Array): void {
    if (this.#next() < (this.faults.lost ?? 0)) return;
    const isHeld = this.#held === undefined && this.#next() < (this.faults.swapped ?? 0);
    if (isHeld) {
      this.#held = frame;
      return;
    }
    const frames = [frame, ...(this.#next() < (this.faults.doubled ?? 0) ? [frame] : []), ...(this.#held ? [this.#held] : [])];
    this.#held = undefined;
    for (const one of frames) this.#later(AIR_MS, () => this.#deliver(one.slice()));
  }

  #deliver(frame: Uint8Array): void {
    if (frame[0] === OP_GRANT) this.#known = Math.max(this.#known, u24In(frame, 1));
    if (frame[0] === OP_SEND) this.#known = u24In(frame, ANSWER_HEADER_BYTES);
    this.client.received(frame);
  }

  #later(ms: number, what: () => void): void {
    this.#events.push({ atMs: this.nowMs + ms, what });
  }

  #hear(frame: Uint8Array): void {
    const [op, tag] = [frame[0]!, frame[1]!];
    if (op === OP_PULL) return this.#pull(frame);
    if (op === OP_DATA) return this.#take(frame);
    const code = this.codes.get(op)?.shift();
    const said = code === undefined ? (this.answers.get(op) ?? ((args) => this.#answer(op, args)))(frame.subarray(REQUEST_HEADER_BYTES)) : { code };
    if (said) this.notify(Uint8Array.of(op, tag, said.code, ...(said.result ?? [])));
  }

  #answer(op: number, args: Uint8Array): { code: number; result?: readonly number[] } {
    if (op === OP_HELLO) {
      this.#frameBytes = args[1]! + 256 * args[2]! - 3;
      return { code: 0, result: [PROTOCOL_VERSION, this.#frameBytes, CREDIT, 2] };
    }
    if (op === OP_FETCH) {
      this.#fetching = this.messages.get(u32In(args, 0));
      this.#ranges = [];
      return this.#fetching ? { code: 0, result: [...u32(this.#fetching.blocks.length), ...u32(this.#fetching.samples)] } : { code: CODE_NOT_FOUND };
    }
    if (op === OP_CHECK) return { code: 0, result: u32((crc32(this.#fetching!.blocks) ^ this.crcError) >>> 0) };
    if (op === OP_SEND) {
      const [samples, crc] = [u32In(args, 0), u32In(args, 4)];
      const bytes = Math.ceil(samples / 2001) * 1004;
      if (this.upload?.crc !== crc) this.upload = { samples, crc, bytes: new Uint8Array(bytes), received: 0 };
      this.#granted = this.upload.received;
      return { code: 0, result: u32(this.upload.received) };
    }
    if (op === OP_FINISH) return { code: this.upload && crc32(this.upload.bytes) === this.upload.crc ? 0 : CODE_CHECK, result: u32(77) };
    throw new Error(`the script has no opcode ${op}`);
  }

  #pull(frame: Uint8Array): void {
    for (let at = REQUEST_HEADER_BYTES; at + RANGE_BYTES <= frame.length; at += RANGE_BYTES) this.#ranges.push({ at: u24In(frame, at), frames: frame[at + 3]! });
  }

  #pump(): void {
    const [range] = this.#ranges;
    if (!range || !this.#fetching) return;
    const part = this.#fetching.blocks.subarray(range.at, range.at + this.#frameBytes - DATA_HEADER_BYTES);
    this.notify(Uint8Array.of(OP_DATA, ...u32(range.at).slice(0, 3), ...part));
    range.at += part.length;
    if (--range.frames === 0 || range.at >= this.#fetching.blocks.length) this.#ranges.shift();
  }

  #take(frame: Uint8Array): void {
    const { upload } = this;
    if (!upload) return;
    const voice = frame.subarray(DATA_HEADER_BYTES);
    const at = u24In(frame, 1);
    if (at === upload.received) {
      upload.bytes.set(voice, at);
      upload.received += voice.length;
    }
    if (at + voice.length !== upload.received || upload.received === upload.bytes.length || upload.received - this.#granted >= (CREDIT / 2) * voice.length) {
      this.#granted = upload.received;
      this.notify(Uint8Array.of(OP_GRANT, ...u32(upload.received).slice(0, 3)));
    }
  }
}
