// What the PWM promises, in the order of its chapter in the product specification.

import assert from "node:assert/strict";
import { createRig, RAM_AT } from "./rig.ts";

const PWM3 = 0x4002d000;
const PERIOD_US = 31.25;
const FALLING = 0x8000;
const A = RAM_AT;
const B = RAM_AT + 0x1000;

function player({ a = [100, 200, 300], b = [400, 450], loop = 0, shorts = 0, refresh = [0, 0], delay = [0, 0] } = {}) {
  const rig = createRig();
  const write = (address: number, words: readonly number[]): void => words.forEach((word, i) => rig.bus.write16(address + 2 * i, word));
  write(A, a);
  write(B, b);
  rig.poke(PWM3 + 0x560, 5);
  rig.poke(PWM3 + 0x500, 1, 0, 500, 0, 0, loop);
  rig.poke(PWM3 + 0x200, shorts);
  rig.poke(PWM3 + 0x520, A, a.length, refresh[0]!, delay[0]!);
  rig.poke(PWM3 + 0x540, B, b.length, refresh[1]!, delay[1]!);
  return {
    ...rig,
    write,
    start: (n = 0) => rig.poke(PWM3 + 0x008 + 4 * n, 1),
    stop: () => rig.poke(PWM3 + 0x004, 1),
    periods: (count: number) => rig.run(count * PERIOD_US),
    events: () => ({
      stopped: rig.bus.read32(PWM3 + 0x104),
      started: [rig.bus.read32(PWM3 + 0x108), rig.bus.read32(PWM3 + 0x10c)],
      ended: [rig.bus.read32(PWM3 + 0x110), rig.bus.read32(PWM3 + 0x114)],
      loopsDone: rig.bus.read32(PWM3 + 0x11c),
    }),
    clear: () => rig.poke(PWM3 + 0x104, 0, 0, 0, 0, 0, 0, 0),
    sequences: () => rig.drives.filter(({ drive }) => drive.kind === "duties"),
    last: () => rig.drives.at(-1)!,
  };
}

const duties = (drive: { kind: string; duties?: Float32Array }): number[] => [...drive.duties!].map((duty) => Math.round(duty * 500));

