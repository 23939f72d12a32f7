// Power cuts on the product's own flash, many pairs of them.

import { xiaoble } from "../../boards/xiaoble.ts";
import { assertPromisesKept } from "../support/toy.ts";
import { cutAt, stories } from "../support/toy-cuts.ts";

const PAIRS = 300;

describe("power cuts at length", function () {
  this.timeout(3_600_000);
  afterEach(assertPromisesKept);

  for (const [i, story] of stories.entries()) {
    it(`while ${story.title}, and in the recovery, lose nothing that was confirmed`, () => cutAt(xiaoble, story, 2026 + i, PAIRS));
  }
});
