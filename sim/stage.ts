// A board in its world, with the verbs of whoever holds it: press, release, tap, speak, wait, switch off and on again.
// Flash outlives the power; everything else begins anew with it.

import type { Board, Pin } from "../boards/board.ts";
import { internalRun } from "../boards/flash-map.ts";
import { Air } from "./air/air.ts";
import type { Bonds } from "./air/bonds.ts";
import { bondsOf } from "./air/chip.ts";
import { keyRoots } from "./blocks/ficr.ts";
import type { Bus } from "./bus.ts";
import type { CodeMemory } from "./cost/model.ts";
import type { Engine } from "./engine.ts";
import type { CutPlan } from "./flash.ts";
import { FlashMemory, PAGE_BYTES, internalTiming, type FlashTiming } from "./flash.ts";
import { Machine } from "./machine.ts";
import type { NativeTable } from "./native.ts";
import { NodeEngine } from "./node/engine.ts";
import { World, type Sound, type WorldOptions } from "./world.ts";

/** What an engine gets to know of the board. */
export interface EngineSite {
  readonly board: Board;
  /** Storage comes first. */
  readonly memories: readonly FlashMemory[];
  readonly environment: { readonly BOARD: string; readonly VERSION: string; readonly SERIAL: string };
  readonly codeMemory: CodeMemory;
}

/** Makes the interpreter of one power-on. */
export type EngineMaker = (site: EngineSite) => Engine;

export const nodeEngine: EngineMaker = ({ board, environment, codeMemory }) =>
  new NodeEngine({ storage: { base: board.storage.base, bytes: board.storage.pages * PAGE_BYTES }, environment, codeMemory });

export interface StageOptions extends Partial<WorldOptions> {
  readonly board: Board;
  /** Contents of the Storage area when the board leaves the bench. */
  readonly storage: Uint8Array;
  /** What lies outside of it, by address. */
  readonly flash?: readonly { readonly address: number; readonly bytes: Uint8Array }[];
  readonly native: (bus: Bus) => NativeTable;
  readonly clockError?: number;
  /** The chip's own number, as `process.env.SERIAL` prints it. */
  readonly serial?: string;
  /** Stage.defaultEngine when not given. */
  readonly engine?: EngineMaker;
}

/** Espruino's version that the simulated board claims to be. */
const VERSION = "2v29";

/** Reading and writing external flash through Espruino's bit-banged SPI: derived from its source, not measured. */
const SPI_READ_US_PER_BYTE = 1.7;

export class Stage {
  /** For runs of all scenarios on another interpreter. */
  static defaultEngine: EngineMaker = nodeEngine;
  /** Sees every board before it boots. */
  static onBoot: ((stage: Stage) => void) | undefined;

  readonly board: Board;
  readonly memories: readonly FlashMemory[];
  /** Who is around the board, and the phones that its radio stack knows. */
  readonly air: Air;
  readonly bonds: Bonds;
  /** Boots since power-on: more than one after E.reboot. */
  machines: Machine[] = [];
  world!: World;
  /** What the hand did to the paw since power-on. */
  pawEdges: { readonly atUs: number; readonly isPressed: boolean }[] = [];
  /** What somebody has tied to a level, by pin: it stays so whatever the power does. */
  readonly #ties = new Map<number, 0 | 1>();
  readonly #options: StageOptions;
  #seed: number;

