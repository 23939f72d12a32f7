// `npm run test:interpreter`: every scenario on Node's engine and on a real Espruino, and what differs between them; then the tests
// that only the interpreter can answer. Needs ESPRUINO=path; never fetches or builds one.

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { boards } from "../../boards/index.ts";
import { interpreterFacts } from "../../sim/espruino/make.ts";
import { buildBundle } from "../build/build.ts";
import { UserError } from "../errors.ts";
import { compare, type TestRecord } from "../interpreter/compare.ts";
import { memoryOf, printDivergences, printMemory, printTable } from "../interpreter/report.ts";

const HELP = `ESPRUINO=path npm run test:interpreter [-- --grep TEXT] [--json]
  Runs the scenario tests on the simulator's engine and on a real Espruino for Linux, and compares what happened, event by event.
  --grep TEXT   only tests whose title contains TEXT
  --json        the table as JSON`;

const FOLDER = "build/interpreter";
/** Tests that know nothing of engines, and those of the interpreter itself. */
const SCENARIOS = ["test/scenario", "test/attack"].filter(existsSync).map((folder) => `${folder}/**/*.test.ts`);
const OWN = ["test/interpreter/**/*.test.ts"];
/** The interpreter is some ten times slower than Node's engine. */
const TIMEOUT_MS = 600_000;

export async function testInterpreter(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: { grep: { type: "string" }, json: { type: "boolean" }, help: { type: "boolean" } } });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const interpreter = process.env["ESPRUINO"];
  if (!interpreter) throw new UserError("ESPRUINO is not set", "name a Linux build of Espruino, as in ESPRUINO=./espruino; the README tells how to get one");
  if (!existsSync(interpreter)) throw new UserError(`there is no ${interpreter}`, "ESPRUINO must be the path of a Linux build of Espruino");
  const facts = interpreterFacts(interpreter);
  if (!values.json) console.log(`Espruino ${facts.version}, ${facts.variables} variables of ${facts.variableBytes} bytes, ${facts.flashBytes / 1024} KB of flash`);
  for (const board of boards) await buildBundle(board);

  const node = run("node", SCENARIOS, values.grep);
  const espruino = run("espruino", SCENARIOS, values.grep);
  const own = run("own", OWN, values.grep);
  const pairs = espruino.records.map((got) => ({ got, expected: node.records.find(({ title }) => title === got.title) }));
  // What boots no board has no engine: it counts as any test, but says nothing of the two.
  const rows = pairs.filter(({ got, expected }) => got.traces.length > 0 || (expected?.traces.length ?? 0) > 0).map(({ got, expected }) => compare(expected, got));
  const differing = rows.filter(({ same }) => !same);
  const memory = memoryOf(rows, facts);
  const all = [...espruino.records, ...own.records];
  if (all.length === 0) throw new UserError(`no test has ${JSON.stringify(values.grep)} in its title`, "see the table of a run without --grep");
  const failed = all.filter(({ state }) => state === "failed");
  if (values.json) console.log(JSON.stringify({ interpreter: facts, scenarios: rows, memory }, null, 2));
  else {
    printTable(rows);
    printDivergences(rows, interpreter);
    printMemory(memory, facts);
  }
  for (const { title, error } of failed) {
    const onNode = node.records.some((record) => record.title === title && record.state === "failed");
    console.error(`FAILED on ${onNode ? "both engines" : "the interpreter"}: ${title}\n  ${error}`);
  }
  const count = (state: TestRecord["state"]): number => all.filter((record) => record.state === state).length;
  if (!values.json) console.log(`${count("passed")} passed, ${failed.length} failed, ${count("pending")} skipped; ${rows.length - differing.length} of ${rows.length} scenarios the same on both engines, ${pairs.length - rows.length} tests boot no board`);
  const isGood = failed.length === 0 && differing.length === 0 && memory.every(({ isEnough }) => isEnough);
  return isGood && [node, espruino, own].every(({ status }) => status === 0) ? 0 : 1;
}

/** Runs mocha, test files side by side; tests are recorded one by one, by each of its processes in a file of its own. */
function run(engine: string, specs: string[], grep: string | undefined): { records: TestRecord[]; status: number } {
  const folder = join(FOLDER, engine);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const parallel = ["--parallel", "--jobs", String(availableParallelism())];
  const options = ["--require", "test/interpreter/record.ts", "--reporter", "dot", "--timeout", String(TIMEOUT_MS), "--no-config", ...parallel, ...(grep ? ["--fgrep", grep] : [])];
  const { status, stdout } = spawnSync(process.execPath, ["--import", "tsx", "node_modules/mocha/bin/mocha.js", ...options, ...specs], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, ENGINE: engine, RECORDS: folder },
  });
  const lines = readdirSync(folder).flatMap((name) => readFileSync(join(folder, name), "utf8").split("\n").filter(Boolean));
  const records = lines.map((line) => JSON.parse(line) as TestRecord);
  // A hook or a file that fails leaves no record of a test: what mocha said tells.
  if (status !== 0 && records.every(({ state }) => state !== "failed")) console.error(`FAILED outside of the tests, ENGINE=${engine}\n${stdout}`);
  return { records: records.sort((a, b) => (a.file === b.file ? a.index - b.index : a.file < b.file ? -1 : 1)), status: status ?? 1 };
}
