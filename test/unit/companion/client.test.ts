// The protocol client against a scripted toy: what is lost, doubled, swapped, cut off or wrong, at any MTU.

import assert from "node:assert/strict";
import { createClient } from "../../../companion/client.ts";
import type { Fetched } from "../../../companion/fetch.ts";
import { CORRUPT, DISCONNECTED, NOT_ACCEPTED, NO_ANSWER, STALLED, UNDER_WAY } from "../../../companion/requests.ts";
import {
  CODE_CHECK,
  CODE_NOT_FOUND,
  CODE_STATE,
  CREDIT,
  LEAST_MTU,
  MOST_MTU,
  OP_BUILD,
  OP_CHECK,
  OP_DATA,
  OP_FETCH,
  OP_FINISH,
  OP_GET,
  OP_HELLO,
  OP_JOURNAL,
  OP_LIST,
  OP_PHONE,
  OP_PULL,
  OP_SEND,
  OP_SET,
  OP_STATE,
} from "../../../firmware/link/protocol.ts";
import { random } from "../../support/random.ts";
import { ScriptedToy, type AirFaults } from "../../support/scripted-toy.ts";

const SAMPLES = 4 * 2001 + 17;
const BYTES = 5 * 1004;
const next = random(99);
const blocks = Uint8Array.from({ length: BYTES }, () => Math.floor(next() * 256));

function met(mtu: number, faults: AirFaults = {}): ScriptedToy {
  const toy = new ScriptedToy();
  assert.equal(toy.wait(1, (done) => toy.client.hello(mtu, done)).code, 0);
  toy.messages.set(5, { blocks, samples: SAMPLES });
  toy.faults = faults;
  return toy;
}
const fetched = (toy: ScriptedToy, before?: Fetched) => toy.wait<Fetched>(300, (done) => toy.client.fetch(5, done, before ? { before } : {}));
const sent = (toy: ScriptedToy) => toy.wait<number>(300, (done) => toy.client.send(blocks, SAMPLES, done));
/** Drops all that is on its way; from then on no command arrives, while requests are answered. */
function silence(toy: ScriptedToy): void {
  toy.faults = { lost: 1, unheard: 1 };
  toy.run(550);
  toy.faults = { unheard: 1 };
}
const count = (toy: ScriptedToy, op: number): number => toy.written.filter((frame) => frame[0] === op).length;

