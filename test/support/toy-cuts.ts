// The power of a whole toy fails at a flash operation, before, half-way through or after it, while the toy records, evicts, marks heard or
// forgets; and again while it recovers. Then it boots: what it had confirmed is whole, nothing wrong is there, and it records as before.

import assert from "node:assert/strict";
import type { Board } from "../../boards/board.ts";
import type { CutPlan } from "../../sim/flash.ts";
import { fill, give } from "./family.ts";
import { random } from "./random.ts";
import { sounds } from "./speaker.ts";
import { Toy, tone } from "./toy.ts";

const PHASES = ["before", "during", "faint", "after"] as const;
/** A recovery that needs fewer operations is not cut. */
const RECOVERY_OPERATIONS = 8;

export interface Story {
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

export const stories: readonly Story[] = [
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

/** So many pairs of cuts at operations drawn by lot: one in what the story does, one in the recovery. */
export function cutAt(board: Board, story: Story, seed: number, pairs: number): void {
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

  const drawn = (among: number): CutPlan => ({ operation: Math.floor(next() * among), phase: PHASES[Math.floor(next() * PHASES.length)]! });
  let cutAgain = 0;
  for (let pair = 0; pair < pairs; pair++) {
    const cut = drawn(operations);
    const again = drawn(RECOVERY_OPERATIONS);
    const where = `cut ${cut.phase} operation ${cut.operation} of ${operations}, then ${again.phase} ${again.operation}`;
    restore();
    toy.powerOn(cut).wait(2500);
    story.act(toy);
    assert.equal(toy.machine.isPowered, false, where);
    toy.powerOn(again).wait(story.recoveryMs ?? 4000);
    if (!toy.machine.isPowered) cutAgain++;
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
  assert.ok(cutAgain > 0, "no recovery was cut");
}
