// How long the child waits, in simulated time under the stated cost model: the product's figures on the product board.

import assert from "node:assert/strict";
import { MAX_MESSAGES } from "../../firmware/messages/layout.ts";
import { HOLD_MS } from "../../firmware/paw/gesture.ts";
import { messageSheets } from "../../tools/image/messages.ts";
import { fill } from "../support/family.ts";
import { playbacks } from "../support/speaker.ts";
import { Toy, assertPromisesKept, tone } from "../support/toy.ts";

/** Paw live after power; hold recognised to first sample; tap released to first sound. */
const LIVE_MS = 3000;
const FIRST_SAMPLE_MS = 200;
const FIRST_SOUND_MS = 150;
/** Release to microphone without power: JavaScript may be storing a block just then. */
const LET_GO_MS = 220;

describe("latency on XIAOBLE", () => {
  afterEach(assertPromisesKept);

  it(`paw live at most ${LIVE_MS} ms after power, with a full flash as well`, () => {
    for (const isFull of [false, true]) {
      const toy = new Toy();
      // As many messages as there may be, and one sheet for a recording.
      if (isFull) fill(toy, { sheetsEach: Math.ceil(messageSheets(toy.board) / MAX_MESSAGES), free: 1, isHeard: true });
      // What is pressed from then on counts from the moment that it is pressed, though the boot may not be over.
      toy.powerOnHeld(LIVE_MS);
      // A full store has to make room first, a new one to put numbers aside, which housekeeping does a little later.
      toy.wait(LIVE_MS + HOLD_MS + FIRST_SAMPLE_MS * 2 - toy.nowMs);
      assert.equal(toy.world.listenedUs.length, 1, "a hold is heard as any other");
      toy.wait(1000).release().wait(2000);
      assert.equal(toy.messages().filter(({ isOwn }) => isOwn).length, 1);
      // With the lock-down: what it takes is in the bench.
      assert.ok(toy.machine.radioCalls.some(({ name }) => name === "nrf.setSecurity"));
    }
  });

  it(`first sample at most ${FIRST_SAMPLE_MS} ms after the hold is recognised`, () => {
    const toy = Toy.awake();
    const recognisedMs = toy.nowMs + HOLD_MS;
    toy.hold(1500).wait(1000);
    const waitedMs = toy.world.listenedUs[0]! / 1000 - recognisedMs;
    assert.ok(waitedMs <= FIRST_SAMPLE_MS, `${waitedMs.toFixed(0)} ms`);
  });

  it(`first sound at most ${FIRST_SOUND_MS} ms after a tap is released`, () => {
    const toy = Toy.awake();
    toy.speak(tone(440, 2), 400).hold(2500).wait(3000);
    toy.tap();
    const releasedMs = toy.nowMs;
    toy.wait(1500);
    const waitedMs = playbacks(toy, releasedMs)[0]!.atMs - releasedMs;
    assert.ok(waitedMs <= FIRST_SOUND_MS, `${waitedMs.toFixed(0)} ms`);
  });

  it(`microphone without power at most ${LET_GO_MS} ms after the release, whenever that is`, () => {
    const toy = Toy.awake();
    const late: number[] = [];
    for (let i = 0; i < 40; i++) {
      toy.hold(1200 + 13 * i);
      const releasedUs = toy.pawEdges.at(-1)!.atUs;
      toy.wait(1500);
      late.push((toy.lit("microphone").at(-1)!.toUs - releasedUs) / 1000);
    }
    const most = Math.max(...late);
    assert.ok(most <= LET_GO_MS, `${most.toFixed(0)} ms at most, ${(late.reduce((sum, ms) => sum + ms, 0) / late.length).toFixed(0)} ms on average`);
  });
});
