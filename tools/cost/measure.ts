// Checks the interpreter's cost model against a real Espruino: predicted and measured README-loop turns, side by side.
// `--fit` fits the model's figures anew and prints them; `--boundary` times native functions. Needs ESPRUINO=path; writes
// nothing.

import { COST_MILLITURNS, FITTED_MILLITURNS, type Costs, type Feature } from "../../sim/cost/model.ts";
import { UserError } from "../errors.ts";
import { CHECK_SAMPLES } from "./checks.ts";
import { fitNonNegative } from "./fit.ts";
import { printBoundary } from "./boundary.ts";
import { measureTurns } from "./interpreter.ts";
import { predict, UNIT_MILLITURNS } from "./predict.ts";
import { FIT_SAMPLES, type Sample } from "./programs.ts";

/** Passes per run: on Linux the longest program then takes about 20 ms. */
const PASSES = 100;

const FEATURES = Object.keys(FITTED_MILLITURNS) as Feature[];

function counts(sample: Sample): number[] {
  const none = Object.fromEntries(Object.keys(COST_MILLITURNS).map((feature) => [feature, 0])) as Record<Feature, number>;
  return FEATURES.map((feature) => predict(sample, { ...none, [feature]: UNIT_MILLITURNS }, PASSES) / UNIT_MILLITURNS);
}

function row(name: string, measured: string, predicted: string, error: string): string {
  return `${name.padEnd(36)}${measured.padStart(10)}${predicted.padStart(11)}${error.padStart(8)}`;
}

/** In turns per pass of the sample's body, the loop around it included. */
function table(samples: readonly Sample[], measured: readonly number[], costs: Costs): void {
  console.log(row("program", "measured", "predicted", "error"));
  let within = 0;
  samples.forEach((sample, index) => {
    const predicted = predict(sample, costs, PASSES) / UNIT_MILLITURNS;
    const error = predicted / measured[index]! - 1;
    if (Math.abs(error) <= 0.3) within += 1;
    const percent = `${error < 0 ? "" : "+"}${(error * 100).toFixed(0)}%`;
    console.log(row(sample.name, measured[index]!.toFixed(2), predicted.toFixed(2), percent));
  });
  console.log(`${within} of ${samples.length} within 30%`);
}

function main(): void {
  let costs: Costs = COST_MILLITURNS;
  if (process.argv.includes("--fit")) {
    const measured = FIT_SAMPLES.map((sample) => measureTurns(sample, PASSES));
    const prior = FEATURES.map((feature) => COST_MILLITURNS[feature]);
    const milliTurns = measured.map((turns) => turns * UNIT_MILLITURNS);
    const fitted = fitNonNegative(FIT_SAMPLES.map(counts), milliTurns, prior);
    const rounded = FEATURES.map((feature, index) => [feature, Math.round(fitted[index]! * 10) / 10]);
    costs = { ...COST_MILLITURNS, ...Object.fromEntries(rounded) };
    table(FIT_SAMPLES, measured, costs);
    console.log(Object.fromEntries(rounded));
  }
  if (process.argv.includes("--boundary")) return printBoundary(costs, PASSES);
  table(CHECK_SAMPLES, CHECK_SAMPLES.map((sample) => measureTurns(sample, PASSES)), costs);
}

try {
  main();
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
