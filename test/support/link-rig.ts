// The link over a fake radio, with the kernel's twin and a store in memory: what the air may do to it, without a board.

import assert from "node:assert/strict";
import sinon from "sinon";
import { crc32 } from "node:zlib";
import { createClient, type Client } from "../../companion/client.ts";
import { createLink, type Link } from "../../firmware/link/link.ts";
import { AT_REST } from "../../firmware/link/protocol.ts";
import type { Store } from "../../firmware/messages/store.ts";
import type { Message } from "../../firmware/messages/index.ts";
import type { Journal, JournalEntry } from "../../firmware/messages/journal.ts";
import { ORIGIN_FAMILY } from "../../firmware/messages/layout.ts";
import type { MessageLog } from "../../firmware/messages/log.ts";
import { RECORD_COUNTERS, type Records } from "../../firmware/messages/records.ts";
import { BLOCK_BYTES, BLOCK_SAMPLES } from "../../firmware/voice/abi.ts";
import { createKernel } from "../../firmware/voice/kernel.ts";
import { kernelImage } from "../../firmware/voice/kernel.generated.ts";
import { createTwin } from "../../firmware/voice/twin.ts";
import { ERR_BUSY, ERR_DAMAGED, ERR_FULL, ERR_RANGE, OK, type Code } from "../../hal/contract.ts";
import { mockClock } from "../../hal/mock/clock.ts";
import { mockNative } from "../../hal/mock/native.ts";
import { mockRadio, type MockRadio } from "../../hal/mock/radio.ts";

export const LONGEST_SAMPLES = 40 * 8000;
export const FAMILY = "c0:11:22:33:44:55 public";
export const SECOND = "c0:aa:bb:cc:dd:ee random";
export const STRANGER = "e1:00:00:00:00:01 random";

/** Messages in memory: a store that never fails unless told. */
export class MemoryLog implements MessageLog {
  readonly kept: { message: Message; blocks: Uint8Array }[] = [];
  making: { origin: number; blocks: Uint8Array[] } | undefined;
  room = LONGEST_SAMPLES;
  next = 1;
  beginCode: Code = OK;
  /** Everything that changed the store, for "nothing has changed". */
  changes = 0;

  begin = (origin: number): Code => {
    if (this.making) return ERR_BUSY;
    if (this.beginCode !== OK) return this.beginCode;
    this.making = { origin, blocks: [] };
    return OK;
  };
  roomSamples = (): number => this.room;
  append = (block: Uint8Array): Code => {
    if (!this.making) return ERR_RANGE;
    if (this.making.blocks.length * BLOCK_SAMPLES >= this.room) return ERR_FULL;
    assert.equal(block.length, BLOCK_BYTES);
    this.changes++;
    this.making.blocks.push(block.slice());
    return OK;
  };
  commit = (samples: number): Code => {
    if (!this.making) return ERR_RANGE;
    this.changes++;
    this.put(Buffer.concat(this.making.blocks), samples, this.making.origin);
    this.making = undefined;
    return OK;
  };
  abandon = (): void => {
    this.making = undefined;
  };
  readBlock = (message: Message, index: number, into: Uint8Array): Code => {
    const found = this.kept.find(({ message: { sequence } }) => sequence === message.sequence);
    if (!found) return ERR_DAMAGED;
    into.set(found.blocks.subarray(index * BLOCK_BYTES, (index + 1) * BLOCK_BYTES));
    return OK;
  };
  markHeard = (message: Message): Code => {
    this.changes++;
    const entry = this.kept.find(({ message: { sequence } }) => sequence === message.sequence);
    if (entry) entry.message = { ...entry.message, isHeard: true };
    return OK;
  };
  remove = (message: Message): Code => {
    this.changes++;
    this.kept.splice(
      this.kept.findIndex(({ message: { sequence } }) => sequence === message.sequence),
      1,
    );
    return OK;
  };
  count = (): number => this.kept.length;
  get unheard(): number {
    return this.kept.filter(({ message: { origin, isHeard } }) => origin === ORIGIN_FAMILY && !isHeard).length;
  }
  at = (index: number): Message | undefined => this.kept[index]?.message;
  find = (sequence: number): Message | undefined => this.kept.find(({ message }) => message.sequence === sequence)?.message;
  oldestUnheard = (): Message | undefined => undefined;
  lastHeard = (): Message | undefined => undefined;
  lastOwn = (): Message | undefined => undefined;

  /** Puts a message in from nowhere. */
  put(blocks: Uint8Array, samples: number, origin = ORIGIN_FAMILY): Message {
    const message: Message = { sequence: this.next++, origin, samples, firstSheet: 0, sheets: 0, owner: 0, isHeard: false };
    this.kept.push({ message, blocks });
    return message;
  }
}

