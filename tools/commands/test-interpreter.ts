// `npm run test:interpreter`: every scenario on Node's engine and on a real Espruino, and what differs between them; then the tests
// that only the interpreter can answer. Needs ESPRUINO=path; never fetches or builds one.

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { interpreterFacts } from "../../sim/espruino/make.ts";
import { firstDivergence, type TraceEvent } from "../../sim/espruino/trace.ts";
import { UserError } from "../errors.ts";
import { build } from "./build.ts";

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

/** What test/interpreter/record.ts leaves of each test. */
export interface TestRecord {
  readonly title: string;
  readonly state: "passed" | "failed" | "pending";
  readonly error?: string;
  /** One for each time that a board got power. */
  readonly traces: readonly (readonly TraceEvent[])[];
  /** The most at any time, and those in use when the test ended. */
  readonly variables?: { readonly peak: number; readonly end: number };
  readonly wallMs: number;
}

interface Row {
  readonly title: string;
  readonly same: boolean;
  readonly peak: number | undefined;
  readonly end: number | undefined;
  readonly nodeMs: number;
  readonly espruinoMs: number;
  readonly divergence?: string;
}

export async function testInterpreter(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: { grep: { type: "string" }, json: { type: "boolean" }, help: { type: "boolean" } } });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const interpreter = process.env["ESPRUINO"];
  if (!interpreter) throw new UserError("ESPRUINO is not set", "name a Linux build of Espruino, as in ESPRUINO=./espruino; the README tells how to get one");
  if (!existsSync(interpreter)) throw new UserError(`there is no ${interpreter}`, "ESPRUINO must be the path of a Linux build of Espruino");
  const { version, flashBytes, variables } = interpreterFacts(interpreter);
  if (!values.json) console.log(`Espruino ${version}, ${variables} variables, ${flashBytes / 1024} KB of flash`);
  if ((await build(values.json ? ["--json"] : [])) !== 0) return 1;

  mkdirSync(FOLDER, { recursive: true });
  const node = run("node", SCENARIOS, values.grep);
  const espruino = run("espruino", SCENARIOS, values.grep);
  const own = run("own", OWN, values.grep);
  const rows = espruino.records.map((record) => compare(node.records.find(({ title }) => title === record.title), record));
  const differing = rows.filter(({ same }) => !same);
  if (values.json) console.log(JSON.stringify(rows, null, 2));
  else print(rows, differing, interpreter);
  const all = [...espruino.records, ...own.records];
  const failed = all.filter(({ state }) => state === "failed");
  for (const { title, error } of failed) {
    const onNode = node.records.some((record) => record.title === title && record.state === "failed");
    console.error(`FAILED on ${onNode ? "both engines" : "the interpreter"}: ${title}\n  ${error}`);
  }
  const count = (state: TestRecord["state"]): number => all.filter((record) => record.state === state).length;
  if (!values.json) console.log(`${count("passed")} passed, ${failed.length} failed, ${count("pending")} skipped; ${rows.length - differing.length} of ${rows.length} scenarios the same on both engines`);
  return failed.length === 0 && differing.length === 0 && [node, espruino, own].every(({ status }) => status === 0) ? 0 : 1;
}

/** Runs mocha in a process of its own; its tests are recorded one by one. */
function run(engine: string, specs: string[], grep: string | undefined): { records: TestRecord[]; status: number } {
  const file = join(FOLDER, `${engine}.jsonl`);
  rmSync(file, { force: true });
  const options = ["--require", "test/interpreter/record.ts", "--reporter", "dot", "--timeout", String(TIMEOUT_MS), "--no-config", ...(grep ? ["--fgrep", grep] : [])];
  const { status } = spawnSync(process.execPath, ["--import", "tsx", "node_modules/mocha/bin/mocha.js", ...options, ...specs], {
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, ENGINE: engine, RECORD: file },
  });
  const lines = existsSync(file) ? readFileSync(file, "utf8").split("\n").filter(Boolean) : [];
  return { records: lines.map((line) => JSON.parse(line) as TestRecord), status: status ?? 1 };
}

function compare(expected: TestRecord | undefined, got: TestRecord): Row {
  const { title, variables, wallMs } = got;
  const divergence = expected ? divergenceText(expected, got) : "Node's engine did not run it";
  return {
    title,
    same: divergence === undefined,
    peak: variables?.peak,
    end: variables?.end,
    nodeMs: expected?.wallMs ?? 0,
    espruinoMs: wallMs,
    ...(divergence === undefined ? {} : { divergence }),
  };
}

function divergenceText(expected: TestRecord, got: TestRecord): string | undefined {
  const event = (of: TraceEvent | undefined): string => (of ? `${(of[0] / 1000).toFixed(3)} ms ${of[1]}` : "nothing");
  for (let boot = 0; boot < Math.max(expected.traces.length, got.traces.length); boot++) {
    const found = firstDivergence(expected.traces[boot] ?? [], got.traces[boot] ?? []);
    if (found) return `power-on ${boot + 1}, event ${found.index + 1}\n    expected  ${event(found.expected)}\n    got       ${event(found.got)}`;
  }
  return expected.state === got.state ? undefined : `${expected.state} on Node's engine, ${got.state} on the interpreter: ${got.error ?? expected.error ?? ""}`;
}

function print(rows: readonly Row[], differing: readonly Row[], interpreter: string): void {
  const cell = (value: string | number | undefined, width: number): string => String(value ?? "-").padStart(width);
  console.log(`\n${"same".padEnd(6)}${cell("peak", 7)}${cell("at end", 8)}${cell("Node s", 8)}${cell("Espruino s", 12)}  scenario (variables of the application)`);
  for (const { title, same, peak, end, nodeMs, espruinoMs } of rows) {
    console.log(`${(same ? "yes" : "NO").padEnd(6)}${cell(peak, 7)}${cell(end, 8)}${cell((nodeMs / 1000).toFixed(1), 8)}${cell((espruinoMs / 1000).toFixed(1), 12)}  ${title}`);
  }
  for (const { title, divergence } of differing) {
    console.log(`\nfirst divergence: ${title}\n  ${divergence}\n  again: ESPRUINO=${interpreter} npm run test:interpreter -- --grep ${JSON.stringify(title)}`);
  }
  console.log("");
}
