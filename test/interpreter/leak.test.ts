// A hundred recordings, playbacks and transfers on the real interpreter, and noise from the air: no variable is lost, and a message
// more costs none.

import assert from "node:assert/strict";
import type { EspruinoEngine } from "../../sim/espruino/engine.ts";
import { espruinoEngine } from "../../sim/espruino/make.ts";
import { BLOCK_BYTES } from "../../firmware/voice/abi.ts";
import { familyToy } from "../support/family-toy.ts";
import { fuzzByPhone, fuzzByStranger } from "../support/link-fuzz.ts";
import { family } from "../support/paired.ts";
import { Toy } from "../support/toy.ts";

const CYCLES = 100;
/** A timer more or less may be set at the moment of counting. */
const TOLERANCE = 2;
const NOISE_ROUNDS = 4;
const NOISE_FRAMES = 500;

describe("Espruino's variables", function () {
  this.timeout(600_000);

  it("are no more after a hundred recordings and playbacks than after the first ten", () => {
    let engine: EspruinoEngine | undefined;
    const toy = Toy.awake({ engine: espruinoEngine(process.env["ESPRUINO"]!, { isMeasuring: true, onMade: (made) => (engine = made) }) });
    let atTen = 0;
    for (let cycle = 1; cycle <= CYCLES; cycle++) {
      toy.hold(1000).wait(1500).tap().wait(1800);
      if (cycle === 10) atTen = engine!.variables.now;
    }
    assert.ok(toy.messages().length > 10, "no messages came to the first ten");
    assert.ok(engine!.variables.now - atTen <= TOLERANCE, `${atTen} variables after ten cycles, ${engine!.variables.now} after ${CYCLES}`);
    toy.assertHealthy();
    engine!.kill();
  });

  it("are as many after a hundred transfers each way as after the first ten", () => {
    let engine: EspruinoEngine | undefined;
    const { toy, phone } = family({ intervalMs: 7.5 }, { engine: espruinoEngine(process.env["ESPRUINO"]!, { isMeasuring: true, onMade: (made) => (engine = made) }) });
    const blocks = new Uint8Array(BLOCK_BYTES);
    let atTen = 0;
    for (let cycle = 1; cycle <= CYCLES; cycle++) {
      // The toy lets a family write only so often.
      const { code, value: sequence } = phone.send(blocks, 1000);
      assert.equal(code, 0, `transfer ${cycle}`);
      assert.equal(phone.fetch(sequence!).code, 0);
      assert.equal(phone.remove(sequence!).code, 0);
      toy.wait(190_000);
      if (cycle === 10) atTen = engine!.variables.now;
    }
    assert.ok(Math.abs(engine!.variables.now - atTen) <= TOLERANCE, `${atTen} variables after ten cycles, ${engine!.variables.now} after ${CYCLES}`);
    toy.assertHealthy();
    engine!.kill();
  });

  it("are as many after thousands of frames of noise, from strangers and from a phone of the family, as after the first ones", () => {
    let engine: EspruinoEngine | undefined;
    const all = familyToy({ engine: espruinoEngine(process.env["ESPRUINO"]!, { isMeasuring: true, onMade: (made) => (engine = made) }) }, { intervalMs: 7.5 });
    const counts: number[] = [];
    for (let round = 0; round < NOISE_ROUNDS; round++) {
      fuzzByStranger(all, NOISE_FRAMES, 300 + round);
      fuzzByPhone(all, NOISE_FRAMES, 400 + round);
      // Until what was begun is given up.
      all.toy.wait(70_000);
      counts.push(engine!.variables.now);
    }
    assert.ok(Math.max(...counts) - counts[0]! <= TOLERANCE, `variables after each round: ${counts.join(", ")}`);
    assert.deepEqual(all.toy.machine.uncaught, []);
    engine!.kill();
  });
});
