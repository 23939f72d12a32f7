// Power cuts on the real interpreter: its process dies at an operation of the flash, another one boots from what is left, and both
// lives are what Node's engine shows for the same cut. A seeded sample; the exhaustive runs are Node's.

import assert from "node:assert/strict";
import type { CutPlan } from "../../sim/flash.ts";
import { firstDivergence, traceOf, type TraceEvent } from "../../sim/espruino/trace.ts";
import { nodeEngine, type EngineMaker } from "../../sim/stage.ts";
import { espruinoEngines } from "../support/interpreter.ts";
import { random } from "../support/random.ts";
import { Toy, tone } from "../support/toy.ts";

const SAMPLE = 9;
const SEED = 11;
const PHASES = ["before", "during", "after"] as const;

describe("Power cuts on Espruino", function () {
  this.timeout(600_000);
  const { espruino } = espruinoEngines();

  /** Records until the cut, boots again and plays what is left. */
  function lives(engine: EngineMaker, cut?: CutPlan): { traces: TraceEvent[][]; operations: number } {
    const toy = new Toy({ engine });
    const traces: TraceEvent[][] = [];
    toy.powerOn(cut).wait(6000).speak(tone(440, 3), 500).hold(2500).wait(1500);
    traces.push(traceOf(toy.machine, toy.world));
    const operations = toy.machine.flash.operations.length;
    toy.machine.cutPower();
    toy.powerOn().wait(4000).tap().wait(3500);
    traces.push(traceOf(toy.machine, toy.world));
    return { traces, operations };
  }

  const next = random(SEED);
  let operations = 0;
  before(() => {
    operations = lives(nodeEngine).operations;
  });

  for (let i = 0; i < SAMPLE; i++) {
    const share = next();
    const phase = PHASES[i % PHASES.length]!;
    it(`leave what they leave on Node's engine: ${phase} the operation ${(share * 100).toFixed(0)} % on the way`, () => {
      const cut: CutPlan = { operation: Math.floor(share * operations), phase };
      const expected = lives(nodeEngine, cut).traces;
      const got = lives(espruino, cut).traces;
      expected.forEach((trace, life) => assert.equal(firstDivergence(trace, got[life]!), undefined, `life ${life + 1}, operation ${cut.operation}`));
    });
  }
});
