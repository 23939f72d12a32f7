// The message log over a mock flash that only knows how bits behave. Power cuts at every operation are in cuts.test.ts.
// Over 300 lines: one ring of sheets, and what it keeps, is looked at from all sides.

import assert from "node:assert/strict";
import { crc32 } from "node:zlib";
import { ERR_BUSY, ERR_DAMAGED, ERR_FORBIDDEN, ERR_FULL, ERR_HARDWARE, ERR_LAYOUT, ERR_RANGE, OK } from "../../../hal/contract.ts";
import { CHECKED_BYTES, JOURNAL_PAGES, MAX_MESSAGES, ORIGIN_FAMILY, ORIGIN_OWN, PAGES_PER_SHEET, PAGE_MAGIC, RECORD_PAGES, SHEET_SAMPLES } from "../../../firmware/messages/layout.ts";
import { ENTRY_MAGIC } from "../../../firmware/messages/entries.ts";
import { KEY_MAGIC, KEY_WORD_CHECK } from "../../../firmware/boot/key-words.ts";
import { RECORD_NUMBERS, RECORD_SETTINGS } from "../../../firmware/messages/records.ts";
import { BLOCK_SAMPLES } from "../../../firmware/voice/abi.ts";
import { SHEET_BYTES, blockOffset } from "../../../tools/image/blocks.ts";
import { bootStore, type StoreFlash } from "../../../tools/sim/bare-store.ts";
import { block, mockStoreFlash, settle, write } from "../../support/store.ts";

/** Sheets for messages. */
const SHEETS = 12;

type Rig = ReturnType<typeof mockStoreFlash>;
const rig = (sheets = SHEETS): Rig => mockStoreFlash(sheets * PAGES_PER_SHEET + RECORD_PAGES + JOURNAL_PAGES);
const open = (flash: StoreFlash): ReturnType<typeof bootStore>["messages"] => bootStore(flash).messages;

