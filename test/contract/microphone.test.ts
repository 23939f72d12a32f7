// One suite for every Microphone: the mock, and DMA and Waveform on the simulated board.

import assert from "node:assert/strict";
import { xiaoble } from "../../boards/xiaoble.ts";
import { ERR_BUSY, ERR_FORBIDDEN, OK, type FlatBuffer, type Microphone } from "../../hal/contract.ts";
import { createEspruinoClock } from "../../hal/espruino/clock.ts";
import { createAudioMemory } from "../../hal/espruino/dma-memory.ts";
import { createDmaMicrophone } from "../../hal/espruino/dma-microphone.ts";
import { createWaveformMicrophone } from "../../hal/espruino/waveform-microphone.ts";
import { mockMicrophone } from "../../hal/mock/audio.ts";
import { createSimBench, testToken } from "../../tools/sim/adapter-bench.ts";

/** A voltage that rises through the middle half of the range in ten seconds: a sample's value tells its time. */
const SECONDS = 10;
const shareAt = (timeUs: number): number => 0.25 + 0.5 * Math.min(1, timeUs / (SECONDS * 1e6));

interface Rig {
  readonly microphone: Microphone;
  readonly memory: FlatBuffer;
  /** Full range of the samples. */
  readonly range: number;
  run(ms: number): void;
  /** Keeps JavaScript away for so long; undefined where there is nothing to keep away. */
  stall?(ms: number): void;
  /** Whether the microphone has power; undefined where there is no pin. */
  isPowered?(): boolean;
  dispose(): void;
}

function mockRig(): Rig {
  const microphone = mockMicrophone(16000);
  const memory = { bytes: new Uint8Array(8000), address: 0x20000000 };
  const words = new Int16Array(memory.bytes.buffer);
  const bufferMs = 250;
  let nowMs = 0;
  let isEnding = false;
  const start = microphone.start;
  microphone.start = (samples, end) => {
    const code = start(samples, end);
    if (code === OK) isEnding = true;
    return code;
  };
  return {
    microphone,
    memory,
    range: 4096,
    run(ms) {
      for (const untilMs = nowMs + ms; nowMs < untilMs; nowMs += bufferMs) {
        if (microphone.isRunning) {
          for (let i = 0; i < words.length; i++) words[i] = 4096 * shareAt(nowMs * 1000 + i * 62.5);
          microphone.deliver(memory.address, words.length);
        } else if (isEnding) {
          isEnding = false;
          microphone.end(OK, 0);
        }
      }
    },
    dispose: () => undefined,
  };
}

function simRig(range: number, create: typeof createDmaMicrophone | typeof createWaveformMicrophone): Rig {
  const bench = createSimBench({ board: xiaoble, volts: (timeUs) => shareAt(timeUs) * xiaoble.supplyVolts });
  const memory = createAudioMemory(xiaoble, { allocate: bench.flat });
  const clock = createEspruinoClock(0, (error) => {
    throw error;
  });
  const microphone = create(xiaoble, clock, memory, () => true);
  const powerNrf = xiaoble.microphone.power.nrf;
  return {
    microphone,
    memory,
    range,
    run: bench.run,
    stall: (ms) => bench.machine.stall(ms * 1000),
    isPowered: () => {
      const drive = bench.drives.filter(({ nrf }) => nrf === powerNrf).at(-1)?.drive;
      return drive?.kind === "level" && drive.level === xiaoble.microphone.power.on;
    },
    dispose: bench.dispose,
  };
}

const implementations: [string, () => Rig][] = [
  ["the mock", mockRig],
  ["DMA on the simulated board", () => simRig(4096, createDmaMicrophone)],
  ["Waveform on the simulated board", () => simRig(256, createWaveformMicrophone)],
];

