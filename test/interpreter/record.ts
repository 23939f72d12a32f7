// For mocha's --require: runs whatever the tests run on the engine that ENGINE names, and leaves a record of each test in the folder
// RECORDS: its trace, its outcome, variables and time. The tests know nothing of it.

import { appendFileSync } from "node:fs";
import { join, relative } from "node:path";
import type { Board } from "../../boards/board.ts";
import { xiaoble } from "../../boards/xiaoble.ts";
import type { EspruinoEngine } from "../../sim/espruino/engine.ts";
import { espruinoEngine } from "../../sim/espruino/make.ts";
import { traceOf } from "../../sim/espruino/trace.ts";
import type { Machine } from "../../sim/machine.ts";
import { Stage } from "../../sim/stage.ts";
import type { World } from "../../sim/world.ts";
import type { TestRecord } from "../../tools/interpreter/compare.ts";
import { sampling } from "../support/exhaustive.ts";
import { historyOf } from "../support/family-toy.ts";

const { ENGINE, RECORDS, ESPRUINO } = process.env;
/** Cases of an exhaustive loop; both engines take the same ones. */
sampling.atMost = 20;
let index = 0;
let boots: { readonly board: Board; readonly machine: Machine; readonly world: World }[] = [];
let engines: EspruinoEngine[] = [];
let startedMs = 0;

if (ENGINE === "espruino") {
  const onMade = (engine: EspruinoEngine): void => void engines.push(engine);
  Stage.defaultEngine = espruinoEngine(ESPRUINO!, { isMeasuring: true, onMade });
}
Stage.onBoot = ({ board, machine, world }) => void boots.push({ board, machine, world });

export const mochaHooks = {
  // Which test is the first of its process is not the same on both engines, and must not tell in its trace.
  beforeAll(): void {
    if (ENGINE !== "own") historyOf(xiaoble);
    for (const engine of engines) engine.kill();
  },
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
      file: relative(process.cwd(), test.file ?? ""),
      index: index++,
      state: test.state ?? "pending",
      ...(test.err ? { error: String(test.err.message) } : {}),
      traces: boots.map(({ machine, world }) => traceOf(machine, world)),
      ...(boots.length > 0 ? { board: boots.at(-1)!.board.id } : {}),
      ...(engines.length > 0 ? { variables: { peak: Math.max(...engines.map(({ variables }) => variables.peak)), end: engines.at(-1)!.variables.now } } : {}),
      wallMs,
    };
    for (const engine of engines) engine.kill();
    appendFileSync(join(RECORDS!, `${process.pid}.jsonl`), `${JSON.stringify(record)}\n`);
  },
};