describe("PWM", () => {
  describe("wave counter", () => {
    it("has a carrier of 16 MHz / 2^PRESCALER / COUNTERTOP", () => {
      const pwm = player();
      pwm.start();
      assert.deepEqual(pwm.last().drive, { kind: "duties", hz: 32000, periodUs: 31.25, duties: Float32Array.of(0.8, 0.6, 0.4) });
      const slow = player({ a: [250] });
      slow.poke(PWM3 + 0x508, 1000, 4);
      slow.start();
      assert.deepEqual(slow.last().drive, { kind: "pwm", hz: 1000, duty: 0.75 });
    });

    it("begins a period high when bit 15 is set, and low when it is not", () => {
      const pwm = player({ a: [100, 100 | FALLING, 0, FALLING, 500, 500 | FALLING, 600] });
      pwm.start();
      assert.deepEqual(duties(pwm.last().drive as never), [400, 100, 500, 0, 0, 500, 0]);
    });

    it("drives every connected pin, port 1 included, and none that is disconnected", () => {
      const pwm = player();
      pwm.poke(PWM3 + 0x560, 0x80000005, 3, 32 + 9);
      pwm.start();
      assert.deepEqual(pwm.sequences().map(({ nrf }) => nrf), [3, 41]);
    });
  });

  describe("one sequence", () => {
    it("raises SEQSTARTED with its first period and SEQEND with its last value", () => {
      const pwm = player();
      pwm.start();
      assert.deepEqual(pwm.events(), { stopped: 0, started: [1, 0], ended: [0, 0], loopsDone: 0 });
      pwm.periods(1.9);
      assert.deepEqual(pwm.events().ended, [0, 0]);
      pwm.periods(0.1);
      assert.deepEqual(pwm.events().ended, [1, 0]);
    });

    it("keeps the last value running until STOP, without DMA", () => {
      const pwm = player();
      pwm.start();
      pwm.periods(100);
      assert.deepEqual([pwm.pwm.isRunning, pwm.pwm.isDmaActive], [true, false]);
    });

    it("holds each value for 1 + REFRESH periods", () => {
      const pwm = player({ refresh: [3, 0] });
      pwm.start();
      assert.equal((pwm.last().drive as { periodUs: number }).periodUs, 4 * PERIOD_US);
      pwm.periods(7);
      assert.deepEqual(pwm.events().ended, [0, 0]);
      pwm.periods(1);
      assert.deepEqual(pwm.events().ended, [1, 0]);
    });
  });

  describe("loop", () => {
    it("plays sequence 0, then 1, LOOP times, then raises LOOPSDONE", () => {
      const pwm = player({ loop: 2 });
      pwm.start();
      pwm.periods(10.5);
      assert.deepEqual(pwm.sequences().map(({ atUs }) => atUs / PERIOD_US), [0, 3, 5, 8]);
      assert.equal(pwm.events().loopsDone, 1);
      assert.equal(pwm.pwm.isDmaActive, false);
    });

    it("plays for ever with LOOP 1 and the short LOOPSDONE -> SEQSTART0, without a gap", () => {
      const pwm = player({ loop: 1, shorts: 4 });
      pwm.start();
      pwm.periods(5000.5);
      const starts = pwm.sequences().map(({ atUs }) => atUs / PERIOD_US);
      assert.equal(starts.length, 2001);
      assert.deepEqual(starts.slice(-3), [4995, 4998, 5000]);
      assert.equal(pwm.pwm.isDmaActive, true);
    });

    it("reads RAM anew at each start: what was not refilled is played again", () => {
      const pwm = player({ loop: 1, shorts: 4 });
      pwm.start();
      pwm.periods(3.5);
      pwm.write(A, [10, 20, 30]);
      pwm.periods(5);
      assert.deepEqual(pwm.sequences().map(({ drive }) => duties(drive as never)), [
        [400, 300, 200],
        [100, 50],
        [490, 480, 470],
        [100, 50],
      ]);
    });

    it("takes PTR and CNT over when the sequence starts, not before", () => {
      const pwm = player({ loop: 1, shorts: 4 });
      pwm.start();
      pwm.periods(1);
      pwm.poke(PWM3 + 0x520, B, 2);
      pwm.periods(7);
      assert.deepEqual(pwm.sequences().map(({ atUs }) => atUs / PERIOD_US), [0, 3, 5, 7]);
    });

    it("holds the last value for ENDDELAY periods before it goes on", () => {
      const pwm = player({ loop: 1, shorts: 4, delay: [100, 0] });
      pwm.start();
      pwm.periods(102.9);
      assert.equal(pwm.sequences().length, 1);
      assert.deepEqual(pwm.events().ended, [1, 0]);
      pwm.periods(0.1);
      assert.equal(pwm.sequences().length, 2);
    });

    it("does not take over SHORTS while it runs", () => {
      const pwm = player({ loop: 1, shorts: 4 });
      pwm.start();
      pwm.poke(PWM3 + 0x200, 0);
      pwm.periods(50);
      assert.equal(pwm.pwm.isDmaActive, true);
    });

    it("raises false SEQEND events when sequence 1 has one value (erratum 183)", () => {
      const pwm = player({ b: [400], loop: 1, shorts: 4 });
      pwm.start();
      pwm.periods(2.5);
      pwm.clear();
      pwm.periods(0.5);
      assert.deepEqual(pwm.events().ended, [1, 1]);
    });

    it("jumps to the sequence of a SEQSTART task at the end of the period", () => {
      const pwm = player({ loop: 1, shorts: 4 });
      pwm.start();
      pwm.periods(1.5);
      pwm.start(1);
      pwm.periods(3);
      assert.deepEqual(pwm.sequences().map(({ atUs }) => atUs / PERIOD_US), [0, 2, 4]);
    });
  });

  describe("STOP", () => {
    it("completes the period, raises STOPPED, and reads no more", () => {
      const pwm = player({ loop: 1, shorts: 4 });
      pwm.start();
      pwm.periods(3.25);
      pwm.stop();
      assert.equal(pwm.events().stopped, 0);
      pwm.periods(0.75);
      assert.equal(pwm.events().stopped, 1);
      assert.deepEqual([pwm.pwm.isRunning, pwm.pwm.isDmaActive], [false, false]);
      const count = pwm.drives.length;
      pwm.periods(100);
      assert.equal(pwm.drives.length, count);
      assert.equal(pwm.last().drive.kind, "level");
    });

    it("answers even when nothing runs", () => {
      const pwm = player();
      pwm.stop();
      pwm.periods(1);
      assert.equal(pwm.events().stopped, 1);
    });

    it("lets the pin go when it is disconnected or the block is disabled", () => {
      for (const letGo of [(pwm: ReturnType<typeof player>) => pwm.poke(PWM3 + 0x560, 0xffffffff), (pwm: ReturnType<typeof player>) => pwm.poke(PWM3 + 0x500, 0)]) {
        const pwm = player();
        pwm.start();
        pwm.periods(2);
        pwm.stop();
        pwm.periods(2);
        letGo(pwm);
        assert.deepEqual([pwm.last().nrf, pwm.last().drive.kind], [5, "floating"]);
      }
    });

    it("comes before the block is disabled", () => {
      const pwm = player();
      pwm.start();
      assert.throws(() => pwm.poke(PWM3 + 0x500, 0), /STOP comes first/);
    });
  });

  it("does nothing while it is disabled", () => {
    const pwm = player();
    pwm.poke(PWM3 + 0x500, 0);
    pwm.start();
    pwm.periods(10);
    assert.deepEqual(pwm.events().started, [0, 0]);
  });

  it("refuses odd pointers and sequences of nothing", () => {
    const odd = player();
    odd.poke(PWM3 + 0x520, A + 1);
    assert.throws(() => odd.start(), /odd/);
    const empty = player();
    empty.poke(PWM3 + 0x524, 0);
    assert.throws(() => empty.start(), /no values/);
  });

  it("crashes the board when an interrupt is enabled, because nothing handles it", () => {
    assert.throws(() => createRig().poke(PWM3 + 0x300, 4), /without a handler/);
  });

  for (const [what, offset, value] of [["up-and-down counting", 0x504, 1], ["another decoder", 0x510, 2], ["another short", 0x200, 1]] as const) {
    it(`refuses ${what}, which is not modelled`, () => {
      assert.throws(() => createRig().poke(PWM3 + offset, value), /not modelled/);
    });
  }
});
