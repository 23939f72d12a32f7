// The recorder over mock ports and a kernel that only counts: the order of room, power and commit, and what is thrown away.

import assert from "node:assert/strict";
import sinon from "sinon";
import type { MessageLog } from "../../../firmware/messages/log.ts";
import { BLOCK_BYTES, BLOCK_SAMPLES } from "../../../firmware/voice/abi.ts";
import type { Kernel } from "../../../firmware/voice/kernel.ts";
import { LIMIT_SAMPLES, SHORTEST_SAMPLES, WARNING_SAMPLES, createRecorder } from "../../../firmware/voice/recorder.ts";
import { ERR_FORBIDDEN, ERR_FULL, ERR_HARDWARE, OK, type PawToken } from "../../../hal/contract.ts";
import { mockMicrophone } from "../../../hal/mock/audio.ts";
import { mockClock } from "../../../hal/mock/clock.ts";

/** Results of the converter are at twice the rate of samples. */
const BUFFER = 4000;

describe("the recorder", () => {
  let time: sinon.SinonFakeTimers;
  beforeEach(() => {
    time = sinon.useFakeTimers();
  });
  afterEach(() => time.restore());

  function setUp({ room = 2 * LIMIT_SAMPLES, begin = OK, appendFails = Infinity, commit = OK } = {}) {
    const events: string[] = [];
    const microphone = mockMicrophone(16000);
    let samples = 0;
    const blocks = [new Uint8Array(BLOCK_BYTES), new Uint8Array(BLOCK_BYTES)];
    const mark = (upTo: number): number => {
      // Each completed block carries its number, and what follows writes over the older one.
      for (let block = Math.max(0, upTo - 1); block < upTo; block++) blocks[block & 1]!.fill(block);
      return upTo;
    };
    const kernel = {
      blocks,
      playing: [new Uint8Array(BLOCK_BYTES), new Uint8Array(BLOCK_BYTES)],
      beginCapture: () => void (samples = 0),
      capture: (_address: number, count: number) => {
        samples += count / 2;
        return mark(Math.floor(samples / BLOCK_SAMPLES));
      },
      flush: () => {
        mark(Math.ceil(samples / BLOCK_SAMPLES));
        return samples;
      },
      captured: () => samples,
    } as unknown as Kernel;
    const stored: number[] = [];
    const log = {
      begin: () => begin,
      roomSamples: () => room,
      append: (block: Uint8Array) => {
        if (stored.length >= appendFails) return ERR_HARDWARE;
        stored.push(block[0]!);
        return OK;
      },
      commit: (count: number) => {
        events.push(`commit ${count}, microphone ${microphone.isPowered ? "on" : "off"}`);
        return commit;
      },
      abandon: () => void events.push("abandon"),
    } as unknown as MessageLog;
    const recorder = createRecorder(mockClock(globalThis as never), microphone, kernel, log, {
      ending: () => void events.push("ending"),
      ended: (code, count, dropped) => void events.push(`ended ${code} ${count}${dropped > 0 ? `, ${dropped} dropped` : ""}`),
    });
    let isLive = true;
    const token = { isLive: () => isLive } as PawToken;
    const hear = (count: number): void => {
      for (let at = 0; at < count * 2; at += BUFFER) {
        microphone.deliver(0, Math.min(BUFFER, count * 2 - at));
        time.tick(250);
      }
    };
    const finish = (): void => {
      recorder.stop();
      microphone.end(OK, 0);
      time.tick(100);
    };
    return { recorder, microphone, events, stored, token, hear, finish, letGo: () => void (isLive = false) };
  }

  it("stores every block in order and commits when the microphone is off", () => {
    const { recorder, events, stored, token, hear, finish } = setUp();
    assert.equal(recorder.open(token), OK);
    assert.equal(recorder.start(), OK);
    hear(20000);
    finish();
    assert.deepEqual(stored, Array.from({ length: Math.ceil(20000 / BLOCK_SAMPLES) }, (_, i) => i));
    assert.deepEqual(events, ["commit 20000, microphone off", `ended ${OK} 20000`]);
  });

  it("stores in order what two buffers make at once, after JavaScript stood still", () => {
    const { recorder, microphone, events, stored, token, finish } = setUp();
    recorder.open(token);
    recorder.start();
    for (let buffer = 0; buffer < 4; buffer++) {
      microphone.deliver(0, 2 * BUFFER);
      if (buffer % 2 === 1) time.tick(1000);
    }
    microphone.deliver(0, 2 * BUFFER);
    finish();
    assert.deepEqual(stored, Array.from({ length: 10 }, (_, i) => i));
    assert.equal(events.at(-1), `ended ${OK} ${5 * BUFFER}`);
  });

  it("tells what the microphone dropped, of this recording only", () => {
    const { recorder, microphone, events, token, hear, finish } = setUp();
    for (const end of [() => microphone.end(OK, 800), finish]) {
      recorder.open(token);
      recorder.start();
      hear(SHORTEST_SAMPLES);
      recorder.stop();
      end();
      time.tick(100);
    }
    assert.deepEqual(events.filter((event) => event.startsWith("ended")), [`ended ${OK} ${SHORTEST_SAMPLES}, 800 dropped`, `ended ${OK} ${SHORTEST_SAMPLES}`]);
  });

  for (const count of [0, 1, SHORTEST_SAMPLES - 2]) {
    it(`keeps nothing of ${count} samples`, () => {
      const { recorder, events, token, hear, finish } = setUp();
      recorder.open(token);
      recorder.start();
      hear(count);
      finish();
      assert.deepEqual(events, ["abandon", `ended ${OK} 0`]);
    });
  }

  it("keeps the shortest message", () => {
    const { recorder, events, token, hear, finish } = setUp();
    recorder.open(token);
    recorder.start();
    hear(SHORTEST_SAMPLES);
    finish();
    assert.equal(events.at(-1), `ended ${OK} ${SHORTEST_SAMPLES}`);
  });

  it("warns once, five seconds before the limit, and stops at it", () => {
    const { recorder, microphone, events, token, hear } = setUp();
    recorder.open(token);
    recorder.start();
    hear(LIMIT_SAMPLES - WARNING_SAMPLES - BUFFER);
    assert.deepEqual(events, []);
    hear(2 * BUFFER);
    assert.deepEqual(events, ["ending"]);
    hear(WARNING_SAMPLES);
    assert.equal(microphone.isRunning, false);
    microphone.end(OK, 0);
    time.tick(100);
    assert.deepEqual(events, ["ending", `commit ${LIMIT_SAMPLES}, microphone off`, `ended ${OK} ${LIMIT_SAMPLES}`]);
  });

  it("is limited by the room that is left", () => {
    const { recorder, events, token, hear, microphone } = setUp({ room: 24000 });
    recorder.open(token);
    recorder.start();
    hear(26000);
    assert.equal(microphone.isRunning, false);
    microphone.end(OK, 0);
    time.tick(100);
    assert.equal(events.at(-1), `ended ${OK} 24000`);
  });

  for (const [what, options, code] of [
    ["the log has no room", { begin: ERR_FULL }, ERR_FULL],
    ["less than a second of room is left", { room: 7999 }, ERR_FULL],
  ] as const) {
    it(`does not power the microphone when ${what}`, () => {
      const { recorder, microphone, token } = setUp(options);
      const open = sinon.spy(microphone, "open");
      assert.equal(recorder.open(token), code);
      sinon.assert.notCalled(open);
    });
  }

  it("does not power the microphone, and gives the room back, with a dead token", () => {
    const { recorder, microphone, events, token, letGo } = setUp();
    letGo();
    assert.equal(recorder.open(token), ERR_FORBIDDEN);
    assert.equal(microphone.isPowered, false);
    assert.deepEqual(events, ["abandon"]);
  });

  it("ends with the log's error, without a message", () => {
    const { recorder, microphone, events, token, hear } = setUp({ appendFails: 2 });
    recorder.open(token);
    recorder.start();
    hear(20000);
    assert.equal(microphone.isRunning, false);
    microphone.end(OK, 0);
    time.tick(100);
    assert.deepEqual(events, ["abandon", `ended ${ERR_HARDWARE} 0`]);
  });

  it("ends with the converter's error, without a message", () => {
    const { recorder, microphone, events, token, hear } = setUp();
    recorder.open(token);
    recorder.start();
    hear(20000);
    microphone.end(ERR_HARDWARE, 0);
    time.tick(100);
    assert.equal(microphone.isPowered, false);
    assert.deepEqual(events, ["abandon", `ended ${ERR_HARDWARE} 0`]);
  });

  it("tells a commit that failed", () => {
    const { recorder, events, token, hear, finish } = setUp({ commit: ERR_HARDWARE });
    recorder.open(token);
    recorder.start();
    hear(20000);
    finish();
    assert.equal(events.at(-1), `ended ${ERR_HARDWARE} 0`);
  });

  it("is left by abort without an end, microphone off", () => {
    const { recorder, microphone, events, token, hear } = setUp();
    recorder.open(token);
    recorder.start();
    hear(8000);
    recorder.abort();
    time.tick(1000);
    assert.equal(microphone.isPowered, false);
    assert.deepEqual(events, ["abandon"]);
  });
});
