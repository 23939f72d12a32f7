// A basic block's work, and the tokens that the interpreter must read on the way. Counts only; prices are in model.ts.

import { tokenizer, type Options } from "acorn";
import type { Costs, Feature } from "./model.ts";

/**
 * The language of the shipped bundle: a plain ES5 script. Parsed by the rules of ES2015, as engines do, because of the
 * semicolon that may be missing after do-while.
 */
export const PARSER: Options = { ecmaVersion: 2015, sourceType: "script" };

export interface Range {
  readonly start: number;
  readonly end: number;
}

/** Code that runs as a whole once its first statement does (exceptions aside). Counts may be negative: see instrument.ts. */
export class Block {
  readonly #counts = new Map<Feature, number>();

  add(feature: Feature, count = 1): void {
    this.#counts.set(feature, (this.#counts.get(feature) ?? 0) + count);
  }

  milliTurns(costs: Costs): number {
    let sum = 0;
    for (const [feature, count] of this.#counts) sum += costs[feature] * count;
    return Math.round(sum);
  }
}

/** Answers how many tokens a range of the source has. */
export class Tokens {
  readonly #starts: number[] = [];

  constructor(source: string) {
    for (const token of tokenizer(source, PARSER)) this.#starts.push(token.start);
  }

  count({ start, end }: Range): number {
    return this.#firstFrom(end) - this.#firstFrom(start);
  }

  #firstFrom(offset: number): number {
    let low = 0;
    let high = this.#starts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#starts[middle]! < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
