// Values of settings as people say them, and CRC-32 beside zlib's.

import assert from "node:assert/strict";
import { crc32 as zlibCrc32 } from "node:zlib";
import { crc32 } from "../../../companion/crc32.ts";
import { nameBytes, nameOf, quietBytes, quietOf, timeBytes, timeOf, volumeBytes, volumeOf } from "../../../companion/settings.ts";
import { random } from "../../support/random.ts";

describe("the companion's values", () => {
  it("say volume, quiet hours and names as the protocol does, and back", () => {
    assert.deepEqual(volumeBytes(1), [0, 1]);
    assert.deepEqual(volumeBytes(0.5), [128, 0]);
    assert.equal(volumeOf(Uint8Array.from(volumeBytes(0.25))), 0.25);
    assert.deepEqual(quietBytes({ from: 20 * 60, to: 7 * 60 }), [0xb0, 4, 0xa4, 1]);
    assert.deepEqual(quietOf(Uint8Array.from(quietBytes({ from: 1439, to: 1 }))), { from: 1439, to: 1 });
    assert.deepEqual(nameBytes("Zoë"), [90, 111, 0xc3, 0xab]);
    assert.equal(nameOf(Uint8Array.from(nameBytes("Zoë"))), "Zoë");
  });

  it("say the time of the family's wall clock in seconds since 2000", () => {
    assert.deepEqual(timeBytes(new Date(2000, 0, 1, 0, 1, 5)), [65, 0, 0, 0]);
    const now = new Date(2031, 6, 4, 18, 30, 59);
    const bytes = Uint8Array.from(timeBytes(now));
    assert.deepEqual(timeOf(new DataView(bytes.buffer).getUint32(0, true)), now);
    assert.equal(timeOf(0), undefined);
  });

  it("check as zlib does", () => {
    const next = random(3);
    for (const length of [0, 1, 3, 4, 1004, 4096]) {
      const bytes = Uint8Array.from({ length }, () => Math.floor(next() * 256));
      assert.equal(crc32(bytes), zlibCrc32(bytes));
    }
  });
});
