// What an attacker gets while a parent has the pairing window open: from the stack, before our own conditions on a bond.

import assert from "node:assert/strict";
import { ATT_ERROR } from "../../sim/air/att-server.ts";
import { observed } from "../support/attack-table.ts";
import { OPEN_WINDOW, lockedBoard } from "../support/locked-board.ts";
import type { RadioBoard } from "../support/radio-bench.ts";

const MANUFACTURER = "2a29";
const NEVER = (): void => undefined;

describe("An attacker in the pairing window", () => {
  let toy: RadioBoard;
  beforeEach(() => {
    toy = lockedBoard(OPEN_WINDOW);
    toy.powerOn().wait(1500);
  });
  const spoken = (): string[] => toy.printed().filter((line) => line.startsWith("passkey")).map((line) => JSON.parse(line.slice(8)) as string);

  it("T10 downgrades to Just Works: refused", () => {
    for (const ioCaps of ["NoInputNoOutput", "DisplayOnly", "DisplayYesNo"] as const) {
      for (const mitm of [true, false]) {
        const stranger = toy.connected();
        const outcome = toy.pair(stranger, { ioCaps, mitm });
        assert.equal(!outcome.isPaired && outcome.reason, "PAIRING_NOT_SUPP");
        assert.equal(toy.read(stranger, MANUFACTURER).error, ATT_ERROR.insufficientAuthentication);
        stranger.disconnect();
        toy.wait(500);
      }
    }
    assert.deepEqual(spoken(), []);
    observed("T10", "no input, or a display only, with and without MITM", "PAIRING_NOT_SUPP, no digits spoken");
  });

  it("T11 pairs without Secure Connections: not level 4, so nothing opens", () => {
    const stranger = toy.connected();
    const outcome = toy.pair(stranger, { sc: false });
    assert.equal(outcome.isPaired && outcome.level, 3);
    assert.equal(toy.read(stranger, MANUFACTURER).error, ATT_ERROR.insufficientAuthentication);
    assert.ok(toy.printed().some((line) => line.includes('"lv4":0')), "and the toy is told that it is not level 4");
    observed("T11", "legacy pairing, with the digits heard", "level 3: every value refused, security event says lv4 0");
  });

  it("T12 negotiates a key of seven bytes: not level 4, so nothing opens", () => {
    const stranger = toy.connected();
    const outcome = toy.pair(stranger, { maxKeyBytes: 7 });
    assert.equal(outcome.isPaired && outcome.level, 3);
    assert.equal(toy.read(stranger, MANUFACTURER).error, ATT_ERROR.insufficientKeySize);
    assert.ok(toy.printed().some((line) => line.includes('"lv4":0')));
    observed("T12", "seven-byte key, with the digits heard", "level 3: every value refused, security event says lv4 0");
  });

  it("T13 guesses: each attempt has other digits, so what one attempt tells is worth nothing in the next", () => {
    const stranger = toy.connected();
    let known = 0;
    let guess = 0;
    for (let attempt = 0; attempt < 20; attempt++) {
      const outcome = toy.pair(stranger, { passkey: String(guess).padStart(6, "0") });
      assert.equal(outcome.isPaired, false);
      if (outcome.isPaired) return;
      // Lindell's attack on a passkey that stays: flip the first wrong bit, keep what was right.
      known = outcome.rightBits!;
      guess = (guess & ((1 << known) - 1)) | (~guess & (1 << known));
      if (guess > 999_999) guess &= 0x7ffff;
    }
    const digits = spoken();
    assert.equal(new Set(digits).size, 20);
    observed("T13", "20 attempts, each built on the bits that the last one told", "all fail: 20 different passkeys");
  });

  it("T14 replays digits heard earlier, also after a reset of the same unit", () => {
    const stranger = toy.connected();
    toy.pair(stranger, { passkey: NEVER });
    const [heard] = spoken();
    toy.wait(1000);
    toy.powerOn().wait(1500);
    toy.join(stranger);
    const outcome = toy.pair(stranger, { passkey: heard! });
    assert.equal(!outcome.isPaired && outcome.reason, "CONFIRM_VALUE");
    assert.notEqual(spoken()[0], heard);
    observed("T14", "the digits of an earlier attempt, after a reboot", "CONFIRM_VALUE: the digits are new");
  });

  it("T19 asks for numeric comparison, for the toy's keyboard: there is only the toy's display, or nothing", () => {
    for (const [ioCaps, how] of [["DisplayYesNo", undefined], ["KeyboardDisplay", "PasskeyInitiatorEnters"], ["KeyboardOnly", "PasskeyInitiatorEnters"]] as const) {
      const stranger = toy.connected();
      const outcome = toy.pair(stranger, { ioCaps });
      assert.equal(outcome.association, how);
      assert.equal(spoken().length, how ? 1 : 0);
      stranger.disconnect();
      toy.wait(500);
    }
    observed("T19", "DisplayYesNo, KeyboardDisplay, KeyboardOnly", "refused, or the toy displays; digits only when the stack asked");
  });

  it("T21 sends a public key off the curve: fails, though the digits were right", () => {
    const stranger = toy.connected();
    const outcome = toy.pair(stranger, { hasBadPublicKey: true });
    assert.equal(!outcome.isPaired && outcome.reason, "DHKEY_FAILURE");
    assert.equal(stranger.isEncrypted, false);
    assert.equal(toy.bonds.all.length, 0);
    observed("T21", "invalid or reflected public key", "DHKEY_FAILURE, no bond (the key pair is once per boot)");
  });

  it("T57 claims out-of-band data to skip the check of its abilities: no digits, no end but the time-out, no bond", () => {
    const stranger = toy.connected();
    const outcome = toy.pair(stranger, { ioCaps: "NoInputNoOutput", oob: true });
    assert.equal(!outcome.isPaired && outcome.reason, "TIMEOUT");
    assert.deepEqual(spoken(), []);
    assert.equal(toy.bonds.all.length, 0);
    observed("T57", "out-of-band claim without input or output", "stalls until SMP's 30 s are over, no passkey event, no bond");
  });

  it("T58 pairs under a family phone's identity, with the digits: the stack replaces that bond, so its rights must start anew", () => {
    const phone = toy.connected({ identity: "c0:00:00:00:00:0a random" });
    assert.equal(toy.pair(phone).isPaired, true);
    phone.disconnect();
    toy.wait(500);
    toy.printed();
    const thief = toy.connected({ identity: "c0:00:00:00:00:0b random" });
    assert.equal(toy.pair(thief, { identity: phone.identity }).isPaired, true);
    thief.disconnect();
    toy.wait(500);
    toy.join(phone);
    let reason = 0;
    phone.onDisconnect = (why) => (reason = why);
    phone.encrypt(() => undefined);
    toy.wait(500);
    assert.equal(reason, 0x3d, "the old key is worth nothing");
    assert.equal(toy.bonds.all.length, 1);
    observed("T58", "pair with the digits under another phone's identity", "bond replaced, old phone's key ends its link: the toy must say so");
  });

  it("T15 T16 takes the only connection while the family waits: his failure ends nothing but his attempt", () => {
    const stranger = toy.connected();
    const outcome = toy.pair(stranger, { passkey: "000000" });
    assert.equal(outcome.isPaired, false);
    assert.ok(toy.printed().some((line) => line === 'bond "fail"'), "the toy hears of it");
    stranger.disconnect();
    toy.wait(500);
    const phone = toy.connected({ identity: "c0:00:00:00:00:0a random" });
    assert.equal(toy.pair(phone).isPaired, true);
    assert.equal(toy.read(phone, MANUFACTURER).error, undefined);
    observed("T15", "a stranger pairs first and fails", "bond fail is heard; the family pairs afterwards");
  });
});
