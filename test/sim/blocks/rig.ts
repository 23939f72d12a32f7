// A chip of blocks for the specs: one bus, one clock, and what the blocks report. No interpreter and no cost of a poke.

import { Bus } from "../../../sim/bus.ts";
import { Clock } from "../../../sim/clock.ts";
import { Ppi } from "../../../sim/blocks/ppi.ts";
import { Pwm } from "../../../sim/blocks/pwm.ts";
import { Ram } from "../../../sim/blocks/ram.ts";
import { Saadc, type SaadcOptions } from "../../../sim/blocks/saadc.ts";
import type { AnalogWorld, Drive } from "../../../sim/signals.ts";

export const RAM_AT = 0x20000000;

export const constantVolts = (volts: number): AnalogWorld => ({ volts: (_ain, _fromUs, _stepUs, out) => void out.fill(volts) });

/** Volts that grow with time: every sample tells its own instant. */
export const rampVolts = (voltsPerUs: number): AnalogWorld => ({
  volts: (_ain, fromUs, stepUs, out) => {
    for (let i = 0; i < out.length; i++) out[i] = (fromUs + i * stepUs) * voltsPerUs;
  },
});

export function createRig(options: Partial<SaadcOptions> = {}) {
  const clock = new Clock();
  const bus = new Bus();
  const ram = new Ram(64 * 1024);
  const ppi = new Ppi(bus);
  const drives: { nrf: number; atUs: number; drive: Drive }[] = [];
  const onEvent = (address: number): void => ppi.fire(address);
  const saadc = new Saadc({ clock, bus, world: constantVolts(0), supplyVolts: 3.3, seed: 1, onEvent, ...options });
  const pwm = new Pwm(3, { clock, bus, sink: { drive: (nrf, atUs, drive) => void drives.push({ nrf, atUs, drive }) }, onEvent });
  bus.attachMemory(ram);
  for (const block of [ppi, saadc, pwm]) bus.attach(block);
  return {
    clock,
    bus,
    ram,
    saadc,
    pwm,
    drives,
    /** Writes consecutive registers, as poke32 does with an array. */
    poke(address: number, ...values: number[]): void {
      values.forEach((value, i) => bus.write32(address + 4 * i, value));
    },
    run(us: number): void {
      clock.runUntil(clock.now + us);
    },
    words(address: number, count: number): Int16Array {
      return new Int16Array(ram.read(address - RAM_AT, 2 * count).buffer);
    },
  };
}
