// Records, journal, key page and factory reset, without power cuts: those are in cuts.test.ts.

import assert from "node:assert/strict";
import { nrf52840 } from "../../../boards/nrf52.ts";
import { ERR_FORBIDDEN, ERR_HARDWARE, ERR_KERNEL, ERR_RANGE, OK, type Flash } from "../../../hal/contract.ts";
import type { MockFlash } from "../../../hal/mock/flash.ts";
import { JOURNAL_PAGES, ORIGIN_FAMILY, ORIGIN_OWN, PAGES_PER_SHEET, RECORD_PAGES } from "../../../firmware/messages/layout.ts";
import { KEY_WORD_ADDRESS } from "../../../firmware/boot/key-words.ts";
import { ENTRY_HEADER_BYTES } from "../../../firmware/messages/entries.ts";
import { EVENT_DAMAGED } from "../../../firmware/messages/journal.ts";
import { RECORD_BYTES, RECORD_NUMBERS, RECORD_PHONES, RECORD_SETTINGS } from "../../../firmware/messages/records.ts";
import { BLOCK_SAMPLES } from "../../../firmware/voice/abi.ts";
import { bootStore } from "../../../tools/sim/bare-store.ts";
import { block, mockStoreFlash, settle, write } from "../../support/store.ts";

const SHEETS = 8;
const rig = (): ReturnType<typeof mockStoreFlash> => mockStoreFlash(SHEETS * PAGES_PER_SHEET + RECORD_PAGES + JOURNAL_PAGES);
const bytes = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value);

describe("records", () => {
  it("of every length and kind are what was put last, through many pages and restarts", () => {
    const flash = rig();
    let store = bootStore(flash);
    for (let i = 0; i < 200; i++) {
      const kind = 1 + (i % 5);
      assert.equal(store.records.put(kind, bytes(i % (RECORD_BYTES + 1), i & 255)), OK);
      if (i % 9 === 0) store = bootStore(flash, { seed: i });
      if (i % 4 === 0) settle(store);
      for (let back = 0; back < Math.min(5, i + 1); back++) {
        assert.deepEqual(store.records.get(1 + ((i - back) % 5)), bytes((i - back) % (RECORD_BYTES + 1), (i - back) & 255));
      }
    }
  });

  it("refuse what does not fit", () => {
    const { records } = bootStore(rig());
    assert.equal(records.put(RECORD_SETTINGS, bytes(RECORD_BYTES + 1, 0)), ERR_RANGE);
    assert.equal(records.put(0, bytes(1, 0)), ERR_RANGE);
    assert.equal(records.put(16, bytes(1, 0)), ERR_RANGE);
    assert.equal(records.get(RECORD_SETTINGS), undefined);
  });

  it("lie in flash as nobody can read them", () => {
    const flash = rig();
    const phones = new TextEncoder().encode("grandmother's telephone");
    bootStore(flash).records.put(RECORD_PHONES, phones);
    assert.equal(Buffer.from(flash.flash.memory).indexOf(phones), -1);
  });

  it("go on with a page less", () => {
    const flash = rig();
    const store = bootStore(flash);
    flash.flash.stuckPages.push(SHEETS * PAGES_PER_SHEET + 1);
    for (let i = 0; i < 60; i++) assert.equal(store.records.put(1, bytes(200, i)), OK);
    assert.deepEqual(bootStore(flash).records.get(1), bytes(200, 59));
  });
});

describe("flash", () => {
  it("has no word written more often between erases than the processor's own flash bears", () => {
    const flash = rig();
    const writes = new Map<number, number>();
    const counted = (inner: MockFlash, base: number): Flash => ({
      ...inner,
      write(address, data) {
        for (let at = 0; at < data.length; at += 4) writes.set(base + address + at, (writes.get(base + address + at) ?? 0) + 1);
        assert.ok(data.every((_, at) => writes.get(base + address + (at & ~3))! <= nrf52840.wordWrites), `word ${address} and following`);
        return inner.write(address, data);
      },
      erasePage(page) {
        for (let at = 0; at < 4096; at += 4) writes.delete(base + page * 4096 + at);
        return inner.erasePage(page);
      },
    });
    const ports = { flash: counted(flash.flash, 0), keyPage: counted(flash.keyPage, 0x10000000) };
    for (let boot = 0; boot < 12; boot++) {
      const store = bootStore(ports, { seed: boot, nowMs: () => 1e6 * boot });
      for (let i = 0; i < 9; i++) {
        settle(store);
        if (store.messages.begin(i % 2 ? ORIGIN_OWN : ORIGIN_FAMILY) === OK) {
          for (let at = 0; at < 9; at++) store.messages.append(block(at));
          if (i === 3) store.messages.abandon();
          else store.messages.commit(9 * BLOCK_SAMPLES);
        }
        const heard = store.messages.oldestUnheard();
        if (heard) store.messages.markHeard(heard);
        if (i % 4 === 0 && store.messages.count() > 0) store.messages.remove(store.messages.at(0)!);
        store.records.put(1 + (i % 5), bytes(20 * i, i));
        store.journal.add(1, i);
      }
      if (boot % 5 !== 4) continue;
      while (store.forget());
      store.renew();
    }
    assert.ok([...writes.values()].includes(2));
  });
});

