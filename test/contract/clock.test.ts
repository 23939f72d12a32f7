// One suite for every Clock: the mock on sinon's timers, and Espruino's on the simulated board.

import assert from "node:assert/strict";
import sinon from "sinon";
import { xiaoble } from "../../boards/xiaoble.ts";
import type { Clock } from "../../hal/contract.ts";
import { createEspruinoClock } from "../../hal/espruino/clock.ts";
import { mockClock } from "../../hal/mock/clock.ts";
import { createSimBench } from "../../tools/sim/adapter-bench.ts";

interface Rig {
  readonly clock: Clock;
  run(ms: number): void;
  dispose(): void;
}

const implementations: [string, () => Rig][] = [
  [
    "the mock",
    () => {
      const time = sinon.useFakeTimers();
      return { clock: mockClock(globalThis as never), run: (ms) => void time.tick(ms), dispose: () => time.restore() };
    },
  ],
  [
    "Espruino's on the simulated board",
    () => {
      const bench = createSimBench({ board: xiaoble });
      const clock = createEspruinoClock(bench.machine.clock.now / 1e6, (error) => {
        throw error;
      });
      return { clock, run: bench.run, dispose: bench.dispose };
    },
  ],
];

/** How late a callback may be when JavaScript is idle. */
const LATE_MS = 2;

for (const [name, create] of implementations) {
  describe(`Clock: ${name}`, () => {
    let rig: Rig;
    beforeEach(() => (rig = create()));
    afterEach(() => rig.dispose());

    it("counts milliseconds from boot", () => {
      const fromMs = rig.clock.nowMs();
      assert.ok(fromMs >= 0 && fromMs < LATE_MS);
      rig.run(1000);
      assert.ok(Math.abs(rig.clock.nowMs() - fromMs - 1000) < LATE_MS);
    });

    it("calls back once, not inside the call and never early", () => {
      const fromMs = rig.clock.nowMs();
      const times: number[] = [];
      rig.clock.after(50, () => times.push(rig.clock.nowMs() - fromMs));
      assert.deepEqual(times, []);
      rig.run(49);
      assert.deepEqual(times, []);
      rig.run(500);
      assert.equal(times.length, 1);
      assert.ok(times[0]! >= 50 && times[0]! < 50 + LATE_MS, String(times[0]));
    });

    it("calls back after 0 ms, but not at once", () => {
      let count = 0;
      rig.clock.after(0, () => count++);
      assert.equal(count, 0);
      rig.run(5);
      assert.equal(count, 1);
    });

    it("repeats with a fixed phase", () => {
      const fromMs = rig.clock.nowMs();
      const times: number[] = [];
      rig.clock.every(20, () => times.push(rig.clock.nowMs() - fromMs));
      rig.run(1005);
      assert.equal(times.length, 50);
      times.forEach((ms, i) => assert.ok(ms >= (i + 1) * 20 && ms < (i + 1) * 20 + LATE_MS, `${i}: ${ms}`));
    });

    it("does not call what is cancelled, from outside or by itself", () => {
      let count = 0;
      const { clock } = rig;
      clock.cancel(clock.after(10, () => count++));
      clock.cancel(clock.every(10, () => count++));
      const own = clock.every(10, () => {
        count += 100;
        clock.cancel(own);
      });
      rig.run(200);
      assert.equal(count, 100);
    });

    it("lets a timer that has run be cancelled", () => {
      const timer = rig.clock.after(1, () => undefined);
      rig.run(10);
      rig.clock.cancel(timer);
      rig.clock.cancel(timer);
    });

    it("keeps the order of time", () => {
      const order: number[] = [];
      for (const ms of [60, 20, 40]) rig.clock.after(ms, () => order.push(ms));
      rig.run(100);
      assert.deepEqual(order, [20, 40, 60]);
    });
  });
}
