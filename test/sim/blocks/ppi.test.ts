// What the PPI promises: an enabled channel turns its event into its task, and the radio stack's channels are not ours.

import assert from "node:assert/strict";
import { createRig, RAM_AT } from "./rig.ts";

const PPI = 0x4001f000;
const SAADC = 0x40007000;

function rigWithBuffer() {
  const rig = createRig();
  rig.poke(SAADC + 0x510, 1, 0, 2 << 16);
  rig.poke(SAADC + 0x62c, RAM_AT, 1);
  rig.poke(SAADC + 0x500, 1);
  return rig;
}

describe("PPI", () => {
  it("reads back its channels and its enable bits", () => {
    const { poke, bus } = createRig();
    poke(PPI + 0x510 + 8 * 16, SAADC + 0x104, SAADC);
    poke(PPI + 0x504, 1 << 16);
    poke(PPI + 0x504, 1 << 3);
    assert.equal(bus.read32(PPI + 0x510 + 8 * 16), SAADC + 0x104);
    assert.equal(bus.read32(PPI + 0x514 + 8 * 16), SAADC);
    assert.equal(bus.read32(PPI + 0x500), (1 << 16) | (1 << 3));
    poke(PPI + 0x508, 1 << 16);
    assert.equal(bus.read32(PPI + 0x500), 1 << 3);
    poke(PPI + 0x500, 2);
    assert.equal(bus.read32(PPI + 0x504), 2);
  });

  it("triggers the task of an enabled channel, and only of an enabled one", () => {
    const { poke, bus, saadc } = rigWithBuffer();
    // STARTED -> SAMPLE: without the local timer, one conversion fills the buffer of one.
    poke(PPI + 0x510, SAADC + 0x100, SAADC + 0x004);
    poke(SAADC, 1);
    assert.equal(saadc.isDmaActive, true);
    poke(SAADC + 0x004, 1);
    poke(PPI + 0x504, 1);
    poke(SAADC + 0x104, 0);
    poke(SAADC, 1);
    assert.equal(bus.read32(SAADC + 0x104), 1);
  });

  it("treats channels 17 to 31 as the radio stack's", () => {
    const { poke } = createRig();
    assert.throws(() => poke(PPI + 0x504, 1 << 17), /hard fault/);
    assert.throws(() => poke(PPI + 0x508, 0x80000000), /hard fault/);
    assert.throws(() => poke(PPI + 0x510 + 8 * 17, SAADC), /hard fault/);
  });

  it("refuses forks and groups, which are not modelled", () => {
    assert.throws(() => createRig().poke(PPI + 0x910, 1), /not modelled/);
    assert.throws(() => createRig().poke(PPI + 0x000, 1), /not modelled/);
  });
});
