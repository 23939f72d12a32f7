// The first seconds after power: what a paw that is held then does, and what a toy does that nobody touches.

import assert from "node:assert/strict";
import { boards } from "../../boards/index.ts";
import { sounds } from "../support/speaker.ts";
import { Toy, assertPromisesKept } from "../support/toy.ts";

describe("power on", () => {
  afterEach(assertPromisesKept);

  for (const board of boards) {
    describe(`on ${board.id}`, () => {
      it("is silent and dark when nobody touches the paw", () => {
        const toy = new Toy({ board });
        toy.powerOn().wait(20000);
        assert.deepEqual(sounds(toy, 0), []);
        for (const what of ["light", "glow", "microphone"] as const) assert.deepEqual(toy.lit(what), []);
        toy.assertHealthy();
      });

      it("with the paw held records nothing until it was released and is held again", () => {
        const toy = new Toy({ board });
        toy.powerOnHeld().wait(8000);
        assert.deepEqual(toy.lit("microphone"), []);
        toy.release().wait(1000);
        assert.deepEqual(toy.lit("microphone"), []);
        toy.hold(2000).wait(1500);
        assert.equal(toy.lit("microphone").length, 1);
        assert.deepEqual(sounds(toy, 0).slice(-2), ["start", "stop"]);
        toy.assertHealthy();
      });
    });
  }
});