for (const [name, create] of implementations) {
  describe(`Microphone: ${name}`, () => {
    let rig: Rig;
    let log: string[];
    let samples: number[];
    beforeEach(() => {
      rig = create();
      log = [];
      samples = [];
    });
    afterEach(() => rig.dispose());

    const open = (): ReturnType<typeof testToken> => {
      const held = testToken();
      assert.equal(rig.microphone.open(held.token), OK);
      return held;
    };
    const start = (): number =>
      rig.microphone.start(
        (address, count) => {
          log.push("samples");
          const { memory } = rig;
          samples.push(...new Int16Array(memory.bytes.buffer, memory.bytes.byteOffset + address - memory.address, count));
        },
        (code, dropped) => log.push(`end ${code} ${dropped}`),
      );
    const ends = (): string[] => log.filter((entry) => entry.startsWith("end"));

    it("does not open without a living token", () => {
      const held = testToken();
      held.letGo();
      assert.equal(rig.microphone.open(held.token), ERR_FORBIDDEN);
      if (rig.isPowered) assert.equal(rig.isPowered(), false);
    });

    it("does not start before it is open, and promises nothing then", () => {
      assert.equal(start(), ERR_FORBIDDEN);
      rig.run(1000);
      assert.deepEqual(log, []);
    });

    it("is busy while it runs", () => {
      open();
      assert.equal(start(), OK);
      assert.equal(start(), ERR_BUSY);
    });

    it("calls nobody inside the call that causes it", () => {
      open();
      start();
      assert.deepEqual(log, []);
      rig.run(500);
      const before = log.length;
      rig.microphone.stop();
      assert.equal(log.length, before);
    });

    it("gives samples at its rate, in order, none twice and none left out", () => {
      open();
      start();
      rig.run(3000);
      const { rateHz } = rig.microphone;
      assert.ok(samples.length <= 3.001 * rateHz && samples.length >= 2.5 * rateHz, String(samples.length));
      const step = (0.5 * rig.range) / SECONDS / rateHz;
      const first = samples.slice(0, 200).reduce((sum, value) => sum + value) / 200 - 100 * step;
      // Noise and rounding are two steps of the converter at most, a missing buffer is ten or more.
      samples.forEach((value, i) => assert.ok(Math.abs(value - first - i * step) <= 2 + rig.range / 800, `sample ${i}: ${value}, not ${first + i * step}`));
    });

    it("ends exactly once after stop, after the last samples, and stop may be called twice", () => {
      open();
      start();
      rig.run(700);
      rig.microphone.stop();
      rig.microphone.stop();
      rig.run(1000);
      assert.deepEqual(ends(), ["end 0 0"]);
      assert.equal(log.at(-1), "end 0 0");
      rig.microphone.stop();
      rig.run(500);
      assert.equal(ends().length, 1);
    });

    it("has nearly all samples up to the stop", () => {
      open();
      start();
      rig.run(1000);
      rig.microphone.stop();
      rig.run(500);
      const { rateHz } = rig.microphone;
      assert.ok(samples.length > 0.98 * rateHz && samples.length <= 1.01 * rateHz, String(samples.length / rateHz));
    });

    it("calls nobody after close", () => {
      open();
      start();
      rig.run(700);
      rig.microphone.close();
      const before = log.length;
      rig.run(1000);
      assert.equal(log.length, before);
    });

    it("works again after close", () => {
      open();
      start();
      rig.run(700);
      rig.microphone.close();
      rig.run(100);
      samples.length = 0;
      open();
      assert.equal(start(), OK);
      rig.run(1000);
      assert.ok(samples.length > 0);
    });

    if (name !== "the mock") {
      it("has power from open to close, and not otherwise", () => {
        assert.equal(rig.isPowered!(), false);
        open();
        assert.equal(rig.isPowered!(), true);
        start();
        rig.run(300);
        rig.microphone.close();
        assert.equal(rig.isPowered!(), false);
      });

      it("ends by itself and cuts the power when the token dies", () => {
        const held = open();
        start();
        rig.run(600);
        held.letGo();
        rig.run(100);
        assert.equal(rig.isPowered!(), false);
        assert.deepEqual(ends(), ["end 0 0"]);
      });

      it("counts what it drops when JavaScript comes too late", () => {
        open();
        start();
        rig.run(600);
        rig.stall!(1200);
        rig.run(2400);
        rig.microphone.stop();
        rig.run(200);
        const dropped = Number(/^end 0 (\d+)$/.exec(ends()[0]!)![1]);
        const total = (samples.length + dropped) / rig.microphone.rateHz;
        assert.ok(dropped > 0);
        assert.ok(Math.abs(total - 3) < 0.06, `${total} s, ${dropped} dropped`);
      });
    }
  });
}
