// A million frames of noise over the air, half from strangers, half from a phone of the family, in pieces with seeds of their own.

import assert from "node:assert/strict";
import { familyToy, kept } from "../support/family-toy.ts";
import { assertUnharmed, fuzzByPhone, fuzzByStranger } from "../support/link-fuzz.ts";
import { assertPromisesKept } from "../support/toy.ts";

const PIECES = 20;
const FRAMES = 25_000;

describe("A million frames of noise over the air", () => {
  afterEach(assertPromisesKept);

  for (let piece = 0; piece < PIECES; piece++) {
    it(`T35 ${FRAMES} from strangers, seed ${1000 + piece}`, () => {
      const family = familyToy();
      const before = kept(family.toy);
      const fromMs = family.toy.nowMs;
      assert.equal(fuzzByStranger(family, FRAMES, 1000 + piece).notified, 0);
      family.toy.wait(6000);
      assertUnharmed(family, fromMs, before);
      assert.equal(family.phone.open(), 0);
    });

    it(`T24 ${FRAMES} from an accepted phone, seed ${2000 + piece}`, () => {
      const family = familyToy({}, { intervalMs: 7.5 });
      const fromMs = family.toy.nowMs;
      const { answers } = fuzzByPhone(family, FRAMES, 2000 + piece);
      assert.ok(answers > 0.4 * FRAMES, `${answers} answers`);
      family.toy.wait(70_000);
      assertUnharmed(family, fromMs);
    });
  }
});
