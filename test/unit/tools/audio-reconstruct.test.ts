// From the pin's drive to what is heard: duties become their signal, tones their square wave, steps die in the capacitor.

import assert from "node:assert/strict";
import { compare } from "../../../tools/audio/metrics.ts";
import { DriveLog, HIGH_PASS_HZ, reconstruct, type DriveEvent } from "../../../tools/audio/reconstruct.ts";
import { decimate } from "../../../tools/audio/retime.ts";

const near = (actual: number, expected: number, tolerance: number): void => assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not ${expected} +- ${tolerance}`);

/** Amplitude of a tone in the second half of a signal at 48 kHz. */
function amplitude(x: Float32Array, hz: number): number {
  let re = 0;
  let im = 0;
  const from = x.length >> 1;
  for (let i = from; i < x.length; i++) {
    re += x[i] * Math.cos((2 * Math.PI * hz * i) / 48000);
    im += x[i] * Math.sin((2 * Math.PI * hz * i) / 48000);
  }
  return (2 * Math.hypot(re, im)) / (x.length - from);
}

describe("reconstruct", () => {
  it("gives back what duty words carry", () => {
    const count = 64000;
    let held = 0;
    let seed = 3;
    const wanted = Float32Array.from({ length: count / 4 }, () => {
      seed = (Math.imul(seed, 1664525) + 1013904223) | 0;
      held += 0.3 * (seed / 2 ** 31 - held);
      return 0.4 * held;
    });
    // Each sample is held for four words: the images lie above 4 kHz, where the comparison does not look.
    const duties = Float32Array.from({ length: count }, (_, i) => 0.5 + wanted[i >> 2] / 2);
    const events: DriveEvent[] = [
      { atUs: 0, drive: { kind: "pwm", hz: 32000, duty: 0.5 } },
      { atUs: 100_000, drive: { kind: "duties", hz: 32000, periodUs: 31.25, duties } },
    ];
    const out = reconstruct(events, { fromUs: 0, toUs: 2_200_000 });
    assert.equal(out.length, 105_600);
    const { snrDb, delayMs, gainDb } = compare(wanted, decimate(out, 6), { rateHz: 8000 });
    assert.ok(snrDb > 55, String(snrDb));
    near(delayMs, 100, 0.3);
    near(gainDb, 0, 0.5);
  });

  it("averages a carrier above hearing to its duty, whatever the phase", () => {
    const out = reconstruct([{ atUs: 0, drive: { kind: "level", level: 0 } }, { atUs: 1000, drive: { kind: "pwm", hz: 32000, duty: 0.25 } }], { fromUs: 0, toUs: 2500 });
    // 1.5 ms after the step: 0.5 high, less what leaked through the capacitor.
    near(out.at(-1)!, 0.5 * Math.exp(-2 * Math.PI * HIGH_PASS_HZ * 0.0015), 0.02);
  });

  it("lets a lasting level die in the coupling capacitor", () => {
    const out = reconstruct([{ atUs: 0, drive: { kind: "level", level: 0 } }, { atUs: 10_000, drive: { kind: "level", level: 1 } }], { fromUs: 0, toUs: 500_000 });
    assert.ok(Math.max(...out) > 1.8);
    assert.ok(Math.abs(out.at(-1)!) < 1e-3);
    assert.ok(out.subarray(0, 479).every((x) => x === 0), "nothing sounds before the step");
  });

  it("renders a slow carrier as the square wave that is heard", () => {
    const out = reconstruct([{ atUs: 0, drive: { kind: "pwm", hz: 500, duty: 0.5 } }], { fromUs: 0, toUs: 1_000_000 });
    near(amplitude(out, 500), 4 / Math.PI, 0.01);
    near(amplitude(out, 1500), 4 / (3 * Math.PI), 0.01);
    assert.ok(amplitude(out, 1000) < 1e-3);
  });

  it("places edges exactly, between the steps of its own rate", () => {
    const at = (edgeUs: number): number => {
      const out = reconstruct([{ atUs: 0, drive: { kind: "level", level: 0 } }, { atUs: edgeUs, drive: { kind: "level", level: 1 } }], { fromUs: 0, toUs: 2000 });
      return out.reduce((sum, x) => sum + x, 0);
    };
    // A microsecond later is 0.048 samples less of level 2, within the capacitor's leak.
    near(at(1000) - at(1001), 2 * 0.048, 0.01);
    near(at(1000) - at(1003), 6 * 0.048, 0.03);
  });

  it("begins in the middle of a drive, where that stands", () => {
    const drive: DriveEvent = { atUs: 0, drive: { kind: "duties", hz: 32000, periodUs: 500, duties: Float32Array.of(0, 1, 0.5) } };
    const falls = reconstruct([drive], { fromUs: 700, toUs: 4700 });
    // Until 1000 us the capacitor holds the full level; then it falls by half the swing.
    assert.ok(falls.subarray(0, 14).every((x) => Math.abs(x) < 1e-6));
    near(Math.min(...falls), -1.1, 0.05);
  });

  it("holds the last duty, until the next drive takes over", () => {
    const drive: DriveEvent = { atUs: 0, drive: { kind: "duties", hz: 32000, periodUs: 500, duties: Float32Array.of(0, 1, 0.5) } };
    const out = reconstruct([drive, { atUs: 7000, drive: { kind: "level", level: 1 } }], { fromUs: 5000, toUs: 9000 });
    assert.ok(out.subarray(0, 95).every((x) => Math.abs(x) < 1e-6));
    near(Math.max(...out), 1.1, 0.05);
  });

  it("is silent when nothing ever drove the pin", () => {
    assert.deepEqual(reconstruct([], { fromUs: 0, toUs: 1000, rateHz: 32000 }), new Float32Array(32));
  });
});

describe("DriveLog", () => {
  it("keeps its own pin's drives only", () => {
    const log = new DriveLog(7);
    log.drive(6, 1, { kind: "floating" });
    log.drive(7, 2, { kind: "level", level: 1 });
    assert.deepEqual(log.events, [{ atUs: 2, drive: { kind: "level", level: 1 } }]);
  });
});
