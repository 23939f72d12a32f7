// What must not sound wrong does not sound at all: whatever is not whole at boot leaves a toy that says so by its error tone, at
// boot and at each hold, and that neither records nor plays.

import assert from "node:assert/strict";
import { ERR_HARDWARE } from "../../../hal/contract.ts";
import { BROKEN, HELD, TAPPED_ONCE } from "../../../firmware/states.ts";
import { kernelImage } from "../../../firmware/voice/kernel.generated.ts";
import { mockToy, type MockToy, type MockToyOptions } from "../../support/mock-toy.ts";

const turned = (text: string, at: number): string => text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ 1) + text.slice(at + 1);

const reasons: [string, MockToyOptions][] = [
  ["the kernel's bytes are altered", { image: { ...kernelImage, code: turned(kernelImage.code, 100) } }],
  ["the kernel's bytes are cut short", { image: { ...kernelImage, code: kernelImage.code.slice(0, -1) } }],
  ["the kernel computes another answer than is known", { image: { ...kernelImage, knownAnswer: kernelImage.knownAnswer ^ 1 } }],
  ["there is no flat memory for the kernel's code", { cannotLoad: true }],
  ["there is no flat memory for the voice", { memoryBytes: 100 }],
  ["converter or PWM do not run in the self-test", { selfTest: ERR_HARDWARE }],
];

describe("a toy of which a part is not whole", () => {
  let self: MockToy;
  afterEach(() => self.time.restore());

  for (const [reason, options] of reasons) {
    it(`has its error tone and no voice, because ${reason}`, () => {
      self = mockToy(options);
      assert.equal(self.toy.state, BROKEN);
      self.time.tick(3000);
      const { tones } = self.speaker;
      const atBoot = tones.splice(0);
      assert.ok(atBoot.some(([hz]) => hz > 0), "said at boot");
      const hand = self.token();
      self.toy.handle(HELD, hand.token);
      assert.equal(self.microphone.isPowered, false);
      self.time.tick(3000);
      assert.deepEqual(tones.splice(0), atBoot, "and at a hold");
      hand.letGo();
      self.toy.handle(TAPPED_ONCE);
      self.time.tick(3000);
      assert.equal(self.speaker.isPlaying, false);
      assert.equal(self.toy.state, BROKEN);
    });
  }

  it("is not what a whole one is", () => {
    self = mockToy();
    self.time.tick(3000);
    assert.notEqual(self.toy.state, BROKEN);
    assert.deepEqual(self.speaker.tones.filter(([hz]) => hz > 0), []);
  });
});
