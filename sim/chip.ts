// Puts the modelled blocks of the board's chip onto its bus.

import type { Board } from "../boards/board.ts";
import { Ficr } from "./blocks/ficr.ts";
import { Ppi } from "./blocks/ppi.ts";
import { Pwm } from "./blocks/pwm.ts";
import { Saadc } from "./blocks/saadc.ts";
import { Uicr } from "./blocks/uicr.ts";
import type { Bus } from "./bus.ts";
import type { Clock } from "./clock.ts";
import type { AnalogWorld, Drive, OutputSink } from "./signals.ts";

export interface Surroundings {
  readonly board: Board;
  readonly clock: Clock;
  readonly world: AnalogWorld;
  readonly sink: OutputSink;
  readonly seed: number;
  /** Which one of all chips of its kind. */
  readonly unit: number;
  /** What the GPIO port drives on a pin that a PWM lets go of. */
  readonly released: (nrf: number) => Drive;
  /** Relative error of the 16 MHz clock against the true second: positive makes every period longer. */
  readonly clockError: number;
}

export interface ChipBlocks {
  readonly saadc: Saadc;
  readonly pwm: readonly Pwm[];
}

const PART = { nRF52840: 0x52840, nRF52833: 0x52833 } as const;

export function attachChip(bus: Bus, { board, clock, world, sink, seed, unit, released, clockError }: Surroundings): ChipBlocks {
  const { chip, supplyVolts } = board;
  const ppi = new Ppi(bus);
  const onEvent = (address: number): void => ppi.fire(address);
  const saadc = new Saadc({ clock, bus, world, supplyVolts, seed, onEvent, clockError });
  const units = ([0, 1, 2, 3] as const).slice(0, chip.pwmUnits);
  const pwm = units.map((unit) => new Pwm(unit, { clock, bus, sink, onEvent, released, clockError }));
  const { ramBytes, flashBytes, pageBytes } = chip;
  const ficr = new Ficr({ seed: unit, part: PART[chip.name], ramBytes, flashBytes, pageBytes });
  for (const block of [ppi, saadc, ficr, new Uicr(board.bootLoader), ...pwm]) bus.attach(block);
  return { saadc, pwm };
}
