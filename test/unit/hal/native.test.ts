// The native adapter: flat memory on whole words whatever the interpreter gives, and machine code called at odd addresses.

import assert from "node:assert/strict";
import sinon from "sinon";
import { createEspruinoNative } from "../../../hal/espruino/native.ts";
import { clearGlobals, setGlobals } from "./espruino-globals.ts";

describe("the native adapter", () => {
  afterEach(clearGlobals);

  const at = (address: number) => setGlobals({ E: { getAddressOf: () => address } });

  for (const address of [0x20004000, 0x20004001, 0x20004002, 0x20004003, -3, -4]) {
    it(`gives whole words in memory that begins at ${address}`, () => {
      at(address);
      const buffer = createEspruinoNative().allocate(64)!;
      assert.equal(buffer.address & 3, 0);
      assert.ok(buffer.address - address >= 0 && buffer.address - address <= 3);
      assert.equal(buffer.bytes.byteOffset, buffer.address - address, "bytes and address are the same memory");
      assert.equal(buffer.bytes.length, 64);
      assert.ok(buffer.bytes.every((byte) => byte === 0));
    });
  }

  it("gives nothing when memory is not flat", () => {
    at(0);
    assert.equal(createEspruinoNative().allocate(64), undefined);
  });

  it("binds each function at its odd address in flat code", () => {
    const nativeCall = sinon.stub().callsFake((address: number) => () => address);
    setGlobals({ E: { toFlatString: (code: string) => `flat ${code}`, nativeCall } });
    const functions = createEspruinoNative().load("code", [0, 40, 1002])!;
    assert.deepEqual(functions.map((call) => call()), [1, 41, 1003]);
    for (const [, signature, code] of nativeCall.args) assert.deepEqual([signature, code], ["int(int,int,int,int)", "flat code"]);
  });

  it("loads nothing when the code cannot be flat", () => {
    const nativeCall = sinon.spy();
    setGlobals({ E: { toFlatString: () => undefined, nativeCall } });
    assert.equal(createEspruinoNative().load("code", [0]), undefined);
    sinon.assert.notCalled(nativeCall);
  });

  it("gives a checksum as the interpreter computes it", () => {
    setGlobals({ E: { CRC32: (data: string) => data.length } });
    assert.equal(createEspruinoNative().crc32("four"), 4);
  });
});
