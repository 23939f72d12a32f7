// Every sound of the toy's own, on the speaker pin, in the situation that it belongs to: frequencies, lengths, and a wave that
// is as loud as it is meant to be.

import assert from "node:assert/strict";
import { messageMemory } from "../../boards/flash-map.ts";
import { boards } from "../../boards/index.ts";
import type { Board } from "../../boards/board.ts";
import { fill, give } from "../support/family.ts";
import { SOUNDS, soundings, sounds, type SoundName } from "../support/speaker.ts";
import { Toy, assertPromisesKept, tone } from "../support/toy.ts";

/** A tone is longer than told by what the interpreter needs to change it, and a chirp is told shorter for that. */
const EARLY_MS = 6;
const LATE_MS = 35;
/** The warning sounds while blocks are being stored, each of which keeps JavaScript busy. */
const LATE_WHILE_RECORDING_MS = 110;
/** Half loud: a duty of a quarter. */
const DUTY = 0.25;

/** Brings a fresh toy to make each sound, and says from when to listen. */
const situations: Partial<Record<SoundName, (toy: Toy) => number>> = {
  start: (toy) => {
    const fromMs = toy.nowMs;
    toy.hold(2000).wait(1500);
    return fromMs;
  },
  stop: (toy) => {
    const fromMs = toy.nowMs;
    toy.speak(tone(440, 2)).hold(2000).wait(1500);
    return fromMs;
  },
  no: (toy) => {
    const fromMs = toy.nowMs;
    toy.tap().wait(1000);
    return fromMs;
  },
  warning: (toy) => {
    toy.tap(6).wait(1000).tap(6).wait(150);
    const fromMs = toy.nowMs;
    toy.hold(4000).wait(500);
    return fromMs;
  },
  reset: (toy) => {
    toy.tap(6).wait(150);
    const fromMs = toy.nowMs;
    toy.hold(10500).wait(60000);
    return fromMs;
  },
};

function assertSounds(toy: Toy, name: SoundName, fromMs: number): void {
  const told = SOUNDS[name];
  const all = soundings(toy, fromMs);
  const found = all[sounds(toy, fromMs).indexOf(name)];
  assert.ok(found, `${name} was not heard, but ${sounds(toy, fromMs).join(", ") || "nothing"}`);
  found.tones.forEach(({ ms }, i) => {
    const toldMs = told[2 * i + 1]!;
    assert.ok(ms > toldMs - EARLY_MS && ms < toldMs + (name === "ending" ? LATE_WHILE_RECORDING_MS : LATE_MS), `${name}, part ${i + 1}: ${ms.toFixed(1)} ms, told ${toldMs}`);
  });
  const { output, amplifier } = toy.board.speaker;
  const carriers = toy.world.changes.get(output.nrf)!.filter(({ atUs, drive }) => atUs >= fromMs * 1000 && drive.kind === "pwm");
  for (const { drive } of carriers) assert.ok(drive.kind === "pwm" && Math.abs(drive.duty - DUTY) < 0.01);
  assert.equal(toy.lastLevel(output), 0, "the speaker rests at 0 V");
  if (amplifier) assert.equal(toy.lastLevel(amplifier), 1 - amplifier.on, "the amplifier sleeps");
}

describe("an earcon", () => {
  afterEach(assertPromisesKept);

  for (const board of boards) {
    for (const name of Object.keys(situations) as SoundName[]) {
      it(`${name} sounds right on ${board.id}`, () => {
        const toy = Toy.awake({ board });
        assertSounds(toy, name, situations[name]!(toy));
        toy.assertHealthy();
      });
    }
  }

  const full = (board: Board): Toy => {
    const toy = new Toy({ board });
    fill(toy, { sheetsEach: 20 });
    return toy.powerOn().wait(5000);
  };

  for (const board of boards.filter(({ flashMap }) => flashMap.log.kind === "flash")) {
    it(`full sounds right on ${board.id}`, () => {
      const toy = full(board);
      const fromMs = toy.nowMs;
      toy.hold(2000).wait(1500);
      assertSounds(toy, "full", fromMs);
    });
    it(`ending sounds right on ${board.id} and comes when five seconds are left`, () => {
      const toy = Toy.awake({ board });
      const fromMs = toy.nowMs;
      toy.press().wait(43000).release();
      assertSounds(toy, "ending", fromMs);
      const [, ending, stop] = soundings(toy, fromMs);
      assert.ok(Math.abs(stop!.atMs - ending!.atMs - 5000) < 600, `${stop!.atMs - ending!.atMs} ms before the end`);
    });
  }

  it("battery sounds right on XIAOBLE", () => {
    const toy = Toy.awake({ batteryMillivolts: 3300 });
    const fromMs = toy.nowMs;
    toy.hold(2000).wait(1500);
    assertSounds(toy, "battery", fromMs);
  });

  for (const board of boards.filter(({ flashMap }) => flashMap.log.kind === "flash")) {
    it(`error sounds right on ${board.id}`, () => {
      const toy = new Toy({ board });
      const messages = messageMemory(board);
      give(toy, { sheet: 0, sequence: 1, seconds: 1, hz: 500 });
      if (messages.kind === "flash") {
        const memory = toy.memories.find((candidate) => candidate.holds(messages.base, 1))!;
        memory.bytes[messages.base - memory.base + 700]! ^= 1;
      }
      toy.powerOn().wait(5000);
      const fromMs = toy.nowMs;
      toy.tap().wait(2000);
      assertSounds(toy, "error", fromMs);
    });
  }
});
