// The table of the attack suite: what was tried, and what was observed. One for all files, printed when the last test is done.

import type { ThreatId } from "./threats.ts";

const WIDTH = 60;

/** A row: the threat's id, the attack in words, what the toy did and what the attacker holds. */
interface Row {
  readonly id: ThreatId;
  readonly text: string;
}

const rows: Row[] = [];

/** Adds a row. */
export function observed(id: ThreatId, attack: string, what: string): void {
  rows.push({ id, text: `  ${id}  ${attack.padEnd(WIDTH)} -> ${what}` });
}

// Outside of every `describe`: after all tests of all files.
after(() => {
  const sorted = [...rows].sort((a, b) => a.id.localeCompare(b.id));
  console.log(`\nattack -> what was observed\n\n${sorted.map(({ text }) => text).join("\n")}`);
});
