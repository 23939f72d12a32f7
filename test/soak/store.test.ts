// The store at length: two power cuts at every pair of operations, stories of chance by the thousand, every single bit rotten.

import fc from "fast-check";
import { PHASES, cutEverywhere, replay, type Again } from "../support/cut-harness.ts";
import { RottingStore } from "../support/rot.ts";
import { command, history, stories } from "../support/stories.ts";

/** Every operation of a recovery that has so many. */
const always: Again = () => Array.from({ length: 24 }, (_, i) => ({ after: i >> 1, phase: PHASES[i % 3]! }));

describe("the store, at length", function () {
  this.timeout(3_600_000);

  for (const [title, act] of Object.entries(stories)) {
    it(`survives two power cuts, at every operation while ${title} and all along the recovery`, () => {
      cutEverywhere(history, act, always);
    });
  }

  it("survives any story of up to eighty events", () => {
    fc.assert(
      fc.property(fc.array(command, { minLength: 5, maxLength: 80 }), fc.constantFrom(4, 8, 20), (commands, sheets) => {
        replay(commands, sheets);
      }),
      { numRuns: 5000, seed: 2026 },
    );
  });

  it("says nothing wrong for any one of its bits", () => {
    const store = new RottingStore();
    for (let bit = 0; bit < store.bits; bit++) store.flip(bit);
  });
});
