// For mocha's --require: runs whatever the tests run on the engine that ENGINE names, and leaves a record of each test in the file
// RECORD: its trace, its outcome, variables and time. The tests know nothing of it.

import { appendFileSync } from "node:fs";
import type { EspruinoEngine } from "../../sim/espruino/engine.ts";
import { espruinoEngine } from "../../sim/espruino/make.ts";
import { traceOf } from "../../sim/espruino/trace.ts";
import type { Machine } from "../../sim/machine.ts";
import { Stage } from "../../sim/stage.ts";
import type { World } from "../../sim/world.ts";
import type { TestRecord } from "../../tools/commands/test-interpreter.ts";

const { ENGINE, RECORD, ESPRUINO } = process.env;
let boots: { readonly machine: Machine; readonly world: World }[] = [];
let engines: EspruinoEngine[] = [];
let startedMs = 0;

if (ENGINE === "espruino") {
  const onMade = (engine: EspruinoEngine): void => void engines.push(engine);
  Stage.defaultEngine = espruinoEngine(ESPRUINO!, { isMeasuring: true, onMade });
}
Stage.onBoot = ({ machine, world }) => void boots.push({ machine, world });

export const mochaHooks = {
  beforeEach(): void {
    boots = [];
    engines = [];
    startedMs = performance.now();
  },
  afterEach(this: Mocha.Context): void {
    const test = this.currentTest!;
    const wallMs = performance.now() - startedMs;
    const record: TestRecord = {
      title: test.fullTitle(),
      state: test.state ?? "pending",
      ...(test.err ? { error: String(test.err.message) } : {}),
      traces: boots.map(({ machine, world }) => traceOf(machine, world)),
      ...(engines.length > 0 ? { variables: { peak: Math.max(...engines.map(({ variables }) => variables.peak)), end: engines.at(-1)!.variables.now } } : {}),
      wallMs,
    };
    for (const engine of engines) engine.kill();
    appendFileSync(RECORD!, `${JSON.stringify(record)}\n`);
  },
};
