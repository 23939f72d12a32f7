// Voice between a family phone and the shipped bundle: whole at any MTU, over a bad air, across disconnections, and never in the
// child's way.

import assert from "node:assert/strict";
import type { Fetched } from "../../companion/fetch.ts";
import { DISCONNECTED } from "../../companion/requests.ts";
import { OP_DATA, OP_PULL } from "../../firmware/link/protocol.ts";
import { BLOCK_BYTES, BLOCK_SAMPLES } from "../../firmware/voice/abi.ts";
import { random } from "../support/random.ts";
import { family, pair } from "../support/paired.ts";
import { sounds } from "../support/speaker.ts";
import { Toy, assertPromisesKept, tone } from "../support/toy.ts";
import type { Phone } from "../../tools/sim/phone.ts";

/** Blocks with possible headers and seeded contents. */
function voice(samples: number, seed = 1): Uint8Array {
  const next = random(seed);
  const blocks = Uint8Array.from({ length: Math.ceil(samples / BLOCK_SAMPLES) * BLOCK_BYTES }, () => Math.floor(next() * 256));
  for (let at = 0; at < blocks.length; at += BLOCK_BYTES) blocks.set([40, 0], at + 2);
  return blocks;
}

const SAMPLES = 3 * 8000;
const blocks = voice(SAMPLES);
const equal = (a: Uint8Array | undefined, b: Uint8Array): void => assert.deepEqual(Buffer.from(a ?? []), Buffer.from(b));
const sendWhole = (phone: Phone): number => {
  const { code, value } = phone.send(blocks, SAMPLES);
  assert.equal(code, 0);
  return value!;
};
/** What the toy holds, as the host reads its flash. */
const kept = (toy: Toy): Uint8Array => toy.messages().at(-1)!.blocks!;

