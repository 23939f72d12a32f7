// What the shipped firmware does with contents of its flash that are none of its own: foreign and older ones make room, a newer layout
// is left alone until its owner has it forgotten.

import assert from "node:assert/strict";
import { crc32 } from "node:zlib";
import { boards } from "../../boards/index.ts";
import type { Board } from "../../boards/board.ts";
import { ENTRY_MAGIC } from "../../firmware/messages/entries.ts";
import { KEY_MAGIC, KEY_WORD_CHECK } from "../../firmware/boot/key-words.ts";
import { CHECKED_BYTES, PAGES_PER_SHEET, PAGE_MAGIC } from "../../firmware/messages/layout.ts";
import { PAGE_BYTES } from "../../sim/flash.ts";
import { SHEET_BYTES } from "../../tools/image/blocks.ts";
import { keyPageOf } from "../../tools/image/keys.ts";
import { logRegion, messageSheets } from "../../tools/image/messages.ts";
import { give } from "../support/family.ts";
import { random } from "../support/random.ts";
import { playbacks, sounds } from "../support/speaker.ts";
import { Toy, assertPromisesKept, tone } from "../support/toy.ts";

const NEXT_LAYOUT = 0x01000000;
const RECORDING_MS = 3000;

interface Regions {
  readonly log: Uint8Array;
  readonly key: Uint8Array;
  readonly recordPage: number;
}

function regionsOf(toy: Toy): Regions {
  return { log: logRegion(toy.board, toy.memories)!, key: keyPageOf(toy.board, toy.memories)!, recordPage: messageSheets(toy.board) * PAGES_PER_SHEET };
}

function begin(page: Uint8Array, magic: number, checkedBytes: number, checkBytes: number): void {
  Buffer.from(page.buffer, page.byteOffset).writeUInt32LE(magic);
  Buffer.from(page.buffer, page.byteOffset).writeUIntLE(crc32(page.subarray(0, checkedBytes)) % 2 ** (8 * checkBytes), checkedBytes, checkBytes);
}

/** A toy that has a message, and something newer beside it. */
const newer: Readonly<Record<string, (regions: Regions) => void>> = {
  "a message": ({ log }) => begin(log.subarray(7 * SHEET_BYTES), PAGE_MAGIC + NEXT_LAYOUT, CHECKED_BYTES, 2),
  "a record": ({ log, recordPage }) => begin(log.subarray((recordPage + 1) * PAGE_BYTES), ENTRY_MAGIC + NEXT_LAYOUT, 12, 4),
  "a key page": ({ key }) => begin(key, KEY_MAGIC + NEXT_LAYOUT, KEY_WORD_CHECK * 4, 4),
};

/** What lies in the log of a toy that never ran this firmware. */
const old: Readonly<Record<string, (log: Uint8Array) => void>> = {
  "noise": (log) => {
    const next = random(5);
    for (let i = 0; i < log.length; i++) log[i] = Math.floor(next() * 256);
  },
  "a layout before this one": (log) => {
    log.fill(0x55);
    for (let at = 0; at < log.length; at += PAGE_BYTES) begin(log.subarray(at), PAGE_MAGIC - NEXT_LAYOUT, CHECKED_BYTES, 2);
  },
  "nothing but zeros": (log) => void log.fill(0),
};

describe("flash that holds", () => {
  afterEach(assertPromisesKept);

  const refuses = (toy: Toy): void => {
    const fromMs = toy.nowMs;
    toy.speak(tone(440, 3)).hold(RECORDING_MS).wait(2000);
    toy.tap().wait(2000);
    assert.deepEqual(sounds(toy, fromMs), ["error", "error"]);
    assert.deepEqual(playbacks(toy, fromMs), []);
    assert.deepEqual(toy.lit("microphone"), []);
  };

  for (const [title, write] of Object.entries(newer)) {
    it(`${title} of a newer layout is left alone: the toy says so at boot and whenever it is asked for something`, () => {
      const toy = new Toy();
      give(toy, { sheet: 0, sequence: 1, seconds: 2, hz: 500 });
      write(regionsOf(toy));
      const images = toy.memories.map(({ bytes }) => bytes.slice());
      for (let boot = 0; boot < 2; boot++) {
        toy.powerOn().wait(5000);
        assert.deepEqual(sounds(toy, 0), ["error"], "said at boot");
        refuses(toy);
        toy.wait(60_000);
        assert.deepEqual(toy.machine.flash.operations, []);
        assert.deepEqual(toy.memories.map(({ bytes }) => bytes), images);
        toy.assertHealthy();
      }
    });
  }

  it("a newer layout is forgotten when its owner asks for that", () => {
    const toy = new Toy();
    give(toy, { sheet: 0, sequence: 1, seconds: 2, hz: 500 });
    newer["a message"]!(regionsOf(toy));
    toy.powerOn().wait(5000);
    toy.tap(6).wait(150).hold(10_500).wait(40_000);
    records(toy);
  });

  const records = (toy: Toy): void => {
    const fromMs = toy.nowMs;
    toy.speak(tone(440, 3), 300).hold(RECORDING_MS).wait(2000);
    assert.deepEqual(sounds(toy, fromMs), ["start", "stop"]);
    const messages = toy.messages();
    assert.equal(messages.length, 1);
    assert.ok(messages[0]!.isOwn && messages[0]!.blocks);
    toy.assertHealthy();
  };

  const inFlash = boards.filter((board: Board) => messageSheets(board) > 0);
  for (const board of inFlash) {
    for (const [title, write] of Object.entries(old)) {
      it(`${title}, on ${board.id}, is erased in time and never played`, () => {
        const toy = new Toy({ board });
        write(regionsOf(toy).log);
        toy.powerOn().wait(5000);
        assert.deepEqual(sounds(toy, 0), []);
        const fromMs = toy.nowMs;
        toy.tap().wait(3000);
        assert.deepEqual(playbacks(toy, fromMs), []);
        toy.wait(20_000);
        records(toy);
      });
    }
  }
});
