// Copies of the interpreter's buffers: what is fetched, when, and that every change gets back.

import assert from "node:assert/strict";
import { Buffers } from "../../../sim/espruino/buffers.ts";

function rig(length = 4096) {
  const theirs = Uint8Array.from({ length }, (_, i) => i);
  const log: string[] = [];
  const buffers = new Buffers({
    fetch: (buffer, offset, count) => {
      log.push(`fetch ${buffer} ${offset} ${count}`);
      return theirs.slice(offset, offset + count);
    },
    store: (buffer, offset, bytes) => {
      log.push(`store ${buffer} ${offset} ${bytes.length}`);
      theirs.set(bytes, offset);
    },
  });
  buffers.place(0, length);
  return { buffers, theirs, log };
}

describe("Copies of the interpreter's buffers", () => {
  it("fetch what is looked at, once", () => {
    const { buffers, log } = rig();
    assert.deepEqual([...buffers.view(0, 600, 3)], [88, 89, 90]);
    buffers.view(0, 520, 500);
    assert.deepEqual(log, ["fetch 0 512 512"]);
  });

  it("fetch the whole of a short last block", () => {
    const { buffers, log } = rig(700);
    assert.equal(buffers.view(0, 699, 1)[0], 699 & 255);
    assert.deepEqual(log, ["fetch 0 512 188"]);
  });

  it("fetch again after the interpreter went on", () => {
    const { buffers, theirs } = rig();
    buffers.view(0, 0, 1);
    buffers.flush();
    theirs[0] = 99;
    assert.equal(buffers.view(0, 0, 1)[0], 99);
  });

  it("send back what was written into a view, and nothing else", () => {
    const { buffers, theirs, log } = rig();
    const view = buffers.view(0, 0, 2048);
    view[3] = 1;
    view[10] = 2;
    view[1500] = 3;
    buffers.flush();
    assert.deepEqual(log.slice(1), ["store 0 3 8", "store 0 1500 1"]);
    assert.deepEqual([theirs[3], theirs[4], theirs[10], theirs[1500]], [1, 4, 2, 3]);
  });

  it("share their bytes between views", () => {
    const { buffers } = rig();
    const [a, b] = [buffers.view(0, 0, 8), buffers.view(0, 4, 8)];
    a[5] = 200;
    assert.equal(b[1], 200);
    assert.equal(a.buffer, b.buffer);
  });

  it("stay as they are when the interpreter is gone", () => {
    const { buffers, log } = rig();
    buffers.view(0, 0, 1);
    buffers.freeze();
    assert.equal(buffers.view(0, 1000, 1)[0], 0);
    assert.deepEqual(log, ["fetch 0 0 512"]);
  });
});
