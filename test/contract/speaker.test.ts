// One suite for every Speaker: the mock, and DMA and Waveform on the simulated board.

import assert from "node:assert/strict";
import { xiaoble } from "../../boards/xiaoble.ts";
import { ERR_BUSY, OK, type FlatBuffer, type Speaker } from "../../hal/contract.ts";
import { createEspruinoClock } from "../../hal/espruino/clock.ts";
import { createAudioMemory } from "../../hal/espruino/dma-memory.ts";
import { createDmaSpeaker } from "../../hal/espruino/dma-speaker.ts";
import { createWaveformSpeaker } from "../../hal/espruino/waveform-speaker.ts";
import { mockSpeaker } from "../../hal/mock/audio.ts";
import type { Drive } from "../../sim/signals.ts";
import { createSimBench, type SimBench } from "../../tools/sim/adapter-bench.ts";

interface Rig {
  readonly speaker: Speaker;
  readonly memory: FlatBuffer;
  readonly bench?: SimBench;
  run(ms: number): void;
  dispose(): void;
}

function mockRig(): Rig {
  const speaker = mockSpeaker();
  const memory = { bytes: new Uint8Array(16000), address: 0x20000000 };
  const words = 4000;
  const bufferMs = (words * 1000) / speaker.rateHz;
  // The test is the hardware: it asks, and ends after a short buffer or after silence.
  const silence = speaker.silence;
  let isLast = false;
  speaker.silence = () => {
    silence();
    isLast = true;
  };
  return {
    speaker,
    memory,
    run(ms) {
      for (let left = ms; left > 0; left -= bufferMs) {
        if (!speaker.isPlaying) isLast = false;
        else if (isLast) {
          isLast = false;
          speaker.end(OK);
        } else isLast = speaker.ask(memory.address, words) < words;
      }
    },
    dispose: () => undefined,
  };
}

function simRig(create: typeof createDmaSpeaker | typeof createWaveformSpeaker): Rig {
  const bench = createSimBench({ board: xiaoble });
  const memory = createAudioMemory(xiaoble, { allocate: bench.flat });
  const clock = createEspruinoClock(0, (error) => {
    throw error;
  });
  return { speaker: create(xiaoble, clock, memory), memory, bench, run: bench.run, dispose: bench.dispose };
}

const OUT_NRF = xiaoble.speaker.output.nrf;
const AMPLIFIER_NRF = xiaoble.speaker.amplifier!.nrf;

const implementations: [string, () => Rig][] = [
  ["the mock", mockRig],
  ["DMA on the simulated board", () => simRig(createDmaSpeaker)],
  ["Waveform on the simulated board", () => simRig(createWaveformSpeaker)],
];

