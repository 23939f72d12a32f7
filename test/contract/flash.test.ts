// One suite for every Flash: the mock, Espruino's on the simulated board, and RAM that behaves like flash.

import assert from "node:assert/strict";
import { messageMemory } from "../../boards/flash-map.ts";
import { xiaoble } from "../../boards/xiaoble.ts";
import { ERR_HARDWARE, ERR_RANGE, OK, type Flash } from "../../hal/contract.ts";
import { createEspruinoFlash, createRamFlash } from "../../hal/espruino/flash.ts";
import { mockFlash } from "../../hal/mock/flash.ts";
import { createSimBench } from "../../tools/sim/adapter-bench.ts";

interface Rig {
  readonly flash: Flash;
  dispose(): void;
}

const PAGES = 3;
const implementations: [string, () => Rig][] = [
  ["the mock", () => ({ flash: mockFlash(PAGES), dispose: () => undefined })],
  [
    "Espruino's on the simulated board",
    () => {
      const bench = createSimBench({ board: xiaoble });
      const messages = messageMemory(xiaoble);
      assert.ok(messages.kind === "flash");
      return { flash: createEspruinoFlash({ base: messages.base, pages: PAGES }), dispose: bench.dispose };
    },
  ],
  ["RAM", () => ({ flash: createRamFlash({ pages: PAGES }), dispose: () => undefined })],
];

for (const [name, create] of implementations) {
  describe(`Flash: ${name}`, () => {
    let rig: Rig;
    let flash: Flash;
    beforeEach(() => {
      rig = create();
      flash = rig.flash;
    });
    afterEach(() => rig.dispose());

    const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
    const read = (address: number, length: number): number[] => [...flash.read(address, length)];

    it("has the pages that were asked for, blank", () => {
      assert.equal(flash.pages, PAGES);
      assert.equal(flash.pageBytes, 4096);
      assert.ok(flash.read(0, PAGES * 4096).every((byte) => byte === 255));
    });

    it("holds what was written, across a page's end too", () => {
      assert.equal(flash.write(4092, bytes(1, 2, 3, 4, 5, 6, 7, 8)), OK);
      assert.deepEqual(read(4090, 12), [255, 255, 1, 2, 3, 4, 5, 6, 7, 8, 255, 255]);
    });

    it("lets more bits be cleared", () => {
      assert.equal(flash.write(8, bytes(0xff, 0xf0, 0xff, 0xff)), OK);
      assert.equal(flash.write(8, bytes(0x7f, 0x30, 0xff, 0xff)), OK);
      assert.deepEqual(read(8, 4), [0x7f, 0x30, 0xff, 0xff]);
    });

    if (name !== "RAM") {
      it("tells when bits would have to be set", () => {
        flash.write(8, bytes(0x0f, 0, 0, 0));
        assert.equal(flash.write(8, bytes(0xff, 0, 0, 0)), ERR_HARDWARE);
        assert.deepEqual(read(8, 4), [0x0f, 0, 0, 0]);
      });
    }

    it("erases a page and no other", () => {
      for (const address of [4092, 4096, 8188, 8192]) flash.write(address, bytes(0, 0, 0, 0));
      assert.equal(flash.erasePage(1), OK);
      assert.ok(flash.read(4096, 4096).every((byte) => byte === 255));
      assert.deepEqual([read(4092, 4), read(8192, 4)], [
        [0, 0, 0, 0],
        [0, 0, 0, 0],
      ]);
    });

    it("gives copies", () => {
      flash.write(0, bytes(1, 2, 3, 4));
      flash.read(0, 4).fill(9);
      assert.deepEqual(read(0, 4), [1, 2, 3, 4]);
    });

    it("refuses what is outside or not aligned, and writes nothing", () => {
      assert.equal(flash.write(2, bytes(0, 0, 0, 0)), ERR_RANGE);
      assert.equal(flash.write(0, bytes(0, 0)), ERR_RANGE);
      assert.equal(flash.write(-4, bytes(0, 0, 0, 0)), ERR_RANGE);
      assert.equal(flash.write(PAGES * 4096 - 4, new Uint8Array(8)), ERR_RANGE);
      assert.equal(flash.erasePage(PAGES), ERR_RANGE);
      assert.equal(flash.erasePage(-1), ERR_RANGE);
      assert.ok(flash.read(0, PAGES * 4096).every((byte) => byte === 255));
    });
  });
}
