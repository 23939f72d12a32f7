// The paw adapter: pressed is pressed whatever the wiring, the edge's own time is told, and an error in the listener stays there.

import assert from "node:assert/strict";
import sinon from "sinon";
import { createEspruinoPaw } from "../../../hal/espruino/paw.ts";
import { clearGlobals, fakePins, noError, setGlobals } from "./espruino-globals.ts";

interface Watched {
  readonly callback: (edge: { state: boolean; time: number }) => void;
  readonly options: { readonly repeat: boolean; readonly edge: string; readonly debounce: number };
}

const BOOT_SECONDS = 2.5;

describe("the paw adapter", () => {
  let pins: ReturnType<typeof fakePins>;
  let watched: Watched[];
  let time: sinon.SinonFakeTimers;
  beforeEach(() => {
    time = sinon.useFakeTimers();
    pins = fakePins();
    watched = [];
    setGlobals({ ...pins.globals, setWatch: (callback: Watched["callback"], _pin: unknown, options: Watched["options"]) => watched.push({ callback, options }), getTime: () => Date.now() / 1000 });
  });
  afterEach(() => {
    clearGlobals();
    time.restore();
  });

  for (const on of [0, 1] as const) {
    for (const negated of [false, true]) {
      describe(`that is ${on} when pressed${negated ? ", on a negated pin" : ""}`, () => {
        const make = (onError: (error: unknown) => void = noError) =>
          createEspruinoPaw({ paw: { espruino: "D6", nrf: 43, on, ...(negated ? { negated } : {}) } }, BOOT_SECONDS, onError);
        // What Espruino reads from an electrical level.
        const reading = (level: number): number => (negated ? 1 - level : level);

        it("is pulled to the other level and read", () => {
          const paw = make();
          assert.deepEqual(pins.calls, [["pinMode", "D6", on ? "input_pulldown" : "input_pullup"]]);
          pins.levels.set("D6", reading(on));
          assert.equal(paw.isPressed(), true);
          pins.levels.set("D6", reading(1 - on));
          assert.equal(paw.isPressed(), false);
        });

        it("tells both edges with their own times since boot", () => {
          const changes: [boolean, number][] = [];
          make().listen((pressed, atMs) => void changes.push([pressed, atMs]));
          assert.equal(watched.length, 1);
          assert.equal(watched[0]!.options.repeat, true);
          assert.equal(watched[0]!.options.edge, "both");
          assert.ok(watched[0]!.options.debounce >= 5);
          watched[0]!.callback({ state: reading(on) === 1, time: BOOT_SECONDS + 1 });
          watched[0]!.callback({ state: reading(1 - on) === 1, time: BOOT_SECONDS + 1.25 });
          assert.deepEqual(changes, [
            [true, 1000],
            [false, 1250],
          ]);
        });
      });
    }
  }

  it("tells what two looks in a row see and no edge has told, not what one sees in a bounce", () => {
    const changes: boolean[] = [];
    pins.levels.set("D6", 1);
    createEspruinoPaw({ paw: { espruino: "D6", nrf: 43, on: 0 } }, 0, noError).listen((pressed) => void changes.push(pressed));
    const look = (level: number): void => {
      pins.levels.set("D6", level);
      time.tick(500);
    };
    for (const level of [1, 0, 1, 0, 1]) look(level);
    assert.deepEqual(changes, []);
    for (const level of [0, 0, 0]) look(level);
    assert.deepEqual(changes, [true], "once");
    watched[0]!.callback({ state: true, time: 5 });
    for (const level of [1, 1, 1]) look(level);
    assert.deepEqual(changes, [true, false], "an edge that was told needs no look");
    for (const level of [0, 0]) look(level);
    assert.deepEqual(changes, [true, false, true]);
  });

  it("takes a paw that is held when it begins for nothing new", () => {
    const changes: boolean[] = [];
    pins.levels.set("D6", 0);
    createEspruinoPaw({ paw: { espruino: "D6", nrf: 43, on: 0 } }, 0, noError).listen((pressed) => void changes.push(pressed));
    time.tick(5000);
    assert.deepEqual(changes, []);
  });

  it("gives an error of the listener to the one who takes errors", () => {
    const onError = sinon.spy();
    const error = new Error("in the listener");
    createEspruinoPaw({ paw: { espruino: "D6", nrf: 43, on: 0 } }, 0, onError).listen(() => {
      throw error;
    });
    watched[0]!.callback({ state: true, time: 1 });
    sinon.assert.calledOnceWithExactly(onError, error);
  });
});
