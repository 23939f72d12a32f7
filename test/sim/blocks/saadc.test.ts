// What the SAADC promises, in the order of its chapter in the product specification.

import assert from "node:assert/strict";
import { BusFault } from "../../../sim/bus.ts";
import type { SaadcOptions } from "../../../sim/blocks/saadc.ts";
import { constantVolts, createRig, rampVolts, RAM_AT } from "./rig.ts";

const SAADC = 0x40007000;
const PPI = 0x4001f000;
const A = RAM_AT;
const B = RAM_AT + 0x1000;
/** Gain 1/4 against VDD/4: full scale is the supply. Acquisition 10 us. */
const CONFIG = (2 << 8) | (1 << 12) | (2 << 16);
const LOCAL_TIMER = 1 << 12;
const QUIET = { effectiveBits: 99 };

function converter(options: Partial<SaadcOptions> = QUIET, { cc = 1000, oversample = 0, count = 100, resolution = 2, config = CONFIG } = {}) {
  const rig = createRig(options);
  rig.poke(SAADC + 0x510, 1, 0, config);
  rig.poke(SAADC + 0x5f0, resolution, oversample, LOCAL_TIMER | cc);
  rig.poke(SAADC + 0x62c, A, count);
  rig.poke(SAADC + 0x500, 1);
  return {
    ...rig,
    start: () => rig.poke(SAADC, 1),
    sample: () => rig.poke(SAADC + 4, 1),
    stop: () => {
      rig.poke(SAADC + 8, 1);
      rig.run(50);
    },
    startByEnd: () => {
      rig.poke(PPI + 0x510, SAADC + 0x104, SAADC);
      rig.poke(PPI + 0x504, 1);
    },
    started: () => rig.bus.read32(SAADC + 0x100),
    ended: () => rig.bus.read32(SAADC + 0x104),
    stopped: () => rig.bus.read32(SAADC + 0x114),
    amount: () => rig.bus.read32(SAADC + 0x634),
  };
}

