// fsck over records and security log that the firmware's own store has written: it finds what is there, says what is damaged, and
// never tells anything else for it.

import assert from "node:assert/strict";
import { crc32 } from "node:zlib";
import { OK } from "../../../hal/contract.ts";
import { EVENT_PAIRED, EVENT_STRANGER } from "../../../firmware/link/protocol.ts";
import { ENTRY_HEADER_BYTES, ENTRY_MAGIC } from "../../../firmware/messages/entries.ts";
import { JOURNAL_PAGES, PAGES_PER_SHEET, RECORD_PAGES } from "../../../firmware/messages/layout.ts";
import { RECORD_BYTES, RECORD_COUNTERS, RECORD_PHONES, RECORD_SETTINGS } from "../../../firmware/messages/records.ts";
import { FULL_TAG_BYTES } from "../../../firmware/messages/vault.ts";
import { fsck, type FsckReport } from "../../../tools/image/fsck.ts";
import { plain, text } from "../../../tools/image/fsck-report.ts";
import { readKeyPage, workingKey } from "../../../tools/image/keys.ts";
import { PAGE_BYTES } from "../../../sim/flash.ts";
import { random } from "../../support/random.ts";
import { bootStore, rootOf } from "../../../tools/sim/bare-store.ts";
import { mockStoreFlash, settle, write } from "../../support/store.ts";

const SHEETS = 4;
const ENTRIES_AT = SHEETS * PAGES_PER_SHEET * PAGE_BYTES;
const JOURNAL_AT = ENTRIES_AT + RECORD_PAGES * PAGE_BYTES;
const NAME = "Grandma";
/** The second of four is none. */
const PHONES = new TextEncoder().encode(`aa:bb:cc:dd:ee:ff random\0${NAME}\0\0\0aa:bb:cc:dd:ee:fe random\0\0\0\0`);