describe("voice over the link", function () {
  this.timeout(60_000);
  afterEach(assertPromisesKept);

  it("comes whole both ways at small, odd and large MTUs", () => {
    const { toy, phone } = family();
    for (const mtu of [23, 24, 65, 131, 247]) {
      phone.disconnect();
      phone.mtu = mtu;
      assert.equal(phone.open(), 0);
      const sequence = sendWhole(phone);
      equal(kept(toy), blocks);
      equal(phone.fetch(sequence).value?.blocks, blocks);
      assert.equal(phone.remove(sequence).code, 0);
    }
    toy.assertHealthy();
  });

  it("is the child's own voice, bit by bit, that a phone fetches", () => {
    const { toy, phone } = family();
    toy.speak(tone(700, 4)).hold(3500).wait(2000);
    const [own] = phone.list().value!;
    equal(phone.fetch(own!.sequence).value?.blocks, kept(toy));
  });

  it("comes whole over an air that loses a fifth of the events", () => {
    const { toy, phone } = family();
    toy.air.loss = 0.2;
    const sequence = sendWhole(phone);
    equal(kept(toy), blocks);
    equal(phone.fetch(sequence).value?.blocks, blocks);
    toy.assertHealthy();
  });

  it("goes on where it stopped when the phone went out of range, to the toy and from it", () => {
    const { toy, phone } = family();
    let code = -1;
    let part: Fetched | undefined;
    let share = 0;
    phone.begin((client) => client.send(blocks, SAMPLES, (outcome) => (code = outcome), (done) => (share = done)));
    assert.ok(phone.waitUntil(() => share > 0.5, 30));
    phone.central.vanish();
    toy.wait(6000);
    assert.equal(code, DISCONNECTED);
    assert.equal(phone.open(), 0);
    const voiceWritten = countWritten(phone, OP_DATA);
    const sequence = sendWhole(phone);
    equal(kept(toy), blocks);
    assert.ok(voiceWritten() * 124 < blocks.length * 0.6, `${voiceWritten()} frames for the rest`);

    phone.begin((client) => client.fetch(sequence, (outcome, message) => ([code, part] = [outcome, message]), { onProgress: (done) => (share = done) }));
    share = 0;
    assert.ok(phone.waitUntil(() => share > 0.5, 30));
    phone.disconnect();
    assert.equal(code, DISCONNECTED);
    assert.equal(phone.open(), 0);
    const before = part!.have.reduce((sum, one) => sum + one, 0);
    let first = 0;
    phone.begin((client) => client.fetch(sequence, (outcome) => (code = outcome), { before: part!, onProgress: (done) => (first ||= done) }));
    assert.ok(phone.waitUntil(() => code === 0, 30));
    equal(part!.blocks, blocks);
    assert.ok(first >= before / blocks.length, "begins with what was there");
    toy.assertHealthy();
  });

  it("stands still while the child plays, and goes on by itself", () => {
    const { toy, phone } = family();
    const sequence = sendWhole(phone);
    let code = -1;
    phone.begin((client) => client.fetch(sequence, (outcome) => (code = outcome)));
    toy.wait(500);
    toy.tap().wait(500);
    const frames = countNotified(phone);
    toy.wait(2000);
    assert.ok(frames() <= 1, `${frames()} frames while it plays`);
    assert.ok(phone.waitUntil(() => code >= 0, 30));
    assert.equal(code, 0);
    toy.assertHealthy();
  });

  it("gives way to a held paw, both ways: the child's message is kept, and the phone's comes whole afterwards", () => {
    const { toy, phone } = family();
    const sequence = sendWhole(phone);
    const long = voice(20 * 8000, 2);
    for (const begin of [
      (done: (code: number) => void) => phone.begin((client) => client.fetch(sequence, done)),
      (done: (code: number) => void) => phone.begin((client) => client.send(long, 20 * 8000, done)),
    ]) {
      let code = -1;
      begin((outcome) => (code = outcome));
      toy.wait(1000);
      const fromMs = toy.nowMs;
      toy.speak(tone(600, 4)).hold(3000).wait(1500);
      assert.deepEqual(sounds(toy, fromMs), ["start", "stop"]);
      const own = toy.messages().at(-1)!;
      assert.ok(own.samples > 2 * 8000, `${own.samples} samples of the child`);
      assert.ok(phone.waitUntil(() => code >= 0, 200));
      assert.equal(code, 0);
    }
    equal(kept(toy), long);
    toy.assertHealthy();
  });

  it("moves one message at a time, and only to whom it was for", () => {
    const toy = Toy.awake();
    const first = pair(toy);
    const second = pair(toy, { identity: "c0:aa:aa:aa:aa:aa random" });
    assert.equal(first.open(), 0);
    first.begin((client) => client.send(blocks, SAMPLES, () => undefined));
    toy.wait(700);
    first.disconnect();
    assert.equal(second.open(), 0);
    // Another phone's message ends the one that was left; nothing of it stays.
    const other = voice(SAMPLES, 9);
    assert.equal(second.send(other, SAMPLES).code, 0);
    equal(kept(toy), other);
    second.disconnect();
    assert.equal(first.open(), 0);
    const written = countWritten(first, OP_DATA);
    sendWhole(first);
    assert.ok(written() >= Math.ceil(blocks.length / 124), "begins anew");
    assert.equal(toy.messages().length, 2);
    toy.assertHealthy();
  });

  it("asks for no more than it misses", () => {
    const { phone } = family();
    const sequence = sendWhole(phone);
    const pulls = countWritten(phone, OP_PULL);
    assert.equal(phone.fetch(sequence).code, 0);
    assert.ok(pulls() < 12, `${pulls()} requests for ${Math.ceil(blocks.length / 124)} frames`);
  });
});

/** Counts the commands with that opcode that a phone writes from now on. */
function countWritten({ central: { gatt } }: Phone, op: number): () => number {
  let count = 0;
  const write = gatt.writeCommand.bind(gatt);
  gatt.writeCommand = (handle, data) => {
    if (data[0] === op) count++;
    write(handle, data);
  };
  return () => count;
}

/** Counts the notifications that a phone gets from now on. */
function countNotified({ central: { gatt } }: Phone): () => number {
  let count = 0;
  const tell = gatt.onNotification;
  gatt.onNotification = (handle, data) => {
    count++;
    tell?.(handle, data);
  };
  return () => count;
}
