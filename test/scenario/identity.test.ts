// Who a toy is survives whatever its child and its owners do: the provisioning record in page 0, through recordings and a factory
// reset, while messages and key go.

import assert from "node:assert/strict";
import { crc32 } from "node:zlib";
import { RECORD_AT, RECORD_CHECK_AT, RECORD_LENGTH_AT } from "../../firmware/boot/manifest.ts";
import { identityRecord } from "../../tools/production/identity.ts";
import { keyPageOf } from "../../tools/image/keys.ts";
import { Toy, assertPromisesKept } from "../support/toy.ts";

describe("a toy's identity", () => {
  afterEach(assertPromisesKept);

  it("stays in page 0 when a factory reset destroys messages and key", () => {
    const toy = new Toy();
    const page = toy.memories[0]!.bytes.subarray(0, 4096);
    const record = identityRecord({ serial: "PW-000001", name: "Pawlock", colour: "brown" });
    const words = new DataView(page.buffer, page.byteOffset);
    page.set(record, RECORD_AT);
    words.setUint32(RECORD_CHECK_AT, crc32(record), true);
    words.setUint32(RECORD_LENGTH_AT, record.length, true);
    const before = Buffer.from(page);
    toy.powerOn().wait(6000).hold(1500).wait(3000);
    assert.equal(toy.messages().length, 1);
    const key = Buffer.from(keyPageOf(toy.board, toy.memories)!);
    toy.tap(6).wait(150).hold(10500).wait(60000);
    assert.equal(toy.messages().length, 0);
    assert.notDeepEqual(Buffer.from(keyPageOf(toy.board, toy.memories)!), key);
    assert.deepEqual(Buffer.from(page), before);
  });
});
