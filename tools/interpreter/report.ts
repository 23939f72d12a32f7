// What `npm run test:interpreter` says: a table of the scenarios, first divergences, and what each board has left.

import { boards } from "../../boards/index.ts";
import type { InterpreterFacts } from "../../sim/espruino/make.ts";
import { budgets } from "../build/budgets.ts";
import type { Row } from "./compare.ts";

const cell = (value: string | number | undefined, width: number): string => String(value ?? "-").padStart(width);
const seconds = (ms: number): string => (ms / 1000).toFixed(1);

export function printTable(rows: readonly Row[]): void {
  console.log(`\n${"same".padEnd(6)}${cell("peak", 7)}${cell("at end", 8)}${cell("Node s", 8)}${cell("Espruino s", 12)}  scenario (variables of the application)`);
  for (const { title, same, peak, end, nodeMs, espruinoMs } of rows) {
    console.log(`${(same ? "yes" : "NO").padEnd(6)}${cell(peak, 7)}${cell(end, 8)}${cell(seconds(nodeMs), 8)}${cell(seconds(espruinoMs), 12)}  ${title}`);
  }
}

export function printDivergences(rows: readonly Row[], interpreter: string): void {
  for (const { title, divergence } of rows) {
    if (divergence !== undefined) console.log(`\nfirst divergence: ${title}\n  ${divergence}\n  again: ESPRUINO=${interpreter} npm run test:interpreter -- --grep ${JSON.stringify(title)}`);
  }
}

/** Variables that a board has, used by the application at the worst instant of some scenarios. */
export interface Memory {
  readonly board: string;
  /** Of scenarios in which somebody floods the toy, or of the others. */
  readonly isFlooded: boolean;
  readonly variables: number;
  readonly peak: number;
  readonly freeShare: number;
  /** What must be free. */
  readonly goal: number;
  /** Whether the interpreter's variables have the board's size: then the counts are the board's own. */
  readonly isExact: boolean;
  readonly isEnough: boolean;
}

/** The threat of floods: only those have more to tell in one pass than a toy ever has. */
const FLOOD = /\bT36\b/;

export function memoryOf(rows: readonly Row[], { variableBytes }: InterpreterFacts): Memory[] {
  return boards.flatMap(({ id, role, espruino }) =>
    [false, true].flatMap((isFlooded) => {
      const own = rows.filter(({ board, title }) => board === id && FLOOD.test(title) === isFlooded);
      const peak = Math.max(0, ...own.map((row) => row.peak ?? 0));
      const freeShare = 1 - peak / espruino.variables;
      const goal = isFlooded ? budgets.freeVariablesFlooded : budgets.freeVariables;
      const isExact = variableBytes === espruino.variableBytes;
      const isEnough = role !== "product" || !isExact || freeShare >= goal;
      return peak > 0 ? [{ board: id, isFlooded, variables: espruino.variables, peak, freeShare, goal, isExact, isEnough }] : [];
    }),
  );
}

export function printMemory(memory: readonly Memory[], { variableBytes }: InterpreterFacts): void {
  console.log("");
  for (const { board, isFlooded, variables, peak, freeShare, goal, isExact, isEnough } of memory) {
    const doubt = isExact ? "" : `; counted in variables of ${variableBytes} bytes, the board's are smaller: it has less left`;
    const verdict = isEnough ? "" : `: TOO LITTLE, ${goal * 100}% must be free`;
    console.log(`${board}${isFlooded ? " while it is flooded" : ""}: at most ${peak} of ${variables} variables, ${(freeShare * 100).toFixed(0)}% free${verdict}${doubt}`);
  }
}