describe("message numbers", () => {
  it("do not come again when the record of those put aside has rotted", () => {
    const flash = rig();
    const first = bootStore(flash);
    const used = new Set<number>();
    for (let boot = 0; boot < 4; boot++) {
      const store = boot === 0 ? first : bootStore(flash, { seed: boot + 1 });
      settle(store);
      for (let i = 0; i < 5; i++) {
        write(store.messages, 1, i);
        const message = store.messages.lastOwn()!;
        assert.ok(!used.has(message.sequence), `number ${message.sequence} is used again`);
        used.add(message.sequence);
        store.messages.remove(message);
        settle(store);
      }
      const { memory } = flash.flash;
      for (let slot = 0; slot < 15; slot++) {
        const at = SHEETS * PAGES_PER_SHEET * 4096 + ENTRY_HEADER_BYTES + slot * (4 + RECORD_BYTES + 20);
        if (memory[at] === RECORD_NUMBERS) memory[at + 4]! ^= 16;
      }
    }
    assert.equal(used.size, 20);
  });

  it("that could not be put aside are used for nothing", () => {
    const flash = rig();
    let store = bootStore(flash);
    settle(store);
    store.records.put(RECORD_SETTINGS, bytes(9, 1));
    // Of three pages of records the one in use is left; when it is full nothing more can be put aside.
    for (let page = 0; page < RECORD_PAGES; page++) flash.flash.stuckPages.push(SHEETS * PAGES_PER_SHEET + page);
    while (store.records.put(RECORD_SETTINGS, bytes(9, 2)) === OK);
    const numbers = new Set<number>();
    for (let i = 0; i < 600; i++) {
      if (i % 100 === 99) store = bootStore(flash);
      if (store.messages.begin(ORIGIN_FAMILY) !== OK) continue;
      store.messages.append(block(1));
      store.messages.commit(BLOCK_SAMPLES);
      const message = store.messages.at(store.messages.count() - 1)!;
      assert.ok(!numbers.has(message.sequence), `number ${message.sequence} is used again`);
      numbers.add(message.sequence);
      store.messages.remove(message);
      settle(store);
    }
    assert.ok(numbers.size > 90 && numbers.size < 600, `${numbers.size} numbers`);
    assert.equal(store.messages.begin(ORIGIN_FAMILY), ERR_HARDWARE);
    assert.equal(store.messages.begin(ORIGIN_FAMILY), ERR_HARDWARE);
  });
});

describe("the journal", () => {
  it("keeps the newest events in order, through restarts", () => {
    const flash = rig();
    let ms = 0;
    for (let boot = 0; boot < 4; boot++) {
      const store = bootStore(flash, { seed: boot, nowMs: () => (ms += 60_000) });
      for (let i = 0; i < 90; i++) {
        store.journal.add(boot, i);
        settle(store);
      }
    }
    const { journal } = bootStore(flash);
    assert.ok(journal.count() >= 100);
    let last = -1;
    for (let i = 0; i < journal.count(); i++) {
      const { number, event, detail } = journal.at(i)!;
      assert.ok(number > last);
      last = number;
      assert.equal(event * 90 + detail, 360 - journal.count() + i);
    }
    assert.equal(journal.at(journal.count()), undefined);
    assert.equal(journal.at(-1), undefined);
  });

  it("is read past an entry that has rotted: it keeps its number, and the others their places", () => {
    const flash = rig();
    const before = flash.flash.memory.slice();
    const store = bootStore(flash, { nowMs: () => 1000 });
    settle(store);
    for (let i = 0; i < 3; i++) {
      before.set(flash.flash.memory);
      store.journal.add(6, 70 + i);
      const written = before.findIndex((byte, at) => byte !== flash.flash.memory[at]);
      if (i === 1) flash.flash.memory[written + 6]! ^= 16;
    }
    const { journal } = bootStore(flash);
    const entries = [0, 1, 2].map((i) => journal.at(i)!);
    assert.deepEqual(entries.map(({ event, detail }) => [event, detail]), [[6, 70], [EVENT_DAMAGED, 0], [6, 72]]);
    assert.deepEqual(entries.map(({ number }) => number - entries[0]!.number), [0, 1, 2]);
  });

  it("is worn out by nobody: beyond its bucket events are counted, and the count told", () => {
    let ms = 0;
    const store = bootStore(rig(), { nowMs: () => ms });
    settle(store);
    for (let i = 0; i < 1000; i++) store.journal.add(3, i);
    assert.equal(store.journal.count(), 32);
    ms = 120_000;
    store.journal.add(4, 0);
    assert.deepEqual([store.journal.at(32)!.event, store.journal.at(32)!.detail, store.journal.at(33)!.event], [0, 968, 4]);
  });
});

