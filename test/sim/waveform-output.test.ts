// Waveform's output as the platform facts, section 4.2, state it: PWM levels, sums, two pins, buffers refilled too late.

import assert from "node:assert/strict";
import { xiaoble } from "../../boards/xiaoble.ts";
import { createSimBench, type SimBench } from "../../tools/sim/adapter-bench.ts";
import { waveformGlobals, type WaveformObject as Wave } from "../support/waveform.ts";

const espruino = waveformGlobals();
const OUT = "D5";
const OUT_NRF = 5;

describe("Waveform's output", () => {
  let bench: SimBench;
  const boot = (): void => void (bench = createSimBench({ board: xiaoble }));
  afterEach(() => bench.dispose());

  const play = (carrierHz: number, samples: unknown, options: object, fill: (wave: Wave) => void, start: object = { repeat: true }): Wave => {
    const pin = new espruino.Pin(OUT);
    espruino.analogWrite(pin, 0.5, { freq: carrierHz });
    const wave = new espruino.Waveform(samples, options);
    fill(wave);
    wave.startOutput(pin, 8000, start);
    return wave;
  };
  /** Duties that the pin had, one per sample. */
  const duties = (nrf = OUT_NRF): number[] => bench.drives.flatMap((entry) => (entry.nrf === nrf && entry.drive.kind === "duties" ? [...entry.drive.duties] : []));

  it("has 16 MHz / carrier levels", () => {
    boot();
    play(80000, 256, {}, (wave) => wave.buffer.forEach((_, i) => (wave.buffer[i] = i)), {});
    bench.run(100);
    const seen = duties();
    assert.equal(seen.length, 256);
    seen.forEach((duty, i) => assert.ok(Math.abs(duty - Math.floor((i * 256 * 200) / 65536) / 200) < 1e-6, `level ${i}`));
  });

  it("plays 16-bit samples, low byte first", () => {
    boot();
    play(62500, 4, { bits: 16 }, (wave) => [0, 0x0100, 0x8000, 0xffff].forEach((value, i) => (wave.buffer[i] = value)), {});
    bench.run(100);
    assert.deepEqual(
      duties().map((duty) => Math.round(duty * 256)),
      [0, 1, 128, 255],
    );
  });

  it("is silent without hardware PWM on the pin", () => {
    boot();
    const wave = new espruino.Waveform(100);
    espruino.digitalWrite(new espruino.Pin(OUT), 0);
    wave.startOutput(new espruino.Pin(OUT), 8000);
    bench.run(100);
    assert.deepEqual(duties(), []);
  });

  it("replays the old buffer when nobody refills it in time", () => {
    boot();
    const wave = play(62500, 800, { doubleBuffer: true }, (w) => {
      w.buffer.fill(10);
      w.buffer2.fill(20);
    });
    wave.on("buffer", (buffer) => buffer.fill(99));
    bench.run(50);
    // The refill of the first buffer comes when that has been sounding again for half its length.
    bench.machine.stall(200e3);
    bench.run(200);
    bench.run(300);
    const seen = duties().map((duty) => Math.round(duty * 256));
    const change = (value: number): number => seen.indexOf(value);
    assert.equal(seen[0], 10);
    assert.equal(change(20), 800);
    assert.equal(seen[1700], 10);
    assert.equal(change(99), 3200);
    assert.ok(seen.slice(1600, 2400).every((value) => value === 10));
  });

  it("sounds at once when the playing buffer is written", () => {
    boot();
    const wave = play(62500, 800, {}, (w) => w.buffer.fill(10));
    bench.run(49.6);
    wave.buffer.fill(77);
    bench.run(40);
    const at = duties()
      .map((duty) => Math.round(duty * 256))
      .indexOf(77);
    assert.ok(Math.abs(at - 400) <= 8, String(at));
  });

  it("leaves the PWM at the last level when it has finished", () => {
    boot();
    play(62500, 10, {}, (wave) => wave.buffer.fill(200), {});
    bench.run(100);
    assert.equal(bench.drives.at(-1)!.drive.kind, "duties");
    espruino.digitalWrite(new espruino.Pin(OUT), 0);
    assert.deepEqual(bench.drives.at(-1)!.drive, { kind: "level", level: 0 });
  });

  it("adds waveforms on one pin around the middle", () => {
    boot();
    play(62500, 100, {}, (wave) => wave.buffer.fill(128 + 40));
    play(62500, 100, {}, (wave) => wave.buffer.fill(128 + 50));
    bench.run(50);
    assert.equal(Math.round(duties().at(-1)! * 256), 128 + 90);
  });

  it("saturates the sum", () => {
    boot();
    play(62500, 100, {}, (wave) => wave.buffer.fill(250));
    play(62500, 100, {}, (wave) => wave.buffer.fill(250));
    bench.run(50);
    assert.equal(Math.round(duties().at(-1)! * 256), 255);
  });

  it("splits the wave between two pins", () => {
    boot();
    const negative = new espruino.Pin("D4");
    espruino.analogWrite(negative, 0, { freq: 62500 });
    play(
      62500,
      2,
      {},
      (wave) => {
        wave.buffer[0] = 128 + 32;
        wave.buffer[1] = 128 - 16;
      },
      { npin: negative },
    );
    bench.run(10);
    assert.deepEqual(
      [duties(OUT_NRF), duties(4)].map((seen) => seen.map((duty) => Math.round(duty * 256))),
      [
        [64, 0],
        [0, 32],
      ],
    );
  });
});
