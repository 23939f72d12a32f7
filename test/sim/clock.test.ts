// The virtual clock: alarms in order of time, then of arming; time moves only forward.

import assert from "node:assert/strict";
import { Clock } from "../../sim/clock.ts";

describe("the virtual clock", () => {
  it("fires in order of time, and equal instants in order of arming", () => {
    const clock = new Clock();
    const fired: string[] = [];
    for (const [at, name] of [
      [30, "a"],
      [10, "b"],
      [30, "c"],
      [20, "d"],
    ] as const) {
      clock.at(at, () => fired.push(`${name}@${clock.now}`));
    }
    clock.runUntil(100);
    assert.deepEqual(fired, ["b@10", "d@20", "a@30", "c@30"]);
    assert.equal(clock.now, 100);
  });

  it("does not fire what is cancelled, nor what is still to come", () => {
    const clock = new Clock();
    let count = 0;
    clock.cancel(clock.at(10, () => count++));
    clock.at(20, () => count++);
    clock.runUntil(19.999);
    assert.equal(count, 0);
    assert.equal(clock.next(), 20);
  });

  it("fires what an alarm arms on its way", () => {
    const clock = new Clock();
    const times: number[] = [];
    const again = (): void => {
      times.push(clock.now);
      if (times.length < 4) clock.after(5, again);
    };
    clock.after(5, again);
    clock.runUntil(18);
    assert.deepEqual(times, [5, 10, 15]);
  });

  it("fires an instant of the past as soon as time moves", () => {
    const clock = new Clock();
    clock.runUntil(50);
    let at = 0;
    clock.at(10, () => (at = clock.now));
    clock.runUntil(50);
    assert.equal(at, 50);
  });

  it("never goes back when an alarm itself takes time", () => {
    const clock = new Clock();
    const times: number[] = [];
    clock.at(10, () => clock.runUntil(40));
    clock.at(20, () => times.push(clock.now));
    clock.at(50, () => times.push(clock.now));
    clock.runUntil(30);
    assert.equal(clock.now, 40);
    clock.runUntil(60);
    assert.deepEqual(times, [20, 50]);
  });

  it("refuses instants that are none", () => {
    assert.throws(() => new Clock().at(Number.NaN, () => undefined), RangeError);
    assert.throws(() => new Clock().at(Infinity, () => undefined), RangeError);
  });
});
