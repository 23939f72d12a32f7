// What a ledger says of a production run: yield, times, failures by cause. Figures only; the page is made elsewhere.

import type { Ledger, RunRow, StepRow, Verdict } from "./ledger.ts";

export interface Timing {
  readonly step: string;
  readonly count: number;
  readonly medianMs: number;
  readonly p95Ms: number;
}

export interface Report {
  readonly runs: number;
  readonly verdicts: Readonly<Record<Verdict | "open", number>>;
  /** Chips that were worked on, and how many of them passed at last, and at their first run. */
  readonly boards: number;
  readonly passed: number;
  readonly passedFirst: number;
  readonly serials: number;
  readonly failures: readonly { readonly cause: string; readonly count: number }[];
  /** Each step where it passed; "unit" is a whole run that passed. */
  readonly timing: readonly Timing[];
  /** Passed units per hour between the first start and the last pass. */
  readonly perHour: number;
  readonly fromMs: number | null;
  readonly toMs: number | null;
  readonly images: readonly { readonly image: string; readonly board: string; readonly version: number; readonly runs: number }[];
  /** The latest failures, newest first. */
  readonly latest: readonly { readonly run: number; readonly serial: string; readonly port: string; readonly cause: string; readonly detail: string }[];
}

const LATEST = 50;

export function makeReport(ledger: Ledger): Report {
  const runs = ledger.runs();
  const steps = ledger.steps();
  const passed = runs.filter(({ verdict }) => verdict === "passed");
  const ends = passed.map((run) => run.ended_at!);
  const from = runs.length > 0 ? runs.reduce((least, run) => Math.min(least, run.started_at), Infinity) : null;
  const to = ends.length > 0 ? ends.reduce((most, at) => Math.max(most, at), 0) : null;
  return {
    runs: runs.length,
    verdicts: verdictCounts(runs),
    ...boardCounts(runs),
    serials: ledger.units().length,
    failures: causes(runs),
    timing: timings(passed, steps),
    perHour: from === null || to === null || to <= from ? 0 : (passed.length * 3600000) / (to - from),
    fromMs: from,
    toMs: to,
    images: images(runs),
    latest: latest(runs, steps),
  };
}

function verdictCounts(runs: readonly RunRow[]): Report["verdicts"] {
  const counts = { passed: 0, failed: 0, interrupted: 0, bench: 0, open: 0 };
  for (const { verdict } of runs) counts[verdict ?? "open"]++;
  return counts;
}

/** Boards by chip; a run that ended before its chip was known counts as a board of its own. */
function boardCounts(runs: readonly RunRow[]): Pick<Report, "boards" | "passed" | "passedFirst"> {
  const boards = new Map<string, (Verdict | null)[]>();
  for (const { id, chip, verdict } of runs) {
    if (verdict === "bench") continue;
    const key = chip ?? `run ${id}`;
    boards.set(key, [...(boards.get(key) ?? []), verdict]);
  }
  const all = [...boards.values()];
  return {
    boards: boards.size,
    passed: all.filter((verdicts) => verdicts.includes("passed")).length,
    passedFirst: all.filter((verdicts) => verdicts.find((verdict) => verdict !== "interrupted") === "passed").length,
  };
}

function causes(runs: readonly RunRow[]): Report["failures"] {
  const counts = new Map<string, number>();
  for (const { verdict, cause } of runs) if (verdict === "failed") counts.set(cause ?? "unknown", (counts.get(cause ?? "unknown") ?? 0) + 1);
  return [...counts].map(([cause, count]) => ({ cause, count })).sort((a, b) => b.count - a.count || (a.cause < b.cause ? -1 : 1));
}

function timings(passed: readonly RunRow[], steps: readonly StepRow[]): Timing[] {
  const durations = new Map<string, number[]>();
  const add = (name: string, from: number, to: number | null): void => {
    const list = durations.get(name) ?? [];
    list.push(to! - from);
    durations.set(name, list);
  };
  for (const { name, outcome, started_at: from, ended_at: to } of steps) if (outcome === "passed") add(name, from, to);
  for (const { started_at: from, ended_at: to } of passed) add("unit", from, to);
  return [...durations].map(([step, list]) => {
    const sorted = list.sort((a, b) => a - b);
    const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
    return { step, count: sorted.length, medianMs: at(0.5), p95Ms: at(0.95) };
  });
}

function images(runs: readonly RunRow[]): Report["images"] {
  const counts = new Map<string, Report["images"][number]>();
  for (const { image, board, version } of runs) counts.set(image, { image, board, version, runs: (counts.get(image)?.runs ?? 0) + 1 });
  return [...counts.values()];
}

function latest(runs: readonly RunRow[], steps: readonly StepRow[]): Report["latest"] {
  const details = new Map<number, string>();
  for (const { run, outcome, detail } of steps) if (outcome === "failed") details.set(run, detail ?? "");
  return runs
    .filter(({ verdict }) => verdict === "failed")
    .slice(-LATEST)
    .reverse()
    .map(({ id, serial, port, cause }) => ({ run: id, serial: serial ?? "", port, cause: cause ?? "", detail: details.get(id) ?? "" }));
}
