// The power fails at a flash operation, before, half-way through or after it, while the toy records, evicts, marks heard or
// forgets. Then it boots again: what it had confirmed is whole, nothing wrong is there, and it records as before.

import assert from "node:assert/strict";
import { nrf52840dk } from "../../boards/nrf52840dk.ts";
import { xiaoble } from "../../boards/xiaoble.ts";
import type { Board } from "../../boards/board.ts";
import type { CutPlan } from "../../sim/flash.ts";
import { fill, give } from "../support/family.ts";
import { random } from "../support/random.ts";
import { sounds } from "../support/speaker.ts";
import { Toy, assertPromisesKept, tone } from "../support/toy.ts";

const PAIRS_PER_STORY = 8;
const PHASES = ["before", "during", "after"] as const;

interface Story {
  readonly title: string;
  /** Sequence numbers of the messages that lie in flash before, and of those that must be whole whatever happens. */
  readonly prepare: (toy: Toy) => void;
  readonly act: (toy: Toy) => void;
  /** How long the next boot may take until the toy records again: a reset that was cut short goes on. */
  readonly recoveryMs?: number;
  /** Messages that the story itself may take away. */
  readonly mayGo: (sequence: number) => boolean;
}

const never = (): boolean => false;
const some = (toy: Toy): void => {
  give(toy, { sheet: 0, sequence: 1, seconds: 2, hz: 500, isHeard: true });
  give(toy, { sheet: 2, sequence: 2, seconds: 1.5, hz: 600 });
  give(toy, { sheet: 4, sequence: 3, seconds: 1, hz: 700, isOwn: true });
};

const stories: readonly Story[] = [
  { title: "it records", prepare: some, act: (toy) => void toy.speak(tone(440, 3), 300).hold(3000).wait(2000), mayGo: never },
  { title: "it marks a message heard", prepare: some, act: (toy) => void toy.tap().wait(3000), mayGo: never },
  {
    title: "it makes room by dropping the oldest heard",
    prepare: (toy) => {
      // All sheets but some are taken by messages that were heard; the last one was not.
      const sheet = fill(toy, { sheetsEach: 4, free: 4, isHeard: true });
      give(toy, { sheet, sequence: 99, seconds: 1, hz: 700 });
    },
    act: (toy) => void toy.wait(12000),
    mayGo: (sequence) => sequence !== 99,
  },
  { title: "it forgets everything", prepare: some, act: (toy) => void toy.tap(6).wait(150).hold(10500).wait(30000), recoveryMs: 40000, mayGo: () => true },
];

describe("a power cut", () => {
  afterEach(assertPromisesKept);

  const check = (board: Board, story: Story, seed: number): void => {
    const next = random(seed);
    const toy = new Toy({ board });
    story.prepare(toy);
    const images = toy.memories.map(({ bytes }) => bytes.slice());
    const restore = (): void => toy.memories.forEach(({ bytes }, i) => bytes.set(images[i]!));
    const confirmed = toy.messages();

    toy.powerOn().wait(2500);
    story.act(toy);
    const operations = toy.machine.flash.operations.length;
    assert.ok(operations > 0, "the story writes to flash");

    for (let pair = 0; pair < PAIRS_PER_STORY; pair++) {
      const cut: CutPlan = { operation: Math.floor(next() * operations), phase: PHASES[Math.floor(next() * PHASES.length)]! };
      const where = `cut ${cut.phase} operation ${cut.operation} of ${operations}`;
      restore();
      toy.powerOn(cut).wait(2500);
      story.act(toy);
      assert.equal(toy.machine.isPowered, false, where);
      toy.powerOn().wait(story.recoveryMs ?? 4000);
      const found = toy.messages();
      for (const { sequence, blocks } of found) assert.ok(blocks, `${where}: message ${sequence} is damaged`);
      for (const message of confirmed) {
        const kept = found.find(({ sequence }) => sequence === message.sequence);
        if (!kept && story.mayGo(message.sequence)) continue;
        assert.ok(kept, `${where}: message ${message.sequence} is gone`);
        assert.deepEqual(kept.blocks, message.blocks, `${where}: message ${message.sequence} says something else`);
        assert.equal(kept.samples, message.samples);
      }
      const isNew = found.filter(({ sequence }) => !confirmed.some((message) => message.sequence === sequence));
      assert.ok(isNew.every(({ isOwn }) => isOwn) && isNew.length <= 1, `${where}: a message from nowhere`);
      const fromMs = toy.nowMs;
      toy.speak(tone(440, 2), 300).hold(2000).wait(2000);
      assert.deepEqual(sounds(toy, fromMs), ["start", "stop"], `${where}: it records again`);
      const last = toy.messages().at(-1)!;
      assert.ok(last.isOwn && last.blocks && last.sequence > Math.max(0, ...found.map(({ sequence }) => sequence)), `${where}: the new message`);
      toy.assertHealthy();
    }
  };

  for (const board of [xiaoble, nrf52840dk]) {
    for (const [i, story] of stories.entries()) {
      it(`on ${board.id} while ${story.title} loses nothing that was confirmed`, () => check(board, story, 10 * i + board.id.length));
    }
  }
});
