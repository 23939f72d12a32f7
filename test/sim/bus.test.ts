// The bus: what it serves, and what it refuses by name instead of guessing.

import assert from "node:assert/strict";
import { Bus, BusFault } from "../../sim/bus.ts";
import { Ram } from "../../sim/blocks/ram.ts";
import { createRig, RAM_AT } from "./blocks/rig.ts";

describe("the address bus", () => {
  const faultOf = (action: () => unknown): BusFault => {
    try {
      action();
    } catch (error) {
      assert.ok(error instanceof BusFault, String(error));
      return error;
    }
    throw new assert.AssertionError({ message: "no fault" });
  };

  it("stores words little end first", () => {
    const { bus } = createRig();
    bus.write32(RAM_AT + 8, 0x89abcdef);
    assert.deepEqual([...bus.read(RAM_AT + 8, 4)], [0xef, 0xcd, 0xab, 0x89]);
    assert.equal(bus.read32(RAM_AT + 8), 0x89abcdef);
    assert.equal(bus.read16(RAM_AT + 9), 0xabcd);
    bus.write16(RAM_AT + 1, 0x1234);
    bus.write8(RAM_AT + 3, 0x77);
    assert.equal(bus.read32(RAM_AT), 0x77123400);
  });

  it("takes negative numbers as the 32-bit patterns that the interpreter means", () => {
    const { bus } = createRig();
    bus.write32(RAM_AT, -1);
    assert.equal(bus.read32(RAM_AT), 0xffffffff);
  });

  it("serves a region that only copies, as one in another process does", () => {
    const bus = new Bus();
    const remote = new Ram(16);
    bus.attachMemory({ name: "remote", base: 0x20000000, size: 16, read: (o, n) => remote.read(o, n), write: (o, b) => remote.write(o, b) });
    bus.write32(0x20000004, 42);
    assert.equal(bus.read32(0x20000004), 42);
  });

  it("names address and block of an access to what is not there", () => {
    const { bus } = createRig();
    const fault = faultOf(() => bus.read32(0x40025504));
    assert.equal(fault.address, 0x40025504);
    assert.equal(fault.block, "I2S");
    assert.match(fault.message, /read of 32 bits at 0x40025504 \(I2S\): nothing is modelled there/);
  });

  it("names register offsets that a block does not model", () => {
    const { bus } = createRig();
    assert.match(faultOf(() => bus.write32(0x40007600, 3)).message, /write of 0x3 at 0x40007600 \(SAADC\)/);
    assert.match(faultOf(() => bus.read32(0x4002d700)).message, /0x4002d700 \(PWM3\)/);
  });

  for (const [address, name] of [[0x40000000, "CLOCK/POWER"], [0x40001504, "RADIO"], [0x40008000, "TIMER0"], [0x4000b508, "RTC0"], [0x4001e504, "NVMC/ACL"]] as const) {
    it(`answers a poke into ${name} as the radio stack does: with a hard fault`, () => {
      const fault = faultOf(() => createRig().bus.write32(address, 1));
      assert.equal(fault.block, name);
      assert.match(fault.message, /hard fault/);
    });
  }

  it("refuses misaligned words and narrow access to registers", () => {
    const { bus } = createRig();
    assert.match(faultOf(() => bus.read32(RAM_AT + 2)).message, /no multiple of 4/);
    assert.match(faultOf(() => bus.write32(0x40007501, 1)).message, /no multiple of 4/);
    assert.match(faultOf(() => bus.write8(0x40007500, 1)).message, /32-bit words only/);
  });

  it("refuses access over the end of a region", () => {
    const { bus } = createRig();
    assert.match(faultOf(() => bus.read(RAM_AT + 65535, 2)).message, /over the end/);
  });

  it("refuses DMA at odd addresses, over the end, and outside RAM", () => {
    const { bus } = createRig();
    bus.checkDma(RAM_AT + 2, 100, "test");
    assert.match(faultOf(() => bus.checkDma(RAM_AT + 1, 2, "test")).message, /odd/);
    assert.match(faultOf(() => bus.checkDma(RAM_AT + 65534, 4, "test")).message, /over the end/);
    assert.match(faultOf(() => bus.checkDma(0x60000, 2, "test")).message, /RAM only/);
  });

  it("refuses two things at one address", () => {
    const { bus, pwm } = createRig();
    assert.throws(() => bus.attach(pwm), /overlaps/);
  });
});
