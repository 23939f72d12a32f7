// Which application the loader starts (T45, T46): the newest whole one, on trial once, never a damaged or half-written one.

import assert from "node:assert/strict";
import { boards } from "../../boards/index.ts";
import { xiaoble } from "../../boards/xiaoble.ts";
import { WORD_COMMIT, WORD_CONFIRMED, WORD_STARTED, WORD_TRIAL, MANIFEST_WORDS } from "../../firmware/boot/manifest.ts";
import { slotRuns } from "../../boards/flash-map.ts";
import { application } from "../../tools/build/application.ts";
import type { Stage } from "../../sim/stage.ts";
import { observed } from "../support/attack-table.ts";
import { exhaustive, range } from "../support/exhaustive.ts";
import { boardWith, install, says, saying, slotBytes } from "../support/slots.ts";
import { Toy, bundleOf } from "../support/toy.ts";

const clear = (bytes: Uint8Array, word: number): void => void bytes.fill(0, word * 4, word * 4 + 4);
const isClear = (bytes: Uint8Array, word: number): boolean => bytes.subarray(word * 4, word * 4 + 4).every((byte) => byte === 0);
const NONE = "no whole application";

describe("the loader", function () {
  this.timeout(180000);

  for (const board of boards) {
    it(`starts the only application of ${board.id}`, () => {
      assert.deepEqual(says(boardWith(board, saying("a", 1))), ["a0"]);
    });

    it(`T45 starts nothing half of ${board.id}: no audio, no radio, a blinking heart`, () => {
      const stage = boardWith(board, saying("a", 1));
      slotBytes(stage, 0)[130]! ^= 4;
      assert.deepEqual(says(stage, 2000), [NONE]);
      const glow = stage.world.changes.get(board.heart.glow.nrf)!.map(({ drive }) => drive.kind === "level" && drive.level);
      assert.deepEqual(glow.slice(0, 4), [1, 0, 1, 0].map((level) => (board.heart.glow.on === 1 ? level : 1 - level)));
      assert.ok(glow.length >= 14 && glow.length <= 17, `${glow.length} changes in two seconds`);
      assert.deepEqual([...stage.world.changes.keys()], [board.heart.glow.nrf]);
      observed("T45", `a bit of the only firmware altered, ${board.id}`, "not started: no audio, no radio, heart blinks");
    });
  }

  const two = (): Stage => {
    const stage = boardWith(xiaoble, saying("old", 1));
    install(stage, 1, saying("new", 2));
    return stage;
  };

  it("starts the newer one, on trial once, and goes back when it was not confirmed", () => {
    const stage = two();
    assert.deepEqual(says(stage), ["new1"]);
    assert.ok(isClear(slotBytes(stage, 1), WORD_STARTED));
    assert.deepEqual([says(stage), says(stage)], [["old0"], ["old0"]]);
  });

  it("keeps the newer one once it was confirmed", () => {
    const stage = two();
    clear(slotBytes(stage, 1), WORD_CONFIRMED);
    assert.deepEqual([says(stage), says(stage)], [["new1"], ["new1"]]);
  });

  it("goes back within the same minute when the newer one throws", () => {
    const stage = two();
    install(stage, 1, saying("new", 2, { text: 'print("new"+pawlockSlot);nothing.here' }));
    assert.deepEqual(says(stage, 1000), ["new1", 'ERROR ReferenceError: "nothing" is not defined', "old0"]);
  });

  it("leaves the board alone in a service session", () => {
    assert.deepEqual(says(boardWith(xiaoble, saying("toy", 1), { boot0: "global.pawlockStop=true" })), []);
  });

  it("T46 never prefers an older one, whatever its words say", () => {
    const stage = boardWith(xiaoble, saying("new", 7));
    for (const isOnTrial of [true, false]) {
      const bytes = install(stage, 1, saying("weak", 6), isOnTrial);
      assert.deepEqual(says(stage), ["new0"]);
      clear(bytes, WORD_CONFIRMED);
      assert.deepEqual(says(stage), ["new0"]);
    }
    observed("T46", "an older firmware in the other slot, on trial or confirmed", "the newer one runs");
  });

  it("T45 takes the older one when the newer one is damaged, at the first byte or the last, text or prompts", () => {
    const prompts = Uint8Array.from({ length: 5000 }, (_, i) => i);
    const end = 4096 * 2 + 4 + (5000 - 4092);
    for (const at of [128, 128 + 25, 4096, 4096 + 4, 4096 + 4095, 4096 * 2 + 4, end - 1]) {
      const stage = boardWith(xiaoble, saying("old", 1));
      const bytes = install(stage, 1, saying("new", 2, { text: 'print("new"+pawlockSlot);1', prompts }));
      bytes[at]! ^= 0x10;
      assert.deepEqual(says(stage), ["old0"], `byte ${at}`);
      bytes[at]! ^= 0x10;
      assert.deepEqual(says(stage), ["new1"], `byte ${at} mended`);
    }
  });

  it("runs the old or the new application with any single bit of either manifest wrong, and settles", () => {
    const stage = two();
    const manifests = [0, 1].map((index) => slotBytes(stage, index).subarray(0, MANIFEST_WORDS * 4));
    const whole = manifests.map((bytes) => bytes.slice());
    for (const bit of exhaustive(range(2 * MANIFEST_WORDS * 32))) {
      const slot = bit < MANIFEST_WORDS * 32 ? 0 : 1;
      const at = bit % (MANIFEST_WORDS * 32);
      manifests.forEach((bytes, i) => bytes.set(whole[i]!));
      manifests[slot]![at >> 3]! ^= 1 << (at & 7);
      const where = `slot ${slot}, word ${at >> 5}, bit ${at & 31}`;
      const isInHeader = at >> 5 < WORD_COMMIT;
      const first = says(stage);
      // The words that are only ever cleared say the same with one bit wrong; a wrong header is not believed.
      assert.deepEqual(first, [isInHeader && slot === 1 ? "old0" : "new1"], where);
      if (bit % 8 === 5) assert.deepEqual(says(stage), [isInHeader && slot === 0 ? NONE : "old0"], `${where}, next boot`);
    }
  });

  it("is never fooled by a word that a power cut left half-written", () => {
    for (const word of [WORD_COMMIT, WORD_TRIAL, WORD_STARTED, WORD_CONFIRMED]) {
      for (const torn of [0x55555555, 0xffff0000, 0x0000ffff, 0xff000000, 0x00ffffff]) {
        const stage = two();
        new DataView(slotBytes(stage, 1).buffer, slotBytes(stage, 1).byteOffset).setUint32(word * 4, torn, true);
        for (let boot = 0; boot < 3; boot++) assert.match(says(stage).join(), /^(old0|new1)$/, `word ${word} ${torn.toString(16)}`);
      }
    }
  });

  it("survives a power cut at its own write, before, during and after", () => {
    for (const phase of ["before", "during", "after"] as const) {
      const stage = two();
      stage.powerOn({ operation: 0, phase });
      assert.equal(stage.machine.isPowered, false);
      assert.match(says(stage).join(), /^(old0|new1)$/, phase);
      assert.match(says(stage).join(), /^old0$/, phase);
    }
  });
});

describe("the firmware on trial", () => {
  it("confirms itself when it works, and runs from then on", () => {
    const toy = new Toy();
    const bytes = install(toy, 1, { ...application(xiaoble, bundleOf(xiaoble)), version: 2 ** 31 });
    toy.powerOn().wait(9000);
    assert.ok(isClear(bytes, WORD_STARTED) && !isClear(bytes, WORD_CONFIRMED));
    toy.wait(5000);
    assert.ok(isClear(bytes, WORD_CONFIRMED));
    toy.powerOn().wait(3000).assertHealthy();
    assert.deepEqual(toy.machine.flash.operations.filter(({ address }) => address >= slotRuns(xiaoble)[1]!.base && address < slotRuns(xiaoble)[1]!.base + bytes.length), []);
  });
});
