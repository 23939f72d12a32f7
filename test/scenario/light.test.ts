// The light comes before the microphone's power and goes after it also where they are two wires, which no board has: the
// product board's bundle with another pin for the microphone's power.

import assert from "node:assert/strict";
import type { Board } from "../../boards/board.ts";
import { xiaoble } from "../../boards/xiaoble.ts";
import { sounds } from "../support/speaker.ts";
import { Toy, assertPromisesKept, bundleOf, tone } from "../support/toy.ts";

const POWER = { espruino: "D9", nrf: 46, on: 1 } as const;

function twoWires(): { readonly board: Board; readonly bundle: string } {
  const board: Board = { ...xiaoble, microphone: { ...xiaoble.microphone, power: POWER } };
  const bundle = bundleOf(xiaoble);
  const data = /power:\{espruino:"D2",nrf:28,on:1\}/;
  assert.match(bundle, data, "the bundle states the microphone's power pin as the board file does");
  return { board, bundle: bundle.replace(data, `power:{espruino:"${POWER.espruino}",nrf:${POWER.nrf},on:1}`) };
}

describe("the light", () => {
  afterEach(assertPromisesKept);

  it("is on before the microphone has power, and off after it, on two wires", () => {
    const toy = Toy.awake(twoWires());
    const fromMs = toy.nowMs;
    toy.speak(tone(440, 2), 400).hold(2000).wait(1500);
    // One cut short in its chirp, and one at the limit.
    toy.hold(350).wait(1500).press().wait(42000).release().wait(500);
    assert.deepEqual(sounds(toy, fromMs).filter((name) => name === "stop").length, 2);
    const lights = toy.lit("light");
    const powers = toy.lit("microphone");
    assert.equal(powers.length, 3);
    assert.equal(lights.length, 3);
    powers.forEach(({ fromUs, toUs }, i) => assert.ok(lights[i]!.fromUs < fromUs && lights[i]!.toUs > toUs));
    toy.assertHealthy();
  });
});
