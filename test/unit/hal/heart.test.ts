// The heart adapter: light for a level, dark for none, on whatever level the LED is lit by.

import assert from "node:assert/strict";
import { createEspruinoHeart } from "../../../hal/espruino/heart.ts";
import { clearGlobals, fakePins, setGlobals } from "./espruino-globals.ts";

describe("the heart adapter", () => {
  let pins: ReturnType<typeof fakePins>;
  beforeEach(() => {
    pins = fakePins();
    setGlobals(pins.globals);
  });
  afterEach(clearGlobals);

  for (const on of [0, 1] as const) {
    for (const negated of [false, true]) {
      it(`lights an LED that is lit by ${on}${negated ? " on a negated pin" : ""}`, () => {
        // Espruino turns what is written to a negated pin round.
        const electrical = (value: number): number => (negated ? 1 - value : value);
        const pin = { espruino: "D3", nrf: 29, on, ...(negated ? { negated } : {}) };
        const heart = createEspruinoHeart({ heart: { glow: pin, recording: pin } });
        heart.glow(0);
        heart.glow(255);
        heart.glow(51);
        const [dark, lit, dim] = pins.calls;
        assert.deepEqual(dark!.slice(0, 2), ["digitalWrite", "D3"]);
        assert.equal(electrical(Number(dark![2])), 1 - on);
        assert.equal(electrical(Number(lit![2])), on);
        assert.equal(dim![0], "analogWrite");
        const share = electrical(Number(dim![2]));
        assert.ok(Math.abs((on ? share : 1 - share) - 0.2) < 1e-9);
        assert.ok((dim![3] as { freq: number }).freq >= 100, "a carrier that does not flicker");
      });
    }
  }
});
