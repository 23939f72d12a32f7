// The message log over a mock flash that only knows how bits behave. Power cuts at every operation are the scenario suite's.

import assert from "node:assert/strict";
import { crc32 } from "node:zlib";
import { ERR_BUSY, ERR_DAMAGED, ERR_FULL, ERR_HARDWARE, ERR_RANGE, OK } from "../../../hal/contract.ts";
import { mockFlash, type MockFlash } from "../../../hal/mock/flash.ts";
import { mockNative } from "../../../hal/mock/native.ts";
import { BLOCKS_PER_PAGE, ORIGIN_FAMILY, ORIGIN_OWN, PAGE_MAGIC, blockOffset } from "../../../firmware/messages/layout.ts";
import { MAX_MESSAGES, createMessageLog, type MessageLog } from "../../../firmware/messages/log.ts";
import { BLOCK_BYTES, BLOCK_SAMPLES } from "../../../firmware/voice/abi.ts";

const PAGES = 12;
const PAGE_SAMPLES = BLOCKS_PER_PAGE * BLOCK_SAMPLES;
const native = mockNative(0, (bytes) => crc32(bytes) >>> 0);

function open(flash: MockFlash, recordingSamples = 3 * PAGE_SAMPLES): MessageLog {
  const log = createMessageLog(flash, native, recordingSamples);
  log.scan();
  return log;
}

const block = (value: number): Uint8Array => new Uint8Array(BLOCK_BYTES).fill(value);

/** Writes a message of so many blocks; block i is filled with first + i. */
function write(log: MessageLog, blocks: number, first: number, origin = ORIGIN_OWN): void {
  assert.equal(log.begin(origin), OK);
  for (let i = 0; i < blocks; i++) assert.equal(log.append(block(first + i)), OK);
  assert.equal(log.commit(blocks * BLOCK_SAMPLES), OK);
}

function clean(log: MessageLog): void {
  for (let steps = 0; log.maintain(); steps++) assert.ok(steps < 1000, "housekeeping never ends");
}

