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

/** Variables that a board has, used by the application at the worst instant of all scenarios. */
export interface Memory {
  readonly board: string;
  readonly variables: number;
  readonly peak: number;
  readonly freeShare: number;
  /** Whether the interpreter's variables have the board's size: then the counts are the board's own. */
  readonly isExact: boolean;
  readonly isEnough: boolean;
}

export function memoryOf(rows: readonly Row[], { variableBytes }: InterpreterFacts): Memory[] {
  return boards.flatMap(({ id, role, espruino }) => {
    const peak = Math.max(0, ...rows.filter(({ board }) => board === id).map((row) => row.peak ?? 0));
    const freeShare = 1 - peak / espruino.variables;
    const isExact = variableBytes === espruino.variableBytes;
    const isEnough = role !== "product" || !isExact || freeShare >= budgets.freeVariables;
    return peak > 0 ? [{ board: id, variables: espruino.variables, peak, freeShare, isExact, isEnough }] : [];
  });
}

export function printMemory(memory: readonly Memory[], { variableBytes }: InterpreterFacts): void {
  console.log("");
  for (const { board, variables, peak, freeShare, isExact, isEnough } of memory) {
    const doubt = isExact ? "" : `; counted in variables of ${variableBytes} bytes, the board's are smaller: it has less left`;
    const verdict = isEnough ? "" : `: TOO LITTLE, ${budgets.freeVariables * 100}% must be free`;
    console.log(`${board}: at most ${peak} of ${variables} variables, ${(freeShare * 100).toFixed(0)}% free${verdict}${doubt}`);
  }
}
