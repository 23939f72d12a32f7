// Production images on the real interpreter: it takes the Storage area as it is, byte for byte, and boots the toy from it.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import type { Board } from "../../boards/board.ts";
import { internalRun } from "../../boards/flash-map.ts";
import { boards } from "../../boards/index.ts";
import { espruinoEngine, interpreterFacts } from "../../sim/espruino/make.ts";
import { walk } from "../../sim/storage-image.ts";
import { LOG_FILE } from "../../tools/image/storage.ts";
import { verifyImage, type VerifiedImage } from "../../tools/production/image-verify.ts";
import { rangeOf } from "../../tools/production/memory-image.ts";
import { closeWorkshop, imageIn, openWorkshop, type Workshop } from "../support/images.ts";
import { interpreterPath } from "../support/interpreter.ts";
import { Toy, lockdownOf } from "../support/toy.ts";

describe("a production image on the interpreter", function () {
  this.timeout(120000);
  let interpreter: string;
  let shop: Workshop;
  const images = new Map<string, VerifiedImage>();

  before(() => {
    interpreter = interpreterPath();
    shop = openWorkshop();
    for (const board of boards) images.set(board.id, verifyImage(imageIn(shop, board.id, board, { lockdown: lockdownOf(board) }).path, { allowUnsigned: true }));
  });
  after(() => closeWorkshop(shop));

  const flashOf = (board: Board): { address: number; bytes: Uint8Array }[] => {
    const beside = internalRun(board);
    return beside && board.storage.kind === "internal" ? [{ address: beside.base, bytes: rangeOf(images.get(board.id)!.chip, beside.base, beside.pages * board.chip.pageBytes) }] : [];
  };

  for (const board of boards) {
    it(`of ${board.id} boots the toy`, () => {
      const { storage } = images.get(board.id)!;
      const toy = Toy.awake({ board, storage, flash: flashOf(board), engine: espruinoEngine(interpreter) });
      try {
        toy.hold(1500).wait(3000);
        assert.ok(toy.lit("light").length > 0, "the heart was never lit");
        assert.deepEqual(toy.machine.console, []);
        assert.deepEqual(toy.machine.uncaught, []);
        if (board.flashMap.log.kind !== "ram") assert.equal(toy.messages().length, 1);
      } finally {
        toy.machine.cutPower();
      }
    });
  }

  for (const board of boards) {
    it(`of ${board.id} is Storage as the interpreter itself reads and leaves it`, function () {
      // Without the lock-down text, which nothing but a board can run.
      const { storage } = verifyImage(imageIn(shop, `plain-${board.id}`, board).path, { allowUnsigned: true });
      const { flashBytes } = interpreterFacts(interpreter);
      if (storage.length > flashBytes) return this.skip();
      const folder = mkdtempSync(join(tmpdir(), "pawlock-boot-"));
      try {
        const flash = new Uint8Array(flashBytes).fill(0xff);
        flash.set(storage);
        writeFileSync(join(folder, "espruino.flash"), flash);
        writeFileSync(join(folder, "ask.js"), `var s=require("Storage");print("files="+JSON.stringify(s.list().map(function(n){var d=s.read(n);return [n,d.length,n===${JSON.stringify(LOG_FILE)}?0:E.CRC32(d)]})))`);
        const { stdout } = spawnSync(interpreter, ["ask.js"], { cwd: folder, encoding: "latin1", input: "", timeout: 20000, killSignal: "SIGKILL" });
        const seen = JSON.parse(/files=(.*)/.exec(stdout)?.[1] ?? "null") as [string, number, number][] | null;
        const expected = Array.from(walk(storage), ({ name, data }) => [name, data.length, name === LOG_FILE ? 0 : crc32(data)]);
        assert.deepEqual(seen?.sort(), expected.sort());
        assert.ok(!stdout.includes("corrupt"));
        assert.deepEqual(readFileSync(join(folder, "espruino.flash")), Buffer.from(flash));
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  }
});
