// The power goes while a board is flashed: it boots the old firmware or the new one, never a mixture, and flashing again ends well.

import assert from "node:assert/strict";
import { slotRuns } from "../../../../boards/flash-map.ts";
import { xiaoble } from "../../../../boards/xiaoble.ts";
import type { CutPlan, FlashOperation } from "../../../../sim/flash.ts";
import { random } from "../../../support/random.ts";
import { blankBoard, boardRunning, boots, cutAndRecover, flash, greeting, installationOf } from "../../../support/flashing.ts";

describe("a cut while flashing", function () {
  this.timeout(300000);
  const next = installationOf(xiaoble, greeting(xiaoble, "new", 1000, 600));

  /** The flash operations of a whole run. */
  async function operationsOf(isFirst: boolean): Promise<readonly FlashOperation[]> {
    const stage = isFirst ? blankBoard(xiaoble) : boardRunning(xiaoble, greeting(xiaoble, "old", 1000, 600));
    const { error } = await flash(stage.powerOn(), next);
    assert.equal(error, undefined);
    return stage.machines[0]!.flash.operations;
  }

  /** Where one kind of operation, or one area, ends and the next begins; and each word of a manifest. */
  function borders(operations: readonly FlashOperation[]): number[] {
    const areaOf = ({ kind, address }: FlashOperation): string => {
      const slot = slotRuns(xiaoble).findIndex(({ base, pages }) => address >= base && address < base + pages * 4096);
      return `${kind} ${slot < 0 ? (address < xiaoble.storage.base + 4096 ? "page 0" : "boot files") : slot}`;
    };
    const isWord = ({ length }: FlashOperation): boolean => length === 4;
    return operations.flatMap((operation, i) => (isWord(operation) || i === 0 || areaOf(operation) !== areaOf(operations[i - 1]!) ? [i] : []));
  }

  for (const isFirst of [false, true]) {
    it(`of ${isFirst ? "a first installation" : "an update"} at any border of file or manifest`, async () => {
      const found = borders(await operationsOf(isFirst));
      assert.ok(found.length >= 5, `${found.length} borders`);
      const seen = new Set<string>();
      for (const operation of found) {
        const cut: CutPlan = { operation, phase: (["before", "during", "after"] as const)[operation % 3]! };
        seen.add(await cutAndRecover(isFirst, next, cut));
      }
      if (!isFirst) assert.deepEqual([...seen].sort(), ["new", "old"]);
    });

    it(`of ${isFirst ? "a first installation" : "an update"} at ten packets, from a seed`, async () => {
      const operations = await operationsOf(isFirst);
      const next10 = random(isFirst ? 7 : 8);
      for (let i = 0; i < 10; i++) {
        const cut: CutPlan = { operation: Math.floor(next10() * operations.length), phase: (["before", "during", "after"] as const)[Math.floor(next10() * 3)]! };
        await cutAndRecover(isFirst, next, cut);
      }
    });
  }

  it("leaves a board that was never told of a new version where it was", async () => {
    const stage = boardRunning(xiaoble, greeting(xiaoble, "old", 1000, 600));
    const { error } = await flash(stage, next, { cable: { cutAfterLines: 3 } });
    assert.match(error!.message, /went away/);
    assert.equal(boots(stage), "old");
  });
});
