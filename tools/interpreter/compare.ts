// What one test did on each engine, side by side.

import { firstDivergence, type TraceEvent } from "../../sim/espruino/trace.ts";

/** What test/interpreter/record.ts leaves of each test. */
export interface TestRecord {
  readonly title: string;
  readonly file: string;
  /** Its place in the file. */
  readonly index: number;
  readonly state: "passed" | "failed" | "pending";
  readonly error?: string;
  /** The board that booted last. */
  readonly board?: string;
  /** One for each boot. */
  readonly traces: readonly (readonly TraceEvent[])[];
  /** The most at any time, and those in use when the test ended. */
  readonly variables?: { readonly peak: number; readonly end: number };
  readonly wallMs: number;
}

export interface Row {
  readonly title: string;
  readonly board: string | undefined;
  readonly same: boolean;
  readonly peak: number | undefined;
  readonly end: number | undefined;
  readonly nodeMs: number;
  readonly espruinoMs: number;
  readonly divergence?: string;
}

export function compare(expected: TestRecord | undefined, got: TestRecord): Row {
  const { title, board, variables, wallMs } = got;
  const divergence = expected ? divergenceText(expected, got) : "Node's engine did not run it";
  return {
    title,
    board,
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
    if (found) return `boot ${boot + 1}, event ${found.index + 1}\n    expected  ${event(found.expected)}\n    got       ${event(found.got)}`;
  }
  return expected.state === got.state ? undefined : `${expected.state} on Node's engine, ${got.state} on the interpreter: ${got.error ?? expected.error ?? ""}`;
}
