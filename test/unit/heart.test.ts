// The heart's free colour: each pattern, and that the last one called is the only one that shows.

import assert from "node:assert/strict";
import sinon from "sinon";
import { HEART_BROKEN, HEART_DARK, HEART_FORGETTING, HEART_WAITING, createHeartLight } from "../../firmware/heart/heart.ts";
import { mockClock } from "../../hal/mock/clock.ts";
import { mockHeart, type MockHeart } from "../../hal/mock/ports.ts";

describe("the heart light", () => {
  let time: sinon.SinonFakeTimers;
  let heart: MockHeart;
  const make = () => createHeartLight(heart, mockClock(globalThis as never));
  beforeEach(() => {
    time = sinon.useFakeTimers();
    heart = mockHeart();
  });
  afterEach(() => time.restore());

  /** Changes of level in ten seconds. */
  function blinks(): number {
    let count = 0;
    let level = heart.level;
    for (let ms = 0; ms < 10000; ms += 25) {
      time.tick(25);
      if (heart.level !== level) count++;
      level = heart.level;
    }
    return count;
  }

  it("glows dimly and steadily while messages wait", () => {
    make().show(HEART_WAITING);
    assert.ok(heart.level > 0 && heart.level < 128);
    assert.equal(blinks(), 0);
  });

  it("blinks slowly while it forgets and fast when it is broken", () => {
    const light = make();
    light.show(HEART_FORGETTING);
    assert.equal(blinks(), 20);
    light.show(HEART_BROKEN);
    assert.equal(blinks(), 80);
  });

  it("is dark at once when told so, and stays dark", () => {
    const light = make();
    for (const pattern of [HEART_WAITING, HEART_FORGETTING, HEART_BROKEN]) {
      light.show(pattern);
      time.tick(700);
      light.show(HEART_DARK);
      assert.equal(heart.level, 0);
      assert.equal(blinks(), 0);
    }
  });

  it("does not begin a pattern anew that shows already", () => {
    const light = make();
    light.show(HEART_FORGETTING);
    time.tick(400);
    light.show(HEART_FORGETTING);
    time.tick(100);
    assert.equal(heart.level, 255);
  });
});
