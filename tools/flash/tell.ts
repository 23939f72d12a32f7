// What a flash tells as it goes on: one JSON object a line for machines, a line of progress for people. A child of `--all` tells its
// parent the former, who shows the latter.

import { printable } from "../production/files.ts";
import type { Flashed } from "./flash-one.ts";
import { verdictLines, type Verdict } from "./verdict.ts";

export type Told =
  | { readonly port: string; readonly step: string; readonly share?: number }
  | { readonly port: string; readonly selftest: readonly Verdict[] }
  | { readonly port: string; readonly done: Flashed };

export function createTeller(isJson: boolean, print: (line: string) => void = console.log): (told: Told) => void {
  /** Tenths of the writing that were told, so that a percentage comes ten times and not a thousand. */
  let tenth = -1;
  return (told) => {
    if (isJson) return print(JSON.stringify(told));
    const say = (text: string): void => print(`${told.port}  ${printable(text, 200)}`);
    if ("selftest" in told) verdictLines(told.selftest).forEach(say);
    else if ("done" in told) say(`done: ${summary(told.done)}`);
    else if (told.share === undefined) {
      say(told.step);
      tenth = -1;
    } else if (Math.floor(told.share * 10) > tenth) {
      tenth = Math.floor(told.share * 10);
      say(`${told.step} ${tenth * 10}%`);
    }
  };
}

export function summary({ board, plan, isSealed, verdicts }: Flashed): string {
  const what = plan.kind === "first" ? "first installation" : `update ${plan.version}`;
  const count = (state: Verdict["state"]): number => verdicts.filter((verdict) => verdict.state === state).length;
  const skipped = count("not judged");
  const tested = verdicts.length === 0 ? "not tested" : `${count("ok")} items ok${skipped > 0 ? `, ${skipped} not judged` : ""}`;
  return `${board}, ${what}, ${tested}, ${isSealed ? "sealed" : "console open"}`;
}
