// Power cuts before, during and after every flash operation of every thing that the store does, on eight sheets; each recovery is
// cut again. More of it, and longer, in the soak.

import assert from "node:assert/strict";
import fc from "fast-check";
import { PHASES, cutEverywhere, replay, type Again, type Command } from "../../support/cut-harness.ts";
import { command, history, stories } from "../../support/stories.ts";

/** A second cut in each recovery, at another place each time. */
const once: Again = (cut) => [{ after: cut % 7, phase: PHASES[cut % 3]! }];

describe("a power cut in the store", function () {
  this.timeout(60_000);

  for (const [title, act] of Object.entries(stories)) {
    it(`at every operation while ${title}`, () => {
      const runs = cutEverywhere(history, act, once);
      assert.ok(runs > 0);
    });
  }

  it("on blank flash, at first boot", () => {
    const first: Command[] = [{ do: "record", blocks: 2 }, { do: "settle" }];
    assert.ok(cutEverywhere([], [{ do: "reset" }, ...first], once) > 20);
    for (let after = 0; after < 12; after++) {
      for (const phase of PHASES) replay([{ do: "cut", after, phase }, { do: "reboot" }, ...first]);
    }
  });

  it("anywhere in any story of up to thirty events", () => {
    fc.assert(
      fc.property(fc.array(command, { minLength: 5, maxLength: 30 }), (commands) => {
        replay(commands);
      }),
      { numRuns: 120, seed: 12 },
    );
  });
});
