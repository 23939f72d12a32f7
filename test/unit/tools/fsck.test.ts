// fsck over dumps of a toy: what it lists, what it exports, what it says is wrong; and hostile dumps, which cost it nothing.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { xiaoble } from "../../../boards/xiaoble.ts";
import { MESSAGE_RATE_HZ } from "../../../firmware/voice/abi.ts";
import { pawlock } from "../../../tools/commands/pawlock.ts";
import { UserError } from "../../../tools/errors.ts";
import { SHEET_BYTES, blockOffset } from "../../../tools/image/blocks.ts";
import { fsck, regionOf } from "../../../tools/image/fsck.ts";
import { keyPage, readKeyPage, workingKey } from "../../../tools/image/keys.ts";
import { messageSheets } from "../../../tools/image/messages.ts";
import { writeMessage } from "../../../tools/image/write-messages.ts";
import { flashMap } from "../../../tools/sim/flash-map.ts";
import { FlashMemory } from "../../../sim/flash.ts";
import { toneBlocks } from "../../support/family.ts";
import { random } from "../../support/random.ts";

const PAGE = keyPage(7);
const STORED = readKeyPage(PAGE).key;
const ROOTS = Uint32Array.from({ length: 8 }, (_, i) => 0x89abcdef ^ (i * 77));
const key = workingKey(STORED, ROOTS);
const sheets = messageSheets(xiaoble);
const log = xiaoble.flashMap.log as { firstPage: number; pages: number };

function chip(): Uint8Array {
  const dump = new Uint8Array(xiaoble.storage.pages * 4096).fill(0xff);
  const region = regionOf(xiaoble, dump);
  const give = (sheet: number, sequence: number, seconds: number, isOwn: boolean, isHeard: boolean): void => {
    const samples = seconds * MESSAGE_RATE_HZ;
    writeMessage(region, sheets, sheet, { sequence, isOwn, isHeard, samples, blocks: toneBlocks(440, samples) }, key);
  };
  give(1, 7, 3, false, true);
  give(3, 8, 1, true, false);
  // Round the end of the ring.
  give(sheets - 1, 9, 3, false, false);
  return dump;
}

describe("fsck", () => {
  it("lists messages without a key, and opens them with it", () => {
    const region = regionOf(xiaoble, chip());
    const closed = fsck(region, sheets, undefined);
    assert.deepEqual(closed.messages.map(({ sequence, isOwn, isHeard, samples, state }) => [sequence, isOwn, isHeard, samples, state]), [
      [7, false, true, 24000, "not tried"],
      [8, true, false, 8000, "not tried"],
      [9, false, false, 24000, "not tried"],
    ]);
    assert.deepEqual(closed.sheets, { all: sheets, blank: sheets - 5, messages: 5, newer: 0, unknown: 0 });
    const opened = fsck(region, sheets, key);
    assert.deepEqual(opened.damage, []);
    assert.deepEqual(opened.messages[2]!.stored!.blocks, toneBlocks(440, 24000));
    assert.ok(fsck(region, sheets, STORED).messages.every(({ state }) => state === "not this key's"), "the stored key alone opens nothing");
  });

  it("says what is wrong", () => {
    const region = regionOf(xiaoble, chip());
    region[SHEET_BYTES + blockOffset(3) + 50]! ^= 1;
    region[(sheets - 1) * SHEET_BYTES] = 0xff;
    region.copyWithin(5 * SHEET_BYTES, 3 * SHEET_BYTES, 4 * SHEET_BYTES);
    const { damage, messages } = fsck(region, sheets, key);
    assert.deepEqual(messages.map(({ sequence, state }) => [sequence, state]), [[7, "damaged"], [8, "whole"]]);
    assert.deepEqual(damage, [
      "sheet 5: a second sheet 0 of message 8",
      `sheet ${sheets - 1}: no header of ours; it will be erased before it is used`,
      "message 7: a block is not what was written",
    ]);
  });

  it("takes dumps of chip, log and nothing else", () => {
    const dump = chip();
    const region = regionOf(xiaoble, dump);
    assert.equal(region.length, log.pages * 4096);
    assert.equal(regionOf(xiaoble, region.slice()).length, region.length);
    assert.throws(() => regionOf(xiaoble, dump.subarray(1)), UserError);
  });

  it("survives noise, headers of chance and a chip full of one copied sheet", () => {
    const next = random(9);
    for (let round = 0; round < 60; round++) {
      const region = regionOf(xiaoble, chip()).slice(0, 12 * SHEET_BYTES);
      for (let i = 0; i < 40; i++) region[Math.floor(next() * (round < 30 ? 12 : 3)) * SHEET_BYTES + Math.floor(next() * 40)] = Math.floor(next() * 256);
      const report = fsck(region, 12, key);
      for (const { state, stored } of report.messages) if (state === "whole") assert.equal(stored!.blocks!.length % 1004, 0);
    }
    const region = regionOf(xiaoble, chip());
    for (let sheet = 0; sheet < sheets; sheet++) if (sheet !== 3) region.copyWithin(sheet * SHEET_BYTES, 3 * SHEET_BYTES, 4 * SHEET_BYTES);
    const report = fsck(region, sheets, key);
    assert.equal(report.messages.length, 1);
    assert.equal(report.damage.length, sheets - 1);
  });

  it("exports WAV files from the command line, and exits with 1 where anything is damaged", async () => {
    const folder = mkdtempSync(join(tmpdir(), "fsck-"));
    const said: string[] = [];
    const log0 = console.log;
    console.log = (line: string) => void said.push(line);
    try {
      const dump = chip();
      writeFileSync(join(folder, "chip.bin"), dump);
      writeFileSync(join(folder, "key.bin"), new Uint8Array(4096).fill(0xff));
      writeFileSync(join(folder, "key.bin"), PAGE);
      const roots = Buffer.from(ROOTS.buffer).toString("hex");
      const args = ["fsck", join(folder, "chip.bin"), "--key", join(folder, "key.bin"), "--roots", roots];
      assert.equal(await pawlock([...args, "--export", join(folder, "out"), "--json"]), 0, said.join());
      const report = JSON.parse(said.join("\n")) as { files: string[]; messages: { state: string }[] };
      assert.equal(report.files.length, 3);
      assert.equal(readFileSync(report.files[0]!).toString("latin1", 0, 4), "RIFF");
      dump[(log.firstPage + 2) * 4096 + 100]! ^= 1;
      writeFileSync(join(folder, "chip.bin"), dump);
      assert.equal(await pawlock(args), 1);
      await assert.rejects(pawlock(["fsck", join(folder, "chip.bin"), "--key", join(folder, "key.bin")]), UserError);
      await assert.rejects(pawlock(["fsck", join(folder, "none.bin")]), UserError);
      await assert.rejects(pawlock(["fsck", join(folder, "chip.bin"), "--export", folder]), UserError);
    } finally {
      console.log = log0;
      rmSync(folder, { recursive: true });
    }
  });

  it("draws every page of the flash once", () => {
    const timing = { pageEraseUs: 0, programUsPerByte: 0, readUsPerByte: 0, stopsProcessor: false };
    const memory = new FlashMemory(xiaoble.storage.base, xiaoble.storage.pages, timing, chip());
    memory.erases[70] = 3;
    const svg = flashMap(xiaoble, [memory]);
    assert.match(svg, /3 erases, at most 3 of one page/);
    assert.ok(svg.match(/<rect/g)!.length >= xiaoble.storage.pages + 10);
    assert.equal(svg.match(/#1c7ed6/g)!.length, 2 * 4 + 1, "two messages of the family, two sheets each, and the legend");
  });
});
