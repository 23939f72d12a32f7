// The store at length: stories of chance by the thousand, on rings of many sizes and on the product's; two power cuts at every pair of
// operations of some of them; every single bit rotten.

import fc from "fast-check";
import { xiaoble } from "../../boards/xiaoble.ts";
import { messageSheets } from "../../tools/image/messages.ts";
import { cutEverywhere, replay } from "../support/cut-everywhere.ts";
import { RottingStore } from "../support/rot.ts";
import { command, history, stories } from "../support/stories.ts";

const seed = 2026;

describe("the store, at length", function () {
  this.timeout(7_200_000);

  for (const [title, act] of Object.entries(stories)) {
    it(`survives two power cuts on twenty sheets, at every operation while ${title} and of the recovery`, () => {
      cutEverywhere(history, act, 20);
    });
  }

  it("survives two power cuts, at every operation of any story and of its recovery", () => {
    const story = fc.array(command, { minLength: 3, maxLength: 12 });
    fc.assert(fc.property(story, story, (before, act) => void cutEverywhere(before, act)), { numRuns: 150, seed, endOnFailure: true });
  });

  it("survives any story of up to eighty events", () => {
    fc.assert(
      fc.property(fc.array(command, { minLength: 5, maxLength: 80 }), fc.constantFrom(4, 8, 20), (commands, sheets) => replay(commands, sheets)),
      { numRuns: 5000, seed },
    );
  });

  it("survives any story of up to eighty events on the product's own ring", () => {
    const wear = fc.record({ do: fc.constant("wearOut" as const), page: fc.nat(2 * messageSheets(xiaoble) + 5) });
    const long = fc.oneof({ weight: 9, arbitrary: command }, { weight: 1, arbitrary: wear });
    fc.assert(
      fc.property(fc.array(long, { minLength: 5, maxLength: 80 }), (commands) => replay(commands, messageSheets(xiaoble))),
      { numRuns: 500, seed },
    );
  });

  it("says nothing wrong for any one of its bits", () => {
    const store = new RottingStore();
    for (let bit = 0; bit < store.bits; bit++) store.flip(bit);
  });
});