describe("message log", () => {
  it("gives back what was committed, after a restart too", () => {
    const flash = rig();
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
    const flash = rig();
    const log = open(flash);
    log.begin(ORIGIN_OWN);
    log.append(block(1));
    assert.equal(open(flash).count(), 0);
    log.abandon();
    assert.equal(log.count(), 0);
  });

  it("refuses a second message while one is in the making", () => {
    const log = open(rig());
    assert.equal(log.begin(ORIGIN_OWN), OK);
    assert.equal(log.begin(ORIGIN_OWN), ERR_BUSY);
  });

  it("refuses a commit that does not fit what was appended, and keeps nothing", () => {
    for (const samples of [0, -1, 5 * SHEET_SAMPLES]) {
      const log = open(rig());
      log.begin(ORIGIN_OWN);
      log.append(block(1));
      assert.equal(log.commit(samples), ERR_RANGE);
      assert.equal(log.count(), 0);
      assert.equal(log.begin(ORIGIN_OWN), OK);
    }
  });

  it("tells a block that is not what was written", () => {
    const flash = rig();
    const log = open(flash);
    write(log, 5, 40);
    const message = log.lastOwn()!;
    flash.flash.memory[message.firstSheet * SHEET_BYTES + blockOffset(2) + 700]! ^= 4;
    const into = block(0);
    assert.equal(log.readBlock(message, 2, into), ERR_DAMAGED);
    assert.equal(log.readBlock(message, 3, into), OK);
  });

  it("ignores a page whose header has any bit flipped", () => {
    for (let bit = 0; bit < 24 * 8; bit++) {
      const flash = rig();
      write(open(flash), 2, 1);
      const first = open(flash).lastOwn()!.firstSheet;
      flash.flash.memory[first * SHEET_BYTES + (bit >> 3)]! ^= 1 << (bit & 7);
      assert.equal(open(flash).count(), 0, `bit ${bit}`);
    }
  });

  it("begins every page with a word that is no possible Storage size", () => {
    assert.ok((PAGE_MAGIC & 0xffffff) > 2 * 1024 * 1024);
  });

  it("chooses the oldest unheard, the last heard and the last own message", () => {
    const flash = rig();
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
    const store = bootStore(rig());
    const log = store.messages;
    for (let i = 0; i < 20; i++) {
      write(log, 16, i);
      settle(store);
      assert.ok(log.roomSamples() >= 3 * SHEET_SAMPLES);
    }
    const into = block(0);
    assert.equal(log.readBlock(log.lastOwn()!, 0, into), OK);
    assert.deepEqual(into, block(19));
  });

  it("never drops an unheard family message, and says that it is full", () => {
    const flash = rig();
    const store = bootStore(flash);
    const log = store.messages;
    let kept = 0;
    while (log.begin(ORIGIN_FAMILY) === OK) {
      for (let i = 0; i < 16; i++) log.append(block(kept));
      log.commit(16 * BLOCK_SAMPLES);
      kept++;
      settle(store);
    }
    assert.equal(kept, SHEETS / 2);
    assert.equal(log.begin(ORIGIN_OWN), ERR_FULL);
    assert.equal(open(flash).count(), kept);
    log.markHeard(log.oldestUnheard()!);
    settle(store);
    assert.equal(log.begin(ORIGIN_OWN), OK);
  });

  it("passes over kept messages when it goes round", () => {
    const flash = rig();
    const store = bootStore(flash);
    const log = store.messages;
    write(log, 4, 1);
    write(log, 8, 100, ORIGIN_FAMILY);
    for (let i = 0; i < 6; i++) {
      write(log, 12, 10 * i);
      settle(store);
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

  it("finds messages by place and by number, and removes one for good", () => {
    const flash = rig();
    const log = open(flash);
    for (let i = 0; i < 3; i++) write(log, 4, 10 * i, ORIGIN_FAMILY);
    const middle = log.at(1)!;
    assert.deepEqual(log.find(middle.sequence), middle);
    assert.equal(log.remove(middle), OK);
    assert.equal(log.remove(middle), ERR_RANGE);
    assert.equal(log.readBlock(middle, 0, block(0)), ERR_DAMAGED);
    for (const current of [log, open(flash)]) {
      assert.equal(current.count(), 2);
      assert.equal(current.find(middle.sequence), undefined);
      assert.equal(current.at(1)!.sequence, middle.sequence + 1);
      assert.equal(current.at(2), undefined);
    }
  });

  it("holds no more than its number of messages", () => {
    const store = bootStore(rig(200), { recordingSamples: SHEET_SAMPLES });
    for (let i = 0; i < MAX_MESSAGES + 5; i++) {
      write(store.messages, 1, i);
      settle(store);
      assert.ok(store.messages.count() < MAX_MESSAGES);
    }
  });

  it("retires a page that does not erase and goes on", () => {
    const flash = rig();
    const store = bootStore(flash);
    write(store.messages, 4, 1);
    flash.flash.stuckPages.push(store.messages.lastOwn()!.firstSheet * PAGES_PER_SHEET);
    for (let i = 0; i < 30; i++) {
      write(store.messages, 4, i);
      settle(store);
    }
    assert.equal(store.messages.readBlock(store.messages.lastOwn()!, 0, block(0)), OK);
  });

  it("leaves a page that does not take its first block for the next one", () => {
    const flash = rig();
    const log = open(flash);
    write(log, 1, 1);
    const next = log.lastOwn()!.firstSheet + 1;
    flash.flash.failWritesTo = next * PAGES_PER_SHEET;
    write(log, 4, 2);
    assert.notEqual(log.lastOwn()!.firstSheet, next);
    assert.equal(log.readBlock(log.lastOwn()!, 3, block(0)), OK);
  });

  it("ends a message with an error when flash does not take a write", () => {
    const flash = rig();
    const log = open(flash);
    log.begin(ORIGIN_OWN);
    log.append(block(1));
    flash.flash.failWritesFrom = 0;
    assert.equal(log.append(block(2)), ERR_HARDWARE);
    assert.equal(log.commit(2 * BLOCK_SAMPLES), ERR_HARDWARE);
    assert.equal(log.count(), 0);
  });

  it("never gives a number twice under one key, whatever was erased meanwhile", () => {
    const flash = rig();
    const numbers = new Set<number>();
    for (let boot = 0; boot < 6; boot++) {
      const store = bootStore(flash, { seed: boot });
      for (let i = 0; i < 3; i++) {
        store.messages.begin(ORIGIN_OWN);
        store.messages.append(block(i));
        if (i === 1) store.messages.abandon();
        else store.messages.commit(BLOCK_SAMPLES);
        settle(store);
      }
      for (let i = store.messages.count() - 1; i >= 0; i--) {
        const message = store.messages.at(i)!;
        if (!numbers.has(message.sequence) || boot === 0) numbers.add(message.sequence);
        assert.equal(store.messages.remove(message), OK);
      }
      settle(store);
    }
    assert.equal(numbers.size, 12);
  });

  it("orders messages across the wrap of their numbers", () => {
    const flash = rig();
    // As if so many had been recorded, and all but the last one erased.
    for (const next of [0x70000000, 0xd0000000, 0xffffffff]) {
      const store = bootStore(flash);
      while (store.messages.count() > 0) assert.equal(store.messages.remove(store.messages.at(0)!), OK);
      settle(store);
      assert.equal(store.records.put(RECORD_NUMBERS, new Uint8Array(new Uint32Array([next]).buffer)), OK);
      const jumped = open(flash);
      write(jumped, 1, 2);
      assert.equal(jumped.lastOwn()!.sequence, next);
    }
    const log = open(flash);
    write(log, 1, 3);
    const again = open(flash);
    write(again, 1, 4);
    const numbers = [0, 1, 2].map((i) => again.at(i)!.sequence);
    assert.equal(numbers[0], 0xffffffff);
    assert.ok(numbers[1]! < numbers[2]! && numbers[2]! < 1000, numbers.join());
    assert.equal(again.lastOwn()!.sequence, numbers[2]);
  });

  it("takes content of the layout before this one for what it is: to be erased, never read", () => {
    const flash = rig();
    const words = new DataView(flash.flash.memory.buffer);
    words.setUint32(0, 0x314c7750, true);
    flash.flash.memory.fill(0x55, 4, 3000);
    const store = bootStore(flash);
    assert.equal(store.messages.count(), 0);
    settle(store);
    assert.ok(flash.flash.memory.subarray(0, 4096).every((byte) => byte === 255));
  });

  describe("leaves a newer layout alone, and says so,", () => {
    /** A page whose magic is the next one of its kind, and whose check is right. */
    const newer = (bytes: Uint8Array, at: number, magic: number, checkedBytes: number, checkBytes: 2 | 4): void => {
      const words = new DataView(bytes.buffer, at);
      words.setUint32(0, magic + 0x01000000, true);
      const check = crc32(bytes.subarray(at, at + checkedBytes));
      if (checkBytes === 2) words.setUint16(checkedBytes, check & 0xffff, true);
      else words.setUint32(checkedBytes, check, true);
    };
    const recordPage = SHEETS * PAGES_PER_SHEET;
    const where: Readonly<Record<string, (flash: Rig) => void>> = {
      "in a message": ({ flash }) => newer(flash.memory, 0, PAGE_MAGIC, CHECKED_BYTES, 2),
      "in a record": ({ flash }) => newer(flash.memory, (recordPage + 1) * 4096, ENTRY_MAGIC, 12, 4),
      "in the security log": ({ flash }) => newer(flash.memory, (recordPage + RECORD_PAGES) * 4096, ENTRY_MAGIC, 12, 4),
      "in the key page": ({ keyPage }) => newer(keyPage.memory, 0, KEY_MAGIC, KEY_WORD_CHECK * 4, 4),
    };
    for (const [title, make] of Object.entries(where)) {
      it(title, () => {
        const flash = rig();
        const before = bootStore(flash);
        write(before.messages, 3, 1);
        for (let i = 0; i < 3; i++) before.records.put(RECORD_SETTINGS, Uint8Array.of(i));
        before.journal.add(1, 1);
        make(flash);
        const images = [flash.flash, flash.keyPage].map(({ memory }) => memory.slice());
        const store = bootStore(flash);
        assert.equal(store.code, ERR_LAYOUT);
        assert.equal(store.isResetting(), false);
        assert.equal(store.messages.begin(ORIGIN_OWN), ERR_LAYOUT);
        for (let i = 0; i < 20; i++) assert.equal(store.records.put(RECORD_SETTINGS, Uint8Array.of(7)), ERR_FORBIDDEN);
        for (let i = 0; i < 20; i++) store.journal.add(2, i);
        assert.equal(store.maintain(), false);
        assert.deepEqual([flash.flash, flash.keyPage].map(({ memory }) => memory), images);
        // Forgetting is what the owner asked for.
        while (store.forget());
        store.renew();
        assert.equal(store.code, OK);
        write(store.messages, 1, 1);
        assert.equal(store.records.put(RECORD_SETTINGS, Uint8Array.of(8)), OK);
      });
    }
  });
});
