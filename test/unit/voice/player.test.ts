// The player over a mock speaker and a kernel that renders block and word numbers: every word once, in order, and a damaged
// block ends the playback.

import assert from "node:assert/strict";
import sinon from "sinon";
import type { Message } from "../../../firmware/messages/index.ts";
import { BLOCK_BYTES, BLOCK_SAMPLES } from "../../../firmware/voice/abi.ts";
import type { Kernel } from "../../../firmware/voice/kernel.ts";
import { FULL_VOLUME, createPlayer, type ReadBlock } from "../../../firmware/voice/player.ts";
import { ERR_DAMAGED, ERR_HARDWARE, OK } from "../../../hal/contract.ts";
import { mockSpeaker } from "../../../hal/mock/audio.ts";
import { mockClock } from "../../../hal/mock/clock.ts";

const SAMPLES = 2 * BLOCK_SAMPLES + 100;

describe("the player", () => {
  let time: sinon.SinonFakeTimers;
  beforeEach(() => {
    time = sinon.useFakeTimers();
  });
  afterEach(() => time.restore());

  function setUp(damagedBlock = -1) {
    const speaker = mockSpeaker();
    const playing = [new Uint8Array(BLOCK_BYTES), new Uint8Array(BLOCK_BYTES)];
    const words: string[] = [];
    let current = 0;
    let left = 0;
    let position = 0;
    const kernel = {
      playing,
      beginRender: () => undefined,
      beginBlock: (which: number, samples: number) => {
        current = playing[which]![0]!;
        left = samples * speaker.wordsPerSample;
        position = 0;
      },
      render: (_address: number, count: number) => {
        const written = Math.min(count, left);
        for (let i = 0; i < written; i++) words.push(`${current}.${position++}`);
        left -= written;
        return written;
      },
    } as unknown as Kernel;
    const reads: number[] = [];
    const readBlock: ReadBlock = (_sound, index, into) => {
      reads.push(index);
      into.fill(index);
      return index === damagedBlock ? ERR_DAMAGED : OK;
    };
    const ends: number[] = [];
    const lates: number[] = [];
    const player = createPlayer(mockClock(globalThis as never), speaker, kernel, readBlock, () => FULL_VOLUME, (code, late) => {
      ends.push(code);
      lates.push(late);
    });
    const message = { sequence: 1, samples: SAMPLES } as Message;
    return { speaker, player, message, words, reads, ends, lates };
  }

  const expected = (samples: number): string[] =>
    Array.from({ length: samples * 4 }, (_, i) => `${Math.floor(i / (BLOCK_SAMPLES * 4))}.${i % (BLOCK_SAMPLES * 4)}`);

  for (const buffer of [8000, 3200, 7, SAMPLES * 4 + 1]) {
    it(`gives every word once and in order in buffers of ${buffer}`, () => {
      const { speaker, player, message, words, ends } = setUp();
      assert.equal(player.play(message), OK);
      while (speaker.ask(0, buffer) === buffer) time.tick(1);
      speaker.end(OK);
      assert.deepEqual(words, expected(SAMPLES));
      assert.deepEqual(ends, [OK]);
    });
  }

  it("tells how many buffers came too late", () => {
    const { speaker, player, message, lates } = setUp();
    player.play(message);
    speaker.end(OK, 3);
    assert.deepEqual(lates, [3]);
  });

  it("plays what it had prepared without reading it again", () => {
    const { speaker, player, message, words, reads } = setUp();
    while (player.prepare(message)) time.tick(1);
    const before = reads.length;
    assert.ok(before > 0);
    player.play(message);
    speaker.ask(0, 400);
    assert.equal(reads.length, before);
    assert.deepEqual(words, expected(100));
  });

  it("plays a message from its beginning after another was prepared, and again after it was cut off", () => {
    const { speaker, player, message, words } = setUp();
    player.prepare({ ...message });
    player.play(message);
    speaker.ask(0, 12000);
    speaker.end(OK);
    words.length = 0;
    player.play(message);
    speaker.ask(0, 400);
    assert.deepEqual(words, expected(100));
  });

  it("ends at a damaged block with an error and without a word of it", () => {
    const { speaker, player, message, words, ends } = setUp(1);
    player.play(message);
    while (speaker.ask(0, 3200) === 3200) time.tick(1);
    speaker.end(OK);
    assert.deepEqual(words, expected(BLOCK_SAMPLES));
    assert.deepEqual(ends, [ERR_DAMAGED]);
  });

  it("tells the speaker's error", () => {
    const { speaker, player, message, ends } = setUp();
    player.play(message);
    speaker.end(ERR_HARDWARE);
    assert.deepEqual(ends, [ERR_HARDWARE]);
  });
});