describe("fsck of records and security log", () => {
  let now = 0;
  const flash = mockStoreFlash(SHEETS * PAGES_PER_SHEET + RECORD_PAGES + JOURNAL_PAGES);
  const store = bootStore(flash, { nowMs: () => now });
  settle(store);
  write(store.messages, 3, 1);
  for (let i = 0; i < 30; i++) assert.equal(store.records.put(RECORD_SETTINGS, Uint8Array.of(i, i, i, i, i)), OK);
  store.records.put(RECORD_PHONES, PHONES);
  store.records.put(RECORD_COUNTERS, new Uint8Array(240).fill(3));
  for (let i = 0; i < 130; i++) {
    now += 60_000;
    store.journal.add(i % 2 ? EVENT_PAIRED : EVENT_STRANGER, i);
    settle(store);
  }
  const key = workingKey(readKeyPage(flash.keyPage.memory).key, Uint32Array.from({ length: 8 }, (_, i) => rootOf(1, i)));
  const image = flash.flash.memory.slice();
  const check = (bytes: Uint8Array, with_ = true): FsckReport => fsck(bytes, SHEETS, with_ ? key : undefined);

  it("finds the newest of each kind, and every event in its order", () => {
    const { records, journal, damage } = check(image);
    assert.deepEqual(damage, []);
    const bytesOf = (kind: number): Uint8Array | undefined => records.find((record) => record.kind === kind)?.bytes;
    assert.deepEqual(records.map(({ kind }) => kind), [RECORD_SETTINGS, RECORD_PHONES, RECORD_COUNTERS, 6]);
    for (const kind of [RECORD_SETTINGS, RECORD_PHONES, RECORD_COUNTERS]) assert.deepEqual(bytesOf(kind), store.records.get(kind));
    assert.equal(journal.length, store.journal.count());
    const words = journal.map(({ number, bytes }) => [number, ...new Uint32Array(bytes!.slice().buffer)]);
    assert.deepEqual(words, words.map((_, i) => {
      const { number, event, detail, seconds } = store.journal.at(i)!;
      return [number, event, detail, seconds];
    }));
  });

  it("tells kinds and counts without a key, and nothing wrong with another one", () => {
    const { records, journal, damage } = check(image, false);
    assert.deepEqual([damage, records.length, journal.length], [[], 4, store.journal.count()]);
    assert.ok([...records, ...journal].every(({ state, bytes }) => state === "not tried" && !bytes));
    const other = fsck(image, SHEETS, key.map((word) => ~word));
    assert.deepEqual([other.records, other.journal], [[], []]);
    assert.ok(other.damage.length > 100);
  });

  it("prints them so that no name is in it", () => {
    for (const report of [check(image), check(image, false)]) {
      for (const printed of [text(report), JSON.stringify(plain(report))]) {
        assert.match(printed, /phones/);
        assert.ok(!printed.includes(NAME) && !printed.includes("aa:bb") && !printed.includes(Buffer.from(NAME).toString("hex")));
      }
    }
    assert.match(text(check(image)), /record phones +\d+ bytes {2}whole, accepted phones: 2$/m);
    assert.match(text(check(image)), /event +\d+ {2}phone paired +129 {2}7800 s after a boot$/m);
    assert.match(text(check(image, false)), /security log: 130 entries, not tried$/m);
  });

  it("says of each damaged one that it is, and never reads it otherwise", () => {
    const whole = check(image);
    const next = random(4);
    for (let i = 0; i < 200; i++) {
      const bytes = image.slice();
      const at = ENTRIES_AT + Math.floor(next() * (image.length - ENTRIES_AT));
      bytes[at]! ^= 1 << Math.floor(next() * 8);
      const report = check(bytes);
      for (const what of ["records", "journal"] as const) {
        for (const entry of report[what]) assert.ok(whole[what].some(({ kind, number, bytes: right }) => kind === entry.kind && number === entry.number && Buffer.compare(right!, entry.bytes!) === 0), `byte ${at}`);
        assert.ok(report[what].length >= whole[what].length - 1 || report.damage.length > 0, `byte ${at}`);
      }
    }
    const bytes = image.slice();
    bytes[JOURNAL_AT + 6]! ^= 1;
    assert.deepEqual(check(bytes), { ...whole, damage: ["page 0 of the security log: a rotten bit in its header, which the toy reads over"] });
    bytes[JOURNAL_AT + 6]! ^= 1;
    bytes[JOURNAL_AT + ENTRY_HEADER_BYTES + 5]! ^= 1;
    assert.deepEqual(check(bytes).damage, ["page 0 of the security log: security log entry 0 is not what was written"]);
  });

  it("takes what was under way when the power failed for no damage", () => {
    const torn = mockStoreFlash(SHEETS * PAGES_PER_SHEET + RECORD_PAGES + JOURNAL_PAGES);
    const fresh = bootStore(torn);
    fresh.records.put(RECORD_SETTINGS, Uint8Array.of(1));
    const before = torn.flash.memory.slice();
    fresh.records.put(RECORD_SETTINGS, Uint8Array.of(2));
    const at = ENTRIES_AT + ENTRY_HEADER_BYTES + 4 + RECORD_BYTES + FULL_TAG_BYTES + 4;
    const cut = before.slice();
    cut.set(torn.flash.memory.subarray(at, at + 9), at);
    const { records, damage } = fsck(cut, SHEETS, workingKey(readKeyPage(torn.keyPage.memory).key, Uint32Array.from({ length: 8 }, (_, i) => rootOf(1, i))));
    assert.deepEqual([damage, records.find(({ kind }) => kind === RECORD_SETTINGS)!.bytes], [[], Uint8Array.of(1)]);
  });

  it("knows foreign pages and newer ones", () => {
    const bytes = image.slice();
    const page = bytes.subarray(ENTRIES_AT + 2 * PAGE_BYTES, ENTRIES_AT + 3 * PAGE_BYTES).fill(0x41);
    assert.ok(check(bytes).damage.includes("page 2 of the records: no header of ours; it will be erased before it is used"));
    new DataView(page.buffer, page.byteOffset).setUint32(0, ENTRY_MAGIC + 0x01000000, true);
    new DataView(page.buffer, page.byteOffset).setUint32(12, crc32(page.subarray(0, 12)), true);
    assert.ok(check(bytes).damage.includes("page 2 of the records: layout 2 is not known here"));
  });
});
