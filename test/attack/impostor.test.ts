// Somebody who pairs as another than he is, while a parent has the window open.

import assert from "node:assert/strict";
import { nameBytes } from "../../companion/settings.ts";
import { EVENT_REPLACED } from "../../firmware/link/protocol.ts";
import type { PairOutcome } from "../../sim/air/smp.ts";
import { spokenDigits } from "../../tools/sim/passkey.ts";
import { Phone } from "../../tools/sim/phone.ts";
import { observed } from "../support/attack-table.ts";
import { FAMILY_PHONE, familyToy } from "../support/family-toy.ts";
import { openWindow } from "../support/paired.ts";
import { sounds } from "../support/speaker.ts";
import { Stranger } from "../support/stranger.ts";
import { assertPromisesKept } from "../support/toy.ts";

const THIEF = "c9:66:00:00:00:13 random";
/** After a window in which digits were spoken. */
const ANEW_MS = 12_000;
/** Six digits, twice. */
const SPOKEN_MS = 12_000;
const RESOLVING_KEY = Uint8Array.from({ length: 16 }, (_, i) => 17 * i);

describe("An impostor in the pairing window", function () {
  this.timeout(60_000);
  afterEach(assertPromisesKept);

  it("T57 claims out-of-band data, so that no digits need be heard: stalls, is put off, and is nobody's phone", () => {
    const { toy } = familyToy();
    openWindow(toy);
    const thief = new Phone(toy, { identity: THIEF, pairing: { ioCaps: "NoInputNoOutput", oob: true } });
    const fromMs = toy.nowMs;
    assert.notEqual(thief.pair(40), 0);
    thief.waitUntil(() => !thief.central.isConnected, 10);
    const heldMs = toy.nowMs - fromMs;
    assert.equal(thief.heard, "");
    assert.deepEqual(thief.outcomes.filter(({ isPaired }) => isPaired), []);
    assert.ok(heldMs < 42_000, String(heldMs));
    assert.ok(!toy.bonds.all.some(({ identity }) => identity === THIEF));
    toy.wait(ANEW_MS);
    openWindow(toy);
    const phone = new Phone(toy, { identity: "c0:22:22:22:22:22 random" });
    assert.equal(phone.pair(), 0);
    assert.deepEqual(phone.phones().value!.map(({ phone: number }) => number), [0, 1], "the family's two");
    assert.deepEqual(toy.machines.flatMap(({ uncaught }) => uncaught), []);
    observed("T57", "an out-of-band claim in the window, by a stranger", `no digits, no bond, off after ${Math.round(heldMs / 1000)} s; the family pairs`);
  });

  it("T58 pairs as a phone of the family, by the digits that he overheard: the toy says so, and what that phone had is gone", () => {
    const { toy, phone } = familyToy();
    assert.equal(phone.open(), 0);
    assert.equal(phone.rename(0, nameBytes("Mama")).code, 0);
    phone.disconnect();
    openWindow(toy);
    const fromMs = toy.nowMs;
    const thief = new Phone(toy, { identity: FAMILY_PHONE });
    assert.equal(thief.pair(), 0);
    toy.wait(3000);
    assert.ok(sounds(toy, fromMs).includes("replaced"), sounds(toy, fromMs).join());
    assert.deepEqual(thief.phones().value!.map(({ name }) => name.length), [0], "no name");
    assert.ok(thief.journal().value!.some(({ event }) => event === EVENT_REPLACED));
    thief.disconnect();
    toy.wait(ANEW_MS);
    assert.notEqual(phone.open(10), 0, "its bond is worth nothing now");
    observed("T58", "pair under a family phone's address, by its digits", "high, low, high, low; logged; the phone's name and bond are gone");
  });

  for (const [how, options, pairing] of [
    ["from that phone's own address", { identity: FAMILY_PHONE }, {}],
    ["from an address of his own", { identity: THIEF }, { identity: FAMILY_PHONE }],
    ["from a private address", { identity: FAMILY_PHONE, irk: RESOLVING_KEY, isPrivate: true }, {}],
  ] as const) {
    it(`T58 pairs as a phone of the family ${how} and leaves before he says hello: he comes by none of its rights`, () => {
      const { toy, phone } = familyToy();
      openWindow(toy);
      const thief = new Stranger(toy, options).connect();
      const fromMs = toy.nowMs;
      let type: ((digits: string) => void) | undefined;
      let outcome: PairOutcome | undefined;
      thief.central.pair({ passkey: (answer) => (type = answer), ...pairing }, (came) => (outcome = came));
      toy.wait(SPOKEN_MS);
      type!(spokenDigits(toy, fromMs));
      toy.wait(1000);
      assert.ok(outcome?.isPaired, "the stack has let him");
      thief.leave();
      toy.wait(2000).tap().wait(ANEW_MS);
      assert.deepEqual(toy.bonds.all.map(({ identity }) => identity), [FAMILY_PHONE]);
      const again = new Phone(toy, { identity: FAMILY_PHONE });
      again.central.bond = thief.central.bond!;
      assert.notEqual(again.open(10), 0, "the window is shut: he is a stranger");
      again.waitUntil(() => !again.central.isConnected, 10);
      assert.ok(!again.central.isConnected);
      phone.forget();
      openWindow(toy);
      assert.equal(phone.pair(), 0, "the family pairs anew");
      observed("T58", `the same ${how}, gone before hello`, "a stranger: the phone that he claimed to be has to pair anew");
    });
  }
});
