// Loops of tests over every case there is. Where a run as a whole would take too long (the real interpreter boots ten times slower),
// whoever starts it has it take a sample; the tests do not know.

import { random } from "./random.ts";

const SEED = 11;

export const sampling = { atMost: Infinity };

/** All cases, or as many of them, in their order, as the run may take: the same in every run. */
export function exhaustive<T>(cases: readonly T[]): readonly T[] {
  const next = random(SEED);
  let left = Math.min(cases.length, sampling.atMost);
  return cases.filter((_, i) => next() * (cases.length - i) < left && left-- > 0);
}

export function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}
