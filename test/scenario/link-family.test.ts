// The ways of FAMILY.md, by its numbers: what parents and phones stumble over, and how it ends well.

import assert from "node:assert/strict";
import { nameBytes } from "../../companion/settings.ts";
import { EVENT_PAIRED, EVENT_REPLACED } from "../../firmware/link/protocol.ts";
import { Phone } from "../../tools/sim/phone.ts";
import { toneBlocks } from "../support/family.ts";
import { family, openWindow, pair } from "../support/paired.ts";
import { sounds } from "../support/speaker.ts";
import { Toy, assertPromisesKept } from "../support/toy.ts";

const OTHER = "c0:aa:aa:aa:aa:aa random";
const named = (phone: Phone): [number, string][] => phone.phones().value!.map((one) => [one.phone, new TextDecoder().decode(one.name)]);
/** A toy that forgets everything: seven taps, the last one held. */
function reset(toy: Toy): void {
  toy.tap(6).wait(150).hold(10_500);
  toy.wait(60_000);
}

describe("a family and its phones", function () {
  this.timeout(60_000);
  afterEach(assertPromisesKept);

  it("1: a phone is paired by the passkey that the toy speaks, and is one of the family from then on", () => {
    const toy = Toy.awake();
    const phone = new Phone(toy);
    const fromMs = toy.nowMs;
    openWindow(toy);
    assert.ok(sounds(toy, fromMs).includes("pairing"));
    assert.equal(phone.pair(), 0);
    assert.match(phone.heard, /^\d{6}$/);
    const [outcome] = phone.outcomes;
    assert.ok(outcome?.isPaired && outcome.level === 4 && outcome.keyBytes === 16);
    toy.wait(2000);
    assert.ok(sounds(toy, fromMs).includes("paired"));
    phone.disconnect();
    toy.wait(12_000);
    assert.equal(toy.machines.length, 2, "starts anew for a fresh key pair");
    assert.equal(phone.open(), 0);
    toy.assertHealthy();
  });

  it("1: speaks another passkey each time", () => {
    const toy = Toy.awake();
    const heard = [pair(toy).heard, pair(toy, { identity: OTHER }).heard];
    assert.notEqual(heard[0], heard[1]);
  });

  it("1: a wrong code leaves the window open; the third one shuts it", () => {
    const toy = Toy.awake();
    openWindow(toy);
    const wrong = new Phone(toy, { passkey: "000000" });
    const right = new Phone(toy, { identity: OTHER });
    assert.notEqual(wrong.pair(), 0);
    assert.notEqual(wrong.pair(), 0);
    assert.equal(right.pair(), 0);
    right.disconnect();
    toy.wait(12_000);
    openWindow(toy);
    const fromMs = toy.nowMs;
    for (let i = 0; i < 3; i++) assert.notEqual(wrong.pair(), 0);
    assert.ok(sounds(toy, fromMs).includes("no"));
    assert.notEqual(wrong.pair(), 0);
    assert.deepEqual(wrong.outcomes.map(({ isPaired }) => isPaired), Array<boolean>(6).fill(false));
    toy.assertHealthy();
  });

  it("1: a tap shuts the window, and so does a minute", () => {
    for (const shut of [(toy: Toy) => void toy.tap().wait(1000), (toy: Toy) => void toy.wait(62_000)]) {
      const toy = Toy.awake();
      openWindow(toy);
      shut(toy);
      const phone = new Phone(toy);
      assert.notEqual(phone.pair(), 0);
      assert.equal(phone.heard, "");
    }
  });

  it("2: a phone that has forgotten the toy gets nowhere without the paw, and its old place with it", () => {
    const { toy, phone } = family();
    assert.equal(phone.rename(0, nameBytes("Mama")).code, 0);
    phone.disconnect();
    phone.forget();
    assert.notEqual(phone.pair(), 0);
    const [last] = phone.outcomes.slice(-1);
    assert.ok(last && !last.isPaired && last.reason === "PAIRING_NOT_SUPP", JSON.stringify(last));
    toy.wait(3000);
    const fromMs = toy.nowMs;
    openWindow(toy);
    assert.equal(phone.pair(), 0);
    toy.wait(2000);
    assert.ok(sounds(toy, fromMs).includes("replaced"), sounds(toy, fromMs).join());
    assert.deepEqual(named(phone), [[0, ""]]);
    assert.deepEqual(phone.journal().value!.filter(({ event }) => event === EVENT_PAIRED || event === EVENT_REPLACED).map(({ event }) => event), [EVENT_PAIRED, EVENT_REPLACED]);
    toy.assertHealthy();
  });

  it("3, 7: a toy that was reset knows nobody, has another address, and pairs as a new one", () => {
    const { toy, phone } = family();
    assert.equal(phone.send(toneBlocks(500, 8000), 8000).code, 0);
    const before = phone.central.bond!.toyIdentity;
    phone.disconnect();
    reset(toy);
    assert.equal(toy.messages().length, 0);
    assert.notEqual(phone.open(), 0);
    phone.forget();
    openWindow(toy);
    assert.equal(phone.pair(), 0);
    assert.notEqual(phone.central.bond!.toyIdentity, before);
    assert.deepEqual(named(phone), [[0, ""]]);
    assert.deepEqual(phone.list().value, []);
    toy.assertHealthy();
  });

  it("4: a lost phone is taken out by its successor, and is a stranger from then on", () => {
    const toy = Toy.awake();
    const lost = pair(toy);
    const next = pair(toy, { identity: OTHER });
    assert.equal(next.open(), 0);
    assert.equal(next.revoke(0).code, 0);
    next.disconnect();
    assert.notEqual(lost.open(), 0);
    lost.waitUntil(() => !lost.central.isConnected, 5);
    assert.equal(lost.central.isConnected, false);
    assert.equal(next.open(), 0);
    assert.deepEqual(named(next), [[1, ""]]);
  });

  it("5: a phone of the family pairs again without harm", () => {
    const { toy, phone } = family();
    const { value: sequence } = phone.send(toneBlocks(500, 8000), 8000);
    phone.disconnect();
    phone.forget();
    openWindow(toy);
    assert.equal(phone.pair(), 0);
    assert.deepEqual(phone.list().value!.map((message) => message.sequence), [sequence]);
    phone.disconnect();
    toy.wait(12_000);
    assert.equal(phone.open(), 0);
    assert.deepEqual(named(phone), [[0, ""]]);
  });

  it("6: handles that a phone remembers hold for ever, after power losses too", () => {
    const { toy, phone } = family();
    const found = structuredClone(phone.central.gatt.characteristics);
    phone.disconnect();
    toy.powerOn().wait(6000);
    assert.equal(phone.open(), 0);
    assert.deepEqual(phone.central.gatt.characteristics, found);
  });

  it("8: while the window is open a known phone is put off, and comes back when it is shut", () => {
    const { toy, phone } = family();
    phone.disconnect();
    openWindow(toy);
    assert.notEqual(phone.open(10), 0);
    assert.equal(phone.outcomes.length, 1, "nothing was paired");
    toy.tap().wait(2000);
    assert.equal(phone.open(), 0);
    toy.assertHealthy();
  });

  it("9: a phone that is connected keeps the others out until it goes", () => {
    const toy = Toy.awake();
    const first = pair(toy);
    const second = pair(toy, { identity: OTHER });
    assert.equal(first.open(), 0);
    assert.equal(second.connect(5), false);
    first.disconnect();
    assert.equal(second.open(), 0);
  });

  it("four phones fill the family: the window does not open for a fifth, and does when one is revoked", () => {
    const toy = Toy.awake();
    const phones = [1, 2, 3, 4].map((i) => pair(toy, { identity: `c0:00:00:00:00:0${i} random` }));
    const fromMs = toy.nowMs;
    openWindow(toy);
    assert.ok(sounds(toy, fromMs).includes("full"), sounds(toy, fromMs).join());
    const fifth = new Phone(toy, { identity: "c0:00:00:00:00:05 random" });
    assert.notEqual(fifth.pair(), 0);
    assert.equal(phones[2]!.open(), 0);
    assert.equal(phones[2]!.revoke(1).code, 0);
    phones[2]!.disconnect();
    toy.wait(2000);
    openWindow(toy);
    assert.equal(fifth.pair(), 0);
    assert.deepEqual(named(fifth).map(([phone]) => phone), [0, 1, 2, 3]);
    toy.assertHealthy();
  });
});
