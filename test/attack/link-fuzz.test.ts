// Fifty thousand frames of noise, half from strangers, half from a phone of the family (T24, T35): no crash, no sound, no microphone,
// nothing changed by strangers, nothing torn by the phone. A million in `npm run soak`.

import assert from "node:assert/strict";
import { observed } from "../support/attack-table.ts";
import { familyToy, kept } from "../support/family-toy.ts";
import { assertUnharmed, fuzzByPhone, fuzzByStranger } from "../support/link-fuzz.ts";
import { assertPromisesKept } from "../support/toy.ts";

const FRAMES = 25_000;

describe("Noise over the air", function () {
  this.timeout(300_000);
  afterEach(assertPromisesKept);

  it("T35 from strangers, in raw packets to every handle, changes nothing and is told nothing", () => {
    const family = familyToy();
    const { toy, phone } = family;
    const before = kept(toy);
    const fromMs = toy.nowMs;
    const { links, notified } = fuzzByStranger(family, FRAMES, 35);
    assert.equal(notified, 0);
    toy.wait(6000);
    assertUnharmed(family, fromMs, before);
    assert.equal(phone.open(), 0);
    observed("T35", `${FRAMES} packets of noise from strangers, ${links} links`, "no notification, no change, no crash; the family gets in");
  });

  it("T24 from a phone of the family: codes for answers, nothing torn, no sound", () => {
    const family = familyToy({}, { intervalMs: 7.5 });
    const fromMs = family.toy.nowMs;
    const { answers } = fuzzByPhone(family, FRAMES, 24);
    assert.ok(answers > 20_000, String(answers));
    family.toy.wait(70_000);
    assertUnharmed(family, fromMs);
    observed("T24", `${FRAMES} frames of noise from an accepted phone`, `${answers} answers, no crash, no sound, no torn message`);
  });
});
