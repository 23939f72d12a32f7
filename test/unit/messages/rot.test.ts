// Bit rot: any single bit, anywhere. Headers in full, the rest by lot; every bit of all in the soak.

import { RottingStore } from "../../support/rot.ts";
import { random } from "../../support/random.ts";

const PAGE_BITS = 4096 * 8;
const HEADER_BITS = 32 * 8;

describe("a rotten bit in the store", function () {
  this.timeout(60_000);
  const store = new RottingStore();

  it("in the header of any page that holds something changes nothing that is said", () => {
    for (const page of [0, 1, 2, 3, 4, 6, 12, 13, 14, 15]) for (let bit = 0; bit < HEADER_BITS; bit++) store.flip(page * PAGE_BITS + bit);
  });

  it("in the key page makes the toy forget nothing", () => {
    for (let bit = 0; bit < 14 * 32; bit++) store.flipKey(bit);
  });

  it("anywhere else changes nothing that is said", () => {
    const next = random(7);
    for (let i = 0; i < 800; i++) store.flip(Math.floor(next() * store.bits));
    // Records and notes are small: all of them.
    for (const page of [13, 15]) for (let byte = 32; byte < 600; byte += 3) store.flip(page * PAGE_BITS + byte * 8 + (byte % 8));
  });
});
