// A board for the DMA adapters: the simulator's blocks under global peek32, poke32, digitalWrite and Pin, and an interpreter that
// does one thing at a time, late when it is busy. Pokes and peeks take the time that they take on the board, and are counted.

import type { Board } from "../../../boards/board.ts";
import type { Clock as ClockPort, FlatBuffer, PawToken } from "../../../hal/contract.ts";
import { createAudioMemory } from "../../../hal/espruino/dma-memory.ts";
import { Ppi } from "../../../sim/blocks/ppi.ts";
import { Pwm } from "../../../sim/blocks/pwm.ts";
import { Ram } from "../../../sim/blocks/ram.ts";
import { Saadc } from "../../../sim/blocks/saadc.ts";
import { Bus } from "../../../sim/bus.ts";
import { Clock } from "../../../sim/clock.ts";
import type { Drive } from "../../../sim/signals.ts";

const RAM_AT = 0x20000000;
const MEMORY_AT = RAM_AT + 0x4000;
const MEMORY_BYTES = 32 * 1024;
export const RESULT_US = 62.5;

export interface RigOptions {
  readonly board: Board;
  /** Microseconds that a peek, a poke or a pin takes. */
  readonly callUs?: number;
  readonly clockError?: number;
  /** Bytes that the memory is off its alignment. */
  readonly shift?: number;
  readonly memoryBytes?: number;
}

export function createDmaRig({ board, callUs = 350, clockError = 0, shift = 0, memoryBytes = MEMORY_BYTES }: RigOptions) {
  const clock = new Clock();
  const bus = new Bus();
  const ram = new Ram(64 * 1024);
  const ppi = new Ppi(bus);
  const onEvent = (address: number): void => ppi.fire(address);
  const drives: { nrf: number; atUs: number; drive: Drive }[] = [];
  const sink = { drive: (nrf: number, atUs: number, drive: Drive) => void drives.push({ nrf, atUs, drive }) };
  // Each result reads its own number, modulo 4096, counted from the first conversion.
  let originUs: number | undefined;
  const world = {
    volts: (_ain: number, fromUs: number, stepUs: number, out: Float64Array): void => {
      originUs ??= fromUs;
      for (let i = 0; i < out.length; i++) {
        const number = Math.floor((fromUs + i * stepUs - originUs) / (RESULT_US * (1 + clockError)) + 1e-6);
        out[i] = ((number % 4096) / 4096) * board.supplyVolts;
      }
    },
  };
  const saadc = new Saadc({ clock, bus, world, supplyVolts: board.supplyVolts, seed: 1, onEvent, effectiveBits: 99, clockError });
  const pwms = ([0, 1, 2, 3] as const).map((unit) => new Pwm(unit, { clock, bus, sink, onEvent, clockError }));
  bus.attachMemory(ram);
  for (const block of [ppi, saadc, ...pwms]) bus.attach(block);

  const memory: FlatBuffer = { address: MEMORY_AT + shift, bytes: ram.view(MEMORY_AT - RAM_AT + shift, memoryBytes) };
  const pins: { name: string; level: number; atUs: number }[] = [];
  const counts = { peeks: 0, pokes: 0 };
  const pokes: { address: number; atUs: number }[] = [];
  /** Registers that answer something else, as broken hardware would. */
  const broken = new Map<number, number>();
  const spend = (us: number): void => clock.runUntil(clock.now + us);

  const globals = {
    peek32: (address: number): number => {
      counts.peeks++;
      spend(callUs);
      const value = bus.read32(address);
      return broken.get(address) ?? value;
    },
    poke32: (address: number, value: number | readonly number[]): void => {
      counts.pokes++;
      spend(callUs);
      pokes.push({ address, atUs: clock.now });
      (typeof value === "number" ? [value] : value).forEach((word, i) => bus.write32(address + 4 * i, word));
    },
    digitalWrite: (pin: { name: string }, value: boolean | number): void => {
      spend(callUs);
      pins.push({ name: pin.name, level: Number(value), atUs: clock.now });
    },
    Pin: class {
      constructor(readonly name: string) {}
    },
  };
  Object.assign(globalThis, globals);

  const timers = new Map<number, { dueUs: number; everyUs: number; callback: () => void }>();
  let nextTimer = 1;
  const arm = (ms: number, callback: () => void, everyUs: number): number => {
    timers.set(nextTimer, { dueUs: clock.now + ms * 1000, everyUs, callback });
    return nextTimer++;
  };
  const port: ClockPort = {
    nowMs: () => clock.now / 1000,
    after: (ms, callback) => arm(ms, callback, 0),
    every: (ms, callback) => arm(ms, callback, ms * 1000),
    cancel: (timer) => void timers.delete(timer),
  };

  let isPressed = true;
  let isTold = true;
  const token = { isLive: () => isPressed || !isTold } as PawToken;
  return {
    clock,
    bus,
    saadc,
    pwms,
    pins,
    drives,
    counts,
    pokes,
    broken,
    /** Instant of the first conversion. */
    originUs: (): number => originUs ?? NaN,
    audio: createAudioMemory(board, { allocate: () => memory }),
    port,
    token,
    isPawPressed: () => isPressed,
    /** The edge may be lost: then the token lives on. */
    releasePaw(isEdgeLost = false): void {
      isTold = !isEdgeLost;
      isPressed = false;
    },
    pressPaw: () => void (isPressed = true),
    level: (name: string): number | undefined => pins.filter((pin) => pin.name === name).at(-1)?.level,
    /** JavaScript is busy: the hardware goes on alone. */
    stall: (ms: number): void => spend(ms * 1000),
    /** The interpreter's idle loop: due timers in order of creation, each once per pass. */
    run(ms: number): void {
      const untilUs = clock.now + ms * 1000;
      for (;;) {
        const dueUs = Math.min(...[...timers.values()].map((timer) => timer.dueUs));
        if (!(dueUs <= untilUs)) break;
        clock.runUntil(Math.max(clock.now, dueUs));
        for (const [id, timer] of [...timers]) {
          if (timer.dueUs > clock.now || !timers.has(id)) continue;
          if (timer.everyUs > 0) timer.dueUs += timer.everyUs;
          else timers.delete(id);
          timer.callback();
        }
      }
      clock.runUntil(Math.max(clock.now, untilUs));
    },
    isDmaActive: (): boolean => saadc.isDmaActive || pwms.some((pwm) => pwm.isDmaActive || pwm.isRunning),
    isReleased: (): boolean => bus.read32(0x40007500) === 0 && bus.read32(0x40007510) === 0 && bus.read32(0x4001f500) === 0,
    resetCounts(): void {
      counts.peeks = counts.pokes = 0;
    },
    words: (address: number, count: number): Uint16Array => new Uint16Array(ram.read(address - RAM_AT, 2 * count).buffer),
    clearGlobals(): void {
      for (const name of Object.keys(globals)) delete (globalThis as Record<string, unknown>)[name];
    },
  };
}

export type DmaRig = ReturnType<typeof createDmaRig>;
