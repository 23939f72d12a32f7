// Each condition of the guard and of the pairing window is taken out on purpose, one at a time: somebody then gets through, and a test
// says so. A condition whose loss none shows is here by name, with the reason why it may stand all the same.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { observed } from "../support/attack-table.ts";
import { mutants, noticedBy, testsOn } from "../support/mutants.ts";
import type { ThreatId } from "../support/threats.ts";

interface Part {
  readonly id: ThreatId;
  readonly file: string;
  /** The functions of it that decide what comes of what a phone says; all of them when none is named. */
  readonly within?: readonly string[];
  readonly tests: readonly string[];
  /** The condition, and what else would have to fail before it mattered. */
  readonly secondLocks: readonly (readonly [what: string, why: string])[];
}

const WORDS = "of all events that the window is told only those of bonds carry words";

const parts: readonly Part[] = [
  {
    id: "T22",
    file: "firmware/link/guard.ts",
    tests: ["test/attack/link-guard.test.ts"],
    secondLocks: [
      ['without self.address === ""', "the stack would be asked to end a link when there is none"],
      ["without self.isProven", "what was begun on a proven link is void on the next one by its epoch"],
      ["without phones.addresses[place] === self.identity", "a phone that is revoked is put off in the same moment"],
      ["phones.find(self.identity) >= 0 is true", "the same"],
      ["self.claim is true", "the window gives it before the radio wakes"],
      ["!self.isProven is true", "what is done at the first proof may be done again"],
      ["!(op >= OP_HELLO && op < OP_COUNT) is false", "an opcode without lengths has no length that fits"],
      ["without op >= OP_HELLO", "opcode 0 has no length that fits"],
      ["without op < OP_COUNT", "an opcode without lengths has no length that fits"],
    ],
  },
  {
    id: "T23",
    file: "firmware/link/transfer.ts",
    within: ["sendNext", "written", "gather"],
    tests: ["test/attack/link-guard.test.ts", "test/unit/link/transfer.test.ts"],
    secondLocks: [
      ["from === 0 is true", "every frame is copied first, which only takes longer"],
      ["nowMs - grantedMs < REPEAT_MS is false", "the same grant goes out more often, for as many frames as there is room for"],
      ["without at + length <= readyTo", "every frame is thought over, which only takes longer"],
    ],
  },
  {
    id: "T15",
    file: "firmware/link/window.ts",
    tests: ["test/unit/link/window.test.ts", "test/unit/link/pairing.test.ts"],
    secondLocks: [
      ["without !hasBond", "a bond that was made on this link is not the one that was accepted, so its identity is another"],
      ["!guard.isProven is true", "whoever is proven while it is open has shut it with that, or is being put off since it was opened"],
      ["without kind === RADIO_BOND", WORDS],
      ["without kind === RADIO_BOND", WORDS],
      ["without kind === RADIO_BOND", WORDS],
    ],
  },
];

describe("Without one of its conditions", function () {
  this.timeout(180_000);

  for (const { id, file, within, tests, secondLocks } of parts) {
    it(`${id} ${file} lets somebody through, and it is noticed, whichever it is`, () => {
      const isNoticed = (source: string): boolean => tests.some((test) => noticedBy(testsOn(test, { file, source })) !== undefined);
      assert.equal(isNoticed(readFileSync(file, "utf8")), false, "as it is it withstands all");
      const all = mutants(file, within);
      const survivors = all.filter(({ source }) => !isNoticed(source)).map(({ what }) => what);
      assert.deepEqual(survivors.sort(), secondLocks.map(([what]) => what).sort());
      observed(id, `${all.length} of ${file} with a condition taken out`, `${all.length - survivors.length} fail a test, ${survivors.length} are second locks behind another condition`);
    });
  }
});
