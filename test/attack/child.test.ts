// What goes wrong, or is done on purpose, with a finger on the paw or a hand on the clock.

import assert from "node:assert/strict";
import { boards } from "../../boards/index.ts";
import { xiaoble } from "../../boards/xiaoble.ts";
import { KEY_QUIET, KEY_TIME } from "../../firmware/link/protocol.ts";
import { observed } from "../support/attack-table.ts";
import { give, toneBlocks } from "../support/family.ts";
import { familyToy, kept } from "../support/family-toy.ts";
import { playbacks, sounds } from "../support/speaker.ts";
import { Toy, assertPromisesKept, tone } from "../support/toy.ts";

const LIMIT_SECONDS = 40;
const HOUR_MS = 3_600_000;
/** Little endian. */
const bytesOf = (seconds: number): number[] => [0, 8, 16, 24].map((shift) => (seconds >>> shift) & 255);
const QUIET_FROM_22_TO_6 = [1320 & 255, 1320 >> 8, 360 & 255, 360 >> 8];
const at = (day: number, hour: number): number => (day * 24 + hour) * 3600;

/** How loud a tap's voice is: the swing of its duty words. */
function loudness(toy: Toy): number {
  const fromMs = toy.nowMs;
  toy.tap().wait(3000);
  const words = playbacks(toy, fromMs).flatMap((one) => [...one.words]);
  assert.ok(words.length > 0, "it plays");
  return words.reduce((most, word) => Math.max(most, word), 0) - words.reduce((least, word) => Math.min(least, word), 0xffff);
}

describe("A finger and a clock", function () {
  this.timeout(300_000);
  afterEach(assertPromisesKept);

  it("T52 T53 the paw held down by tape for an hour, or its cable shorted: one recording to its limit, then the microphone stays off", () => {
    const toy = Toy.awake();
    const fromMs = toy.nowMs;
    toy.speak(tone(440, 60)).press();
    for (let minute = 0; minute < 60; minute++) toy.wait(60_000);
    const [hearing, ...more] = toy.lit("microphone");
    assert.ok(hearing);
    assert.deepEqual(more, []);
    const seconds = (hearing.toUs - hearing.fromUs) / 1e6;
    assert.ok(seconds > LIMIT_SECONDS && seconds < LIMIT_SECONDS + 1.1, String(seconds));
    assert.deepEqual(sounds(toy, fromMs), ["start", "ending", "stop"]);
    assert.equal(toy.messages().length, 1);
    toy.release().wait(1000).hold(2000).wait(1500);
    assert.equal(toy.lit("microphone").length, 2, "and records again once it was let go");
    toy.assertHealthy();
    observed("T52", "the paw stuck down for an hour", `one recording of ${LIMIT_SECONDS} s; none until it was released`);
    observed("T53", "the paw held by tape, the light covered", `chirps before, ${LIMIT_SECONDS - 5} s into it and after; ${seconds.toFixed(1)} s of microphone in an hour`);
  });

  it("T53 pulls the light's wire: on boards that are sold or wired by the table it is the microphone's own power", () => {
    for (const board of boards) {
      const { heart, microphone, role } = board;
      assert.deepEqual(heart.recording, microphone.power, board.id);
      if (role === "product") assert.ok(board.wiring.some(({ pin, to }) => pin === microphone.power.espruino && /LED/.test(to) && /VCC of the MAX4466/.test(to)));
    }
    const toy = Toy.awake();
    toy.hold(2000).wait(1500);
    assert.deepEqual(toy.lit("light"), toy.lit("microphone"));
    observed("T53", "software that parts light and microphone", "one pin drives both on every board");
  });

  it("T54 sets the clock ahead, back and to its ends: order, mail and quiet hours stay as they should", () => {
    const { toy, phone } = familyToy();
    const sent: number[] = [];
    const before = kept(toy);
    assert.equal(phone.open(), 0);
    assert.equal(phone.set(KEY_QUIET, QUIET_FROM_22_TO_6).code, 0);
    for (const seconds of [at(9000, 12), at(100, 12), 0, 0xffffffff, at(9000, 12)]) {
      assert.equal(phone.set(KEY_TIME, bytesOf(seconds)).code, 0);
      const { value } = phone.send(toneBlocks(500 + 50 * sent.length, 8000), 8000);
      sent.push(value!);
      assert.deepEqual(phone.list().value!.slice(-sent.length).map(({ sequence }) => sequence), sent, `by number, at ${seconds}`);
      toy.wait(2000);
    }
    assert.deepEqual(sent, [...sent].sort((a, b) => a - b));
    assert.ok(kept(toy).startsWith(before.slice(0, -1)), "what was there is there");
    phone.disconnect();
    observed("T54", "five clocks: right, years back, none, the last second of all, right", "messages stay in the order of their numbers, none expires");
  });

  it("T54 has quiet hours by whatever clock was set, and none that last for ever", () => {
    const { toy, phone } = familyToy();
    const volumes: number[] = [];
    for (const hour of [12, 23, 5, 7]) {
      assert.equal(phone.open(), 0);
      assert.equal(phone.set(KEY_QUIET, QUIET_FROM_22_TO_6).code, 0);
      assert.equal(phone.set(KEY_TIME, bytesOf(at(9000, hour))).code, 0);
      phone.disconnect();
      volumes.push(loudness(toy));
    }
    const [noon, night, morning, day] = volumes as [number, number, number, number];
    assert.ok(night < noon / 3 && morning === night && day === noon, volumes.join());
    // Set to the night at noon, by mistake or on purpose: it is over when that night is.
    assert.equal(phone.open(), 0);
    assert.equal(phone.set(KEY_TIME, bytesOf(at(9000, 5))).code, 0);
    phone.disconnect();
    for (let minute = 0; minute < 62; minute++) toy.wait(HOUR_MS / 60);
    assert.equal(loudness(toy), noon);
    // The power goes: the clock goes on from what was put down, so quiet hours do not vanish.
    assert.equal(phone.open(), 0);
    assert.equal(phone.set(KEY_TIME, bytesOf(at(9000, 23))).code, 0);
    phone.disconnect();
    toy.powerOn().wait(8000);
    assert.equal(loudness(toy), night);
    observed("T54", "quiet hours under a wrong clock", `a quarter as loud (${night} of ${noon}) while its night lasts, also after a power loss`);
  });

  it("T54 knows no time before a phone has set one: quiet hours rest, nothing else does", () => {
    const toy = new Toy();
    give(toy, { sheet: 0, sequence: 1, seconds: 1.5, hz: 500 });
    toy.powerOn().wait(5000);
    assert.ok(loudness(toy) > 0);
    observed("T54", `no clock at all on ${xiaoble.id}`, "plays as loud as by day");
  });
});
