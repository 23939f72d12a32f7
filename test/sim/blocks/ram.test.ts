// What RAM promises: bytes at an address; a copy for who reads, live bytes for who asks for a view.

import assert from "node:assert/strict";
import { Ram } from "../../../sim/blocks/ram.ts";

describe("RAM", () => {
  it("is zero until written, and keeps what is written", () => {
    const ram = new Ram(16);
    assert.deepEqual([...ram.read(0, 4)], [0, 0, 0, 0]);
    ram.write(2, Uint8Array.of(1, 2, 3));
    assert.deepEqual([...ram.read(0, 6)], [0, 0, 1, 2, 3, 0]);
  });

  it("hands out copies by read and the memory itself by view", () => {
    const ram = new Ram(16);
    const copy = ram.read(0, 4);
    const view = ram.view(0, 4);
    ram.write(0, Uint8Array.of(9));
    assert.deepEqual([copy[0], view[0]], [0, 9]);
    view[1] = 7;
    assert.equal(ram.read(1, 1)[0], 7);
  });
});