describe("SAADC", () => {
  describe("result", () => {
    for (const [resolution, bits] of [[0, 8], [1, 10], [2, 12], [3, 14]] as const) {
      it(`is 2^${bits} x input / full scale at resolution ${resolution}`, () => {
        const adc = converter({ ...QUIET, world: constantVolts(1.1) }, { resolution, count: 4 });
        adc.start();
        adc.sample();
        adc.run(1000);
        assert.deepEqual([...adc.words(A, 4)], new Array(4).fill(Math.round(2 ** bits / 3)));
      });
    }

    it("takes gain and reference from CONFIG: 0.6 V / 4 is full scale", () => {
      const adc = converter({ ...QUIET, world: constantVolts(0.075) }, { config: (7 << 8) | (2 << 16), count: 1 });
      adc.start();
      adc.sample();
      adc.run(1000);
      assert.equal(adc.words(A, 1)[0], 2048);
    });

    it("saturates at full scale, and may read a little below zero", () => {
      const full = converter({ ...QUIET, world: constantVolts(4) }, { count: 1 });
      full.start();
      full.sample();
      full.run(1000);
      assert.equal(full.words(A, 1)[0], 4095);
      const zero = converter({ world: constantVolts(0) }, { count: 1000 });
      zero.start();
      zero.sample();
      zero.run(70_000);
      assert.ok(zero.words(A, 1000).some((word) => word < 0));
    });

    it("has as much noise as 10 effective bits, and half of it after averaging four", () => {
      const deviation = (oversample: number): number => {
        const adc = converter({ world: constantVolts(1.6503) }, { cc: 250, oversample, count: 8000 });
        adc.start();
        adc.sample();
        adc.run(600_000);
        const words = adc.words(A, 8000);
        const mean = words.reduce((sum, word) => sum + word, 0) / words.length;
        return Math.sqrt(words.reduce((sum, word) => sum + (word - mean) ** 2, 0) / words.length);
      };
      // 12 bits to 10: 4 / sqrt(12) = 1.155 steps.
      assert.ok(Math.abs(deviation(0) - 1.155) < 0.04, String(deviation(0)));
      // Averaging halves it; cutting the average to 12 bits adds 1 / sqrt(12) again.
      assert.ok(Math.abs(deviation(2) - Math.sqrt(0.5775 ** 2 + 1 / 12)) < 0.04, String(deviation(2)));
    });

    it("repeats for a seed, however often it is looked at meanwhile", () => {
      const run = (seed: number, stepUs: number): number[] => {
        const adc = converter({ world: constantVolts(1), seed }, { count: 500 });
        adc.start();
        adc.sample();
        for (let us = 0; us < 40_000; us += stepUs) {
          adc.run(stepUs);
          adc.amount();
        }
        return [...adc.words(A, 500)];
      };
      assert.deepEqual(run(1, 40_000), run(1, 137));
      assert.notDeepEqual(run(1, 40_000), run(2, 40_000));
    });
  });

  describe("sampling", () => {
    it("begins at SAMPLE and repeats every CC ticks of 16 MHz", () => {
      // 1 mV per us: sample i reads i x 62.5 mV.
      const adc = converter({ ...QUIET, world: rampVolts(0.001) }, { count: 50 });
      adc.start();
      adc.sample();
      adc.run(5000);
      assert.deepEqual([...adc.words(A, 50)], Array.from({ length: 50 }, (_, i) => Math.min(4095, Math.round((i * 62.5 * 0.001 * 4096) / 3.3))));
    });

    it("averages 2^OVERSAMPLE conversions into one result", () => {
      const adc = converter({ ...QUIET, world: rampVolts(0.001) }, { cc: 250, oversample: 2, count: 20 });
      adc.start();
      adc.sample();
      adc.run(5000);
      const volts = (i: number): number => (i * 62.5 + 1.5 * 15.625) * 0.001;
      adc.words(A, 20).forEach((word, i) => assert.ok(Math.abs(word - (volts(i) * 4096) / 3.3) <= 1, `result ${i}: ${word}`));
    });

    it("runs slow by the clock's error", () => {
      const adc = converter({ ...QUIET, clockError: 0.015 }, { count: 1000 });
      adc.start();
      adc.sample();
      adc.run(999 * 62.5 + 12);
      assert.equal(adc.ended(), 0);
      assert.ok(Math.abs(adc.amount() - 1000 / 1.015) <= 1);
    });

    it("takes one conversion per SAMPLE without the local timer", () => {
      const adc = converter({ ...QUIET, world: constantVolts(1.65) }, { count: 2 });
      adc.poke(SAADC + 0x5f8, 0);
      adc.start();
      adc.sample();
      assert.equal(adc.amount(), 1);
      adc.sample();
      assert.equal(adc.ended(), 1);
      assert.deepEqual([...adc.words(A, 2)], [2048, 2048]);
    });

    it("refuses a period outside 80 to 2047 ticks, or too short for acquisition and conversion", () => {
      const fast = converter(QUIET, { cc: 79 });
      fast.start();
      assert.throws(fast.sample, /outside 80 to 2047/);
      const slow = converter(QUIET, { cc: 160 });
      slow.start();
      assert.throws(slow.sample, /12 us of a period of 10 us/);
    });
  });

  describe("EasyDMA", () => {
    it("raises STARTED at START and END with the last result", () => {
      const adc = converter();
      assert.equal(adc.started(), 0);
      adc.start();
      assert.equal(adc.started(), 1);
      adc.sample();
      adc.run(99 * 62.5 + 11);
      assert.deepEqual([adc.ended(), adc.amount()], [0, 99]);
      adc.run(1);
      assert.deepEqual([adc.ended(), adc.amount()], [1, 100]);
      assert.equal(adc.saadc.isDmaActive, false);
    });

    it("takes PTR over at START only: a pointer written meanwhile is the next buffer's", () => {
      const adc = converter({ ...QUIET, world: constantVolts(1.65) });
      adc.startByEnd();
      adc.start();
      adc.sample();
      adc.poke(SAADC + 0x62c, B);
      adc.run(50 * 62.5);
      adc.amount();
      assert.equal(adc.words(A, 1)[0], 2048);
      assert.equal(adc.words(B, 1)[0], 0);
      adc.run(100 * 62.5);
      adc.amount();
      assert.equal(adc.words(B, 1)[0], 2048);
    });

    it("goes on without a gap when PPI answers END with START", () => {
      const adc = converter({ ...QUIET, world: rampVolts(0.0001) });
      adc.startByEnd();
      adc.start();
      adc.sample();
      adc.poke(SAADC + 0x62c, B);
      adc.run(200 * 62.5);
      const both = [...adc.words(A, 100), ...adc.words(B, 100)];
      assert.deepEqual(both, Array.from({ length: 200 }, (_, i) => Math.round((i * 62.5 * 0.0001 * 4096) / 3.3)));
    });

    it("overwrites the same memory when the pointer is not renewed", () => {
      const adc = converter({ ...QUIET, world: rampVolts(0.0001) });
      adc.startByEnd();
      adc.start();
      adc.sample();
      adc.run(100 * 62.5);
      const first = adc.words(A, 100)[0]!;
      adc.run(100 * 62.5);
      assert.equal(adc.words(A, 100)[0], Math.round((100 * 62.5 * 0.0001 * 4096) / 3.3));
      assert.notEqual(first, adc.words(A, 100)[0]);
    });

    it("loses the samples between END and a START that comes late", () => {
      const adc = converter({ ...QUIET, world: rampVolts(0.0001) });
      adc.start();
      adc.sample();
      adc.run(150 * 62.5);
      adc.start();
      adc.run(100 * 62.5);
      adc.amount();
      const instant = (adc.words(A, 1)[0]! * 3.3) / 4096 / 0.0001;
      assert.ok(Math.abs(instant - 150 * 62.5) < 70, `first sample at ${instant} us`);
    });

    for (const samples of [0, 1, 37, 99]) {
      it(`tells ${samples} in AMOUNT when stopped after ${samples} of 100 results`, () => {
        const adc = converter({ ...QUIET, world: constantVolts(1.65) });
        adc.start();
        adc.sample();
        if (samples > 0) adc.run((samples - 1) * 62.5 + 12.5);
        adc.stop();
        assert.deepEqual([adc.stopped(), adc.amount()], [1, samples]);
        adc.run(100_000);
        assert.equal(adc.amount(), samples);
        assert.deepEqual([...adc.words(A, 100)].filter((word) => word !== 0).length, samples);
      });
    }

    it("raises END at STOP as well, when a buffer was being filled", () => {
      const adc = converter();
      adc.start();
      adc.sample();
      adc.run(1000);
      adc.stop();
      assert.equal(adc.ended(), 1);
    });

    it("is started again by a PPI channel that was left on at STOP", () => {
      const adc = converter();
      adc.startByEnd();
      adc.start();
      adc.sample();
      adc.run(1000);
      adc.stop();
      assert.equal(adc.saadc.isDmaActive, true);
      assert.throws(() => adc.poke(SAADC + 0x500, 0), /STOP comes first/);
    });

    it("refuses odd pointers, flash and transfers over the end of RAM", () => {
      const at = (pointer: number) => () => {
        const adc = converter();
        adc.poke(SAADC + 0x62c, pointer);
        adc.start();
      };
      assert.throws(at(A + 1), BusFault);
      assert.throws(at(0x1000), /RAM only/);
      assert.throws(at(RAM_AT + 65_536 - 100), /over the end/);
    });
  });

  it("does nothing while it is disabled", () => {
    const adc = converter();
    adc.poke(SAADC + 0x500, 0);
    adc.start();
    assert.equal(adc.started(), 0);
  });

  it("crashes the board when an interrupt is enabled, because nothing handles it", () => {
    assert.throws(() => createRig().poke(SAADC + 0x304, 2), /without a handler/);
    createRig().poke(SAADC + 0x308, 0xffffffff);
  });

  for (const [what, offset, value] of [["differential input", 0x518, 1 << 20], ["burst", 0x518, 1 << 24], ["calibration", 0x00c, 1], ["a second channel", 0x520, 1]] as const) {
    it(`refuses ${what}, which is not modelled`, () => {
      assert.throws(() => converter().poke(SAADC + offset, value), /not modelled/);
    });
  }

  it("refuses to convert when no input is selected", () => {
    const adc = converter();
    adc.poke(SAADC + 0x510, 0);
    assert.throws(adc.start, /no input/);
  });

  it("asks the world in bulk: some calls per buffer, none per sample", () => {
    let calls = 0;
    const world = constantVolts(1.65);
    const counting = { volts: (...args: Parameters<typeof world.volts>) => (calls++, world.volts(...args)) };
    const adc = converter({ world: counting }, { cc: 250, oversample: 2, count: 4000 });
    adc.startByEnd();
    adc.start();
    adc.sample();
    adc.run(20e6);
    // 80 buffers of 16000 conversions each.
    assert.ok(calls >= 79 && calls <= 400, `${calls} calls for 1.28 million conversions`);
  });
});
