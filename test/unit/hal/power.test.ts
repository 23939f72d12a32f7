// The battery adapter: millivolts through the divider, and an enable pin that is set once and never let go.

import assert from "node:assert/strict";
import { boards } from "../../../boards/index.ts";
import { xiaoble } from "../../../boards/xiaoble.ts";
import { createEspruinoPower } from "../../../hal/espruino/power.ts";
import { clearGlobals, fakePins, setGlobals } from "./espruino-globals.ts";

describe("the power adapter", () => {
  let pins: ReturnType<typeof fakePins>;
  const battery = xiaoble.battery!;
  beforeEach(() => {
    pins = fakePins();
    setGlobals(pins.globals);
  });
  afterEach(clearGlobals);

  for (const millivolts of [3000, 3500, 4200]) {
    it(`tells ${millivolts} mV`, () => {
      const power = createEspruinoPower(xiaoble);
      pins.levels.set(battery.input.espruino, millivolts / 1000 / battery.divider / xiaoble.supplyVolts);
      assert.ok(Math.abs(power.batteryMillivolts() - millivolts) <= 1);
    });
  }

  for (const [on, negated, written] of [
    [0, true, 1],
    [0, false, 0],
    [1, false, 1],
    [1, true, 0],
  ] as const) {
    it(`sets an enable pin that is on at ${on}${negated ? ", negated," : ""} once and for good`, () => {
      const enable = { espruino: "D14", nrf: 14, on, ...(negated ? { negated } : {}) };
      const power = createEspruinoPower({ supplyVolts: 3.3, battery: { ...battery, enable } });
      power.batteryMillivolts();
      power.batteryMillivolts();
      assert.deepEqual(pins.calls, [["digitalWrite", "D14", written]]);
    });
  }

  it("tells 0 and touches nothing without a battery", () => {
    for (const board of boards.filter((candidate) => !candidate.battery)) assert.equal(createEspruinoPower(board).batteryMillivolts(), 0);
    assert.deepEqual(pins.calls, []);
  });
});
