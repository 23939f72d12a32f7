// Power cuts before, during and after every flash operation of every thing that the store does, on eight sheets; each recovery is
// cut everywhere again. Stories of chance, with worn pages among them; longer ones in the soak.

import assert from "node:assert/strict";
import fc from "fast-check";
import { ERR_RANGE } from "../../../hal/contract.ts";
import type { Command } from "../../support/cut-rig.ts";
import { cutEverywhere, replay } from "../../support/cut-everywhere.ts";
import { command, history, stories } from "../../support/stories.ts";

describe("a power cut in the store", function () {
  this.timeout(60_000);

  for (const [title, act] of Object.entries(stories)) {
    it(`at every operation while ${title}, and at every one of the recovery`, () => {
      const { once, twice } = cutEverywhere(history, act);
      assert.ok(once > 1 && twice > once);
    });
  }

  it("on blank flash, at first boot", () => {
    const { once, twice } = cutEverywhere([], [{ do: "record", blocks: 2 }, { do: "settle" }]);
    assert.ok(once > 15 && twice > once);
  });

  it("anywhere in any story of up to thirty events", () => {
    fc.assert(
      fc.property(fc.array(command, { minLength: 5, maxLength: 30 }), (commands) => {
        replay(commands);
      }),
      { numRuns: 200, seed: 12 },
    );
  });

  it("tells with every failure how to have it again", () => {
    const impossible: Command[] = [{ do: "note", times: 1 }, { do: "put", kind: 0, bytes: 1 }];
    assert.throws(() => replay(impossible), { message: `a record was not taken: ${ERR_RANGE}\nto run it again: replay(${JSON.stringify(impossible)}, 8);` });
    assert.throws(() => cutEverywhere([], impossible), /again: replay\(\[\{"do":"cut","after":0,"phase":"before"\},\{"do":"reboot"\},.*"kind":0,"bytes":1\}\], 8\);$/);
  });
});
