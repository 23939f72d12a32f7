// The interpreter's flash file: the board's bytes at their place, the simulator's files behind them, one chain through both.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FLASH_FILE_BASE, FlashFile } from "../../../sim/espruino/flash-file.ts";
import { FlashMemory } from "../../../sim/flash.ts";
import { buildStorage, findFile, walk } from "../../../sim/storage-image.ts";

const TIMING = { pageEraseUs: 0, programUsPerByte: 0, readUsPerByte: 0, stopsProcessor: false };
const BASE = 0x60000000;
const MESSAGES = 0x80000;
const AREA = 3 * 4096;

describe("The interpreter's flash file", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "flash-file-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function make(bytes = 65536, files: readonly { name: string; data: Buffer; size?: number }[] = [{ name: "log", data: Buffer.alloc(0), size: 5000 }, { name: ".bootcde", data: Buffer.from("print(1)") }]) {
    const storage = new FlashMemory(BASE, 3, TIMING, buildStorage(files, AREA));
    const messages = new FlashMemory(MESSAGES, 2, TIMING);
    const path = join(folder, "flash");
    const file = new FlashFile(path, bytes, [storage, messages], new Map([[".bootcde", "counted"]]), new Map([[".bootPowerOn", "shim"]]));
    return { file, storage, messages, read: () => new Uint8Array(readFileSync(path)) };
  }

  it("holds the board's files, the simulator's, and the replaced ones anew", () => {
    const { file, read } = make();
    file.add("more", Buffer.from("text"));
    assert.deepEqual([...walk(read())].map(({ name }) => name), ["log", ".bootPowerOn", ".bootcde", "more"]);
    assert.equal(Buffer.from(findFile(read(), ".bootcde")!).toString(), "counted");
  });

  it("has the board's bytes where it says, except for the headers that it uses", () => {
    const { file, storage, messages, read } = make();
    for (const memory of [storage, messages]) {
      const at = file.addressOf(memory.base + 40, 4096)! - FLASH_FILE_BASE;
      assert.deepEqual(read().subarray(at, at + 4096), memory.bytes.subarray(40, 40 + 4096));
    }
    assert.equal(file.addressOf(BASE + 32 + 5000, 32), undefined);
    assert.equal(file.addressOf(0x1000, 4), undefined);
  });

  it("follows the board's flash", () => {
    const { file, storage, messages, read } = make();
    storage.bytes.fill(7, 100, 200);
    file.copy(BASE + 100, 100);
    messages.bytes.fill(8, 4096, 8192);
    file.copy(MESSAGES + 4096, 4096);
    assert.equal(read()[file.addressOf(BASE + 150, 1)! - FLASH_FILE_BASE], 7);
    assert.equal(read()[file.addressOf(MESSAGES + 5000, 1)! - FLASH_FILE_BASE], 8);
  });

  it("refuses a change of a header that it uses", () => {
    const { file } = make();
    assert.throws(() => file.copy(BASE, AREA), /uses/);
  });

  it("leaves a memory out for which there is no room", () => {
    const { file } = make(2 * AREA);
    assert.equal(file.addressOf(MESSAGES, 4), undefined);
  });

  it("refuses an interpreter whose flash is too small, and says what is needed", () => {
    assert.throws(() => make(8192), /8 KB, 12 KB are needed/);
  });

  it("takes a Storage without room for another header", () => {
    const { read } = make(65536, [{ name: "full", data: Buffer.alloc(AREA - 32) }]);
    assert.deepEqual([...walk(read())].map(({ name }) => name), ["full", ".bootPowerOn", ".bootcde"]);
  });
});
