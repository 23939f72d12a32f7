// The power goes at every single flash operation of an update and of a first installation, before, during and after it; and a
// cable with a good deal of noise.

import assert from "node:assert/strict";
import { xiaoble } from "../../boards/xiaoble.ts";
import { blankBoard, boardRunning, boots, cutAndRecover, flash, greeting, installationOf } from "../support/flashing.ts";

describe("flashing at length", () => {
  const next = installationOf(xiaoble, greeting(xiaoble, "new", 1000, 600));

  for (const isFirst of [false, true]) {
    it(`of ${isFirst ? "a first installation" : "an update"}, cut at every operation`, async () => {
      const stage = isFirst ? blankBoard(xiaoble) : boardRunning(xiaoble, greeting(xiaoble, "old", 1000, 600));
      const { error } = await flash(stage.powerOn(), next);
      assert.equal(error, undefined);
      const { operations } = stage.machines[0]!.flash;
      let cuts = 0;
      for (let operation = 0; operation < operations.length; operation++) {
        // A wipe is one page like the other: every sixteenth.
        if (operations[operation]!.kind === "erase" && operation % 16 !== 0) continue;
        for (const phase of ["before", "during", "after"] as const) {
          await cutAndRecover(isFirst, next, { operation, phase });
          cuts++;
        }
      }
      console.log(`      ${cuts} cuts in ${operations.length} operations`);
    });
  }

  it("through noise, from a hundred seeds", async () => {
    for (let seed = 1; seed <= 100; seed++) {
      const stage = boardRunning(xiaoble, greeting(xiaoble, "old", 1000, 600));
      const { error } = await flash(stage, next, { cable: { noise: 0.0002, seed } });
      assert.equal(error, undefined, `seed ${seed}`);
      assert.equal(boots(stage), "new", `seed ${seed}`);
    }
  });
});