describe("the protocol client", () => {
  it("fetches and sends at every MTU, in frames that fit", () => {
    for (let mtu = LEAST_MTU; mtu <= MOST_MTU; mtu++) {
      const toy = met(mtu);
      const { code, value } = fetched(toy);
      assert.equal(code, 0);
      assert.deepEqual(Buffer.from(value!.blocks), Buffer.from(blocks));
      assert.equal(value!.samples, SAMPLES);
      assert.deepEqual(sent(toy), { code: 0, value: 77 });
      assert.deepEqual(Buffer.from(toy.upload!.bytes), Buffer.from(blocks));
      assert.ok(toy.written.every(({ length }) => length <= mtu - 3), `MTU ${mtu}`);
    }
  });

  const airs: [string, AirFaults][] = [
    ["loses a tenth", { lost: 0.1, unheard: 0.1 }],
    ["loses half", { lost: 0.5, unheard: 0.5 }],
    ["doubles a third", { doubled: 0.33 }],
    ["swaps a third", { swapped: 0.33 }],
    ["does all of it", { lost: 0.2, unheard: 0.2, doubled: 0.2, swapped: 0.2 }],
  ];
  for (const [what, faults] of airs) {
    it(`brings every byte over an air that ${what}`, () => {
      for (const [seed, mtu] of [[1, 23], [2, 53], [3, 131]] as const) {
        const toy = met(mtu, { ...faults, seed });
        const { code, value } = fetched(toy);
        assert.equal(code, 0);
        assert.deepEqual(Buffer.from(value!.blocks), Buffer.from(blocks));
        assert.equal(sent(toy).code, 0);
        assert.deepEqual(Buffer.from(toy.upload!.bytes), Buffer.from(blocks));
      }
    });
  }

  it("never has more than the credit on its way", () => {
    for (const lost of [0, 0.3]) {
      const toy = met(53, { lost, unheard: lost });
      assert.equal(sent(toy).code, 0);
      assert.equal(toy.mostAhead, CREDIT);
    }
  });

  it("goes on by offset after a disconnection, both ways", () => {
    const toy = met(131);
    let part: Fetched | undefined;
    let code = -1;
    toy.client.fetch(5, (outcome, value) => [code, part] = [outcome, value]);
    toy.run(250);
    toy.disconnect();
    assert.equal(code, DISCONNECTED);
    const have = part!.have.reduce((sum, one) => sum + one, 0);
    assert.ok(have > 1000 && have < BYTES, `${have} bytes`);
    toy.wait(1, (done) => toy.client.hello(131, done));
    toy.written.length = 0;
    assert.equal(fetched(toy, part).code, 0);
    assert.deepEqual(Buffer.from(part!.blocks), Buffer.from(blocks));
    const asked = toy.written.filter(([op]) => op === OP_PULL).flatMap((frame) => Array.from({ length: (frame.length - 2) / 4 }, (_, i) => frame[2 + 4 * i + 3]!));
    assert.ok(asked.reduce((sum, frames) => sum + frames, 0) * 124 < BYTES - have + 124, "only what was missing is asked for");

    toy.client.send(blocks, SAMPLES, (outcome) => (code = outcome));
    toy.run(100);
    toy.disconnect();
    assert.equal(code, DISCONNECTED);
    const received = toy.upload!.received;
    assert.ok(received > 300 && received < BYTES, `${received} bytes`);
    toy.wait(1, (done) => toy.client.hello(131, done));
    toy.written.length = 0;
    assert.equal(sent(toy).code, 0);
    const [first] = toy.written.filter(([op]) => op === OP_DATA);
    assert.equal(first![1]! | (first![2]! << 8), received);
  });

  it("fetches all anew when the check is wrong, once, and then says that it is corrupt", () => {
    const toy = met(131);
    toy.crcError = 1;
    const { code, value } = fetched(toy);
    assert.deepEqual([code, value], [CORRUPT, undefined]);
    assert.equal(count(toy, OP_FETCH), 2);
  });

  it("repairs what an earlier connection brought wrong", () => {
    const toy = met(131);
    const wrong: Fetched = { sequence: 5, samples: SAMPLES, blocks: new Uint8Array(BYTES), have: new Uint8Array(BYTES).fill(1, 0, 2000) };
    const { code, value } = fetched(toy, wrong);
    assert.equal(code, 0);
    assert.deepEqual(Buffer.from(value!.blocks), Buffer.from(blocks));
  });

  it("does not go on with another message's bytes", () => {
    const toy = met(131);
    const other: Fetched = { sequence: 4, samples: SAMPLES, blocks: new Uint8Array(BYTES), have: new Uint8Array(BYTES).fill(1) };
    assert.equal(fetched(toy, other).code, 0);
    assert.equal(count(toy, OP_FETCH), 1);
  });

  it("asks a silent toy whether it still has the message, and stops when it has not", () => {
    const toy = met(131);
    let code = -1;
    toy.client.fetch(5, (outcome) => (code = outcome));
    toy.run(200);
    silence(toy);
    toy.messages.delete(5);
    toy.run(6000);
    assert.equal(code, CODE_NOT_FOUND);
  });

  it("gives up a fetch and a send that have not moved for two minutes, and not before", () => {
    for (const begin of [(toy: ScriptedToy, done: (code: number) => void) => toy.client.fetch(5, done), (toy: ScriptedToy, done: (code: number) => void) => toy.client.send(blocks, SAMPLES, done)]) {
      const toy = met(131);
      let code = -1;
      begin(toy, (outcome) => (code = outcome));
      toy.run(200);
      silence(toy);
      toy.run(115_000);
      assert.equal(code, -1);
      toy.run(10_000);
      assert.equal(code, STALLED);
    }
  });

  it("waits while the child has the toy, and begins anew when the toy dropped what it had", () => {
    const toy = met(131);
    toy.codes.set(OP_SEND, [CODE_STATE, CODE_STATE, CODE_STATE]);
    toy.codes.set(OP_FINISH, [CODE_STATE]);
    assert.equal(sent(toy).code, 0);
    assert.equal(count(toy, OP_SEND), 5);
    assert.ok(toy.nowMs > 4000);
  });

  it("tells why the toy refuses", () => {
    const toy = met(131);
    toy.codes.set(OP_SEND, [4]);
    assert.equal(sent(toy).code, 4);
    toy.codes.set(OP_FINISH, [CODE_CHECK]);
    assert.equal(sent(toy).code, CODE_CHECK);
    toy.codes.set(OP_FETCH, [CODE_NOT_FOUND]);
    assert.equal(fetched(toy).code, CODE_NOT_FOUND);
    toy.codes.set(OP_CHECK, [3]);
    assert.equal(fetched(toy).code, 3);
  });

  it("moves one message at a time", () => {
    const toy = met(131);
    toy.client.fetch(5, () => undefined);
    assert.equal(sent(toy).code, UNDER_WAY);
    assert.equal(fetched(toy).code, UNDER_WAY);
    toy.run(5000);
    assert.equal(sent(toy).code, 0);
  });

  it("repeats a request with its tag, takes each answer once, and gives up after seven times", () => {
    const toy = met(131);
    let times = 0;
    toy.answers.set(OP_HELLO, () => (++times < 5 ? undefined : { code: 0, result: [1, 128, 4, 0] }));
    assert.equal(toy.wait(10, (done) => toy.client.hello(131, done)).code, 0);
    const hellos = toy.written.filter(([op]) => op === OP_HELLO).slice(1);
    assert.equal(hellos.length, 5);
    assert.ok(hellos.every((frame) => frame[1] === hellos[0]![1]));
    toy.answers.set(OP_HELLO, () => undefined);
    assert.equal(toy.wait(10, (done) => toy.client.hello(131, done)).code, NO_ANSWER);
    assert.equal(count(toy, OP_HELLO), 1 + 5 + 7);
  });

  it("says so when a write is refused, and waits however long a phone's system takes to pair", () => {
    const toy = met(131);
    toy.isAccepted = false;
    assert.equal(toy.wait(1, (done) => toy.client.hello(131, done)).code, NOT_ACCEPTED);
    const written: ((isWritten: boolean) => void)[] = [];
    const client = createClient({ request: (_frame, tell) => written.push(tell), command: () => undefined, now: () => 0 });
    let code = -1;
    client.hello(131, (outcome) => (code = outcome));
    assert.equal(client.dueMs(), Infinity);
    written[0]!(true);
    assert.equal(client.dueMs(), 1000);
    client.received(Uint8Array.of(OP_HELLO, 1, 0, 1, 128, 4, 0));
    assert.equal(code, 0);
  });

  it("takes no answer to what it has not asked, and no frame that makes no sense", () => {
    const toy = met(131);
    for (const frame of [[], [OP_LIST], [OP_LIST, 200, 0], [OP_DATA], [OP_DATA, 0, 0, 0], [20], [20, 255, 255, 255], [99, 1, 2, 3]]) toy.client.received(Uint8Array.from(frame));
    let code = -1;
    toy.client.fetch(5, (outcome) => (code = outcome));
    toy.run(50);
    toy.client.received(Uint8Array.of(OP_DATA, 255, 255, 255, 1));
    toy.client.received(Uint8Array.of(OP_DATA, 0, 0, 0));
    toy.run(3000);
    assert.equal(code, 0);
  });

  it("ends everything once when the connection is gone", () => {
    const toy = met(131);
    const codes: number[] = [];
    toy.client.fetch(5, (code) => codes.push(code));
    toy.client.state((code) => codes.push(code));
    toy.client.phones((code) => codes.push(code));
    toy.disconnect();
    assert.deepEqual(codes, [DISCONNECTED, DISCONNECTED, DISCONNECTED]);
    toy.run(5000);
    assert.equal(codes.length, 3);
    assert.equal(toy.client.dueMs(), Infinity);
    assert.deepEqual(toy.client.link, { frameBytes: 20, credit: 1, phone: -1 });
  });

  it("reads lists to their end, and phones past a gap", () => {
    const toy = met(131);
    toy.answers.set(OP_LIST, ([index]) => (index! < 3 ? { code: 0, result: [index!, index! === 1 ? 3 : 0, 10 + index!, 0, 0, 0, 0x40, 0x1f, 0, 0] } : { code: CODE_NOT_FOUND }));
    assert.deepEqual(toy.wait(5, (done) => toy.client.list(done)), {
      code: 0,
      value: [10, 11, 12].map((sequence) => ({ sequence, samples: 8000, isFamily: sequence === 11, isHeard: sequence === 11 })),
    });
    toy.answers.set(OP_JOURNAL, ([index]) => (index! < 1 ? { code: 0, result: [2, 9, 0, 0, 0, 1, 0, 0, 0, 5, 1, 0, 0] } : { code: CODE_NOT_FOUND }));
    assert.deepEqual(toy.wait(5, (done) => toy.client.journal(done)).value, [{ event: 2, number: 9, detail: 1, seconds: 261 }]);
    toy.answers.set(OP_PHONE, ([index]) => (index! === 1 ? { code: CODE_NOT_FOUND } : { code: 0, result: [index! === 2 ? 1 : 0, 65 + index!] }));
    const { value } = toy.wait(5, (done) => toy.client.phones(done)) as { value: readonly { phone: number; isSelf: boolean; name: Uint8Array }[] };
    assert.deepEqual(value.map(({ phone, isSelf, name }) => [phone, isSelf, String.fromCharCode(...name)]), [[0, false, "A"], [2, true, "C"], [3, false, "D"]]);
    toy.answers.set(OP_LIST, ([index]) => (index === 0 ? { code: 0, result: new Array<number>(10).fill(0) } : { code: CODE_STATE }));
    assert.deepEqual(toy.wait(5, (done) => toy.client.list(done)), { code: CODE_STATE, value: undefined });
  });

  it("reads state, settings and build", () => {
    const toy = met(131);
    toy.answers.set(OP_STATE, () => ({ code: 0, result: [1, 80, 7, 2, 1, 0x10, 0, 0, 0x30, 60, 0, 0, 0] }));
    assert.deepEqual(toy.wait(5, (done) => toy.client.state(done)).value, {
      activity: 1, batteryPercent: 80, messages: 7, unheard: 2, isTimeKnown: true, seconds: 0x30000010, uptimeSeconds: 60,
    });
    toy.answers.set(OP_GET, ([key]) => (key === 3 ? { code: 0, result: [3, 72, 105] } : { code: CODE_NOT_FOUND }));
    assert.deepEqual(toy.wait<Uint8Array>(5, (done) => toy.client.get(3, done)).value, Uint8Array.of(72, 105));
    assert.equal(toy.wait(5, (done) => toy.client.get(9, done)).code, CODE_NOT_FOUND);
    toy.answers.set(OP_SET, (args) => ({ code: args[0] === 1 && args[1] === 128 ? 0 : 2 }));
    assert.equal(toy.wait(5, (done) => toy.client.set(1, [128, 0], done)).code, 0);
    const sha = Array.from({ length: 32 }, (_, i) => i * 7);
    toy.answers.set(OP_BUILD, ([which]) => ({ code: 0, result: which === 0 ? [3, 1, 0, 0] : sha.slice((which! - 1) * 16, which! * 16) }));
    assert.deepEqual(toy.wait(5, (done) => toy.client.build(done)).value, { version: 259, sha256: Buffer.from(sha).toString("hex") });
    let halves = 0;
    toy.answers.set(OP_BUILD, () => (++halves < 3 ? { code: 0, result: [1, 0, 0, 0] } : { code: CODE_STATE }));
    assert.deepEqual(toy.wait(5, (done) => toy.client.build(done)), { code: CODE_STATE, value: undefined });
  });
});
