// The table of the attack suite: what was tried, and what was observed. Each file prints its own rows when its tests are done.

const WIDTH = 60;

export interface AttackTable {
  /** A row: the threat's id, the attack in words, what the toy did and what the attacker holds. */
  (id: string, attack: string, observed: string): void;
}

/** Call it inside a `describe`: prints after its tests. */
export function attackTable(): AttackTable {
  const rows: string[] = [];
  after(() => console.log(`\n${rows.join("\n")}`));
  return (id, attack, observed) => void rows.push(`  ${id}  ${attack.padEnd(WIDTH)} -> ${observed}`);
}
