// Node's engine as the interpreter: a context stripped to what Espruino has, the shim, and Espruino's natives.
// Fast, and kinder than the real interpreter in what the platform lint refuses; test:interpreter tells the difference.

import vm from "node:vm";
import { instrument } from "../cost/instrument.ts";
import type { CodeMemory } from "../cost/model.ts";
import { PowerCut, type Engine, type EngineEvent, type HostCall, type Wire } from "../engine.ts";
import { strip } from "./context.ts";
import { PAGE_BYTES } from "../flash.ts";
import { shim } from "../shim.ts";
import { natives } from "./natives.ts";
import { Storage } from "./storage.ts";

const shimScript = new vm.Script(shim, { filename: "shim.js" });
const pump = new vm.Script("$pump($events)");

export interface NodeEngineOptions {
  /** The area that Storage manages, as the Flash module addresses it. */
  readonly storage: { readonly base: number; readonly bytes: number };
  readonly environment: { readonly BOARD: string; readonly VERSION: string; readonly SERIAL: string };
  /** Where boot files and bundle are read from as they run: external flash costs more by the character. */
  readonly codeMemory: CodeMemory;
}

// The same text is booted thousands of times in power-cut tests.
const compiled: Record<CodeMemory, Map<string, vm.Script>> = { memory: new Map(), spiFlash: new Map() };

function compile(source: string, filename: string, codeMemory: CodeMemory): vm.Script {
  let script = compiled[codeMemory].get(source);
  if (!script) {
    script = new vm.Script(instrument(source, { codeMemory }), { filename });
    compiled[codeMemory].set(source, script);
  }
  return script;
}

export class NodeEngine implements Engine {
  #context: vm.Context | undefined;
  #buffers: ArrayBuffer[] = [];
  #call: (operation: string, args: readonly Wire[]) => Wire = () => undefined;

  constructor(private readonly options: NodeEngineOptions) {}

  boot(host: HostCall, hasAutoload: boolean): void {
    const scope: Record<string, unknown> = { $call: host };
    const context = vm.createContext(scope, { microtaskMode: "afterEvaluate" });
    this.#context = context;
    strip(context);
    const call = (operation: string, args: readonly Wire[]): Wire => host(Number(takeTurns(scope)), operation, args);
    this.#call = call;
    const evaluate = (source: string, filename: string): unknown => {
      call("charge", ["evaluate", source.length]);
      return compile(source, filename, this.options.codeMemory).runInContext(context);
    };
    const { base, bytes } = this.options.storage;
    const storage = new Storage({
      bytes,
      pageBytes: PAGE_BYTES,
      read: (offset, length) => call("storage.read", [base + offset, length]) as Uint8Array,
      write: (offset, data) => void call("storage.write", [base + offset, data]),
      erasePage: (offset) => void call("storage.erase", [base + offset]),
      print: (text) => void call("print", [text]),
    });
    natives(context, { call, storage, environment: this.options.environment, evaluate });
    shimScript.runInContext(context);
    vm.runInContext("$chargeCopies()", context);
    this.#buffers = scope["$buffers"] as ArrayBuffer[];
    storage.checkAtBoot();
    for (const name of [".bootPowerOn", ".boot0", ".boot1", ".boot2", ".boot3", ".bootrst", ".bootcde"]) {
      // Only one of the last two runs.
      if (name === ".bootcde" && (!hasAutoload || storage.find(".bootrst"))) continue;
      const file = storage.find(name);
      if (!file) continue;
      const source = Buffer.from(call("flash.string", [base + file.offset, file.size]) as Uint8Array).toString("latin1");
      try {
        evaluate(source, name);
      } catch (error) {
        if (error instanceof PowerCut) throw error;
        call("uncaught", [String(error), error instanceof Error || isErrorLike(error) ? String(error.stack) : ""]);
      }
    }
    call("done", []);
  }

  pass(events: readonly EngineEvent[]): void {
    if (!this.#context) return;
    (this.#context as Record<string, unknown>)["$events"] = events;
    pump.runInContext(this.#context);
  }

  evaluate(source: string): string | undefined {
    if (!this.#context) return undefined;
    let value: unknown;
    try {
      this.#call("charge", ["evaluate", source.length]);
      // Typed text is never the same again, so nothing of it is kept.
      value = new vm.Script(instrument(source, { codeMemory: "memory" }), { filename: "console" }).runInContext(this.#context);
    } catch (error) {
      if (error instanceof PowerCut) throw error;
      this.#call("print", [`Uncaught ${String(error)}`]);
    }
    this.#call("done", []);
    return value === undefined ? undefined : String(value);
  }

  viewBuffer(buffer: number, offset: number, length: number): Uint8Array {
    return new Uint8Array(this.#buffers[buffer]!, offset, length);
  }

  kill(): void {
    this.#context = undefined;
  }
}

function takeTurns(scope: Record<string, unknown>): unknown {
  const turns = scope["$t"] ?? 0;
  scope["$t"] = 0;
  return turns;
}

function isErrorLike(error: unknown): error is { stack: unknown } {
  return typeof error === "object" && error !== null && "stack" in error;
}
