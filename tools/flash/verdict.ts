// What a good board measures in the self-test, and what is said of one that was measured.

import type { Board } from "../../boards/board.ts";
import { violations, type Limit, type Limits, type Measurement } from "../production/limits.ts";

export interface Verdict {
  readonly item: string;
  readonly value: number | boolean | undefined;
  readonly limit: Limit;
  /** Not judged: nobody held the paw, or was there to be asked. */
  readonly state: "ok" | "failed" | "not judged";
}

/** What somebody at the board must do or see. */
const ATTENDED = ["paw", "microphone", "silence", "loopback", "light"];
const IS_TRUE: Limit = { is: true };
/** A lithium cell on its charger, and the divider's error. */
const FULL_MILLIVOLTS = 4300;

export function limitsOf({ battery, capabilities, selfTest }: Board): Limits {
  return new Map<string, Limit>([
    ["flash", IS_TRUE],
    ["kernel", IS_TRUE],
    ["converter", IS_TRUE],
    ["paw-at-rest", IS_TRUE],
    ...(capabilities.link ? [["radio", IS_TRUE] as const] : []),
    ...(battery ? [["battery-mv", { atLeast: battery.lowMillivolts, atMost: FULL_MILLIVOLTS, unit: "mV" }] as const] : []),
    ["paw", IS_TRUE],
    ["microphone", IS_TRUE],
    ["silence", { atLeast: 0, atMost: selfTest.silenceAtMost, unit: "/1000" }],
    ["loopback", { ...selfTest.loopback, unit: "/1000" }],
    ["light", IS_TRUE],
  ]);
}

/** One for each item that the board has. */
export function judge(board: Board, measured: readonly Measurement[]): Verdict[] {
  return [...limitsOf(board)].map(([item, limit]) => {
    const value = measured.find((one) => one.item === item)?.value;
    if (value === undefined && ATTENDED.includes(item)) return { item, value, limit, state: "not judged" };
    return { item, value, limit, state: violations(new Map([[item, limit]]), measured).length === 0 ? "ok" : "failed" };
  });
}

export const failures = (verdicts: readonly Verdict[]): string[] => verdicts.filter(({ state }) => state === "failed").map(({ item }) => item);

/** A line for each: state, item, value, limits. */
export function verdictLines(verdicts: readonly Verdict[]): string[] {
  return verdicts.map(({ item, value, limit, state }) => {
    const bounds = limit.is !== undefined ? `must be ${limit.is}` : `${limit.atLeast} to ${limit.atMost} ${limit.unit}`;
    return `${(state === "failed" ? "FAILED" : state).padEnd(10)}  ${item.padEnd(11)} ${String(value ?? "-").padStart(5)}  ${bounds}`;
  });
}
