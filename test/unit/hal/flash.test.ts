// The flash adapters: offsets into the board's flash, refusal of what is outside, and read-back of what was written or erased.

import assert from "node:assert/strict";
import { crc32 } from "node:zlib";
import { ERR_HARDWARE, ERR_RANGE, OK, type Flash } from "../../../hal/contract.ts";
import { createEspruinoFlash, createRamFlash } from "../../../hal/espruino/flash.ts";
import { clearGlobals, setGlobals } from "./espruino-globals.ts";

const BASE = 0x60041000;
const PAGES = 3;
const PAGE = 4096;

describe("the flash adapter", () => {
  let chip: Uint8Array;
  /** A cell that keeps its zeros whatever is done. */
  let stuck: number | undefined;
  let touched: number[];

  beforeEach(() => {
    chip = new Uint8Array(PAGES * PAGE).fill(255);
    stuck = undefined;
    touched = [];
    const at = (address: number): number => {
      assert.ok(address >= BASE && address < BASE + chip.length, `0x${address.toString(16)} is not ours`);
      touched.push(address);
      return address - BASE;
    };
    const module = {
      read: (length: number, address: number) => chip.slice(at(address), at(address + length - 1) + 1),
      write: (data: Uint8Array, address: number) => {
        for (let i = 0; i < data.length; i++) chip[at(address + i)]! &= data[i]!;
        if (stuck !== undefined) chip[stuck] = 0;
      },
      erasePage: (address: number) => {
        chip.fill(255, at(address), at(address) + PAGE);
        if (stuck !== undefined) chip[stuck] = 0;
      },
    };
    setGlobals({ E: { CRC32: (bytes: Uint8Array) => crc32(bytes) } }, { Flash: module });
  });
  afterEach(clearGlobals);

  const inFlash = (): Flash => createEspruinoFlash({ base: BASE, pages: PAGES });
  const inRam = (): Flash => createRamFlash({ pages: PAGES });

  for (const [where, make] of [
    ["flash", inFlash],
    ["RAM", inRam],
  ] as const) {
    describe(`to ${where}`, () => {
      it("begins erased, keeps what is written and forgets it with the page", () => {
        const flash = make();
        assert.equal(flash.pages, PAGES);
        assert.equal(flash.pageBytes, PAGE);
        assert.ok(flash.read(0, PAGE).every((byte) => byte === 255));
        const bytes = Uint8Array.from({ length: 8 }, (_, i) => i);
        assert.equal(flash.write(PAGE + 4, bytes), OK);
        assert.deepEqual([...flash.read(PAGE + 4, 8)], [...bytes]);
        assert.equal(flash.erasePage(0), OK);
        assert.deepEqual([...flash.read(PAGE + 4, 8)], [...bytes], "another page");
        assert.equal(flash.erasePage(1), OK);
        assert.ok(flash.read(PAGE, PAGE).every((byte) => byte === 255));
      });

      it("takes the last word and nothing beyond", () => {
        const flash = make();
        const word = new Uint8Array(4);
        assert.equal(flash.write(PAGES * PAGE - 4, word), OK);
        for (const address of [-4, PAGES * PAGE, PAGES * PAGE - 2]) assert.equal(flash.write(address, word), ERR_RANGE);
        assert.equal(flash.write(PAGES * PAGE - 4, new Uint8Array(8)), ERR_RANGE);
        for (const page of [-1, PAGES]) assert.equal(flash.erasePage(page), ERR_RANGE);
      });

      it("refuses what is not whole words", () => {
        const flash = make();
        for (const address of [1, 2, 3]) assert.equal(flash.write(address, new Uint8Array(4)), ERR_RANGE);
        for (const length of [1, 2, 3, 5]) assert.equal(flash.write(0, new Uint8Array(length)), ERR_RANGE);
        assert.ok(flash.read(0, PAGE).every((byte) => byte === 255));
      });

      it("gives copies", () => {
        const flash = make();
        flash.read(0, 4).fill(0);
        assert.deepEqual([...flash.read(0, 4)], [255, 255, 255, 255]);
      });
    });
  }

  it("tells a write that the chip did not keep", () => {
    stuck = 17;
    assert.equal(inFlash().write(16, new Uint8Array([1, 2, 3, 4])), ERR_HARDWARE);
  });

  it("tells an erase that left something", () => {
    stuck = PAGE + 4000;
    const flash = inFlash();
    assert.equal(flash.erasePage(1), ERR_HARDWARE);
    assert.equal(flash.erasePage(0), OK);
  });
});
