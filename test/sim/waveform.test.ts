// Waveform as the platform facts, section 4, state it: 8 bits, quantised rates, the events of a double buffer, lost samples.

import assert from "node:assert/strict";
import { messageMemory } from "../../boards/flash-map.ts";
import { xiaoble } from "../../boards/xiaoble.ts";
import { samplePeriodUs } from "../../sim/waveform.ts";
import { createSimBench, type BenchOptions, type SimBench } from "../../tools/sim/adapter-bench.ts";
import { waveformGlobals, type WaveformObject } from "../support/waveform.ts";

type Wave = WaveformObject;
const espruino = waveformGlobals();

const MIC = "D0";
const SUPPLY = xiaoble.supplyVolts;
const PERIOD_US = 124;

describe("Waveform", () => {
  let bench: SimBench;
  const boot = (options: Partial<BenchOptions> = {}): void => {
    bench = createSimBench({ board: xiaoble, ...options });
  };
  afterEach(() => bench.dispose());

  /** Volts that read as the number of sample periods since power-on, modulo 256 steps of 8 bit. */
  const counting = (timeUs: number): number => (((Math.floor(timeUs / PERIOD_US) % 200) + 0.5) / 256) * SUPPLY;

  interface Recorded {
    wave: Wave;
    events: { name: string; which: number; atMs: number }[];
    startedUs: number;
  }
  function record(samples: number, options: object, start: object = { repeat: true }, hz = 8000): Recorded {
    const wave = new espruino.Waveform(samples, options);
    const events: Recorded["events"] = [];
    for (const name of ["buffer", "finish"]) {
      wave.on(name, (buffer) => void events.push({ name, which: buffer === wave.buffer ? 1 : 2, atMs: bench.machine.clock.now / 1000 }));
    }
    wave.startInput(new espruino.Pin(MIC), hz, start);
    return { wave, events, startedUs: bench.machine.clock.now };
  }
  const names = ({ events }: Recorded): string => events.map(({ name, which }) => `${name}${which}`).join(" ");

  for (const [hz, actualHz] of [
    [4000, 4016.1],
    [8000, 8064.5],
    [8192, 8196.7],
    [11025, 11111.1],
    [16000, 16129.0],
  ] as const) {
    it(`samples at ${actualHz} Hz when ${hz} Hz are wanted`, () => {
      boot();
      assert.equal(Math.round((1e6 / samplePeriodUs(hz)) * 10) / 10, actualHz);
    });
  }

  it("takes its first sample one period after the start and then one every period", () => {
    const asked: number[] = [];
    boot({ volts: (timeUs) => (asked.push(timeUs), 1) });
    const { startedUs } = record(100, {}, {});
    bench.run(50);
    assert.equal(asked.length, 100);
    asked.forEach((timeUs, i) => assert.ok(Math.abs(timeUs - startedUs - (i + 1) * PERIOD_US) < 1, `sample ${i}`));
  });

  it("starts at the time that it is told", () => {
    const asked: number[] = [];
    boot({ volts: (timeUs) => (asked.push(timeUs), 1) });
    record(10, {}, { time: 0.5 });
    bench.run(1000);
    assert.ok(Math.abs(asked[0]! - 500000 - PERIOD_US) < 2, String(asked[0]));
  });

  it("reads 8 bits of the supply", () => {
    boot({ volts: () => 0.25 * SUPPLY + 0.001 });
    const { wave } = record(100, {}, {});
    bench.run(50);
    assert.ok(wave.buffer.every((value) => value >= 63 && value <= 65));
  });

  it("wraps to 255 a little below 0 V", () => {
    boot({ volts: () => -SUPPLY / 256 });
    const { wave } = record(100, {}, {});
    bench.run(50);
    assert.ok(wave.buffer.every((value) => value === 255 || value === 254 || value === 0));
    assert.ok(wave.buffer.includes(255));
  });

  it("with 16 bits has 8 bits in the high byte and 0 in the low one", () => {
    boot({ volts: () => SUPPLY / 2 });
    const { wave } = record(100, { bits: 16 }, {});
    bench.run(50);
    assert.ok(wave.buffer instanceof Uint16Array);
    assert.ok(wave.buffer.every((value) => (value & 255) === 0 && Math.abs((value >> 8) - 128) <= 1));
  });

  it("reads the micro:bit's microphone against 0.15 V", async () => {
    const { microbit2 } = await import("../../boards/microbit2.ts");
    boot({ board: microbit2, volts: () => 0.075 });
    const wave = new espruino.Waveform(50);
    wave.startInput(new espruino.Pin("H4"), 8000);
    bench.run(50);
    assert.ok(wave.buffer.every((value) => Math.abs(value - 128) <= 1));
  });

  it("fires the buffer just completed, first the first", () => {
    boot();
    const fromMs = bench.machine.clock.now / 1000;
    const taken = record(800, { doubleBuffer: true });
    bench.run(5 * 100);
    assert.equal(names(taken), "buffer1 buffer2 buffer1 buffer2 buffer1");
    taken.events.forEach(({ atMs }, i) => assert.ok(Math.abs(atMs - fromMs - (i + 1) * 99.2) < 2, `${atMs}`));
  });

  it("loses no sample between buffers", () => {
    boot({ volts: counting });
    const wave = new espruino.Waveform(500, { doubleBuffer: true });
    const all: number[] = [];
    wave.on("buffer", (buffer) => all.push(...buffer));
    wave.startInput(new espruino.Pin(MIC), 8000, { repeat: true });
    bench.run(1000);
    assert.equal(all.length, 8000);
    for (let i = 1; i < all.length; i++) assert.ok(Math.abs(((all[i]! - all[i - 1]! + 300) % 200) - 101) <= 2, `sample ${i}`);
  });

  it("without repeat fills the first buffer only, then finishes", () => {
    boot();
    const taken = record(800, { doubleBuffer: true }, {});
    bench.run(500);
    assert.equal(names(taken), "finish1");
    assert.equal(taken.wave.running, false);
  });

  it("with repeat and one buffer loops silently", () => {
    boot();
    const taken = record(800, {});
    bench.run(500);
    assert.equal(names(taken), "");
    assert.equal(taken.wave.running, true);
  });

  it("fires nothing when JavaScript is late by a whole buffer", () => {
    boot();
    const taken = record(800, { doubleBuffer: true });
    bench.run(50);
    bench.machine.stall(200e3);
    bench.run(200);
    assert.equal(names(taken), "");
    bench.run(100);
    assert.equal(names(taken), "buffer1");
  });

  it("fires one event for three flips", () => {
    boot();
    const taken = record(800, { doubleBuffer: true });
    bench.run(50);
    bench.machine.stall(300e3);
    bench.run(310);
    assert.equal(names(taken), "buffer1");
  });

  it("runs on while JavaScript is kept away", () => {
    boot();
    record(800, { doubleBuffer: true });
    bench.machine.stall(300e3);
    bench.run(400);
    assert.equal(bench.machine.waveforms.lost, 0);
  });

  it("is running until the idle loop has seen the end", () => {
    boot();
    const taken = record(800, { doubleBuffer: true });
    bench.run(150);
    taken.wave.stop();
    assert.equal(taken.wave.running, true);
    assert.throws(() => taken.wave.startInput(new espruino.Pin(MIC), 8000), /Waveform is already running/);
    assert.throws(() => taken.wave.stop(), /Waveform couldn't be stopped/);
    bench.run(1);
    assert.equal(taken.wave.running, false);
    assert.throws(() => taken.wave.stop(), /Waveform is not running/);
    // The second buffer was in the making, and yet the first is given.
    assert.equal(names(taken), "buffer1 finish1");
  });

  it("started again keeps currentBuffer, so the first flip may have no event", () => {
    boot();
    const taken = record(800, { doubleBuffer: true });
    bench.run(150);
    taken.wave.stop();
    bench.run(1);
    taken.wave.startInput(new espruino.Pin(MIC), 8000, { repeat: true });
    bench.run(210);
    assert.equal(names(taken), "buffer1 finish1 buffer2");
    taken.wave.stop();
    bench.run(1);
    taken.wave.currentBuffer = 0;
    taken.events.length = 0;
    taken.wave.startInput(new espruino.Pin(MIC), 8000, { repeat: true });
    bench.run(210);
    assert.equal(names(taken), "buffer1 buffer2");
  });

  it("counts a buffer's end in 16 bits: 70000 samples are 4464", () => {
    boot();
    const wave = new espruino.Waveform(70000);
    const fromMs = bench.machine.clock.now / 1000;
    let atMs = 0;
    wave.on("finish", () => (atMs = bench.machine.clock.now / 1000 - fromMs));
    wave.startInput(new espruino.Pin(MIC), 8000);
    bench.run(10000);
    assert.ok(Math.abs(atMs - (4464 * PERIOD_US) / 1000) < 2, String(atMs));
  });

  it("loses the samples of a time in which the processor stands", () => {
    boot({ volts: counting });
    const wave = new espruino.Waveform(2000);
    wave.startInput(new espruino.Pin(MIC), 8000);
    bench.run(50);
    bench.machine.flash.erasePage((messageMemory(xiaoble) as { base: number }).base);
    bench.run(400);
    // 85 ms are 685 periods; one sample waits for the end and one comes 2 us after it.
    assert.ok(Math.abs(bench.machine.waveforms.lost - 683) <= 2, String(bench.machine.waveforms.lost));
    const jumps = [...wave.buffer].map((value, i, all) => (i === 0 ? 1 : (value - all[i - 1]! + 200) % 200)).filter((step) => step > 3);
    assert.equal(jumps.length, 1);
  });

  it("is delayed by the radio's interrupts, sample by sample, and does not drift", () => {
    const asked: number[] = [];
    boot({ volts: (timeUs) => (asked.push(timeUs), 1), radio: { everyUs: 30000, spreadUs: 5000, blocksUs: 90, seed: 7 } });
    const { startedUs } = record(4000, {}, {});
    bench.run(600);
    assert.equal(asked.length, 4000);
    const delays = asked.map((timeUs, i) => timeUs - startedUs - (i + 1) * PERIOD_US);
    assert.ok(delays.every((us) => us > -1 && us <= 91));
    const late = delays.filter((us) => us > 1).length;
    assert.ok(late > 5 && late <= 17, String(late));
    assert.equal(bench.machine.waveforms.lost, 0);
  });

  it("refuses what it cannot do", () => {
    boot();
    assert.throws(() => new espruino.Waveform(0), /Samples must be greater than 0/);
    assert.throws(() => new espruino.Waveform("x"), /integer or ArrayBuffer/);
    assert.throws(() => new espruino.Waveform(10, { bits: 12 }), /Invalid number of bits/);
    assert.throws(() => new espruino.Waveform(10).startInput(new espruino.Pin(MIC), 0), /Frequency must be above/);
    assert.throws(() => new espruino.Waveform(10).startInput(undefined, 8000), /Invalid pin/);
  });
});
