// What phones of the family and strangers may do to a toy on an ordinary day, on the shipped bundle: windows, uploads, revocations,
// broken links, crashes.

import assert from "node:assert/strict";
import { CODE_CHECK, CODE_RATE, KEY_VOLUME } from "../../firmware/link/protocol.ts";
import { ERR_FULL } from "../../hal/contract.ts";
import { Phone } from "../../tools/sim/phone.ts";
import { observed } from "../support/attack-table.ts";
import { fill, toneBlocks } from "../support/family.ts";
import { FAMILY_PHONE, familyToy, kept } from "../support/family-toy.ts";
import { openWindow, pair } from "../support/paired.ts";
import { playbacks, sounds } from "../support/speaker.ts";
import { Stranger } from "../support/stranger.ts";
import { assertPromisesKept } from "../support/toy.ts";

const BLOCKS = toneBlocks(600, 8000);

describe("An ordinary day", function () {
  this.timeout(60_000);
  afterEach(assertPromisesKept);

  it("T16 a stranger takes the window's only connection and holds it: off in five seconds, the family pairs", () => {
    const { toy } = familyToy();
    openWindow(toy);
    const stranger = new Stranger(toy).connect();
    toy.wait(6000);
    assert.ok(!stranger.isConnected);
    const phone = new Phone(toy, { identity: "c0:22:22:22:22:22 random" });
    assert.equal(phone.pair(), 0);
    observed("T16", "hold the connection while the window is open", `off after ${stranger.heldMs[0]!.toFixed(0)} ms, a second phone pairs in the same window`);
  });

  it("T18 a fifth phone: no window opens, it cannot pair", () => {
    const { toy } = familyToy();
    for (let i = 2; i <= 4; i++) pair(toy, { identity: `c0:${i}${i}:00:00:00:01 random` });
    const fromMs = toy.nowMs;
    openWindow(toy);
    assert.equal(toy.machine.bluetooth.security.options?.pair, false);
    const fifth = new Phone(toy, { identity: "c0:55:00:00:00:01 random" });
    assert.notEqual(fifth.pair(), 0);
    assert.ok(sounds(toy, fromMs).length > 0);
    observed("T18", "a fifth phone", `refused with a tone (${sounds(toy, fromMs)[0]}), window shut`);
  });

  it("T20 taps without the hold, a gesture cut by the power, a bonded phone that asks: the window stays shut", () => {
    const { toy, phone } = familyToy();
    const isShut = (): boolean => toy.machine.bluetooth.security.options?.pair === false;
    toy.tap(5).wait(2000);
    assert.ok(isShut());
    toy.tap(4).wait(150).press().wait(1500);
    toy.powerOn().wait(8000);
    assert.ok(isShut());
    assert.equal(phone.open(), 0);
    const { gatt } = phone.central;
    const { handle } = gatt.find("f04b00026a0d4f9c8f5e2d1c9b7a3e60")!;
    let answers = 0;
    gatt.onNotification = () => void answers++;
    for (let op = 0; op < 256; op++) {
      gatt.writeCommand(handle, Uint8Array.of(op, op, 9));
      // No faster than the toy hears.
      toy.wait(300);
      assert.ok(isShut());
    }
    assert.ok(answers > 250, `${answers} answers`);
    observed("T20", "taps, a power cut in the gesture, every opcode", "window shut");
  });

  it("T25 uploads to a full toy: refused, and nothing unheard or recorded is lost", () => {
    const { toy, phone } = familyToy();
    fill(toy, { sheetsEach: 20 });
    toy.powerOn().wait(8000);
    const before = kept(toy);
    assert.equal(phone.open(), 0);
    assert.equal(phone.send(BLOCKS, 8000).code, ERR_FULL);
    assert.equal(kept(toy), before);
    observed("T25", "upload to a toy full of unheard messages", "refused as full, nothing lost");
  });

  it("T26 a settings loop: a few changes at once, then one in three minutes", () => {
    const { toy, phone } = familyToy();
    assert.equal(phone.open(), 0);
    const codes = Array.from({ length: 60 }, (_, i) => phone.set(KEY_VOLUME, [100 + (i & 1), 0]).code);
    const refused = codes.filter((code) => code === CODE_RATE).length;
    assert.ok(refused >= 35, String(refused));
    const { operations } = toy.machine.flash;
    const from = operations.length;
    for (let i = 0; i < 60; i++) phone.set(KEY_VOLUME, [100 + (i & 1), 0]);
    assert.ok(operations.length - from <= 10, `${operations.length - from} operations`);
    observed("T26", "sixty changes of a setting, then sixty more", `${refused} refused of the first, ${operations.length - from} flash operations in the second`);
  });

  it("T27 a codec header that cannot be: never a message, and one change however often it is tried", () => {
    const { toy, phone } = familyToy();
    assert.equal(phone.open(), 0);
    const before = kept(toy);
    const lie = BLOCKS.slice();
    lie[2] = 255;
    for (let i = 0; i < 3; i++) assert.equal(phone.send(lie, 8000).code, CODE_CHECK);
    assert.equal(kept(toy), before);
    const codes = Array.from({ length: 20 }, (_, i) => phone.set(KEY_VOLUME, [100 + (i & 1), 0]).code);
    assert.deepEqual(codes, [...Array<number>(19).fill(0), CODE_RATE]);
    observed("T27", "a step index of 255", "refused, no message; nineteen of twenty changes are left");
  });

  it("T28 a message in the night: silent until the paw is tapped", () => {
    const { toy, phone } = familyToy();
    assert.equal(phone.open(), 0);
    const fromMs = toy.nowMs;
    assert.equal(phone.send(BLOCKS, 8000).code, 0);
    toy.wait(60_000);
    assert.deepEqual(sounds(toy, fromMs), []);
    toy.tap();
    const tappedMs = toy.nowMs;
    toy.wait(2500);
    assert.equal(playbacks(toy, tappedMs).length, 1);
    observed("T28", "a message in the night", "silent until the paw is tapped");
  });

  it("T29 T37 aborts and vanishes in uploads at any moment: no torn message, the next upload is whole", () => {
    const { toy, phone } = familyToy();
    const before = toy.messages().length;
    for (let i = 0; i < 8; i++) {
      assert.equal(phone.open(), 0);
      phone.begin((client) => client.send(BLOCKS, 8000, () => undefined));
      toy.wait(120 + i * 130);
      if (toy.messages().length > before) break;
      if (i % 2 === 0) phone.central.vanish();
      else phone.central.disconnect();
      toy.wait(6000);
      assert.ok(toy.messages().every(({ blocks }) => blocks), `torn after ${i}`);
      assert.equal(toy.messages().length, before);
    }
    assert.equal(phone.open(), 0);
    assert.equal(phone.send(BLOCKS, 8000).code, 0);
    assert.deepEqual(toy.messages().at(-1)!.blocks, BLOCKS);
    assert.equal(toy.messages().length, before + 1);
    observed("T29", "eight uploads broken off, then one to its end", "no torn message; the last one whole, once");
    observed("T37", "vanish in mid-transfer", "message absent until whole");
  });

  it("T30 a revoked phone is a stranger, though its bond still encrypts; T31 no phone sees another's address", () => {
    const { toy, phone } = familyToy();
    const second = pair(toy, { identity: "c0:22:22:22:22:22 random" });
    assert.equal(second.open(), 0);
    const seen = JSON.stringify([second.phones(), second.journal(), second.state(), second.list()]);
    for (const part of [FAMILY_PHONE.slice(0, 17), "192,17,34,51", "85,68,51,34,17"]) assert.ok(!seen.includes(part), part);
    assert.equal(second.revoke(0).code, 0);
    second.disconnect();
    toy.wait(500);
    assert.notEqual(phone.open(10), 0);
    assert.ok(toy.bonds.all.some(({ identity }) => identity === FAMILY_PHONE), "the platform keeps the bond");
    assert.equal(second.open(), 0, "the other one stays");
    observed("T30", "a revoked phone comes back", "refused, put off; its bond stands and is worth nothing");
    observed("T31", "a phone reads all that there is about the others", "names only");
  });

  it("T56 three crashes upon each other: the radio sleeps until the paw is pressed", () => {
    const { toy, phone } = familyToy();
    const isHeard = (): boolean => toy.machine.bluetooth.advertiser.isAdvertising;
    assert.ok(isHeard());
    for (let i = 0; i < 3; i++) toy.powerOn().wait(8000);
    assert.ok(!isHeard());
    toy.wait(60_000);
    assert.ok(!isHeard());
    toy.hold(100).wait(5000);
    assert.ok(isHeard());
    assert.equal(phone.open(), 0);
    observed("T56", "three boots that came too soon", "radio asleep; awake again after a press of the paw");
  });

});
