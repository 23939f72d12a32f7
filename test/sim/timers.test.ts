// Espruino's timers: fixed phase, order of creation, each once a pass (platform facts, section 5; measured there).

import assert from "node:assert/strict";
import { Timers } from "../../sim/timers.ts";

const MS = 1000;
const ids = (timers: Timers, nowMs: number): number[] => timers.takeDue(nowMs * MS).map(({ id }) => id);

describe("timers", () => {
  it("keep their phase after a block: 20, 75, 75, 80, 100", () => {
    const timers = new Timers();
    timers.set(0, 20, true);
    const ran: number[] = [];
    for (let now = 0; now <= 100; now++) {
      // JavaScript is busy from 20 to 75 ms; a pass takes no time.
      if (now > 20 && now < 75) continue;
      while (ids(timers, now).length > 0) ran.push(now);
    }
    assert.deepEqual(ran, [20, 75, 75, 80, 100]);
  });

  it("run in order of creation when several are late", () => {
    const timers = new Timers();
    const created = [60, 20, 40].map((ms) => timers.set(0, ms, false));
    assert.deepEqual(ids(timers, 100), created);
  });

  it("run each once a pass, however late", () => {
    const timers = new Timers();
    const id = timers.set(0, 10, true);
    assert.deepEqual(ids(timers, 35), [id]);
    assert.deepEqual(ids(timers, 35), [id]);
    assert.deepEqual(ids(timers, 35), [id]);
    assert.deepEqual(ids(timers, 35), []);
  });

  it("are never early", () => {
    const timers = new Timers();
    timers.set(5 * MS, 10, false);
    assert.deepEqual(ids(timers, 14.999), []);
    assert.equal(timers.nextDueUs(), 15 * MS);
    assert.equal(ids(timers, 15).length, 1);
  });

  it("forget a timeout that has run, and let a spent one be cleared", () => {
    const timers = new Timers();
    const id = timers.set(0, 1, false);
    assert.deepEqual(timers.takeDue(1 * MS), [{ id, createdUs: 0, isSpent: true }]);
    assert.equal(timers.count, 0);
    timers.clear(id);
    assert.equal(timers.nextDueUs(), Infinity);
  });

  it("take 0.1 ms at least", () => {
    const timers = new Timers();
    for (const ms of [0, -5, Number.NaN]) timers.set(0, ms, false);
    assert.deepEqual(ids(timers, 0.099), []);
    assert.equal(ids(timers, 0.1).length, 3);
  });
});
