// The interpreter's flash file: one chain of files that grows while the interpreter runs.

import assert from "node:assert/strict";
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FlashFile } from "../../../sim/espruino/flash-file.ts";
import { findFile, walk } from "../../../sim/storage-image.ts";

describe("The interpreter's flash file", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "flash-file-"));
  });
  afterEach(() => {
    file.close();
    rmSync(folder, { recursive: true });
  });

  let file: FlashFile;
  const path = (): string => join(folder, "flash");
  const read = (): Uint8Array => new Uint8Array(readFileSync(path()));

  it("is a Storage of the files in their order, whatever their lengths", () => {
    file = new FlashFile(path(), 4096);
    const texts = { ".bootPowerOn": "shim", ".bootcde": "print(1)", text0: "odd", text1: "" };
    for (const [name, text] of Object.entries(texts)) {
      // The interpreter fills it up at any time.
      appendFileSync(path(), new Uint8Array(4096 - read().length).fill(0xff));
      file.add(name, Buffer.from(text));
      assert.equal(Buffer.from(findFile(read(), name)!).toString(), text);
    }
    assert.deepEqual([...walk(read())].map(({ name }) => name), Object.keys(texts));
  });

  it("refuses an interpreter whose flash is too small, and says what is needed", () => {
    file = new FlashFile(path(), 4096);
    file.add("fits", new Uint8Array(4096 - 32));
    assert.throws(() => file.add("more", new Uint8Array(1)), /has 4 KB, 5 KB are needed/);
    assert.deepEqual([...walk(read())].map(({ name }) => name), ["fits"]);
  });
});
