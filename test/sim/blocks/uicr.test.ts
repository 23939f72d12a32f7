// What UICR tells of the board: where its boot loader begins, if it has one.

import assert from "node:assert/strict";
import { boards } from "../../../boards/index.ts";
import { bondPages } from "../../../boards/flash-map.ts";
import { xiaoble } from "../../../boards/xiaoble.ts";
import { Uicr } from "../../../sim/blocks/uicr.ts";
import { Bus } from "../../../sim/bus.ts";

const NRFFW0 = 0x10001014;

describe("UICR", () => {
  const bus = (bootLoader?: number): Bus => {
    const chip = new Bus();
    chip.attach(new Uicr(bootLoader));
    return chip;
  };

  it("tells where the boot loader begins, and is erased where there is none", () => {
    assert.equal(bus(xiaoble.bootLoader).read32(NRFFW0), xiaoble.bootLoader);
    assert.equal(bus().read32(NRFFW0), 0xffffffff);
  });

  it("refuses the rest", () => {
    assert.throws(() => bus().read32(NRFFW0 + 4), /not modelled/);
    assert.throws(() => bus().write32(NRFFW0, 0), /hard fault/);
  });

  it("puts the bonds where nothing of ours lies", () => {
    for (const board of boards) {
      const { base, pages } = bondPages(board);
      const { keyPage } = board.flashMap;
      assert.ok(keyPage === undefined || keyPage + board.chip.pageBytes <= base, board.id);
      const { storage, chip } = board;
      assert.ok(storage.base + storage.pages * chip.pageBytes <= base || storage.base >= base + pages * chip.pageBytes, board.id);
    }
  });
});
