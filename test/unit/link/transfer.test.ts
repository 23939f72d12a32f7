// Voice over the link with the phone's own client: whole, resumed, with drops, and whatever a phone may get wrong.

import assert from "node:assert/strict";
import { crc32 } from "node:zlib";
import type { Client } from "../../../companion/client.ts";
import type { Fetched } from "../../../companion/fetch.ts";
import { AT_PLAY, AT_RECORDING, AT_REST, CODE_CHECK, CODE_NOT_FOUND, CODE_RATE, CODE_STATE, CREDIT, OP_CHECK, OP_DATA, OP_FETCH, OP_FINISH, OP_GRANT, OP_PULL, OP_SEND } from "../../../firmware/link/protocol.ts";
import { ORIGIN_OWN } from "../../../firmware/messages/layout.ts";
import { ERR_BUSY, ERR_FULL, ERR_RANGE } from "../../../hal/contract.ts";
import { random } from "../../support/random.ts";
import { LONGEST_SAMPLES, SECOND, linkRig, voiceBlocks, type LinkRig } from "../../support/link-rig.ts";

const SAMPLES = 5 * 8000;
const u32 = (value: number): number[] => [value & 255, (value >>> 8) & 255, (value >>> 16) & 255, value >>> 24];

describe("link transfers", function () {
  this.timeout(20000);
  let rig: LinkRig;
  let blocks: Uint8Array;
  beforeEach(() => {
    rig = linkRig();
    blocks = voiceBlocks(SAMPLES);
  });
  afterEach(() => rig.time.restore());

  const fetched = (client: Client, sequence: number, seconds = 60, before?: Fetched) =>
    rig.wait<Fetched>(seconds, (done) => client.fetch(sequence, done, before ? { before } : {}));
  const sent = (client: Client, seconds = 60) => rig.wait<number>(seconds, (done) => client.send(blocks, SAMPLES, done));
  /** The answers that were notified for raw requests. */
  const answer = (...request: number[]): Uint8Array => {
    const before = rig.radio.notified.length;
    rig.radio.write(...request);
    rig.time.tick(5);
    return rig.radio.notified.slice(before).at(-1) ?? new Uint8Array(0);
  };

  for (const mtu of [23, 53, 131]) {
    it(`fetch and send a message whole at MTU ${mtu}`, () => {
      rig.pair();
      rig.radio.vanish();
      const client = rig.connect(undefined, mtu);
      const { sequence } = rig.log.put(blocks, SAMPLES, ORIGIN_OWN);
      const { code, value } = fetched(client, sequence);
      assert.equal(code, 0);
      assert.deepEqual(Buffer.from(value!.blocks), Buffer.from(blocks));
      assert.equal(value!.samples, SAMPLES);
      const upload = sent(client);
      assert.equal(upload.code, 0);
      assert.deepEqual(Buffer.from(rig.log.kept[1]!.blocks), Buffer.from(blocks));
      assert.equal(rig.log.kept[1]!.message.sequence, upload.value);
      assert.equal(rig.changed, 1);
      assert.ok(rig.radio.notified.every((frame) => frame.length <= mtu - 3));
    });
  }

  for (const share of [0.05, 0.2, 0.5]) {
    it(`come whole though ${share * 100}% of the notifications are lost`, () => {
      rig.pair();
      rig.radio.vanish();
      rig.connect();
      const next = random(7);
      const client = rig.client(() => next() < share);
      assert.equal(rig.wait(20, (done) => client.hello(131, done)).code, 0);
      const { sequence } = rig.log.put(blocks, SAMPLES);
      const { code, value } = fetched(client, sequence);
      assert.equal(code, 0);
      assert.deepEqual(Buffer.from(value!.blocks), Buffer.from(blocks));
      assert.equal(sent(client, 120).code, 0);
      assert.deepEqual(Buffer.from(rig.log.kept[1]!.blocks), Buffer.from(blocks));
    });
  }

  it("send one frame each connection interval and no more", () => {
    rig.pair();
    const { sequence } = rig.log.put(blocks, SAMPLES);
    answer(OP_FETCH, 9, ...u32(sequence));
    rig.radio.intervalUnits = 24;
    const before = rig.radio.notified.length;
    rig.radio.write(OP_PULL, 10, 0, 0, 0, 100);
    assert.equal(rig.radio.notified.length - before, 1);
    rig.time.tick(30 * 10);
    assert.equal(rig.radio.notified.length - before, 11);
  });

  it("go on by offset after a disconnection, in both directions", () => {
    let client = rig.pair();
    const { sequence } = rig.log.put(blocks, SAMPLES);
    let part: Fetched | undefined;
    client.fetch(sequence, (_code, message) => (part = message));
    rig.time.tick(100);
    rig.radio.vanish();
    const have = part!.have.reduce((sum, byte) => sum + byte, 0);
    assert.ok(have > 500 && have < blocks.length, `${have} bytes before the disconnection`);
    client = rig.connect();
    const before = rig.radio.notified.length;
    assert.equal(fetched(client, sequence, 60, part).code, 0);
    assert.deepEqual(Buffer.from(part!.blocks), Buffer.from(blocks));
    assert.ok((rig.radio.notified.length - before - 8) * 124 < blocks.length - have + 2000, "only what was missing came");

    let code = -1;
    client.send(blocks, SAMPLES, (outcome) => (code = outcome));
    rig.time.tick(30);
    rig.radio.vanish();
    assert.equal(code, 255);
    const stored = rig.log.making!.blocks.length;
    assert.ok(stored > 0 && stored < 20);
    client = rig.connect();
    assert.equal(sent(client).code, 0);
    assert.deepEqual(Buffer.from(rig.log.kept[1]!.blocks), Buffer.from(blocks));
  });

  it("make one message of an upload whose last answer was lost", () => {
    const client = rig.pair();
    assert.equal(sent(client).code, 0);
    assert.equal(sent(client).code, 0);
    assert.equal(rig.log.kept.length, 1);
  });

  it("wait while the child plays, and an upload gives way when he records", () => {
    const client = rig.pair();
    const { sequence } = rig.log.put(blocks, SAMPLES);
    let code = -1;
    client.fetch(sequence, (outcome) => (code = outcome));
    rig.time.tick(50);
    rig.activity = AT_PLAY;
    const voice = (): number => rig.radio.notified.filter(([op]) => op === OP_DATA).length;
    const before = voice();
    rig.time.tick(20000);
    assert.equal(voice(), before);
    rig.activity = AT_REST;
    rig.time.tick(10000);
    assert.equal(code, 0);

    let upload = -1;
    client.send(blocks, SAMPLES, (outcome) => (upload = outcome));
    rig.time.tick(30);
    assert.ok(rig.log.making);
    rig.link.giveWay();
    assert.equal(rig.log.making, undefined);
    rig.activity = AT_RECORDING;
    rig.time.tick(5000);
    rig.activity = AT_REST;
    rig.time.tick(30000);
    assert.equal(upload, 0);
    assert.deepEqual(Buffer.from(rig.log.kept[1]!.blocks), Buffer.from(blocks));
  });

  it("never interleave: a fetch waits for the upload of its own phone, and another phone's upload ends", () => {
    rig.pair();
    rig.reboot();
    rig.pair(SECOND);
    const { sequence } = rig.log.put(blocks, SAMPLES);
    answer(OP_SEND, 199, ...u32(SAMPLES), ...u32(1));
    assert.equal(answer(OP_FETCH, 200, ...u32(sequence))[2], ERR_BUSY);
    rig.radio.vanish();
    rig.connect();
    assert.ok(rig.log.making);
    assert.equal(answer(OP_FETCH, 200, ...u32(sequence))[2], 0);
    assert.equal(rig.log.making, undefined);
  });

  it("leave another phone's upload as it is when one is refused, and do not wait for it any longer", () => {
    rig.pair(SECOND);
    rig.reboot();
    rig.pair();
    const { sequence } = rig.log.put(blocks, SAMPLES);
    answer(OP_SEND, 199, ...u32(SAMPLES), ...u32(1));
    rig.radio.vanish();
    rig.connect(SECOND);
    for (let second = 0; second < 70; second += 10) {
      assert.equal(answer(OP_SEND, second, ...u32(LONGEST_SAMPLES + 1), ...u32(1))[2], ERR_RANGE);
      assert.equal(answer(OP_FINISH, second)[2], CODE_STATE);
      rig.time.tick(10000);
    }
    assert.equal(rig.log.making, undefined, "after a minute");
    answer(OP_SEND, 200, ...u32(SAMPLES), ...u32(1));
    rig.radio.vanish();
    rig.connect();
    answer(OP_SEND, 201, ...u32(LONGEST_SAMPLES + 1), ...u32(1));
    assert.equal(answer(OP_FETCH, 202, ...u32(sequence))[2], 0, "it is not its own");
  });

  for (const [units, frames] of [[6, CREDIT], [11, CREDIT], [12, CREDIT / 2], [24, CREDIT / 2]] as const) {
    it(`are granted after every ${frames} frames at an interval of ${units * 1.25} ms`, () => {
      rig.pair();
      rig.radio.intervalUnits = units;
      answer(OP_SEND, 199, ...u32(SAMPLES), ...u32(1));
      rig.time.tick(1000);
      // The count goes on from what was announced before the interval was looked at.
      const granted: number[] = [];
      for (let frame = 0; frame < 12; frame++) {
        const before = rig.radio.notified.length;
        const at = frame * 124;
        rig.radio.write(OP_DATA, at & 255, at >> 8, 0, ...new Array<number>(124).fill(0));
        for (const grant of rig.radio.notified.slice(before)) if (grant[0] === OP_GRANT) granted.push(frame + 1);
      }
      const steps = granted.slice(1).map((at, i) => at - granted[i]!);
      assert.deepEqual(steps, steps.map(() => frames));
      assert.ok(steps.length >= 2);
    });
  }

  it("drop what a phone began and left for a minute", () => {
    rig.pair();
    rig.radio.write(OP_SEND, 9, ...u32(SAMPLES), ...u32(1));
    assert.ok(rig.log.making);
    rig.radio.vanish();
    rig.time.tick(62000);
    assert.equal(rig.log.making, undefined);
  });

  it("refuse an upload that lies about its length, its check or its codec", () => {
    rig.pair();
    assert.equal(answer(OP_SEND, 1, ...u32(0), ...u32(1))[2], ERR_RANGE);
    assert.equal(answer(OP_SEND, 2, ...u32(LONGEST_SAMPLES + 1), ...u32(1))[2], ERR_RANGE);
    assert.equal(answer(OP_SEND, 3, ...u32(0xffffffff), ...u32(1))[2], ERR_RANGE);
    rig.log.room = 8000;
    assert.equal(answer(OP_SEND, 4, ...u32(8001), ...u32(1))[2], ERR_FULL);
    rig.log.beginCode = ERR_FULL;
    assert.equal(answer(OP_SEND, 5, ...u32(1), ...u32(1))[2], ERR_FULL);
    rig.log.beginCode = 0;
    rig.log.room = LONGEST_SAMPLES;
    const put = (bytes: Uint8Array): void => {
      for (let at = 0; at < bytes.length; at += 124) rig.radio.write(OP_DATA, at & 255, (at >> 8) & 255, at >> 16, ...bytes.subarray(at, at + 124));
    };
    const block = voiceBlocks(100);
    answer(OP_SEND, 6, ...u32(100), ...u32(crc32(block) ^ 1));
    put(block);
    assert.equal(answer(OP_FINISH, 7)[2], CODE_CHECK);
    for (const [at, value] of [
      [2, 89],
      [2, 255],
      [3, 1],
    ] as const) {
      const wrong = block.slice();
      wrong[at] = value;
      answer(OP_SEND, 8 + value, ...u32(100), ...u32(crc32(wrong)));
      put(wrong);
      assert.equal(answer(OP_FINISH, 7 + value)[2], CODE_CHECK);
    }
    assert.equal(rig.log.kept.length, 0);
    assert.equal(rig.log.making, undefined);
  });

  it("take no byte out of order, twice, or beyond the end", () => {
    rig.pair();
    answer(OP_SEND, 6, ...u32(100), ...u32(1));
    const wrong = [
      [OP_DATA, 1, 0, 0, 5],
      [OP_DATA, 255, 255, 255, 5],
      [OP_DATA, 0, 4, 0, 5],
    ];
    for (const frame of wrong) rig.radio.write(...frame);
    assert.deepEqual([...answer(OP_SEND, 7, ...u32(100), ...u32(1)).subarray(3)], [0, 0, 0, 0]);
    rig.radio.write(OP_DATA, 0, 0, 0, ...new Uint8Array(124));
    rig.radio.write(OP_DATA, 0, 0, 0, ...new Uint8Array(124));
    // Fewer than might have come: they are looked at all the same.
    rig.time.tick(1000);
    assert.deepEqual([...answer(OP_SEND, 8, ...u32(100), ...u32(1)).subarray(3)], [124, 0, 0, 0]);
    assert.equal(answer(OP_FINISH, 9)[2], ERR_RANGE);
    rig.time.tick(200);
    for (let i = 1; i < CREDIT; i++) rig.radio.write(OP_DATA, 0, 0, 0, 1);
    assert.deepEqual([...answer(OP_DATA, 0, 0, 0, 1)], [OP_GRANT, 124, 0, 0]);
  });

  it("answer what makes no sense with a code, and go on", () => {
    rig.pair();
    const { sequence } = rig.log.put(blocks, SAMPLES);
    assert.equal(answer(OP_FINISH, 1)[2], CODE_STATE);
    assert.equal(answer(OP_CHECK, 2)[2], CODE_STATE);
    assert.equal(answer(OP_FETCH, 3, ...u32(99))[2], CODE_NOT_FOUND);
    answer(OP_FETCH, 4, ...u32(sequence));
    const before = rig.radio.notified.length;
    rig.radio.write(OP_PULL, 5, 255, 255, 255, 9, 0, 0, 0, 0);
    rig.radio.write(OP_DATA, 0, 0, 0, 1, 2, 3);
    rig.time.tick(100);
    assert.equal(rig.radio.notified.length, before);
    for (let i = 0; i < 20; i++) rig.radio.write(OP_PULL, 6, 0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255);
    rig.time.tick(60000);
    // One range moves and eight at most wait, none longer than the message.
    assert.ok(rig.radio.notified.length - before <= 9 * Math.ceil(blocks.length / 124));
  });

  it("let a phone wear the flash only so fast", () => {
    rig.pair();
    const codes = Array.from({ length: 25 }, (_, i) => {
      const [, , code] = answer(OP_SEND, 10 + i, ...u32(100 + i), ...u32(1));
      return code;
    });
    assert.deepEqual(codes, [...Array<number>(20).fill(0), ...Array<number>(5).fill(CODE_RATE)]);
    rig.time.tick(180_000);
    rig.radio.vanish();
    rig.connect();
    assert.equal(answer(OP_SEND, 99, ...u32(500), ...u32(1))[2], 0);
    assert.equal(answer(OP_SEND, 100, ...u32(501), ...u32(1))[2], CODE_RATE);
  });
});
