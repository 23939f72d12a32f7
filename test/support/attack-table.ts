// The table of the attack suite: what was tried, and what was observed. Test files run in processes of their own: each adds its rows to
// one file, which the reporter prints when the last test is done. Without that file they are printed as they come.

import { appendFileSync } from "node:fs";
import type { ThreatId } from "./threats.ts";

const WIDTH = 60;

/** Adds a row: the threat's id, the attack in words, what the toy did and what the attacker holds. */
export function observed(id: ThreatId, attack: string, what: string): void {
  const row = `  ${id}  ${attack.padEnd(WIDTH)} -> ${what}`;
  const { ATTACK_TABLE: file } = process.env;
  if (file) appendFileSync(file, `${row}\n`);
  else console.log(row);
}
