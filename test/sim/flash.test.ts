// NOR flash and its power cuts; and Storage upon it, which is not atomic (platform facts, section 6 and trap 2).

import assert from "node:assert/strict";
import { PowerCut } from "../../sim/engine.ts";
import { FlashMemory, FlashPort, PAGE_BYTES, type CutPlan } from "../../sim/flash.ts";
import { Storage } from "../../sim/node/storage.ts";
import { buildStorage, findFile } from "../../sim/storage-image.ts";

const BASE = 0x60000000;
const TIMING = { pageEraseUs: 20000, programUsPerByte: 10, readUsPerByte: 1, stopsProcessor: false };

function rig(image?: Uint8Array, cut?: CutPlan) {
  const memory = new FlashMemory(BASE, 4, TIMING, image);
  let now = 0;
  let isOn = true;
  const port = new FlashPort(
    [memory],
    () => now,
    (us) => (now += us),
    () => (isOn = false),
  );
  port.cut = cut;
  return { memory, port, now: () => now, isOn: () => isOn };
}

describe("flash", () => {
  it("only clears bits when it is written", () => {
    const { port } = rig();
    port.write(BASE + 3, Uint8Array.of(0xf0));
    port.write(BASE + 3, Uint8Array.of(0x3f));
    assert.deepEqual([...port.read(BASE + 2, 3)], [0xff, 0x30, 0xff]);
  });

  it("becomes 0xFF by erasing, a page at a time, and counts that", () => {
    const { port, memory } = rig(new Uint8Array(4 * PAGE_BYTES));
    port.erasePage(BASE + PAGE_BYTES + 5);
    assert.ok(memory.bytes.subarray(PAGE_BYTES, 2 * PAGE_BYTES).every((byte) => byte === 0xff));
    assert.equal(memory.bytes[PAGE_BYTES - 1], 0);
    assert.equal(memory.bytes[2 * PAGE_BYTES], 0);
    assert.deepEqual([...memory.erases], [0, 1, 0, 0]);
  });

  it("takes time, and gives copies", () => {
    const { port, memory, now } = rig();
    port.write(BASE, new Uint8Array(100));
    assert.equal(now(), 1000);
    port.erasePage(BASE);
    assert.equal(now(), 21000);
    port.read(BASE, 50).fill(7);
    assert.equal(now(), 21050);
    assert.equal(memory.bytes[0], 0xff);
    port.peek(BASE, 50);
    assert.equal(now(), 21050);
  });

  it("refuses addresses outside", () => {
    const { port } = rig();
    assert.throws(() => port.read(BASE + 4 * PAGE_BYTES - 1, 2), /no such memory/);
    assert.throws(() => port.write(0, Uint8Array.of(1)), /no such memory/);
  });

  for (const [phase, changed] of [
    ["before", 0],
    ["during", 50],
    ["after", 100],
  ] as const) {
    it(`has ${changed} of 100 bytes written when the power fails ${phase} the write`, () => {
      const { port, memory, isOn } = rig(undefined, { operation: 1, phase });
      port.write(BASE + 1000, new Uint8Array(4));
      assert.throws(() => port.write(BASE, new Uint8Array(100)), PowerCut);
      assert.equal(isOn(), false);
      assert.equal(memory.bytes.subarray(0, 100).filter((byte) => byte === 0).length, changed);
    });
  }

  it("has some bits of every byte written when the power fails while a write is faint yet", () => {
    const { port, memory } = rig(undefined, { operation: 0, phase: "faint" });
    assert.throws(() => port.write(BASE, new Uint8Array(100)), PowerCut);
    assert.ok(memory.bytes.subarray(0, 100).every((byte) => byte === 0x55));
    assert.equal(memory.bytes[100], 0xff);
  });

  for (const phase of ["during", "faint"] as const) {
    it(`is neither old nor blank when the power fails ${phase} the erase of a page`, () => {
      const { port, memory } = rig(new Uint8Array(4 * PAGE_BYTES), { operation: 0, phase });
      assert.throws(() => port.erasePage(BASE), PowerCut);
      const page = memory.bytes.subarray(0, PAGE_BYTES);
      assert.ok(page.some((byte) => byte !== 0xff) && page.some((byte) => byte !== 0));
      assert.equal(page.subarray(0, 32).every((byte) => byte === 0xff), phase === "faint", "looks blank at its beginning");
    });
  }

  describe("under Storage", () => {
    const image = buildStorage([{ name: "app", data: Buffer.from("code") }, { name: "set", data: Buffer.from("old") }], 4 * PAGE_BYTES);
    const text = (data: Uint8Array | undefined): string | undefined => data && Buffer.from(data).toString("latin1");
    const storageOf = (port: FlashPort, console: string[] = []): Storage =>
      new Storage({
        bytes: 4 * PAGE_BYTES,
        pageBytes: PAGE_BYTES,
        read: (offset, length) => port.read(BASE + offset, length),
        write: (offset, data) => port.write(BASE + offset, data),
        erasePage: (offset) => port.erasePage(BASE + offset),
        print: (line) => void console.push(line),
      });
    /** What a reader finds of "set" after the power failed while "set" was replaced. */
    const afterCut = (cut: CutPlan): string | undefined => {
      const { port, memory } = rig(image, cut);
      assert.throws(() => storageOf(port).write("set", Buffer.from("new!")), PowerCut);
      return text(findFile(memory.bytes, "set"));
    };

    it("replaces a file in three operations: name, header, data", () => {
      const { port, memory } = rig(image);
      assert.equal(storageOf(port).write("set", Buffer.from("new!")), true);
      assert.deepEqual(
        port.operations.map(({ length }) => length),
        [4, 32, 4],
      );
      assert.equal(text(findFile(memory.bytes, "set")), "new!");
    });

    for (const [cut, found] of [
      [{ operation: 0, phase: "before" }, "old"],
      [{ operation: 0, phase: "after" }, undefined],
      [{ operation: 1, phase: "after" }, "\xff\xff\xff\xff"],
      [{ operation: 2, phase: "during" }, "new\xff"],
      [{ operation: 2, phase: "after" }, "new!"],
    ] as const) {
      it(`leaves ${JSON.stringify(found)} when the power fails ${cut.phase} operation ${cut.operation}`, () => assert.equal(afterCut(cut), found));
    }

    it("wipes everything at boot when the chain does not end in blank flash", () => {
      const broken = Uint8Array.from(image);
      broken.set([1, 2, 0xff, 4], PAGE_BYTES);
      const { port, memory } = rig(broken);
      const console: string[] = [];
      storageOf(port, console).checkAtBoot();
      assert.equal(console[0], "Storage is corrupt.");
      assert.ok(memory.bytes.every((byte) => byte === 0xff));
      assert.equal(port.operations.length, 4);
    });

    it("says that it has written into a torn tail, and cannot read it back", () => {
      const torn = Uint8Array.from(image);
      torn.set([0x10, 0x00, 0xff], 32 + 4 + 32 + 4);
      const storage = storageOf(rig(torn).port);
      storage.checkAtBoot();
      assert.equal(storage.write("new", Buffer.from("data")), true);
      assert.equal(storage.read("new"), undefined);
      assert.equal(text(storage.read("app")), "code");
    });

    it("is compacted page by page, with what is on its way in RAM only", () => {
      const files = Array.from({ length: 6 }, (_, i) => ({ name: `f${i}`, data: Buffer.alloc(2000, 65 + i) }));
      const full = buildStorage(files, 4 * PAGE_BYTES);
      const whole = rig(full);
      const storage = storageOf(whole.port);
      storage.erase("f0");
      storage.compact();
      assert.deepEqual(storage.list(), ["f1", "f2", "f3", "f4", "f5"]);
      assert.deepEqual(storage.getStats(), { totalBytes: 16384, freeBytes: 16384 - 5 * 2032, fileBytes: 5 * 2032, fileCount: 5, trashBytes: 0, trashCount: 0 });
      const firstErase = whole.port.operations.findIndex(({ kind }) => kind === "erase");
      const cut = rig(full, { operation: firstErase, phase: "after" });
      const dying = storageOf(cut.port);
      dying.erase("f0");
      assert.throws(() => dying.compact(), PowerCut);
      const restarted = storageOf(rig(cut.memory.bytes).port);
      restarted.checkAtBoot();
      assert.deepEqual(restarted.list(), []);
    });
  });
});