describe("message log", () => {
  it("gives back what was committed, after a restart too", () => {
    const flash = mockFlash(PAGES);
    const log = open(flash);
    write(log, 9, 10);
    for (const current of [log, open(flash)]) {
      const message = current.lastOwn()!;
      assert.equal(message.samples, 9 * BLOCK_SAMPLES);
      const into = block(0);
      for (let i = 0; i < 9; i++) {
        assert.equal(current.readBlock(message, i, into), OK);
        assert.deepEqual(into, block(10 + i));
      }
      assert.equal(current.readBlock(message, 9, into), ERR_RANGE);
      assert.equal(current.readBlock(message, -1, into), ERR_RANGE);
    }
  });

  it("knows nothing of a message that was never committed", () => {
    const flash = mockFlash(PAGES);
    const log = open(flash);
    log.begin(ORIGIN_OWN);
    log.append(block(1));
    assert.equal(open(flash).count(), 0);
    log.abandon();
    assert.equal(log.count(), 0);
  });

  it("refuses a second message while one is in the making", () => {
    const log = open(mockFlash(PAGES));
    assert.equal(log.begin(ORIGIN_OWN), OK);
    assert.equal(log.begin(ORIGIN_OWN), ERR_BUSY);
  });

  it("refuses a commit that does not fit what was appended, and keeps nothing", () => {
    for (const samples of [0, -1, 5 * PAGE_SAMPLES]) {
      const log = open(mockFlash(PAGES));
      log.begin(ORIGIN_OWN);
      log.append(block(1));
      assert.equal(log.commit(samples), ERR_RANGE);
      assert.equal(log.count(), 0);
      assert.equal(log.begin(ORIGIN_OWN), OK);
    }
  });

  it("tells a block that is not what was written", () => {
    const flash = mockFlash(PAGES);
    const log = open(flash);
    write(log, 5, 40);
    const message = log.lastOwn()!;
    flash.memory[message.firstPage * flash.pageBytes + blockOffset(2) + 700]! ^= 4;
    const into = block(0);
    assert.equal(log.readBlock(message, 2, into), ERR_DAMAGED);
    assert.equal(log.readBlock(message, 3, into), OK);
  });

  it("ignores a page whose header has any bit flipped", () => {
    for (let bit = 0; bit < 24 * 8; bit++) {
      const flash = mockFlash(PAGES);
      write(open(flash), 2, 1);
      const first = open(flash).lastOwn()!.firstPage;
      flash.memory[first * flash.pageBytes + (bit >> 3)]! ^= 1 << (bit & 7);
      assert.equal(open(flash).count(), 0, `bit ${bit}`);
    }
  });

  it("begins every page with a word that is no possible Storage size", () => {
    assert.ok((PAGE_MAGIC & 0xffffff) > 2 * 1024 * 1024);
  });

  it("chooses the oldest unheard, the last heard and the last own message", () => {
    const flash = mockFlash(PAGES);
    const log = open(flash);
    write(log, 1, 1, ORIGIN_FAMILY);
    write(log, 1, 2, ORIGIN_FAMILY);
    write(log, 1, 3, ORIGIN_OWN);
    write(log, 1, 4, ORIGIN_OWN);
    const first = log.oldestUnheard()!;
    assert.equal(log.lastHeard(), undefined);
    assert.equal(log.markHeard(first), OK);
    for (const current of [log, open(flash)]) {
      assert.equal(current.lastHeard()!.sequence, first.sequence);
      assert.equal(current.oldestUnheard()!.sequence, first.sequence + 1);
      assert.equal(current.lastOwn()!.sequence, first.sequence + 3);
    }
  });

  it("keeps one full recording's worth of pages ready by dropping the oldest heard or own message", () => {
    const log = open(mockFlash(PAGES));
    for (let i = 0; i < 20; i++) {
      write(log, 8, i);
      clean(log);
      assert.ok(log.roomSamples() >= 3 * PAGE_SAMPLES);
    }
    const into = block(0);
    assert.equal(log.readBlock(log.lastOwn()!, 0, into), OK);
    assert.deepEqual(into, block(19));
  });

  it("never drops an unheard family message, and says that it is full", () => {
    const flash = mockFlash(PAGES);
    const log = open(flash);
    let kept = 0;
    while (log.begin(ORIGIN_FAMILY) === OK) {
      for (let i = 0; i < 8; i++) log.append(block(kept));
      log.commit(8 * BLOCK_SAMPLES);
      kept++;
      clean(log);
    }
    assert.equal(kept, PAGES / 2);
    assert.equal(log.begin(ORIGIN_OWN), ERR_FULL);
    assert.equal(open(flash).count(), kept);
    log.markHeard(log.oldestUnheard()!);
    clean(log);
    assert.equal(log.begin(ORIGIN_OWN), OK);
  });

  it("passes over kept messages when it goes round", () => {
    const flash = mockFlash(PAGES);
    const log = open(flash);
    write(log, 4, 1);
    write(log, 8, 100, ORIGIN_FAMILY);
    for (let i = 0; i < 6; i++) {
      write(log, 12, 10 * i);
      clean(log);
    }
    for (const current of [log, open(flash)]) {
      const into = block(0);
      for (let i = 0; i < 8; i++) {
        assert.equal(current.readBlock(current.oldestUnheard()!, i, into), OK);
        assert.deepEqual(into, block(100 + i));
      }
      for (let i = 0; i < 12; i++) {
        assert.equal(current.readBlock(current.lastOwn()!, i, into), OK);
        assert.deepEqual(into, block(50 + i));
      }
    }
  });

  it("holds no more than its number of messages", () => {
    const log = open(mockFlash(200), PAGE_SAMPLES);
    for (let i = 0; i < MAX_MESSAGES + 5; i++) {
      write(log, 1, i);
      clean(log);
      assert.ok(log.count() < MAX_MESSAGES);
    }
  });

  it("retires a page that does not erase and goes on", () => {
    const flash = mockFlash(PAGES);
    const log = open(flash);
    write(log, 4, 1);
    flash.stuckPages.push(log.lastOwn()!.firstPage);
    for (let i = 0; i < 30; i++) {
      write(log, 4, i);
      clean(log);
    }
    assert.equal(log.readBlock(log.lastOwn()!, 0, block(0)), OK);
  });

  it("ends a message with an error when flash does not take a write", () => {
    const flash = mockFlash(PAGES);
    const log = open(flash);
    log.begin(ORIGIN_OWN);
    log.append(block(1));
    flash.failWritesFrom = 0;
    assert.equal(log.append(block(2)), ERR_HARDWARE);
    assert.equal(log.commit(2 * BLOCK_SAMPLES), ERR_HARDWARE);
    assert.equal(log.count(), 0);
  });

  it("leaves no byte of a message behind when it forgets", () => {
    const flash = mockFlash(PAGES);
    const log = open(flash);
    write(log, 9, 0x11);
    write(log, 9, 0x22, ORIGIN_FAMILY);
    log.begin(ORIGIN_OWN);
    log.append(block(0x33));
    for (let steps = 0; log.forget(); steps++) assert.ok(steps < 1000);
    assert.ok(flash.memory.every((byte) => byte === 255));
    assert.equal(log.count(), 0);
  });

  it("does not use a number again that lies on flash", () => {
    const flash = mockFlash(PAGES);
    const log = open(flash);
    write(log, 1, 1);
    const used = log.lastOwn()!.sequence;
    log.begin(ORIGIN_OWN);
    log.append(block(2));
    const again = open(flash);
    write(again, 1, 3);
    assert.ok(again.lastOwn()!.sequence > used + 1);
  });

  it("orders messages across the wrap of their numbers", () => {
    const flash = mockFlash(PAGES);
    const log = open(flash);
    write(log, 1, 1);
    const page = log.lastOwn()!.firstPage;
    const words = new DataView(flash.memory.buffer, page * flash.pageBytes);
    words.setUint32(4, 0xffffffff, true);
    words.setUint32(12, crc32(flash.memory.subarray(page * 4096, page * 4096 + 12)) >>> 0, true);
    words.setUint32(20, crc32(flash.memory.subarray(page * 4096, page * 4096 + 20)) >>> 0, true);
    const wrapped = open(flash);
    write(wrapped, 1, 2);
    assert.equal(wrapped.lastOwn()!.sequence, 0);
    assert.equal(open(flash).lastOwn()!.sequence, 0);
    assert.equal(open(flash).count(), 2);
  });
});
