// The gesture machine by plain time: no pins, no timers. Times are the product's.

import assert from "node:assert/strict";
import type { PawToken } from "../../../hal/contract.ts";
import { EVENT_NAMES } from "../../../firmware/states.ts";
import { GAP_MS, HOLD_MS, createGesture, type Gesture } from "../../../firmware/paw/gesture.ts";

const eventNames = EVENT_NAMES.split(" ");

interface Hand {
  readonly told: string[];
  readonly tokens: PawToken[];
  press(ms: number): void;
  wait(ms: number): void;
  nowMs: number;
}

/** A hand that ticks the machine exactly when it asks for it, as the toy does; `lateMs` makes it come late. */
function hand(lateMs = 0): Hand {
  const told: string[] = [];
  const tokens: PawToken[] = [];
  const gesture: Gesture = createGesture((event, token) => {
    if (token) tokens.push(token);
    told.push(eventNames[event]!);
  });
  const self: Hand = {
    told,
    tokens,
    nowMs: 1000,
    wait(ms) {
      const end = self.nowMs + ms;
      for (let due = gesture.waitMs(self.nowMs); due >= 0 && self.nowMs + due + lateMs <= end; due = gesture.waitMs(self.nowMs)) {
        self.nowMs += due + lateMs;
        gesture.tick(self.nowMs);
      }
      self.nowMs = end;
    },
    press(ms) {
      gesture.press(self.nowMs);
      self.wait(ms);
      gesture.release(self.nowMs);
    },
  };
  return self;
}

function tapTimes(times: number): Hand {
  const self = hand();
  for (let i = 0; i < times; i++) {
    self.press(100);
    self.wait(150);
  }
  return self;
}

describe("paw gesture", () => {
  it("takes a press shorter than 0.3 s for a tap and never for a hold", () => {
    const self = hand();
    self.press(HOLD_MS - 1);
    assert.deepEqual(self.told, ["tappedOnce"]);
  });

  it("takes a press of 0.3 s for a hold, once", () => {
    const self = hand();
    self.press(5000);
    assert.deepEqual(self.told, ["held", "released"]);
  });

  it("mints a token that lives while the paw is held and never again", () => {
    const self = hand();
    self.press(400);
    self.wait(GAP_MS);
    const first = self.tokens[0]!;
    assert.equal(first.isLive(), false);
    self.press(400);
    assert.equal(first.isLive(), false);
    assert.equal(self.tokens.length, 2);
  });

  it("lets the token live from the moment of the hold", () => {
    let wasLive = false;
    const gesture = createGesture((_event, token) => {
      wasLive = token?.isLive() === true;
    });
    gesture.press(0);
    gesture.tick(HOLD_MS);
    assert.equal(wasLive, true);
  });

  it("counts quick taps and begins anew after a gap of 350 ms", () => {
    const self = hand();
    self.press(100);
    self.wait(GAP_MS - 1);
    self.press(100);
    self.wait(GAP_MS);
    self.press(100);
    assert.deepEqual(self.told, ["tappedOnce", "tappedTwice", "tappedOnce"]);
  });

  for (const taps of [1, 2, 3, 5, 7, 8]) {
    it(`does nothing for a long hold right after ${taps} quick taps`, () => {
      const self = tapTimes(taps);
      self.told.length = 0;
      self.press(15000);
      assert.deepEqual(self.told, []);
    });
  }

  it("asks for pairing when the fifth of five taps is held for 3 s, and nothing more however long", () => {
    const self = tapTimes(4);
    self.told.length = 0;
    self.press(20000);
    assert.deepEqual(self.told, ["pairingAsked"]);
  });

  it("takes a fifth press let go before 3 s for nothing", () => {
    const self = tapTimes(4);
    self.told.length = 0;
    self.press(2999);
    assert.deepEqual(self.told, []);
  });

  it("warns at 3, 6 and 9 s of a seventh press and asks for a reset at 10 s", () => {
    const self = tapTimes(6);
    self.told.length = 0;
    self.press(12000);
    assert.deepEqual(self.told, ["resetWarned", "resetWarned", "resetWarned", "resetAsked"]);
  });

  it("cancels the reset when the paw is let go after a warning", () => {
    const self = tapTimes(6);
    self.told.length = 0;
    self.press(9500);
    assert.deepEqual(self.told, ["resetWarned", "resetWarned", "resetWarned", "resetCancelled"]);
  });

  it("records nothing when nobody ticked it in time", () => {
    const self = hand(500);
    self.press(700);
    assert.deepEqual(self.told, []);
  });

  it("never records in five and seven tap gestures", () => {
    for (const taps of [4, 6]) {
      const self = tapTimes(taps);
      self.press(11000);
      assert.deepEqual(self.tokens, []);
    }
  });

  it("takes a doubled edge for one", () => {
    const self = hand();
    const gesture = createGesture((event) => self.told.push(eventNames[event]!));
    gesture.release(0);
    gesture.press(10);
    gesture.press(20);
    gesture.release(50);
    gesture.release(60);
    assert.deepEqual(self.told, ["tappedOnce"]);
  });
});
