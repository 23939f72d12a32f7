// The spoken passkey: what the committed clips sound like, how a passkey becomes blocks or beeps, and that it fits in its time.

import assert from "node:assert/strict";
import sinon from "sinon";
import { boards } from "../../../boards/index.ts";
import { xiaoble } from "../../../boards/xiaoble.ts";
import { BLOCK_BYTES, BLOCK_SAMPLES, MESSAGE_RATE_HZ } from "../../../firmware/voice/abi.ts";
import { decodeBlock } from "../../../firmware/voice/adpcm.ts";
import { CLIP_BLOCKS, DIGITS, PROMPT_BLOCKS, countedDigits, readPromptBlock, spokenDigits } from "../../../firmware/voice/prompts.ts";
import { createSlot, type Slot } from "../../../firmware/slot/slot.ts";
import { ERR_RANGE, OK } from "../../../hal/contract.ts";
import { mockClock } from "../../../hal/mock/clock.ts";
import { mockFlash } from "../../../hal/mock/flash.ts";
import { application, digitPrompts } from "../../../tools/build/application.ts";
import { committed, slotImage } from "../../../tools/image/slot.ts";

/** Pairing as a whole must be done within 30 s. */
const MOST_SECONDS = 12;
/** Nothing clips, and every clip is loud enough. */
const MOST_PEAK = 32767 * 0.95;
const LEAST_PEAK = 32767 * 0.65;

const blob = digitPrompts();
const voice = Array.from({ length: blob.length / BLOCK_BYTES }, (_, i) => decodeBlock(blob.subarray(i * BLOCK_BYTES, (i + 1) * BLOCK_BYTES)));
const clip = (digit: number): Int16Array => Int16Array.from(voice.slice(digit * CLIP_BLOCKS, (digit + 1) * CLIP_BLOCKS).flatMap((block) => [...block]));
const peak = (samples: Int16Array): number => samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
const rms = (samples: Int16Array): number => Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);

describe("the prompts", () => {
  let time: sinon.SinonFakeTimers;
  beforeEach(() => {
    time = sinon.useFakeTimers();
  });
  afterEach(() => time.restore());

  function slotWith(prompts: Uint8Array): Slot {
    const flash = mockFlash(32);
    flash.memory.set(committed(slotImage(xiaoble, { text: Buffer.from("print(1)"), prompts, version: 1 }), false));
    return createSlot(flash, mockClock(globalThis as never));
  }

  it("are ten digits, as loud as each other, below the limit, and a block of silence", () => {
    assert.equal(blob.length, PROMPT_BLOCKS * BLOCK_BYTES);
    for (let digit = 0; digit < DIGITS; digit++) {
      const samples = clip(digit);
      assert.ok(peak(samples) > LEAST_PEAK && peak(samples) < MOST_PEAK, `${digit} has a peak of ${peak(samples)}`);
      assert.ok(rms(samples) > 2000, `${digit} has ${rms(samples)} rms`);
    }
    assert.ok(peak(voice.at(-1)!) < 64, `silence has a peak of ${peak(voice.at(-1)!)}`);
  });

  it("are ten different digits: none follows from another by shift and gain", () => {
    for (let a = 0; a < DIGITS; a++) {
      for (let b = a + 1; b < DIGITS; b++) {
        assert.ok(likeness(clip(a), clip(b)) < 0.8, `${a} and ${b}: ${likeness(clip(a), clip(b))}`);
      }
      assert.ok(likeness(clip(a), clip(a)) > 0.99);
    }
  });

  it("lie in the slot of each board that has room, and the application reads them back", () => {
    for (const board of boards) {
      const { prompts } = application(board, "print(1)");
      assert.deepEqual(prompts, board.flashMap.hasPrompts ? blob : new Uint8Array(0));
    }
    const slot = slotWith(application(xiaoble, "print(1)").prompts);
    assert.equal(slot.promptBytes(), blob.length);
    const prompt = spokenDigits("0987654321");
    const into = new Uint8Array(BLOCK_BYTES);
    assert.equal(readPromptBlock(slot, prompt, 0, into), OK);
    assert.deepEqual(into, blob.slice(0, BLOCK_BYTES));
  });

  it("give an error where a slot has none", () => {
    assert.equal(readPromptBlock(slotWith(new Uint8Array(0)), spokenDigits("123456"), 0, new Uint8Array(BLOCK_BYTES)), ERR_RANGE);
  });

  it("speak each digit of a passkey twice, in its order, with silence between", () => {
    const slot = slotWith(blob);
    const prompt = spokenDigits("049217");
    assert.equal(prompt.samples, prompt.blocks.length * BLOCK_SAMPLES);
    const into = new Uint8Array(BLOCK_BYTES);
    const heard: string[] = [];
    for (let i = 0; i < prompt.blocks.length; i++) {
      assert.equal(readPromptBlock(slot, prompt, i, into), OK);
      const is = voice.findIndex((_, block) => Buffer.from(into).equals(blob.subarray(block * BLOCK_BYTES, (block + 1) * BLOCK_BYTES)));
      if (is === PROMPT_BLOCKS - 1) heard.push("-");
      else if (is % CLIP_BLOCKS === 0) heard.push(`${is / CLIP_BLOCKS}`);
    }
    assert.equal(heard.join("").replace(/-+/g, "-"), "0-4-9-2-1-7-0-4-9-2-1-7-");
  });

  it("take no more than 12 s, spoken or counted, whatever the passkey", () => {
    assert.ok(spokenDigits("000000").samples / MESSAGE_RATE_HZ <= MOST_SECONDS);
    for (const digits of ["000000", "999999", "123456", "909090"]) {
      const steps = countedDigits(digits);
      const seconds = steps.filter((_, i) => i % 2 === 1).reduce((sum, ms) => sum + ms, 0) / 1000;
      assert.ok(seconds <= MOST_SECONDS, `${digits} takes ${seconds} s`);
    }
  });

  it("count as many beeps as the digit says, and one long one for zero", () => {
    const beeps = countedDigits("3010").reduce<number[][]>(
      (digits, value, i, steps) => {
        if (i % 2 === 1) return digits;
        if (value > 0) digits.at(-1)!.push(steps[i + 1]!);
        else if (steps[i + 1]! >= 500) digits.push([]);
        return digits;
      },
      [[]],
    );
    assert.deepEqual(beeps.map((digit) => digit.length), [3, 1, 1, 1, 0]);
    assert.ok(beeps[1]![0]! > 5 * beeps[0]![0]!);
    assert.equal(beeps[0]![0], beeps[2]![0]);
  });
});

/** Largest normalised cross-correlation over shifts of up to 50 ms. */
function likeness(a: Int16Array, b: Int16Array): number {
  let most = 0;
  for (let shift = -400; shift <= 400; shift += 4) {
    let sum = 0;
    for (let i = Math.max(0, shift); i < Math.min(a.length, b.length + shift); i++) sum += a[i]! * b[i - shift]!;
    most = Math.max(most, Math.abs(sum) / (rms(a) * rms(b) * a.length));
  }
  return most;
}