for (const [name, create] of implementations) {
  describe(`Speaker: ${name}`, () => {
    let rig: Rig;
    let asked: number[];
    let ended: string[];
    beforeEach(() => {
      rig = create();
      asked = [];
      ended = [];
    });
    afterEach(() => rig.dispose());

    /** Plays `seconds` of a ramp that rises through the middle half of the range. */
    const play = (seconds: number): number => {
      const { speaker, memory } = rig;
      const total = Math.round(seconds * speaker.rateHz);
      let played = 0;
      return speaker.play(
        (address, words) => {
          asked.push(words);
          const count = Math.min(words, total - played);
          const out = new Uint16Array(memory.bytes.buffer, memory.bytes.byteOffset + address - memory.address, words);
          for (let i = 0; i < count; i++) out[i] = speaker.fullScale * (0.25 + (0.5 * (played + i)) / total);
          played += count;
          return count;
        },
        (code, late) => void ended.push(`${code} ${late}`),
      );
    };
    const last = (nrf: number): Drive => rig.bench!.drives.filter((entry) => entry.nrf === nrf).at(-1)!.drive;
    const isOff = (): void => {
      assert.deepEqual(last(OUT_NRF), { kind: "level", level: 0 });
      assert.deepEqual(last(AMPLIFIER_NRF), { kind: "level", level: 0 });
    };

    it("calls nobody inside play", () => {
      assert.equal(play(1), OK);
      assert.deepEqual([asked, ended], [[], []]);
    });

    it("plays to a short buffer and then ends exactly once", () => {
      play(1.1);
      rig.run(1000);
      assert.deepEqual(ended, []);
      rig.run(2000);
      assert.deepEqual(ended, ["0 0"]);
      assert.ok(asked.every((words) => words > 0));
    });

    it("ends when there is nothing at all to play", () => {
      play(0);
      rig.run(1500);
      assert.deepEqual(ended, ["0 0"]);
    });

    it("is busy while it plays, and free afterwards", () => {
      play(0.6);
      rig.run(100);
      assert.equal(play(0.6), ERR_BUSY);
      rig.run(2000);
      assert.equal(play(0.6), OK);
      rig.run(2000);
      assert.equal(ended.length, 2);
    });

    it("ends exactly once when it is silenced, later than the call", () => {
      play(3);
      rig.run(700);
      rig.speaker.silence();
      rig.speaker.silence();
      assert.deepEqual(ended, []);
      rig.run(1000);
      assert.deepEqual(ended, ["0 0"]);
    });

    it("ends exactly once when it is silenced before it began", () => {
      play(3);
      rig.speaker.silence();
      rig.run(1000);
      assert.deepEqual(ended, ["0 0"]);
      assert.equal(play(0.3), OK);
    });

    it("may be silenced when it is silent", () => {
      rig.speaker.silence();
      rig.run(100);
      assert.deepEqual(ended, []);
    });

    it("takes a tone, another tone, and silence", () => {
      assert.equal(rig.speaker.tone(440, 200), OK);
      rig.run(100);
      assert.equal(rig.speaker.tone(880, 100), OK);
      rig.run(100);
      rig.speaker.silence();
      rig.run(100);
      assert.deepEqual(ended, []);
    });

    if (name !== "the mock") {
      it("drives what it was given, every word once, in order", () => {
        play(1.5);
        rig.run(3000);
        const played = rig.bench!.drives.filter(({ nrf, drive }) => nrf === OUT_NRF && drive.kind === "duties");
        const duties = played.flatMap(({ drive }) => (drive.kind === "duties" ? [...drive.duties] : []));
        const total = Math.round(1.5 * rig.speaker.rateHz);
        // DMA plays it upside down.
        const sign = duties[Math.floor(total / 2)]! > duties[0]! ? 1 : -1;
        const levels = duties.slice(0, total).map((duty) => (sign > 0 ? duty : 1 - duty));
        levels.forEach((level, i) => assert.ok(Math.abs(level - (0.25 + (0.5 * i) / total)) < 0.012, `word ${i}: ${level}`));
      });

      it("plays at its rate", () => {
        play(1.5);
        const fromUs = rig.bench!.machine.clock.now;
        while (ended.length === 0) rig.run(1);
        const ms = (rig.bench!.machine.clock.now - fromUs) / 1000;
        assert.ok(ms > 1500 && ms < 1500 + 2 * xiaoble.audioBufferMs, String(ms));
      });

      it("leaves pin and amplifier off, after a playback, a silence and a tone", () => {
        isOff();
        play(0.3);
        rig.run(100);
        assert.deepEqual(last(AMPLIFIER_NRF), { kind: "level", level: 1 });
        rig.run(1000);
        isOff();
        play(3);
        rig.run(700);
        rig.speaker.silence();
        rig.run(100);
        isOff();
        rig.speaker.tone(440, 200);
        rig.run(50);
        assert.equal(last(OUT_NRF).kind, "pwm");
        rig.speaker.silence();
        rig.run(50);
        isOff();
      });

      it("counts buffers that came too late", () => {
        play(4);
        rig.run(600);
        rig.bench!.machine.stall(900e3);
        rig.run(6000);
        assert.equal(ended.length, 1);
        assert.ok(Number(ended[0]!.split(" ")[1]) > 0, ended[0]);
      });

      it("makes the tone that is wanted", () => {
        rig.speaker.tone(1000, 255);
        rig.run(10);
        const drive = last(OUT_NRF);
        assert.ok(drive.kind === "pwm" && Math.abs(drive.hz - 1000) < 1 && Math.abs(drive.duty - 0.5) < 0.01, JSON.stringify(drive));
      });
    }
  });
}
