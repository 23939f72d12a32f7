// Each condition of the guard is taken out on purpose, one at a time: an attack then gets through, and a test says so. A condition
// whose loss no attack shows is here by name, with the reason why it may stand all the same.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { observed } from "../support/attack-table.ts";
import { mutants, noticedBy, testsOn } from "../support/mutants.ts";

const GUARD = "firmware/link/guard.ts";
const ATTACKS = "test/attack/link-guard.test.ts";

/** The condition, and what else would have to fail before it mattered. */
const SECOND_LOCKS: Readonly<Record<string, string>> = {
  'without self.address === ""': "the stack would be asked to end a link when there is none",
  'without self.address !== ""': "no address that the stack tells is empty",
  "without status.connected": "the stack tells no address when nobody is connected",
  "without self.isProven": "what was begun on a proven link is void on the next one by its epoch",
  "without phones.find(self.identity) >= 0": "a phone that is revoked is put off in the same moment",
  "phones.find(self.identity) >= 0 is true": "the same",
  "self.claim is true": "the window gives it before the radio wakes",
  "!self.isProven is true": "what is done at the first proof may be done again",
  "!(op >= OP_HELLO && op < OP_COUNT) is false": "an opcode without lengths has no length that fits",
  "without op >= OP_HELLO": "opcode 0 has no length that fits",
  "without op < OP_COUNT": "an opcode without lengths has no length that fits",
};

describe("The guard without one of its conditions", function () {
  this.timeout(180_000);

  it("lets an attack through that is noticed, whichever it is", () => {
    const whole = { file: GUARD, source: readFileSync(GUARD, "utf8") };
    assert.equal(noticedBy(testsOn(ATTACKS, whole)), undefined, "as it is it withstands all");
    const all = mutants(GUARD);
    const survivors = all.filter(({ source }) => noticedBy(testsOn(ATTACKS, { file: GUARD, source })) === undefined).map(({ what }) => what);
    assert.deepEqual(survivors.sort(), Object.keys(SECOND_LOCKS).sort());
    observed("T22", `${all.length} guards with a condition taken out`, `${all.length - survivors.length} fail an attack test, ${survivors.length} are second locks behind another condition`);
  });
});