describe("a factory reset", () => {
  it("destroys key, messages and records, and gives a new address", () => {
    const flash = rig();
    const store = bootStore(flash);
    assert.equal(store.isNew, true);
    write(store.messages, 9, 0x11);
    write(store.messages, 9, 0x22, ORIGIN_FAMILY);
    store.messages.begin(ORIGIN_FAMILY);
    store.messages.append(block(0x33));
    store.records.put(RECORD_PHONES, bytes(30, 1));
    store.journal.add(1, 1);
    const key = flash.keyPage.memory.slice(0, 48);
    assert.equal(store.forget(), true);
    assert.ok(flash.keyPage.memory.subarray(12, 44).every((byte) => byte === 0), "the key goes first");
    for (let steps = 0; store.forget(); steps++) assert.ok(steps < 200);
    assert.ok(flash.flash.memory.every((byte) => byte === 255));
    assert.equal(store.isResetting(), true);
    store.renew();
    assert.equal(store.isResetting(), false);
    assert.equal(store.messages.count(), 0);
    assert.equal(store.records.get(RECORD_PHONES), undefined);
    const renewed = flash.keyPage.memory.slice(0, 48);
    assert.notDeepEqual(renewed.subarray(4, 12), key.subarray(4, 12), "address");
    assert.notDeepEqual(renewed.subarray(12, 44), key.subarray(12, 44), "key");
    write(store.messages, 3, 1);
    assert.equal(bootStore(flash).messages.count(), 1);
    assert.equal(bootStore(flash).isNew, false);
  });

  it("writes over what cannot be erased", () => {
    const flash = rig();
    const store = bootStore(flash);
    write(store.messages, 9, 0x11);
    const page = store.messages.lastOwn()!.firstSheet * PAGES_PER_SHEET;
    flash.flash.stuckPages.push(page);
    while (store.forget());
    assert.ok(flash.flash.memory.subarray(page * 4096, (page + 1) * 4096).every((byte) => byte === 0));
  });

  it("works without a kernel, which leaves everything else alone", () => {
    const flash = rig();
    write(bootStore(flash).messages, 9, 0x11);
    const before = flash.flash.memory.slice();
    const store = bootStore(flash, { kernelCode: ERR_KERNEL });
    assert.equal(store.code, ERR_KERNEL);
    assert.equal(store.maintain(), false);
    assert.equal(store.records.put(RECORD_PHONES, bytes(30, 1)), ERR_FORBIDDEN);
    store.journal.add(1, 1);
    assert.deepEqual(flash.flash.memory, before);
    assert.equal(store.forget(), true);
    store.journal.add(1, 2);
    while (store.forget()) store.journal.add(1, 3);
    assert.ok(flash.flash.memory.every((byte) => byte === 255));
  });
});

describe("the key page", () => {
  it("gives a random static address whose last two bytes are zero", () => {
    const flash = rig();
    bootStore(flash);
    const address = flash.keyPage.memory.subarray(KEY_WORD_ADDRESS * 4, KEY_WORD_ADDRESS * 4 + 6);
    assert.deepEqual([...address.subarray(0, 2)], [0, 0]);
    assert.equal(address[5]! & 0xc0, 0xc0);
  });

  it("opens nothing in another chip or another toy", () => {
    const [one, other] = [rig(), rig()];
    write(bootStore(one).messages, 3, 1);
    bootStore(other, { seed: 5 });
    other.flash.memory.set(one.flash.memory);
    assert.equal(bootStore(other).messages.count(), 0, "another toy's key");
    assert.equal(bootStore(one, { rootsOf: 9 }).messages.count(), 0, "another chip's roots");
    assert.equal(bootStore(one).messages.count(), 1);
  });
});
