// What the cost model says of a sample: the instrumented program runs in this process, its native calls do nothing.

import { createContext, runInContext } from "node:vm";
import { instrument } from "../../sim/cost/instrument.ts";
import type { Costs } from "../../sim/cost/model.ts";
import { programOf } from "./interpreter.ts";
import type { Sample } from "./programs.ts";

export const UNIT_MILLITURNS = 1000;

/** Milli-turns per pass under the given prices. */
export function predict(sample: Sample, costs: Costs, passes: number): number {
  const nothing = (): number => 0;
  const context = createContext({
    $t: 0,
    getTime: nothing,
    digitalWrite: nothing,
    digitalRead: nothing,
    setTimeout: nothing,
    clearTimeout: nothing,
    E: { CRC32: nothing, getAddressOf: nothing },
  });
  runInContext(instrument(programOf(sample), { costs }), context);
  return runInContext(`$t=0;run(${passes});$t`, context) / passes;
}
