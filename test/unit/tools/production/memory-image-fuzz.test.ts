// Hostile HEX and UF2 files (S09): whatever the bytes, the readers end soon with pieces that lie on the chip and do not overlap, or
// with a UserError, and take no more memory than the bytes that are there. Seeded.

import assert from "node:assert/strict";
import fc from "fast-check";
import { nrf52840dk } from "../../../../boards/nrf52840dk.ts";
import { xiaoble } from "../../../../boards/xiaoble.ts";
import { UserError } from "../../../../tools/errors.ts";
import { joined, parseMemoryImage, rangeOf, toHex } from "../../../../tools/production/memory-image.ts";
import { fakeEspruino } from "../../../support/espruino-file.ts";

function check(file: Uint8Array, name: string): "read" | "refused" {
  try {
    const pieces = parseMemoryImage(Buffer.from(file), name, "the file", xiaoble.chip);
    let end = -1;
    for (const { address, bytes } of pieces) {
      assert.ok(address > end && bytes.length > 0 && bytes.length <= file.length);
      assert.ok(address + bytes.length <= 1024 * 1024 || (address >= 0x10001000 && address + bytes.length <= 0x10002000));
      end = address + bytes.length;
    }
    return "read";
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    assert.ok(error.what.length < 500 && !/[^\x20-\x7e]/.test(error.what), JSON.stringify(error.what));
    return "refused";
  }
}

const uf2 = fakeEspruino(xiaoble).subarray(0, 1024);
for (const at of [0, 512]) uf2.writeUInt32LE(2, at + 24);
const hex = fakeEspruino(nrf52840dk).toString().split("\n").slice(0, 4).join("\n") + "\n:00000001FF\n";
const lies = fc.constantFrom(0, 1, 0xff, 0x100, 0x1dd, 0x10000, 0xfffff, 0x100000, 0x10001000, 0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff);

/** A record with a true checksum. */
const record = (length: number, address: number, type: number, data: number[]): string => {
  const bytes = [length, (address >> 8) & 0xff, address & 0xff, type, ...data].map((byte) => byte & 0xff);
  const sum = -bytes.reduce((a, b) => a + b, 0) & 0xff;
  return `:${Buffer.from([...bytes, sum]).toString("hex").toUpperCase()}`;
};

describe("S09: readers of HEX and UF2, given hostile files,", function () {
  this.timeout(20000);

  it("read good ones back as they were written", () => {
    assert.equal(check(uf2, "a.uf2"), "read");
    assert.equal(check(Buffer.from(hex), "a.hex"), "read");
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(200), { maxLength: 20 }), fc.uint8Array({ minLength: 1, maxLength: 4096 }), (pages, bytes) => {
        const pieces = joined(pages.map((page) => ({ address: page * 4096, bytes })));
        const again = parseMemoryImage(Buffer.from(toHex(pieces)), "a.hex", "the file", xiaoble.chip);
        assert.deepEqual(again.map(({ address, bytes: b }) => [address, Buffer.from(b)]), pieces.map(({ address, bytes: b }) => [address, Buffer.from(b)]));
        for (const page of pages) assert.deepEqual(Buffer.from(rangeOf(again, page * 4096, bytes.length)), Buffer.from(bytes));
      }),
      { seed: 9, numRuns: 50 },
    );
  });

  it("survive any bytes", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 1100 }), fc.constantFrom("a.uf2", "a.hex", "a.bin", ""), (bytes, name) => void check(bytes, name)), { seed: 9, numRuns: 2000 });
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom(..."0123456789ABCDEF:\r\n "), maxLength: 400 }), (text) => void check(Buffer.from(text), "a.hex")), { seed: 9, numRuns: 2000 });
  });

  it("survive true blocks and records that lie, and read some of them", () => {
    const outcomes = new Set<string>();
    const change = fc.tuple(fc.constantFrom(8, 12, 16, 20, 24, 28, 520, 524, 528, 532, 536, 540), fc.oneof(lies, fc.nat(4096)));
    fc.assert(
      fc.property(fc.array(change, { maxLength: 3 }), fc.constantFrom(0, 0, 0, 1, 512), (changes, cut) => {
        const bytes = Buffer.from(uf2);
        for (const [at, value] of changes) bytes.writeUInt32LE(value, at);
        outcomes.add(`uf2 ${check(bytes.subarray(0, bytes.length - cut), "a.uf2")}`);
      }),
      { seed: 9, numRuns: 3000 },
    );
    const line = fc.tuple(fc.constantFrom(0, 1, 2, 4, 16, 255), fc.nat(0xffff), fc.constantFrom(0, 0, 0, 1, 2, 3, 4, 5, 10), fc.array(fc.nat(255), { maxLength: 20 }), fc.boolean());
    fc.assert(
      fc.property(fc.array(line, { maxLength: 6 }), fc.boolean(), (lines, hasEnd) => {
        const records = lines.map(([length, address, type, data, isTrue]) => record(isTrue ? data.length : length, type === 0 ? address : 0, type, data));
        outcomes.add(`hex ${check(Buffer.from([...records, ...(hasEnd ? [":00000001FF"] : [])].join("\n")), "a.hex")}`);
      }),
      { seed: 9, numRuns: 3000 },
    );
    assert.deepEqual([...outcomes].sort(), ["hex read", "hex refused", "uf2 read", "uf2 refused"]);
  });

  it("refuse records that fall outside the chip, overlap, or claim gigabytes, and one endless line", () => {
    const file = (...records: string[]): string => [...records, ":00000001FF"].join("\n");
    for (const bad of [
      file(record(2, 0, 4, [0xff, 0xff]), record(4, 0xfff0, 0, [1, 2, 3, 4])),
      file(record(4, 0, 0, [1, 2, 3, 4]), record(4, 2, 0, [1, 2, 3, 4])),
      file(record(2, 0, 4, [0, 0x10]), record(1, 0, 0, [1])),
      `:${"00".repeat(4 * 1024 * 1024)}`,
      ":".repeat(4 * 1024 * 1024),
    ]) {
      assert.equal(check(Buffer.from(bad), "a.hex"), "refused");
    }
  });
});
