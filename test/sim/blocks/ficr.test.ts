// What FICR promises: facts of the chip and identities that are its own, for reading only.

import assert from "node:assert/strict";
import { Ficr } from "../../../sim/blocks/ficr.ts";
import { Bus } from "../../../sim/bus.ts";

const BASE = 0x10000000;

function bus(seed: number): Bus {
  const chip = new Bus();
  chip.attach(new Ficr({ seed, part: 0x52840, ramBytes: 256 * 1024, flashBytes: 1024 * 1024, pageBytes: 4096 }));
  return chip;
}

describe("FICR", () => {
  it("tells page size, pages, part, RAM and flash", () => {
    const chip = bus(1);
    assert.deepEqual(
      [0x010, 0x014, 0x100, 0x10c, 0x110].map((offset) => chip.read32(BASE + offset)),
      [4096, 256, 0x52840, 256, 1024],
    );
  });

  it("gives each chip its own identity, and always the same", () => {
    const identity = (seed: number): number[] => [0x060, 0x064, 0x0a4, 0x0a8].map((offset) => bus(seed).read32(BASE + offset));
    assert.deepEqual(identity(1), identity(1));
    assert.notDeepEqual(identity(1), identity(2));
    assert.equal(new Set(identity(1)).size, 4);
  });

  it("is a hard fault to write to", () => {
    assert.throws(() => bus(1).write32(BASE + 0x060, 0), /hard fault/);
  });

  it("refuses what it does not model", () => {
    assert.throws(() => bus(1).read32(BASE + 0x404), /not modelled/);
  });
});
