// The pairing window in the moments between: events that come late, are lost or come from others, and what each may not bring about.

import assert from "node:assert/strict";
import { OP_HELLO } from "../../../firmware/link/protocol.ts";
import { WINDOW_ENDED, WINDOW_FAILED, WINDOW_PAIRED } from "../../../firmware/link/window.ts";
import { RECORD_PHONES } from "../../../firmware/messages/records.ts";
import { OK } from "../../../hal/contract.ts";
import { FAMILY, STRANGER, linkRig, type LinkRig } from "../../support/link-rig.ts";

const HELLO = [OP_HELLO, 1, 1, 131, 0];

describe("the pairing window", () => {
  let rig: LinkRig;
  beforeEach(() => {
    rig = linkRig();
  });
  afterEach(() => rig.time.restore());

  it("that is shut already leaves a link alone that has not shown yet who it is", () => {
    rig.radio.connect(FAMILY);
    rig.link.close();
    assert.ok(rig.radio.link);
  });

  it("gives back the time of links only, not the time between them", () => {
    assert.equal(rig.link.open(), OK);
    rig.radio.connect(STRANGER);
    rig.time.tick(2000);
    rig.radio.vanish();
    rig.time.tick(40_000);
    rig.radio.connect(STRANGER);
    rig.radio.vanish();
    rig.time.tick(19_000);
    assert.equal(rig.radio.isPairingOpen, true);
    rig.time.tick(3000);
    assert.equal(rig.radio.isPairingOpen, false);
  });

  it("gives whoever comes his whole time, whatever storm there was", () => {
    for (let i = 0; i < 20; i++) {
      rig.radio.connect(STRANGER);
      rig.radio.vanish();
    }
    assert.equal(rig.link.open(), OK);
    rig.radio.connect(FAMILY);
    rig.time.tick(4500);
    assert.ok(rig.radio.link);
    rig.time.tick(1000);
    assert.equal(rig.radio.link, undefined);
  });

  it("that is shut speaks nothing and tells nothing, should the stack still pair", () => {
    rig.radio.isPairingOpen = true;
    rig.radio.connect(STRANGER);
    rig.radio.passkey("123456");
    rig.radio.bond("fail");
    assert.deepEqual([rig.spoken, rig.told], [[], []]);
    assert.ok(rig.radio.link);
  });

  it("takes a phone that only encrypts with the key it has for no attempt", () => {
    assert.equal(rig.link.open(), OK);
    rig.radio.connect(FAMILY);
    rig.radio.bond("start");
    rig.radio.bond("success");
    rig.radio.vanish();
    assert.deepEqual(rig.told, []);
  });

  it("takes a phone that goes before its first request for a failed attempt, however far it had come", () => {
    for (const events of [["start", "request"], ["start", "success"]]) {
      rig.reboot();
      assert.equal(rig.link.open(), OK);
      rig.told.splice(0);
      rig.radio.connect(FAMILY);
      rig.radio.bond(events[0]!);
      if (events[1] === "success") rig.radio.passkey("123456");
      rig.radio.bond(events[1]!);
      rig.radio.vanish();
      assert.deepEqual(rig.told, [WINDOW_FAILED], events.join());
    }
  });

  it("lets a pairing that has begun in time come to its end, and no longer than that", () => {
    assert.equal(rig.link.open(), OK);
    rig.time.tick(58_000);
    rig.radio.connect(FAMILY);
    rig.radio.bond("start");
    rig.time.tick(20_000);
    assert.deepEqual(rig.told, []);
    rig.radio.passkey("123456");
    rig.radio.encrypt();
    rig.radio.secured(true);
    rig.radio.write(...HELLO);
    assert.deepEqual(rig.told, [WINDOW_PAIRED]);
    rig.reboot();
    rig.told.splice(0);
    assert.equal(rig.link.open(), OK);
    rig.time.tick(58_000);
    rig.radio.connect(STRANGER);
    rig.radio.bond("start");
    rig.time.tick(31_000);
    assert.equal(rig.radio.link, undefined);
    assert.equal(rig.told.at(-1), WINDOW_ENDED);
  });

  describe("shut by the child, while the stack does not let go of the link", () => {
    const known = (): void => {
      rig.pair();
      rig.reboot();
      assert.equal(rig.link.open(), OK);
      rig.radio.disconnect = () => void rig.radio.disconnects++;
      rig.radio.connect(FAMILY);
      rig.radio.encrypt();
    };
    const assertRefused = (): void => {
      const before = [rig.radio.notified.length, JSON.stringify([...rig.records])];
      const asked = rig.radio.disconnects;
      rig.link.close();
      rig.radio.write(...HELLO);
      assert.deepEqual([rig.radio.notified.length, JSON.stringify([...rig.records])], before);
      assert.equal(rig.radio.disconnects, asked + 2, "asked to end it, and again at its request");
    };

    it("refuses a known phone that was shown a passkey on it", () => {
      known();
      rig.radio.passkey("123456");
      assertRefused();
    });

    it("refuses a known phone that has bonded on it", () => {
      known();
      rig.radio.secured(true);
      assertRefused();
    });

    it("takes in no phone that has done all on it but ask in time", () => {
      assert.equal(rig.link.open(), OK);
      rig.radio.disconnect = () => void rig.radio.disconnects++;
      rig.radio.connect(STRANGER);
      rig.radio.passkey("123456");
      rig.radio.encrypt();
      rig.radio.secured(true);
      assertRefused();
    });
  });

  it("that never opened grants a phone nothing for its bond alone, not even to be heard once", () => {
    rig.radio.connect(STRANGER);
    rig.radio.encrypt();
    rig.radio.write(...HELLO);
    assert.equal(rig.radio.link, undefined, "put off");
    assert.equal(rig.records.has(RECORD_PHONES), false);
    // Counted as what it is.
    rig.time.tick(600_000);
    assert.equal(rig.journal.length, 1);
  });
});