export interface LinkRig {
  readonly time: sinon.SinonFakeTimers;
  readonly radio: MockRadio;
  readonly log: MemoryLog;
  readonly records: Map<number, Uint8Array>;
  readonly journal: JournalEntry[];
  link: Link;
  readonly spoken: string[];
  readonly told: number[];
  activity: number;
  reboots: number;
  changed: number;
  /** A toy that starts anew as it wished: what is stored stays. */
  reboot(isWanted?: boolean): void;
  /** Pairs as a phone in the room does, and proves itself by HELLO; the client of that phone. */
  pair(address?: string): Client;
  /** Connects and encrypts as an accepted phone; its client, after HELLO. */
  connect(address?: string, mtu?: number): Client;
  /** A client on the connection that there is; `drop` decides which notifications are lost. */
  client(drop?: () => boolean): Client;
  /** Runs time until the value is there. */
  wait<T>(seconds: number, ask: (done: (code: number, value?: T) => void) => void): { readonly code: number; readonly value: T | undefined };
}

export function linkRig(): LinkRig {
  const time = sinon.useFakeTimers();
  const clock = mockClock(globalThis as never);
  const radio = mockRadio(clock);
  // What a test writes is dealt with before it looks; a client's frames wait for their turn as on the toy.
  const arrive = radio.write.bind(radio);
  radio.write = (...bytes) => {
    arrive(...bytes);
    time.tick(0);
  };
  const log = new MemoryLog();
  const records = new Map<number, Uint8Array>();
  const store: Records = {
    get: (kind) => records.get(kind)?.slice(),
    put: (kind, bytes) => {
      records.set(kind, bytes.slice());
      return OK;
    },
  };
  const entries: JournalEntry[] = [];
  const journal: Journal = {
    add: (event, detail) => void entries.push({ number: entries.length, event, detail, seconds: Math.floor(clock.nowMs() / 1000) }),
    count: () => entries.length,
    at: (index) => entries[index],
  };
  const native = mockNative(1 << 20, (bytes) => crc32(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes) >>> 0);
  native.functions = createTwin(native).functions.map(
    ({ call }) =>
      (a = 0, b = 0, c = 0, d = 0) =>
        call(a, b, c, d),
  );
  const spoken: string[] = [];
  const told: number[] = [];
  const rig: LinkRig = {
    time,
    radio,
    log,
    records,
    journal: entries,
    link: undefined as never,
    spoken,
    told,
    activity: AT_REST,
    reboots: 0,
    changed: 0,
    reboot(isWanted = true) {
      radio.sleep();
      time.reset();
      log.making = undefined;
      if (isWanted) records.delete(RECORD_COUNTERS);
      rig.link = createLink({
        clock,
        radio,
        kernel: createKernel(native, kernelImage),
        store: { messages: log, records: store, journal } as unknown as Store,
        longestSamples: LONGEST_SAMPLES,
        toy: rig,
        measureBattery: () => 77,
        changed: () => void rig.changed++,
        build: Uint32Array.of(3, 0x03020100, 0x07060504, 0x0b0a0908, 0x0f0e0d0c, 0x13121110, 0x17161514, 0x1b1a1918, 0x1f1e1d1c),
        reboot: () => void rig.reboots++,
        speak: (digits) => void spoken.push(digits),
        told: (outcome) => void told.push(outcome),
      });
      rig.link.setAwake(true);
      time.tick(1000);
    },
    pair(address = FAMILY) {
      assert.equal(rig.link.open(), OK);
      radio.connect(address);
      radio.bond("start");
      radio.passkey("123456");
      radio.encrypt();
      radio.secured(true);
      radio.bond("success");
      return hello(rig.client(), 131);
    },
    connect(address = FAMILY, mtu = 131) {
      radio.connect(address);
      radio.encrypt();
      return hello(rig.client(), mtu);
    },
    client(drop = () => false) {
      const client = createClient({
        request(frame, written) {
          arrive(...frame);
          setTimeout(() => written(true), 1);
        },
        command: (frame) => arrive(...frame),
        now: () => clock.nowMs(),
      });
      const push = radio.notified.push.bind(radio.notified);
      radio.notified.push = (...frames) => {
        for (const frame of frames) if (!drop()) setTimeout(() => client.received(frame), 1);
        return push(...frames);
      };
      const timer = setInterval(() => client.tick(), 10);
      const vanish = radio.vanish.bind(radio);
      radio.vanish = () => {
        clearInterval(timer);
        radio.notified.push = push;
        radio.vanish = vanish;
        vanish();
        client.disconnected();
      };
      return client;
    },
    wait(seconds, ask) {
      let code = -1;
      let value: unknown;
      ask((outcome, result) => {
        code = outcome;
        value = result;
      });
      for (let ms = 0; ms < seconds * 1000 && code < 0; ms++) time.tick(1);
      assert.notEqual(code, -1, `no answer within ${seconds} s`);
      return { code, value: value as never };
    },
  };
  rig.reboot();

  function hello(client: Client, mtu: number): Client {
    const { code } = rig.wait(10, (done) => client.hello(mtu, done));
    assert.equal(code, 0);
    return client;
  }

  return rig;
}

/** Whole blocks with valid headers and seeded contents. */
export function voiceBlocks(samples: number, seed = 1): Uint8Array {
  const blocks = new Uint8Array(Math.ceil(samples / BLOCK_SAMPLES) * BLOCK_BYTES);
  for (let i = 0, x = seed; i < blocks.length; i++) {
    x = (Math.imul(x, 1103515245) + 12345) >>> 0;
    blocks[i] = i % BLOCK_BYTES === 2 ? 40 : i % BLOCK_BYTES === 3 ? 0 : x >>> 24;
  }
  return blocks;
}
