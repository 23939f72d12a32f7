// A simulated board whose interpreter is this process: Espruino's globals act on the machine, and adapters imported by a test run
// on them as they would on a board. No boot files; JavaScript itself costs no time here, calls of built-ins do.

import Module from "node:module";
import { crc32 } from "node:zlib";
import { messageMemory } from "../../boards/flash-map.ts";
import type { Board } from "../../boards/board.ts";
import type { FlatBuffer, PawToken } from "../../hal/contract.ts";
import type { Engine, EngineEvent, HostCall, Wire } from "../../sim/engine.ts";
import { FlashMemory } from "../../sim/flash.ts";
import type { RadioLoad } from "../../sim/hold-off.ts";
import { Machine } from "../../sim/machine.ts";
import { shim } from "../../sim/shim.ts";
import type { AnalogWorld, Drive } from "../../sim/signals.ts";


interface Scope {
  [name: string]: unknown;
  $buffers: ArrayBuffer[];
  $pump(events: readonly EngineEvent[]): void;
  $host(operation: string, args: readonly Wire[]): Wire;
  E: Record<string, unknown>;
}

/** What the shim gives to the global scope, and what the modules behind it are here. */
const GLOBALS = ["Pin", "Waveform", "getTime", "setTimeout", "setInterval", "clearTimeout", "clearInterval", "setWatch", "clearWatch"].concat(
  ["pinMode", "digitalWrite", "digitalRead", "analogRead", "analogWrite", "peek32", "poke32", "print", "E", "require"],
);

class ProcessEngine implements Engine {
  readonly scope: Scope = { E: {} } as unknown as Scope;

  boot(host: HostCall): void {
    const { scope } = this;
    new Function("$call", shim).call(scope, host);
    scope.E["CRC32"] = (data: Uint8Array) => crc32(data) >>> 0;
    const flash = {
      read: (length: number, address: number) => scope.$host("flash.read", [length, address]),
      write: (data: Uint8Array, address: number) => scope.$host("flash.write", [data, address]),
      erasePage: (address: number) => scope.$host("flash.erase", [address]),
    };
    scope["require"] = (name: string) => {
      if (name !== "Flash") throw new Error(`the bench has no module ${name}`);
      return flash;
    };
  }

  pass(events: readonly EngineEvent[]): void {
    this.scope.$pump(events);
  }

  evaluate(): never {
    throw new Error("the bench has no console");
  }

  viewBuffer(buffer: number, offset: number, length: number): Uint8Array {
    return new Uint8Array(this.scope.$buffers[buffer]!, offset, length);
  }

  kill(): void {}
}

export interface BenchOptions {
  readonly board: Board;
  /** Volts at every analog input; half the supply when not given. */
  readonly volts?: (timeUs: number) => number;
  readonly radio?: RadioLoad;
  readonly seed?: number;
}

export interface SimBench {
  readonly machine: Machine;
  readonly drives: { readonly nrf: number; readonly atUs: number; readonly drive: Drive }[];
  /** Runs the board so long. */
  run(ms: number): void;
  flat(bytes: number): FlatBuffer;
  /** Gives the process its own globals back. */
  dispose(): void;
}

export function createSimBench(options: BenchOptions): SimBench {
  const { board } = options;
  const volts = options.volts ?? (() => board.supplyVolts / 2);
  const world: AnalogWorld = {
    volts(_ain, fromUs, stepUs, out) {
      for (let i = 0; i < out.length; i++) out[i] = volts(fromUs + i * stepUs);
    },
  };
  const drives: { nrf: number; atUs: number; drive: Drive }[] = [];
  const engine = new ProcessEngine();
  const timing = { pageEraseUs: 85000, programUsPerByte: 10, readUsPerByte: 0.1, stopsProcessor: true };
  const memory = messageMemory(board);
  const messages = memory.kind === "flash" ? memory : { base: 0x80000, pages: 4 };
  const machine = new Machine({
    board,
    engine,
    memories: [new FlashMemory(messages.base, messages.pages, timing)],
    world,
    sink: { drive: (nrf, atUs, drive) => void drives.push({ nrf, atUs, drive }) },
    native: () => () => undefined,
    seed: options.seed ?? 1,
    ...(options.radio ? { radio: options.radio } : {}),
  });
  machine.powerOn();
  const globals = globalThis as unknown as Record<string, unknown>;
  const before = new Map(GLOBALS.map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)]));
  for (const name of GLOBALS) Object.defineProperty(globals, name, { value: engine.scope[name], configurable: true, writable: true });
  // A loader that makes adapters CommonJS gives each its own require: then the module comes from Node's table.
  const loader = Module as unknown as { _load(name: string, ...rest: unknown[]): unknown };
  const load = loader._load;
  loader._load = (name, ...rest) => (name === "Flash" ? (engine.scope["require"] as (name: string) => unknown)(name) : load(name, ...rest));
  return {
    machine,
    drives,
    run: (ms) => {
      machine.runUntil(machine.clock.now + ms * 1000);
      const [first] = machine.uncaught;
      if (first) throw new Error(`uncaught in a callback: ${first.message}\n${first.stack}`);
    },
    flat(bytes) {
      const buffer = new ArrayBuffer(bytes);
      const address = (engine.scope.E["getAddressOf"] as (value: ArrayBuffer, isFlat: boolean) => number)(buffer, true);
      return { bytes: new Uint8Array(buffer), address };
    },
    dispose() {
      loader._load = load;
      for (const [name, descriptor] of before) {
        if (descriptor) Object.defineProperty(globals, name, descriptor);
        else delete globals[name];
      }
    },
  };
}

/** A paw's token, and the hand that lets go. */
export function testToken(): { token: PawToken; letGo(): void } {
  let isLive = true;
  return { token: { isLive: () => isLive } as PawToken, letGo: () => void (isLive = false) };
}
