// The application's view of its own slot: confirming while on trial, reading prompts.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import sinon from "sinon";
import { xiaoble } from "../../../boards/xiaoble.ts";
import { WORD_CONFIRMED } from "../../../firmware/boot/manifest.ts";
import { createSlot } from "../../../firmware/slot/slot.ts";
import { mockClock } from "../../../hal/mock/clock.ts";
import { mockFlash, type MockFlash } from "../../../hal/mock/flash.ts";
import { committed, slotImage } from "../../../tools/image/slot.ts";

const prompts = Uint8Array.from({ length: 9000 }, (_, i) => (i * 31) >> 3);

describe("an application's slot", () => {
  let time: sinon.SinonFakeTimers;
  beforeEach(() => {
    time = sinon.useFakeTimers();
  });
  afterEach(() => time.restore());

  function slotOf(isOnTrial: boolean): MockFlash {
    const flash = mockFlash(8);
    flash.memory.set(committed(slotImage(xiaoble, { text: Buffer.from("print(1)"), prompts, version: 1 }), isOnTrial));
    return flash;
  }
  const confirmed = (flash: MockFlash): number => new DataView(flash.memory.buffer).getUint32(WORD_CONFIRMED * 4, true);
  const clock = () => mockClock(globalThis as never);

  it("is confirmed after ten seconds of an application that is well, and not before", () => {
    const flash = slotOf(true);
    createSlot(flash, clock()).confirmWhen(() => true);
    time.tick(9999);
    assert.equal(confirmed(flash), 0xffffffff);
    time.tick(1);
    assert.equal(confirmed(flash), 0);
  });

  it("is not confirmed while the application is unwell, and is when it recovers", () => {
    const flash = slotOf(true);
    let isWell = false;
    createSlot(flash, clock()).confirmWhen(() => isWell);
    time.tick(60000);
    assert.equal(confirmed(flash), 0xffffffff);
    isWell = true;
    time.tick(10000);
    assert.equal(confirmed(flash), 0);
  });

  it("tries again when the flash did not take the word", () => {
    const flash = slotOf(true);
    flash.failWritesFrom = 0;
    createSlot(flash, clock()).confirmWhen(() => true);
    time.tick(10000);
    flash.failWritesFrom = flash.memory.length;
    assert.equal(confirmed(flash), 0xffffffff);
    time.tick(10000);
    assert.equal(confirmed(flash), 0);
  });

  it("is left alone when it is not on trial, or was confirmed before", () => {
    const flash = slotOf(false);
    createSlot(flash, clock()).confirmWhen(() => true);
    assert.equal(time.countTimers(), 0);
    const old = slotOf(true);
    old.memory.fill(0, WORD_CONFIRMED * 4, WORD_CONFIRMED * 4 + 4);
    createSlot(old, clock()).confirmWhen(() => true);
    assert.equal(time.countTimers(), 0);
  });

  it("tells version and SHA-256 of the application that it holds", () => {
    const text = Buffer.from("print(1)");
    const { build } = createSlot(slotOf(false), clock());
    assert.equal(build.length, 9);
    assert.equal(build[0], 1);
    assert.equal(Buffer.from(build.buffer, 4).toString("hex"), createHash("sha256").update(text).digest("hex"));
  });

  it("gives prompts from anywhere, across pages, and nothing beyond their end", () => {
    const slot = createSlot(slotOf(false), clock());
    assert.equal(slot.promptBytes(), 9000);
    for (const [offset, length] of [
      [0, 10],
      [4090, 4],
      [4092, 1],
      [4000, 4500],
      [8990, 10],
    ] as const) {
      const into = new Uint8Array(length);
      assert.equal(slot.readPrompts(offset, into), true);
      assert.deepEqual(into, prompts.slice(offset, offset + length), `${length} from ${offset}`);
    }
    assert.equal(slot.readPrompts(8991, new Uint8Array(10)), false);
    assert.equal(slot.readPrompts(-1, new Uint8Array(1)), false);
  });
});
