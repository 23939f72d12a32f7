// The DMA microphone on the simulator's SAADC: every sample by its number, late interpreters, and every way out.
// Over 300 lines: one model of the registers serves all of it.

import assert from "node:assert/strict";
import { findBoard } from "../../../boards/index.ts";
import { ERR_BUSY, ERR_FORBIDDEN, ERR_HARDWARE, ERR_MEMORY, ERR_RANGE, OK } from "../../../hal/contract.ts";
import { createAudioMemory } from "../../../hal/espruino/dma-memory.ts";
import { createDmaMicrophone } from "../../../hal/espruino/dma-microphone.ts";
import { createDmaRig, RESULT_US, type DmaRig, type RigOptions } from "./dma-rig.ts";

const BUFFER = 8000;
const BUFFER_MS = 500;
const SAADC = 0x40007000;
const board = findBoard("XIAOBLE")!;

describe("the DMA microphone", () => {
  let rig: DmaRig;
  afterEach(() => rig.clearGlobals());

  /** Follows the captured numbers: what came, and what is missing between. */
  function listen() {
    const heard = { counts: [] as number[], missing: 0, next: 0, wrong: 0, ends: [] as { code: number; dropped: number }[], codingMs: 0 };
    const onSamples = (address: number, count: number): void => {
      const words = rig.words(address, count);
      // A gap is whole buffers; 8000 k modulo 4096 tells k.
      const gap = (words[0]! - heard.next + 4096 * 100) % 4096;
      const buffers = gap === 0 ? 0 : Array.from({ length: 40 }, (_, k) => k).find((k) => (BUFFER * k) % 4096 === gap);
      if (buffers === undefined) heard.wrong++;
      heard.missing += (buffers ?? 0) * BUFFER;
      words.forEach((word, i) => {
        if (word !== (words[0]! + i) % 4096) heard.wrong++;
      });
      heard.next = (words[0]! + count) % 4096;
      heard.counts.push(count);
      rig.stall(heard.codingMs);
    };
    return { heard, onSamples, onEnd: (code: number, dropped: number) => void heard.ends.push({ code, dropped }) };
  }

  function setUp(options: Partial<RigOptions> = {}) {
    rig = createDmaRig({ board, ...options });
    const microphone = createDmaMicrophone(options.board ?? board, rig.port, rig.audio, rig.isPawPressed);
    const { heard, onSamples, onEnd } = listen();
    return { microphone, heard, onSamples, onEnd, total: () => heard.counts.reduce((sum, count) => sum + count, 0) };
  }

  function started(options: Partial<RigOptions> = {}) {
    const all = setUp(options);
    assert.equal(all.microphone.open(rig.token), OK);
    rig.run(60);
    assert.equal(all.microphone.start(all.onSamples, all.onEnd), OK);
    return { ...all, startedUs: rig.clock.now };
  }

  const assertAllOff = (): void => {
    assert.equal(rig.isDmaActive(), false, "DMA still runs");
    assert.equal(rig.isReleased(), true, "converter or channel still taken");
  };

  describe("samples", () => {
    it("come complete and in order, whole buffers and then a rest", () => {
      const { microphone, heard, total, startedUs } = started();
      rig.run(10_000);
      microphone.stop();
      const elapsedUs = rig.clock.now - startedUs;
      rig.run(1);
      assert.deepEqual(heard.ends, [{ code: OK, dropped: 0 }]);
      assert.deepEqual([heard.wrong, heard.missing], [0, 0]);
      assert.ok(heard.counts.slice(0, -1).every((count) => count === BUFFER));
      // The stop itself takes two pokes and two peeks.
      assert.ok(Math.abs(total() - elapsedUs / RESULT_US) < 40, `${total()} in ${elapsedUs} us`);
      assertAllOff();
    });

    it("tell their scale: silence of the board's microphone is mid-scale", () => {
      const { microphone } = setUp();
      assert.deepEqual([microphone.rateHz, microphone.midScale, microphone.fullScale, microphone.settleMs], [16000, 2048, 2048, board.microphone.settleMs]);
    });

    it("are 200 ms long on a board with small buffers", () => {
      const { microphone, heard } = started({ board: findBoard("MICROBIT2")! });
      rig.run(1000);
      microphone.close();
      assert.deepEqual(heard.counts, new Array(heard.counts.length).fill(3200));
      assert.ok(heard.counts.length >= 4);
    });

    for (const ms of [0, 1, 62.5, 499, 500, 501, 520, 999, 1001, 1734]) {
      it(`are exact when stopped after ${ms} ms, in whatever phase of the poll`, () => {
        const { microphone, heard, total } = started();
        rig.run(ms);
        microphone.stop();
        rig.run(1);
        assert.deepEqual(heard.ends, [{ code: OK, dropped: 0 }]);
        assert.deepEqual([heard.wrong, heard.missing], [0, 0]);
        assert.equal(total(), heard.counts.slice(0, -1).length * BUFFER + (heard.counts.at(-1) ?? 0));
        assert.ok(Math.abs(total() - ms * 16) < 60, `${total()} samples of ${ms * 16}`);
        assertAllOff();
      });
    }

    it("are exact at every moment around the end of a buffer", () => {
      for (let us = 497_000; us < 502_500; us += 61) {
        const { microphone, heard, total } = started({ callUs: 200 });
        rig.stall(us / 1000);
        microphone.stop();
        rig.run(1);
        assert.deepEqual([heard.ends[0], heard.wrong, heard.missing], [{ code: OK, dropped: 0 }, 0, 0], `stopped after ${us} us`);
        assert.ok(total() > 7900);
        assertAllOff();
        rig.clearGlobals();
      }
    });
  });

  describe("a late interpreter", () => {
    it("loses nothing by stalls of 200 ms at any phase, coding included", () => {
      const { microphone, heard, total, startedUs } = started();
      heard.codingMs = 20;
      for (let i = 0; i < 100; i++) {
        rig.stall(200);
        rig.run(23 + i);
      }
      microphone.stop();
      const elapsedUs = rig.clock.now - startedUs;
      rig.run(1);
      assert.deepEqual(heard.ends, [{ code: OK, dropped: 0 }]);
      assert.deepEqual([heard.wrong, heard.missing], [0, 0]);
      assert.ok(Math.abs(total() - elapsedUs / RESULT_US) < 40);
    });

    for (const stallMs of [600, 800, 1020, 1277, 2000, 2990, 6000]) {
      it(`counts exactly what a stall of ${stallMs} ms loses, at any phase`, () => {
        for (let phaseMs = 0; phaseMs < BUFFER_MS; phaseMs += 14) {
          const { microphone, heard, total, startedUs } = started();
          rig.run(2 * BUFFER_MS + phaseMs);
          rig.stall(stallMs);
          rig.run(1400);
          microphone.stop();
          const elapsedUs = rig.clock.now - startedUs;
          rig.run(1);
          const { code, dropped } = heard.ends[0]!;
          const when = `stalled at ${2 * BUFFER_MS + phaseMs} ms`;
          assert.deepEqual([code, heard.wrong], [OK, 0], when);
          assert.equal(dropped, heard.missing, when);
          assert.ok(Math.abs(total() + dropped - elapsedUs / RESULT_US) < 40, `${when}: ${total()} + ${dropped} of ${elapsedUs / RESULT_US}`);
          // Two buffers last between 500 and 1000 ms, by the phase.
          if (stallMs >= 1020) assert.ok(dropped >= BUFFER, when);
          rig.clearGlobals();
        }
      });
    }

    it("counts exactly when it stops at once after the stall", () => {
      for (const stallMs of [505, 960, 1005, 1520, 2222]) {
        for (let phaseMs = 0; phaseMs < BUFFER_MS; phaseMs += 22) {
          const { microphone, heard, total, startedUs } = started();
          rig.run(600 + phaseMs);
          rig.stall(stallMs);
          microphone.stop();
          const elapsedUs = rig.clock.now - startedUs;
          rig.run(1);
          const { code, dropped } = heard.ends[0]!;
          const when = `${stallMs} ms at ${600 + phaseMs} ms`;
          assert.deepEqual([code, heard.wrong], [OK, 0], when);
          assert.equal(dropped, heard.missing, when);
          assert.ok(Math.abs(total() + dropped - elapsedUs / RESULT_US) < 40, `${when}: ${total()} + ${dropped}`);
          assertAllOff();
          rig.clearGlobals();
        }
      }
    });

    for (const clockError of [-0.015, 0.015]) {
      it(`counts exactly with a clock that is off by ${clockError * 100}%`, () => {
        const { microphone, heard, total, startedUs } = started({ clockError });
        for (let i = 0; i < 30; i++) {
          rig.run(866);
          rig.stall(1200 + 62 * i);
        }
        rig.run(1200);
        microphone.stop();
        const elapsedUs = rig.clock.now - startedUs;
        rig.run(1);
        const { dropped } = heard.ends[0]!;
        assert.equal(heard.wrong, 0);
        assert.equal(dropped, heard.missing);
        assert.ok(dropped > 30 * BUFFER);
        assert.ok(Math.abs(total() + dropped - elapsedUs / (RESULT_US * (1 + clockError))) < 40);
      });
    }

    it("counts what slow coding loses, and never overwrites a buffer that it lent", () => {
      for (const codingMs of [490, 505, 600, 1010]) {
        const { microphone, heard, total, startedUs } = started();
        heard.codingMs = codingMs;
        rig.run(10_000);
        heard.codingMs = 0;
        rig.run(1200);
        microphone.stop();
        const elapsedUs = rig.clock.now - startedUs;
        rig.run(1);
        const { code, dropped } = heard.ends[0]!;
        assert.deepEqual([code, heard.wrong], [OK, 0], `coding ${codingMs} ms`);
        assert.equal(dropped, heard.missing, `coding ${codingMs} ms`);
        assert.ok(Math.abs(total() + dropped - elapsedUs / RESULT_US) < 40, `coding ${codingMs} ms: ${total()} + ${dropped}`);
        rig.clearGlobals();
      }
    });
  });

  describe("a buffer that becomes full while the pointer is renewed", () => {
    it("is told from one that is overwritten, at every moment", () => {
      let inTime = 0;
      let late = 0;
      // The first coding ends shortly before the second END, or after it: in steps of a third of a poke.
      for (let codingUs = 475_000; codingUs < 502_000; codingUs += 130) {
        const { microphone, heard, total, startedUs } = started();
        heard.codingMs = codingUs / 1000;
        rig.run(525);
        heard.codingMs = 0;
        rig.run(2000);
        const elapsedUs = rig.clock.now - startedUs;
        microphone.stop();
        rig.run(1);
        const { code, dropped } = heard.ends[0]!;
        const when = `coding for ${codingUs} us`;
        assert.deepEqual([code, heard.wrong], [OK, 0], when);
        assert.equal(dropped, heard.missing, when);
        assert.ok(Math.abs(total() + dropped - elapsedUs / RESULT_US) < 40, when);
        // The third pointer is the first renewed one; the last conversion of the second buffer begins 3.6 us before its end, and takes 12.
        const renewedUs = rig.pokes.filter(({ address }) => address === SAADC + 0x62c)[2]!.atUs;
        const isInTime = renewedUs < rig.originUs() + 2 * BUFFER * RESULT_US - 15.625 + 12;
        // A first sample that comes within the very poke is not seen: that loses a buffer, and says so.
        const isBorderline = Math.abs(renewedUs + 350 - rig.originUs() - 2 * BUFFER * RESULT_US) < 90;
        if (!isBorderline) assert.equal(dropped, isInTime ? 0 : BUFFER, when);
        if (isInTime) inTime++;
        else late++;
        rig.clearGlobals();
      }
      assert.ok(inTime > 20 && late > 20, `${inTime} in time, ${late} late`);
    });
  });

  describe("light and power", () => {
    const twoWires = { ...board, microphone: { ...board.microphone, power: { espruino: "D9", nrf: 46, on: 0 as const } } };

    it("lights the heart before the microphone gets power, and puts it out after", () => {
      const { microphone } = setUp({ board: twoWires });
      rig.pins.length = 0;
      microphone.open(rig.token);
      microphone.close();
      assert.deepEqual(rig.pins.map(({ name, level }) => `${name}=${level}`), ["D2=1", "D9=0", "D9=1", "D2=0"]);
    });

    it("is one write where light and power are one wire", () => {
      const { microphone } = setUp();
      rig.pins.length = 0;
      microphone.open(rig.token);
      assert.deepEqual(rig.pins.map(({ name, level }) => `${name}=${level}`), ["D2=1"]);
    });

    it("writes the level that Espruino inverts on a negated pin", () => {
      const negated = { ...board, microphone: { ...board.microphone, power: { espruino: "D9", nrf: 46, on: 0 as const, negated: true as const } } };
      const { microphone } = setUp({ board: negated });
      microphone.open(rig.token);
      assert.equal(rig.level("D9"), 1);
    });

    it("is off from the moment that the port exists", () => {
      setUp();
      assert.equal(rig.level("D2"), 0);
    });

    it("stays dark without a live token and a pressed paw", () => {
      const { microphone, onSamples, onEnd } = setUp();
      assert.equal(microphone.open(undefined as never), ERR_FORBIDDEN);
      assert.equal(microphone.open({ isLive: () => false } as never), ERR_FORBIDDEN);
      assert.equal(microphone.start(onSamples, onEnd), ERR_FORBIDDEN);
      rig.releasePaw();
      assert.equal(microphone.open({ isLive: () => true } as never), ERR_FORBIDDEN);
      assert.equal(rig.level("D2"), 0);
    });

    it("ends a capture by itself when the token dies: samples, end, power off", () => {
      const { microphone, heard, total } = started();
      rig.run(1400);
      rig.releasePaw();
      rig.run(25);
      assert.deepEqual(heard.ends, [{ code: OK, dropped: 0 }]);
      assert.ok(total() > 11_000);
      assert.equal(rig.level("D2"), 0);
      assertAllOff();
      assert.equal(microphone.start(() => undefined, () => undefined), ERR_FORBIDDEN);
    });

    it("ends it all the same when nobody tells that the paw was let go, but not for a bounce", () => {
      const { heard } = started();
      rig.run(1400);
      rig.releasePaw(true);
      rig.run(20);
      rig.pressPaw();
      rig.run(500);
      assert.deepEqual(heard.ends, []);
      rig.releasePaw(true);
      rig.run(60);
      assert.equal(heard.ends.length, 1);
      assert.equal(rig.level("D2"), 0);
      assertAllOff();
    });

    it("cuts the power when the token dies before the capture", () => {
      const { microphone } = setUp();
      microphone.open(rig.token);
      rig.releasePaw();
      rig.run(25);
      assert.equal(rig.level("D2"), 0);
    });
  });

  describe("ways out", () => {
    for (const ms of [0, 5, 100, 251, 400, 600]) {
      it(`close after ${ms} ms stops the DMA, and no callback comes`, () => {
        const { microphone, heard } = started();
        rig.run(ms);
        const before = heard.counts.length;
        microphone.close();
        assertAllOff();
        assert.equal(rig.level("D2"), 0);
        rig.run(1000);
        assert.deepEqual([heard.counts.length, heard.ends.length], [before, 0]);
      });
    }

    it("close between stop and its callbacks silences them", () => {
      const { microphone, heard } = started();
      rig.run(100);
      microphone.stop();
      microphone.close();
      rig.run(100);
      assert.deepEqual([heard.counts, heard.ends], [[], []]);
    });

    it("stop inside onSamples ends after that buffer", () => {
      const { microphone, onEnd, heard } = setUp();
      microphone.open(rig.token);
      const counts: number[] = [];
      microphone.start((_address, count) => {
        counts.push(count);
        if (counts.length === 2) microphone.stop();
      }, onEnd);
      rig.run(2000);
      assert.equal(heard.ends.length, 1);
      assert.deepEqual(counts.slice(0, 2), [BUFFER, BUFFER]);
      assert.equal(counts.length, 3);
      assert.ok(counts[2]! < 500);
      assertAllOff();
    });

    it("close inside onSamples stops everything", () => {
      const { microphone, onEnd, heard } = setUp();
      microphone.open(rig.token);
      let calls = 0;
      microphone.start(() => {
        calls++;
        microphone.close();
        rig.resetCounts();
      }, onEnd);
      rig.run(2000);
      assert.deepEqual([calls, heard.ends.length, rig.counts.pokes], [1, 0, 0]);
      assertAllOff();
    });

    it("an error thrown by onSamples stops the DMA and ends the capture as failed", () => {
      const { microphone, onEnd, heard } = setUp();
      microphone.open(rig.token);
      microphone.start(() => {
        throw new Error("coder");
      }, onEnd);
      assert.throws(() => rig.run(2000), /coder/);
      assertAllOff();
      rig.run(10);
      assert.deepEqual(heard.ends, [{ code: ERR_HARDWARE, dropped: 0 }]);
    });

    it("stop and close are allowed at any time, also twice", () => {
      const { microphone, heard } = setUp();
      microphone.stop();
      microphone.close();
      microphone.open(rig.token);
      microphone.stop();
      microphone.start(() => undefined, () => heard.ends.push({ code: OK, dropped: 0 }));
      microphone.stop();
      microphone.stop();
      rig.run(10);
      assert.equal(heard.ends.length, 1);
      microphone.close();
      microphone.close();
      assertAllOff();
    });

    it("no callback runs inside stop, and a second capture works like the first", () => {
      const { microphone, heard, onEnd } = started();
      rig.run(300);
      microphone.stop();
      assert.deepEqual(heard.ends, []);
      assert.equal(microphone.open(rig.token), ERR_BUSY);
      rig.run(1);
      assert.equal(heard.ends.length, 1);
      assert.equal(microphone.start(() => undefined, onEnd), ERR_FORBIDDEN);
      assert.equal(microphone.open(rig.token), OK);
      assert.equal(microphone.start(() => undefined, onEnd), OK);
      rig.run(300);
      microphone.stop();
      rig.run(1);
      assert.equal(heard.ends.length, 2);
      assertAllOff();
    });
  });

  describe("bad hardware and bad memory", () => {
    it("refuses memory that is missing, misaligned or short", () => {
      for (const shift of [1, 2, 3]) {
        const { microphone, onSamples, onEnd } = setUp({ shift });
        microphone.open(rig.token);
        assert.equal(microphone.start(onSamples, onEnd), ERR_RANGE);
        assertAllOff();
        rig.clearGlobals();
      }
      const short = setUp({ memoryBytes: 16_000 });
      short.microphone.open(rig.token);
      assert.equal(short.microphone.start(short.onSamples, short.onEnd), ERR_RANGE);
      rig.clearGlobals();
      rig = createDmaRig({ board });
      const none = createDmaMicrophone(board, rig.port, createAudioMemory(board, { allocate: () => undefined }), rig.isPawPressed);
      none.open(rig.token);
      assert.equal(none.start(() => undefined, () => undefined), ERR_MEMORY);
    });

    it("tells a converter that never starts, and leaves nothing on", () => {
      const { microphone, onSamples, onEnd, heard } = setUp();
      microphone.open(rig.token);
      rig.broken.set(SAADC + 0x100, 0);
      assert.equal(microphone.start(onSamples, onEnd), ERR_HARDWARE);
      assertAllOff();
      rig.run(1000);
      assert.deepEqual(heard.ends, []);
    });

    it("tells a converter that never fills a buffer", () => {
      const { heard } = started();
      rig.broken.set(SAADC + 0x104, 0);
      rig.run(2000);
      assert.deepEqual(heard.ends, [{ code: ERR_HARDWARE, dropped: 0 }]);
      assertAllOff();
    });

    it("tells a converter that does not answer STOP, within a bounded time", () => {
      const { microphone, heard } = started();
      rig.run(300);
      rig.broken.set(SAADC + 0x114, 0);
      const before = rig.clock.now;
      microphone.stop();
      assert.ok(rig.clock.now - before < 30_000);
      rig.run(1);
      assert.equal(heard.ends[0]!.code, ERR_HARDWARE);
      assertAllOff();
    });

    it("does not take a converter or the PPI channels from somebody else", () => {
      const { microphone, onSamples, onEnd } = setUp();
      microphone.open(rig.token);
      rig.bus.write32(SAADC + 0x500, 1);
      assert.equal(microphone.start(onSamples, onEnd), ERR_BUSY);
      rig.bus.write32(SAADC + 0x500, 0);
      rig.bus.write32(0x4001f504, 0x1ffff);
      assert.equal(microphone.start(onSamples, onEnd), ERR_BUSY);
      rig.bus.write32(0x4001f508, 1 << 4);
      assert.equal(microphone.start(onSamples, onEnd), OK);
      microphone.close();
      assert.equal(rig.bus.read32(0x4001f500), 0x1ffef & 0x1ffff);
    });
  });

  describe("self-test", () => {
    it("runs the converter with the microphone unpowered", () => {
      const { microphone } = setUp();
      rig.pins.length = 0;
      assert.equal(microphone.selfTest(), OK);
      assert.deepEqual(rig.pins, []);
      assertAllOff();
    });

    for (const [what, register] of [["starts", 0x100], ["ends", 0x104], ["stops", 0x114], ["counts", 0x634]] as const) {
      it(`fails when the converter never ${what}`, () => {
        const { microphone } = setUp();
        rig.broken.set(SAADC + register, 0);
        assert.equal(microphone.selfTest(), ERR_HARDWARE);
        assertAllOff();
      });
    }

    it("is refused while the microphone is open, and on bad memory", () => {
      const { microphone } = setUp();
      microphone.open(rig.token);
      assert.equal(microphone.selfTest(), ERR_BUSY);
      rig.clearGlobals();
      assert.equal(setUp({ shift: 1 }).microphone.selfTest(), ERR_RANGE);
    });
  });

  it("takes few pokes: start 11 + 3, poll 0 + 1, full buffer 2 + 1, stop 4 + 3", () => {
    const { microphone, onSamples, onEnd, heard } = setUp();
    microphone.open(rig.token);
    rig.resetCounts();
    microphone.start(onSamples, onEnd);
    assert.deepEqual(rig.counts, { peeks: 3, pokes: 11 });
    rig.resetCounts();
    rig.run(200);
    assert.deepEqual([rig.counts.pokes, rig.counts.peeks], [0, 10]);
    rig.run(BUFFER_MS - 200 + 25);
    assert.equal(heard.counts.length, 1);
    assert.equal(rig.counts.pokes, 2);
    rig.resetCounts();
    microphone.stop();
    assert.deepEqual(rig.counts, { peeks: 3, pokes: 4 });
  });
});
