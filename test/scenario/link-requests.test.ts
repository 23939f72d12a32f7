// What an accepted phone may ask, from the phone to the shipped bundle and back.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { nameBytes, nameOf, quietBytes, timeBytes, timeOf, volumeBytes } from "../../companion/settings.ts";
import { DISCONNECTED } from "../../companion/requests.ts";
import { AT_RECORDING, AT_REST, CODE_NOT_FOUND, CODE_STATE, EVENT_PAIRED, EVENT_REVOKED, EVENT_WINDOW_OPENED, KEY_NAME, KEY_QUIET, KEY_TIME, KEY_VOLUME } from "../../firmware/link/protocol.ts";
import { ERR_RANGE } from "../../hal/contract.ts";
import { toneBlocks } from "../support/family.ts";
import { family, pair } from "../support/paired.ts";
import { playbacks } from "../support/speaker.ts";
import { Toy, assertPromisesKept, bundleOf, tone } from "../support/toy.ts";
import type { Phone } from "../../tools/sim/phone.ts";

const SAMPLES = 8000;

const send = (phone: Phone, hz: number): number => {
  const { code, value } = phone.send(toneBlocks(hz, SAMPLES), SAMPLES);
  assert.equal(code, 0);
  return value!;
};
const sequences = (phone: Phone): number[] => phone.list().value!.map(({ sequence }) => sequence);
const set = (phone: Phone, key: number, value: readonly number[]): number => phone.set(key, value).code;
const loudest = (toy: Toy, fromMs: number): number => Math.max(...playbacks(toy, fromMs).flatMap(({ words }) => [...words].map((word) => Math.abs(word - 250))));

describe("an accepted phone", function () {
  this.timeout(60_000);
  afterEach(assertPromisesKept);

  it("lists, marks and deletes messages, the child's own too", () => {
    const { toy, phone } = family();
    toy.speak(tone(500, 3)).hold(2500).wait(2000);
    const [own] = sequences(phone);
    const [first, second] = [send(phone, 500), send(phone, 700)];
    assert.deepEqual(sequences(phone), [own, first, second]);
    assert.equal(phone.state().value!.unheard, 2);
    assert.equal(phone.mark(first).code, 0);
    assert.equal(phone.state().value!.unheard, 1);
    assert.equal(phone.remove(own!).code, 0);
    assert.equal(phone.remove(own!).code, CODE_NOT_FOUND);
    assert.deepEqual(
      phone.list().value!.map(({ sequence, isFamily, isHeard, samples }) => [sequence, isFamily, isHeard, samples]),
      [
        [first, true, true, SAMPLES],
        [second, true, false, SAMPLES],
      ],
    );
    toy.assertHealthy();
  });

  it("sets volume and quiet hours, which the toy keeps to, also after a power loss", () => {
    const { toy, phone } = family();
    send(phone, 500);
    const playedLoudest = (): number => {
      const fromMs = toy.nowMs;
      toy.tap().wait(2500);
      return loudest(toy, fromMs);
    };
    const full = playedLoudest();
    assert.equal(set(phone, KEY_VOLUME, volumeBytes(0.5)), 0);
    const half = playedLoudest();
    assert.ok(half > full * 0.45 && half < full * 0.55, `${half} of ${full}`);
    assert.equal(set(phone, KEY_VOLUME, [31, 0]), ERR_RANGE);
    assert.equal(set(phone, KEY_TIME, timeBytes(new Date(2026, 5, 1, 21, 0, 0))), 0);
    assert.equal(set(phone, KEY_QUIET, quietBytes({ from: 20 * 60, to: 7 * 60 })), 0);
    const quiet = playedLoudest();
    assert.ok(quiet > full * 0.1 && quiet < full * 0.15, `${quiet} of ${full}`);
    toy.powerOn().wait(6000);
    const later = playedLoudest();
    assert.ok(later > full * 0.1 && later < full * 0.15, `${later} of ${full}`);
    toy.assertHealthy();
  });

  it("sets the time and the toy's name, and reads them back", () => {
    const { toy, phone } = family();
    const value = (key: number) => phone.get(key).value!;
    const state = () => phone.state().value!;
    assert.deepEqual([state().seconds, state().isTimeKnown, state().activity], [0, false, AT_REST]);
    const now = new Date(2026, 11, 24, 18, 0, 0);
    assert.equal(set(phone, KEY_TIME, timeBytes(now)), 0);
    toy.wait(10_000);
    const told = timeOf(state().seconds)!.getTime() - now.getTime();
    assert.ok(told >= 10_000 && told < 13_000, `${told} ms later`);
    assert.equal(state().isTimeKnown, true);
    assert.equal(set(phone, KEY_NAME, nameBytes("Bär")), 0);
    assert.equal(nameOf(value(KEY_NAME)), "Bär");
    assert.equal(phone.get(9).code, CODE_NOT_FOUND);
    assert.equal(set(phone, 9, [1]), CODE_NOT_FOUND);
  });

  it("reads the security log, and which firmware runs", () => {
    const { phone } = family();
    const log = phone.journal().value!;
    assert.deepEqual(log.map(({ event, detail }) => [event, detail]), [[EVENT_WINDOW_OPENED, 0], [EVENT_PAIRED, 0]]);
    const build = phone.build().value!;
    const text = Buffer.from(bundleOf(phone.stage.board).trimEnd(), "latin1");
    assert.equal(build.sha256, createHash("sha256").update(text).digest("hex"));
  });

  it("lists, renames and revokes phones; who is revoked is a stranger from that second on", () => {
    const toy = Toy.awake();
    const first = pair(toy);
    const second = pair(toy, { identity: "c0:aa:aa:aa:aa:aa random" });
    assert.equal(first.open(), 0);
    const phones = () => first.phones().value!.map(({ phone, isSelf, name }) => [phone, isSelf, nameOf(name)]);
    assert.equal(first.rename(0, nameBytes("Mama")).code, 0);
    assert.equal(first.rename(1, nameBytes("Großvater")).code, 0);
    assert.deepEqual(phones(), [[0, true, "Mama"], [1, false, "Großvater"]]);
    assert.equal(first.rename(3, [65]).code, CODE_NOT_FOUND);
    assert.equal(first.revoke(1).code, 0);
    assert.deepEqual(phones(), [[0, true, "Mama"]]);
    first.disconnect();
    assert.notEqual(second.open(), 0);
    assert.equal(second.central.isConnected, false);
    assert.equal(first.open(), 0);
    const last = first.journal().value!.at(-1)!;
    assert.deepEqual([last.event, last.detail], [EVENT_REVOKED, 1]);
    // Itself, too: the answer is the last word.
    assert.equal(first.revoke(0).code, 0);
    assert.ok(first.waitUntil(() => !first.central.isConnected, 2));
    assert.notEqual(first.open(), 0);
    toy.assertHealthy();
  });

  it("changes nothing while the child records, and is told so", () => {
    const { toy, phone } = family();
    toy.press().wait(1000);
    assert.equal(phone.state().value!.activity, AT_RECORDING);
    assert.equal(set(phone, KEY_NAME, [65]), CODE_STATE);
    toy.release().wait(1500);
    assert.equal(set(phone, KEY_NAME, [65]), 0);
  });

  it("loses what it asked when the toy loses its power", () => {
    const { toy, phone } = family();
    let code = -1;
    phone.begin((client) => client.state((outcome) => (code = outcome)));
    toy.machine.cutPower();
    assert.equal(code, DISCONNECTED);
  });
});
