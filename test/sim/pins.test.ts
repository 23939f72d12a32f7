// Pins and watches: the level that the chip sees, debouncing as the interpreter does it, carriers that the PWM can have (platform
// facts, sections 4.2 and 5).

import assert from "node:assert/strict";
import { microbit2 } from "../../boards/microbit2.ts";
import { xiaoble } from "../../boards/xiaoble.ts";
import type { Board } from "../../boards/board.ts";
import { IoQueue } from "../../sim/io-queue.ts";
import { Pins } from "../../sim/pins.ts";
import type { Drive } from "../../sim/signals.ts";

const PAW = "D6";
const PAW_NRF = 43;

interface Edge {
  readonly state: boolean;
  readonly time: number;
  readonly lastTime: number | undefined;
  readonly pin: string;
}

function rig(board: Board = xiaoble) {
  let nowMs = 0;
  const drives: Drive[] = [];
  const queue = new IoQueue();
  const pins = new Pins(board, { drive: (_nrf, _atUs, drive) => void drives.push(drive) }, () => nowMs * 1000, queue);
  return {
    pins,
    drives,
    queue,
    at: (ms: number) => (nowMs = ms),
    /** Edges at these times, one after the other, without an idle pass. */
    edges(...timesMs: number[]) {
      for (const ms of timesMs) {
        nowMs = ms;
        level = level === 1 ? 0 : 1;
        pins.drive(PAW_NRF, level);
      }
    },
    /** An idle pass. */
    pass: (ms: number): Edge[] => {
      nowMs = ms;
      queue.drain();
      return [...pins.takeEdges(), ...pins.takeDebounced().map(({ event }) => event)].map(({ data }) => data as unknown as Edge);
    },
  };
}
let level: 0 | 1;

describe("pins", () => {
  beforeEach(() => (level = 1));

  it("read the pull until somebody drives them", () => {
    const { pins } = rig();
    pins.mode(PAW, "input_pullup");
    assert.equal(pins.read(PAW), 1);
    pins.drive(PAW_NRF, 0);
    assert.equal(pins.read(PAW), 0);
    pins.drive(PAW_NRF, undefined);
    assert.equal(pins.read(PAW), 1);
  });

  it("that Espruino negates are negated in reading, writing and watching", () => {
    const { pins, drives, queue } = rig(microbit2);
    pins.mode("D11", "input_pullup");
    assert.equal(pins.read("D11"), 0);
    pins.watch("D11", "both", 0, true);
    pins.drive(23, 0);
    queue.drain();
    assert.equal((pins.takeEdges()[0]!.data as unknown as Edge).state, true);
    pins.write("D11", 1);
    assert.deepEqual(drives, [{ kind: "level", level: 0 }]);
  });

  it("that the board's data do not name are refused", () => {
    assert.throws(() => rig().pins.read("D99"), /D99 is not in the board's data/);
    assert.throws(() => rig().pins.mode(PAW, "opendrain"), /not modelled/);
  });

  describe("under a watch", () => {
    const watched = (debounceMs: number, edge = "both", isRepeating = true) => {
      const board = rig();
      board.pins.mode(PAW, "input_pullup");
      board.pins.watch(PAW, edge, debounceMs, isRepeating);
      return board;
    };

    it("without debouncing tell each edge with its own time, however late the pass", () => {
      const board = watched(0);
      board.edges(10, 12);
      assert.deepEqual(
        board.pass(500).map(({ state, time, lastTime }) => [state, time, lastTime]),
        [
          [false, 0.01, undefined],
          [true, 0.012, 0.01],
        ],
      );
    });

    it("lose an edge when the queue of all that interrupts saw is full", () => {
      const board = watched(0);
      while (board.queue.push(0, () => undefined));
      board.edges(10);
      assert.deepEqual(board.pass(20), []);
      board.edges(30);
      assert.deepEqual(board.pass(40).map(({ state }) => state), [true]);
    });

    it("with debouncing tell the last bounce, once it is old enough", () => {
      const board = watched(10);
      board.edges(100, 101, 103);
      assert.deepEqual(board.pass(105), []);
      assert.deepEqual(board.pass(112.9), []);
      assert.equal(board.pins.nextDueUs(), 113000);
      assert.deepEqual(board.pass(113), [{ state: false, time: 0.103, lastTime: undefined, pin: PAW, repeat: true }]);
    });

    it("lose a pulse shorter than the debounce time", () => {
      const board = watched(10);
      board.edges(100, 105);
      board.pass(106);
      assert.deepEqual(board.pass(200), []);
    });

    it("lose a whole press when no pass came between its edges", () => {
      const board = watched(10);
      board.edges(100, 400);
      board.pass(401);
      assert.deepEqual(board.pass(500), []);
    });

    it("tell at once, with the old time, what should have been told before the next edge", () => {
      const board = watched(10);
      board.edges(100, 103, 400);
      // Down at 100, up at 103, down at 400: the timeout of 113 never ran.
      assert.deepEqual(
        board.pass(401).map(({ state, time }) => [state, time]),
        [[false, 0.103]],
      );
      assert.deepEqual(board.pass(500), []);
    });

    it("tell the wanted edge only, and the last time of either", () => {
      const board = watched(10, "falling");
      board.edges(100);
      board.pass(101);
      board.pass(110);
      board.edges(200);
      board.pass(201);
      assert.deepEqual(board.pass(210), []);
      board.edges(300);
      board.pass(301);
      assert.deepEqual(
        board.pass(310).map(({ state, lastTime }) => [state, lastTime]),
        [[false, 0.2]],
      );
    });

    it("tell once unless they repeat", () => {
      const board = watched(0, "both", false);
      board.edges(10, 20);
      assert.equal(board.pass(30).length, 1);
      board.edges(40);
      assert.deepEqual(board.pass(50), []);
    });
  });

  describe("with analogWrite", () => {
    const carrier = (hz: number, value = 0.5): Drive => {
      const { pins, drives } = rig();
      pins.writeAnalog("D5", value, hz);
      return drives[0]!;
    };

    it("have 16 MHz / carrier levels", () => {
      assert.deepEqual(carrier(80000, 0.123), { kind: "pwm", hz: 80000, duty: 24 / 200 });
    });

    it("have the carrier that the counter can make", () => {
      assert.deepEqual(carrier(30000), { kind: "pwm", hz: 16e6 / 533, duty: 266 / 533 });
    });

    it("slow the counter down for tones", () => {
      assert.deepEqual(carrier(440), { kind: "pwm", hz: 8e6 / 18181, duty: 9090 / 18181 });
    });

    it("take 1 kHz when none is given", () => {
      assert.deepEqual(carrier(0), { kind: "pwm", hz: 1000, duty: 0.5 });
    });

    it("lose the PWM to digitalWrite and pinMode", () => {
      const { pins } = rig();
      pins.writeAnalog("D5", 0.5, 62500);
      assert.deepEqual(pins.pwm(5), { top: 256, hz: 62500 });
      pins.write("D5", 0);
      assert.equal(pins.pwm(5), undefined);
      pins.writeAnalog("D5", 0.5, 62500);
      pins.mode("D5", "input");
      assert.equal(pins.pwm(5), undefined);
    });
  });
});