  constructor(options: StageOptions) {
    this.board = options.board;
    this.#options = options;
    this.#seed = options.seed ?? 1;
    this.memories = memoriesOf(options);
    this.air = new Air(this.#seed);
    this.bonds = bondsOf(options.board);
  }

  /** The board since its last boot. */
  get machine(): Machine {
    return this.machines.at(-1)!;
  }

  /** Supplies the board with power: a boot from the flash as it is. */
  powerOn(cut?: CutPlan): this {
    if (this.machine?.isPowered) this.machine.cutPower();
    this.world = new World(this.board, {
      noiseDbfs: this.#options.noiseDbfs ?? -70,
      batteryMillivolts: this.#options.batteryMillivolts ?? 4000,
      ...(this.#options.path ? { path: this.#options.path } : {}),
      seed: this.#seed++,
    });
    this.pawEdges = [];
    this.machines = [];
    this.#boot(0, cut);
    return this;
  }

  #boot(startUs: number, cut: CutPlan | undefined): void {
    const { board, memories, world, air, bonds } = this;
    const engine = (this.#options.engine ?? Stage.defaultEngine)({
      board,
      memories,
      environment: { BOARD: board.id, VERSION, SERIAL: this.#options.serial ?? "01234567-89abcdef" },
      codeMemory: board.storage.kind === "external" ? "spiFlash" : "memory",
    });
    const { native, clockError = 0, seed: unit = 1 } = this.#options;
    const parts = { board, engine, memories, world, sink: world, native, air, bonds, unit, seed: this.#seed, clockError, startUs, ...(cut ? { cut } : {}) };
    this.machines.push(new Machine(parts));
    for (const [nrf, level] of this.#ties) this.machine.pins.drive(nrf, level);
    if (this.pawEdges.at(-1)?.isPressed) this.machine.pins.drive(board.paw.nrf, board.paw.on);
    Stage.onBoot?.(this);
    this.machine.powerOn();
  }

  /** After E.reboot: the same power, the same hand on the paw, and a cut that is still to come. */
  #reboot(): void {
    const { flash, clock } = this.machine;
    const cut = flash.cut && { ...flash.cut, operation: flash.cut.operation - flash.operations.length };
    this.world.release(clock.now);
    this.#boot(clock.now, cut);
  }

  /** Ties a pin to a level from the next boot on, or cuts it loose: a bridged pad, a held button. */
  tie({ nrf }: Pin, level: 0 | 1 | undefined): this {
    if (level === undefined) this.#ties.delete(nrf);
    else this.#ties.set(nrf, level);
    return this;
  }

  /** The chip's own roots, eight words: what its factory information holds. */
  get roots(): Uint32Array {
    return keyRoots(this.#options.seed ?? 1);
  }

  get nowMs(): number {
    return this.machine.clock.now / 1000;
  }

  wait(ms: number): this {
    const untilUs = this.machine.clock.now + ms * 1000;
    this.machine.runUntil(untilUs);
    while (this.machine.isRebooting && this.machine.clock.now < untilUs) {
      this.#reboot();
      this.machine.runUntil(untilUs);
    }
    return this;
  }

  press(): this {
    return this.#movePaw(true);
  }

  release(): this {
    return this.#movePaw(false);
  }

  hold(ms: number): this {
    return this.press().wait(ms).release();
  }

  /** Quick taps: 100 ms down, 150 ms up. Ends right after the last release. */
  tap(times = 1): this {
    for (let i = 0; i < times; i++) {
      if (i > 0) this.wait(150);
      this.hold(100);
    }
    return this;
  }

  /** Somebody begins to speak, `inMs` from now. */
  speak(sound: Sound, inMs = 0): this {
    this.world.play(sound, this.machine.clock.now + inMs * 1000);
    return this;
  }

  #movePaw(isPressed: boolean): this {
    this.pawEdges.push({ atUs: this.machine.clock.now, isPressed });
    this.machine.pins.drive(this.board.paw.nrf, isPressed ? this.board.paw.on : undefined);
    return this;
  }
}

function memoriesOf({ board, storage, flash = [] }: StageOptions): FlashMemory[] {
  const { chip, externalFlash } = board;
  const internal = internalTiming(chip);
  const external: FlashTiming | undefined = externalFlash && {
    pageEraseUs: externalFlash.pageEraseMs * 1000,
    programUsPerByte: (externalFlash.write256Ms * 1000) / 256,
    readUsPerByte: SPI_READ_US_PER_BYTE,
    stopsProcessor: false,
  };
  const timing = board.storage.kind === "external" && external ? external : internal;
  const memories = [new FlashMemory(board.storage.base, board.storage.pages, timing, storage)];
  const beside = internalRun(board);
  if (beside) memories.push(new FlashMemory(beside.base, beside.pages, internal));
  for (const { address, bytes } of flash) {
    const memory = memories.find((candidate) => candidate.holds(address, bytes.length))!;
    memory.bytes.set(bytes, address - memory.base);
  }
  return memories;
}
