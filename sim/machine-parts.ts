// What a simulated board is put together from.

import type { Board } from "../boards/board.ts";
import type { Air } from "./air/air.ts";
import type { Bonds } from "./air/bonds.ts";
import type { Bus } from "./bus.ts";
import type { Engine } from "./engine.ts";
import type { CutPlan, FlashMemory } from "./flash.ts";
import type { RadioLoad } from "./hold-off.ts";
import type { NativeTable } from "./native.ts";
import type { AnalogWorld, OutputSink } from "./signals.ts";

export interface MachineParts {
  readonly board: Board;
  readonly engine: Engine;
  readonly memories: readonly FlashMemory[];
  readonly world: AnalogWorld;
  readonly sink: OutputSink;
  readonly native: (bus: Bus) => NativeTable;
  readonly seed: number;
  /** Which one of all chips this is: what its factory wrote into it comes of it. */
  readonly unit?: number;
  readonly cut?: CutPlan;
  /** Relative error of the chip's 16 MHz clock: its crystal's while the radio is on, its RC oscillator's 1.5% otherwise. */
  readonly clockError?: number;
  /** When it begins, for a board that boots again without having lost its power. */
  readonly startUs?: number;
  /** Interrupts of the radio stack that delay Waveform's; none when not given. */
  readonly radio?: RadioLoad;
  /** Who is around, and whom this unit knows: both outlive its power. Nobody when not given. */
  readonly air?: Air;
  readonly bonds?: Bonds;
}
