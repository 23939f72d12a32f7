// The DMA speaker on the simulator's PWM: every word by its number, late refills, tones, and every way out.
// Over 300 lines: one model of the registers serves all of it.

import assert from "node:assert/strict";
import { findBoard } from "../../../boards/index.ts";
import { ERR_BUSY, ERR_HARDWARE, ERR_MEMORY, ERR_RANGE, OK } from "../../../hal/contract.ts";
import { createAudioMemory } from "../../../hal/espruino/dma-memory.ts";
import { createDmaMicrophone } from "../../../hal/espruino/dma-microphone.ts";
import { createDmaSpeaker } from "../../../hal/espruino/dma-speaker.ts";
import { createDmaRig, type DmaRig, type RigOptions } from "./dma-rig.ts";

const WORDS = 8000;
const TOP = 500;
const MID = 250;
const PERIOD_US = 31.25;
const PWM3 = 0x4002d000;
const board = findBoard("XIAOBLE")!;
const OUTPUT = board.speaker.output.nrf;
/** Words count 0..498: a gap or a repetition shows. */
const CYCLE = 499;

describe("the DMA speaker", () => {
  let rig: DmaRig;
  afterEach(() => rig.clearGlobals());

  function setUp(options: Partial<RigOptions> = {}) {
    rig = createDmaRig({ board, ...options });
    const speaker = createDmaSpeaker(options.board ?? board, rig.port, rig.audio);
    const source = { given: 0, total: Infinity, renderMs: 0, slowFill: 0, slowMs: 0, fills: 0, ends: [] as { code: number; late: number }[] };
    const fill = (address: number, words: number): number => {
      const count = Math.min(words, source.total - source.given);
      for (let i = 0; i < count; i++) rig.bus.write16(address + 2 * i, (source.given + i) % CYCLE);
      source.given += count;
      source.fills++;
      rig.stall(source.fills === source.slowFill ? source.slowMs : source.renderMs);
      return count;
    };
    const onEnd = (code: number, late: number): void => void source.ends.push({ code, late });
    return { speaker, source, fill, onEnd };
  }

  function playing(total: number, options: Partial<RigOptions> = {}) {
    const all = setUp(options);
    all.source.total = total;
    assert.equal(all.speaker.play(all.fill, all.onEnd), OK);
    return all;
  }

  /** The words that were heard, one per period, until the pin was let go. */
  function heard(): number[] {
    const words: number[] = [];
    const drives = rig.drives.filter(({ nrf }) => nrf === OUTPUT);
    drives.forEach(({ atUs, drive }, i) => {
      if (drive.kind !== "duties" && drive.kind !== "pwm") return;
      const duties = drive.kind === "duties" ? [...drive.duties] : [drive.duty];
      const periods = Math.round(((drives[i + 1]?.atUs ?? rig.clock.now) - atUs) / PERIOD_US);
      for (let n = 0; n < periods; n++) words.push(Math.round((1 - duties[Math.min(n, duties.length - 1)]!) * TOP));
    });
    return words;
  }

  /** Numbers of the buffers that were played from their first word to their last, in order, repetitions included. */
  function wholeBuffers(): number[] {
    const drives = rig.drives.filter(({ nrf }) => nrf === OUTPUT);
    const whole: number[] = [];
    drives.forEach(({ atUs, drive }, i) => {
      if (drive.kind !== "duties" || drive.duties.length < WORDS) return;
      if ((drives[i + 1]?.atUs ?? rig.clock.now) - atUs < (WORDS - 0.5) * PERIOD_US) return;
      const first = Math.round((1 - drive.duties[0]!) * TOP);
      // Buffer k begins with 16 k modulo 499.
      whole.push(Array.from({ length: 31 }, (_, k) => k).findIndex((k) => (WORDS * k) % CYCLE === first));
    });
    return whole;
  }

  const assertAllOff = (): void => {
    assert.equal(rig.isDmaActive(), false, "DMA still runs");
    assert.equal(rig.bus.read32(PWM3 + 0x500), 0, "PWM still enabled");
    assert.equal(rig.bus.read32(PWM3 + 0x560), 0xffffffff, "pin still connected");
    assert.equal(rig.level(board.speaker.output.espruino), 0, "pin not low");
    assert.equal(rig.level(board.speaker.amplifier!.espruino), 0, "amplifier still on");
  };

  describe("playback", () => {
    for (const total of [0, 1, 2, 4, 3999, 7998, 7999, 8000, 8001, 15_999, 16_000, 16_004, 100_000]) {
      it(`plays ${total} words once, in order, then mid level until it is off`, () => {
        const { source } = playing(total);
        rig.run(total / 32 + 400);
        assert.deepEqual(source.ends, [{ code: OK, late: 0 }]);
        const words = heard();
        assert.deepEqual(words.slice(0, total), Array.from({ length: total }, (_, i) => i % CYCLE));
        const rest = words.slice(total);
        assert.ok(rest.length > 0 && rest.every((word) => word === MID), `${rest.length} words after the end`);
        assertAllOff();
      });
    }

    it("tells its format: 32 kHz, four words per sample, 500 levels", () => {
      const { speaker } = setUp();
      assert.deepEqual([speaker.rateHz, speaker.wordsPerSample, speaker.fullScale], [32000, 4, 500]);
    });

    it("takes PWM2 where there is no PWM3", () => {
      const without = { ...board, capabilities: { ...board.capabilities, pwm3: false } };
      const { speaker, fill, onEnd } = setUp({ board: without });
      speaker.play(fill, onEnd);
      rig.run(100);
      assert.deepEqual(rig.pwms.map((pwm) => pwm.isDmaActive), [false, false, true, false]);
      speaker.silence();
    });

    it("loses and repeats nothing by stalls of 200 ms at any phase", () => {
      const { source } = playing(400_000);
      source.renderMs = 20;
      for (let i = 0; i < 50; i++) {
        rig.stall(200);
        rig.run(23 + i);
      }
      rig.run(400);
      while (source.ends.length === 0) rig.run(100);
      assert.deepEqual(source.ends, [{ code: OK, late: 0 }]);
      assert.deepEqual(heard().slice(0, 400_000), Array.from({ length: 400_000 }, (_, i) => i % CYCLE));
    });

    for (const stallMs of [510, 600, 800, 1300]) {
      it(`counts a stall of ${stallMs} ms once, repeats old words meanwhile, and loses none`, () => {
        for (let phaseMs = 0; phaseMs < 250; phaseMs += 31) {
          const { source } = playing(100_000);
          rig.run(300 + phaseMs);
          rig.stall(stallMs);
          rig.run(6000);
          assert.deepEqual(source.ends, [{ code: OK, late: 1 }], `phase ${phaseMs}`);
          const once = wholeBuffers().filter((buffer, i, all) => all.indexOf(buffer) === i);
          assert.deepEqual(once, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], `phase ${phaseMs}`);
          assertAllOff();
          rig.clearGlobals();
        }
      });
    }

    it("begins a buffer again that began before it was filled, at every moment of a slow fill", () => {
      const seen = new Set<number>();
      for (let slowUs = 228_000; slowUs < 254_000; slowUs += 170) {
        const { source } = playing(48_000);
        source.slowFill = 4;
        source.slowMs = slowUs / 1000;
        rig.run(2300);
        assert.equal(source.ends[0]!.code, OK);
        seen.add(source.ends[0]!.late);
        const once = wholeBuffers().filter((buffer, i, all) => all.indexOf(buffer) === i);
        assert.deepEqual(once, [0, 1, 2, 3, 4, 5], `fill of ${slowUs} us`);
        rig.clearGlobals();
      }
      assert.deepEqual([...seen].sort(), [0, 1]);
    });

    for (const slowMs of [260, 600, 900]) {
      it(`loses nothing by a fill of ${slowMs} ms, and counts one buffer as late`, () => {
        const { source } = playing(48_000);
        source.slowFill = 4;
        source.slowMs = slowMs;
        rig.run(4000);
        assert.deepEqual(source.ends, [{ code: OK, late: 1 }]);
        assert.deepEqual(wholeBuffers().filter((buffer, i, all) => all.indexOf(buffer) === i), [0, 1, 2, 3, 4, 5]);
      });
    }

    it("plays the last words whole when their fill ends with the old ones, at every moment", () => {
      for (let slowUs = 480_000; slowUs < 504_000; slowUs += 170) {
        const { source } = playing(20_000);
        source.slowFill = 3;
        source.slowMs = slowUs / 1000;
        rig.run(1500);
        assert.deepEqual(source.ends, [{ code: OK, late: 1 }]);
        const words = heard();
        const end = words.lastIndexOf(19_999 % CYCLE);
        assert.deepEqual(words.slice(end - 3999, end + 1), Array.from({ length: 4000 }, (_, i) => (16_000 + i) % CYCLE), `fill of ${slowUs} us`);
        rig.clearGlobals();
      }
    });

    for (const slowMs of [260, 600, 900]) {
      it(`plays the last words whole when their fill took ${slowMs} ms`, () => {
        const { source } = playing(20_000);
        source.slowFill = 3;
        source.slowMs = slowMs;
        rig.run(3000);
        assert.deepEqual(source.ends, [{ code: OK, late: 1 }]);
        const words = heard();
        const end = words.lastIndexOf(19_999 % CYCLE);
        assert.deepEqual(words.slice(end - 3999, end + 1), Array.from({ length: 4000 }, (_, i) => (16_000 + i) % CYCLE));
        assert.ok(words.slice(end + 1).every((word) => word === MID));
        assertAllOff();
      });
    }

    it("holds mid level after the end, however late the interpreter is", () => {
      const { source } = playing(20_000);
      rig.run(560);
      rig.stall(5000);
      const words = heard();
      assert.equal(source.ends.length, 0);
      assert.ok(words.slice(20_000).every((word) => word === MID));
      rig.run(50);
      assert.deepEqual(source.ends, [{ code: OK, late: 0 }]);
      assertAllOff();
    });

    it("switches the amplifier on after the carrier, and off after it", () => {
      playing(1000);
      rig.pins.length = 0;
      rig.run(200);
      const amplifier = rig.pins.filter(({ name }) => name === board.speaker.amplifier!.espruino);
      assert.deepEqual(amplifier.map(({ level }) => level), [1, 0]);
      const [first, ...others] = rig.drives.filter(({ nrf }) => nrf === OUTPUT);
      assert.ok(amplifier[0]!.atUs > first!.atUs);
      assert.ok(amplifier[1]!.atUs > others.at(-1)!.atUs);
    });

    it("calls nothing inside play, and takes one playback at a time", () => {
      const { speaker, source, fill, onEnd } = playing(1000);
      assert.deepEqual([source.fills, source.ends.length], [0, 0]);
      assert.equal(speaker.play(fill, onEnd), ERR_BUSY);
      assert.equal(speaker.tone(440, 100), ERR_BUSY);
      rig.run(300);
      assert.equal(speaker.play(fill, onEnd), OK);
      rig.run(300);
      assert.equal(source.ends.length, 2);
    });
  });

  describe("tone", () => {
    for (const [hz, periodUs] of [[31, 32258], [440, 2273], [1000, 1000], [4000, 250]] as const) {
      it(`is a carrier of ${hz} Hz whose duty is the volume, without DMA`, () => {
        const { speaker } = setUp();
        assert.equal(speaker.tone(hz, 255), OK);
        rig.run(100);
        const { drive } = rig.drives.filter(({ nrf }) => nrf === OUTPUT).at(-1)!;
        assert.equal(drive.kind, "pwm");
        if (drive.kind !== "pwm") return;
        assert.ok(Math.abs(drive.hz - 1e6 / periodUs) < 0.01);
        assert.ok(Math.abs(drive.duty - 0.5) < 0.005);
        assert.equal(rig.pwms[3]!.isDmaActive, false);
        assert.equal(rig.level(board.speaker.amplifier!.espruino), 1);
        speaker.silence();
        assertAllOff();
      });
    }

    it("is softer with a shorter pulse, and changes pitch while it sounds", () => {
      const { speaker } = setUp();
      speaker.tone(1000, 51);
      rig.run(10);
      speaker.tone(2000, 255);
      rig.run(10);
      const tones = rig.drives.filter(({ drive }) => drive.kind === "pwm").map(({ drive }) => drive);
      assert.deepEqual(
        tones.map((drive) => (drive.kind === "pwm" ? [Math.round(drive.hz), Math.round(drive.duty * 100) / 100] : [])),
        [
          [1000, 0.1],
          [2000, 0.5],
        ],
      );
      speaker.silence();
      assertAllOff();
    });

    it("refuses what the counter cannot do", () => {
      const { speaker } = setUp();
      for (const [hz, volume] of [[30, 100], [20_001, 100], [NaN, 100], [440, -1], [440, 256]] as const) assert.equal(speaker.tone(hz, volume), ERR_RANGE);
      assertAllOff();
    });

    it("gives way to a playback", () => {
      const { speaker, source, fill, onEnd } = setUp();
      source.total = 1000;
      speaker.tone(440, 200);
      rig.run(5);
      assert.equal(speaker.play(fill, onEnd), OK);
      rig.run(300);
      assert.deepEqual(source.ends, [{ code: OK, late: 0 }]);
      assertAllOff();
    });
  });

  describe("ways out", () => {
    for (const ms of [0, 1, 5, 100, 255, 400, 700]) {
      it(`silence after ${ms} ms stops the DMA at once; onEnd follows`, () => {
        const { speaker, source } = playing(Infinity);
        if (ms > 0) rig.run(ms);
        speaker.silence();
        assertAllOff();
        assert.deepEqual(source.ends, []);
        rig.run(1);
        assert.deepEqual(source.ends, [{ code: OK, late: 0 }]);
        rig.run(1000);
        assert.equal(source.ends.length, 1);
        assertAllOff();
      });
    }

    it("silence brings mid level before the carrier stops", () => {
      const { speaker } = playing(Infinity);
      rig.run(300);
      speaker.silence();
      const carriers = rig.drives.filter(({ drive }) => drive.kind === "pwm");
      assert.deepEqual(carriers.map(({ drive }) => (drive.kind === "pwm" ? drive.duty : 0)), [0.5]);
      assert.ok(rig.drives.at(-1)!.atUs - carriers[0]!.atUs > 5 * PERIOD_US);
    });

    it("silence is allowed at any time, also twice", () => {
      const { speaker, source } = setUp();
      speaker.silence();
      speaker.tone(440, 100);
      speaker.silence();
      speaker.silence();
      assertAllOff();
      assert.deepEqual(source.ends, []);
    });

    it("silence inside fill ends the playback", () => {
      const { speaker, onEnd, source } = setUp();
      let calls = 0;
      speaker.play((_address, words) => {
        if (++calls === 3) speaker.silence();
        return words;
      }, onEnd);
      rig.run(2000);
      assert.equal(calls, 3);
      assert.deepEqual(source.ends, [{ code: OK, late: 0 }]);
      assertAllOff();
    });

    for (const failing of [1, 2, 4]) {
      it(`an error thrown by fill ${failing} stops the DMA and ends the playback as failed`, () => {
        const { speaker, onEnd, source } = setUp();
        let calls = 0;
        speaker.play((_address, words) => {
          if (++calls === failing) throw new Error("decoder");
          return words;
        }, onEnd);
        assert.throws(() => rig.run(2000), /decoder/);
        assertAllOff();
        rig.run(2000);
        assert.deepEqual(source.ends, [{ code: ERR_HARDWARE, late: 0 }]);
      });
    }
  });

  describe("bad hardware and bad memory", () => {
    it("refuses memory that is missing, misaligned or short", () => {
      for (const shift of [1, 2, 3]) {
        const { speaker, fill, onEnd } = setUp({ shift });
        assert.deepEqual([speaker.play(fill, onEnd), speaker.tone(440, 100), speaker.selfTest()], [ERR_RANGE, ERR_RANGE, ERR_RANGE]);
        rig.clearGlobals();
      }
      const { speaker, fill, onEnd } = setUp({ memoryBytes: 32_000 });
      assert.equal(speaker.play(fill, onEnd), ERR_RANGE);
      const none = createDmaSpeaker(board, rig.port, createAudioMemory(board, { allocate: () => undefined }));
      assert.equal(none.play(fill, onEnd), ERR_MEMORY);
    });

    it("tells a PWM that never starts, that hangs, and that does not answer STOP", () => {
      const dead = playing(100_000);
      rig.broken.set(PWM3 + 0x108, 0);
      rig.run(1000);
      assert.deepEqual(dead.source.ends, [{ code: ERR_HARDWARE, late: 0 }]);
      assertAllOff();
      rig.clearGlobals();
      const hanging = playing(100_000);
      rig.run(100);
      rig.broken.set(PWM3 + 0x10c, 0);
      rig.run(2000);
      assert.deepEqual(hanging.source.ends, [{ code: ERR_HARDWARE, late: 0 }]);
      assertAllOff();
      rig.clearGlobals();
      const deaf = playing(100_000);
      rig.run(100);
      rig.broken.set(PWM3 + 0x104, 0);
      deaf.speaker.silence();
      rig.run(1);
      assert.equal(deaf.source.ends[0]!.code, ERR_HARDWARE);
      assertAllOff();
    });

    it("does not take a PWM from somebody else", () => {
      const { speaker, fill, onEnd } = setUp();
      rig.bus.write32(PWM3 + 0x500, 1);
      assert.deepEqual([speaker.play(fill, onEnd), speaker.tone(440, 100), speaker.selfTest()], [ERR_BUSY, ERR_BUSY, ERR_BUSY]);
    });

    it("does not share its buffers with a capture, in either order; a tone may sound", () => {
      const { speaker, fill, onEnd, source } = setUp();
      const microphone = createDmaMicrophone(board, rig.port, rig.audio, rig.isPawPressed);
      const capture = { ends: 0 };
      const start = (): number => microphone.start(() => undefined, () => void capture.ends++);
      microphone.open(rig.token);
      assert.equal(start(), OK);
      assert.equal(speaker.play(fill, onEnd), ERR_BUSY);
      assert.equal(speaker.tone(880, 100), OK);
      speaker.silence();
      rig.run(300);
      microphone.stop();
      assert.equal(speaker.play(fill, onEnd), ERR_BUSY);
      rig.run(1);
      source.total = 100;
      assert.equal(speaker.play(fill, onEnd), OK);
      assert.equal(microphone.open(rig.token), OK);
      assert.equal(start(), ERR_BUSY);
      rig.run(200);
      assert.equal(start(), OK);
      microphone.close();
      assert.equal(speaker.play(fill, onEnd), OK);
      speaker.silence();
    });
  });

  describe("self-test", () => {
    it("plays in silence: no pin is driven, the amplifier stays off", () => {
      const { speaker } = setUp();
      assert.equal(speaker.selfTest(), OK);
      assert.deepEqual(rig.drives, []);
      assert.ok(rig.pins.every(({ level }) => level === 0));
      assertAllOff();
    });

    for (const [what, register] of [["starts", 0x108], ["plays", 0x110], ["stops", 0x104]] as const) {
      it(`fails when the PWM never ${what}`, () => {
        const { speaker } = setUp();
        rig.broken.set(PWM3 + register, 0);
        assert.equal(speaker.selfTest(), ERR_HARDWARE);
        assertAllOff();
      });
    }
  });

  it("takes few pokes: play 8 + 2, refill 1 and a wait, silence 6 + 1, tone 5 + 1", () => {
    const { speaker } = playing(Infinity);
    rig.resetCounts();
    rig.run(15);
    assert.deepEqual(rig.counts, { peeks: 1, pokes: 8 });
    rig.resetCounts();
    rig.run(200);
    assert.deepEqual([rig.counts.pokes, rig.counts.peeks], [0, 0]);
    rig.resetCounts();
    rig.run(60);
    // The last 5 ms before a change may come are waited for in place.
    assert.equal(rig.counts.pokes, 1);
    assert.ok(rig.counts.peeks < 20, String(rig.counts.peeks));
    rig.resetCounts();
    speaker.silence();
    assert.deepEqual(rig.counts, { peeks: 1, pokes: 6 });
    rig.run(1);
    rig.resetCounts();
    speaker.tone(440, 100);
    assert.deepEqual(rig.counts, { peeks: 1, pokes: 5 });
    rig.resetCounts();
    speaker.silence();
    assert.equal(rig.counts.pokes, 4);
  });
});
