// Power cuts on the product's own flash: some pairs of them, drawn by lot, in each thing that the toy does. Every operation of the
// store is cut in unit/messages/cuts.test.ts, many more pairs in the soak.

import { nrf52840dk } from "../../boards/nrf52840dk.ts";
import { xiaoble } from "../../boards/xiaoble.ts";
import { observed } from "../support/attack-table.ts";
import { assertPromisesKept } from "../support/toy.ts";
import { cutAt, stories } from "../support/toy-cuts.ts";

const PAIRS = 8;

describe("a power cut", () => {
  afterEach(assertPromisesKept);

  for (const board of [xiaoble, nrf52840dk]) {
    for (const [i, story] of stories.entries()) {
      it(`T49 on ${board.id} while ${story.title}, and in the recovery, loses nothing that was confirmed`, () => {
        cutAt(board, story, 10 * i + board.id.length, PAIRS);
        observed("T49", `${PAIRS} pairs of cuts on ${board.id} while ${story.title}`, "what was confirmed is whole, nothing else is there, it records again");
      });
    }
  }
});
