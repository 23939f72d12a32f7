// The clock adapter: milliseconds since boot, timers by id, and an error in one callback that harms no other.

import assert from "node:assert/strict";
import sinon from "sinon";
import { createEspruinoClock } from "../../../hal/espruino/clock.ts";
import { clearGlobals, noError, setGlobals } from "./espruino-globals.ts";

describe("the clock adapter", () => {
  let time: sinon.SinonFakeTimers;
  beforeEach(() => {
    time = sinon.useFakeTimers();
    setGlobals({ getTime: () => Date.now() / 1000 });
  });
  afterEach(() => {
    clearGlobals();
    time.restore();
  });

  it("counts from boot, with fractions", () => {
    setGlobals({ getTime: () => 7.0005 });
    assert.ok(Math.abs(createEspruinoClock(5, noError).nowMs() - 2000.5) < 1e-6);
  });

  it("calls once after, again every, and never what was cancelled", () => {
    const clock = createEspruinoClock(0, noError);
    const once = sinon.spy();
    const often = sinon.spy();
    const never = sinon.spy();
    clock.after(10, once);
    const interval = clock.every(10, often);
    clock.cancel(clock.after(10, never));
    time.tick(35);
    clock.cancel(interval);
    time.tick(100);
    sinon.assert.calledOnce(once);
    sinon.assert.callCount(often, 3);
    sinon.assert.notCalled(never);
  });

  it("gives an error to the one who takes errors, and an interval goes on after it", () => {
    const onError = sinon.spy();
    const clock = createEspruinoClock(0, onError);
    const after = sinon.spy();
    clock.every(10, () => {
      throw new Error("in a callback");
    });
    clock.after(15, after);
    time.tick(25);
    sinon.assert.calledTwice(onError);
    sinon.assert.calledOnce(after);
  });
});
