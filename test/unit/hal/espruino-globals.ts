// Puts Espruino's globals into the host's scope for a test of an adapter that names them, and takes them away again.

import Module from "node:module";

interface Loader {
  _load(request: string, ...rest: unknown[]): unknown;
}

const loader = Module as unknown as Loader;
const load = loader._load;
let replaced: [string, PropertyDescriptor | undefined][] = [];

/** Sets globals; `modules` are what require gives, whichever way the test runner loads this code. */
export function setGlobals(globals: Readonly<Record<string, unknown>>, modules: Readonly<Record<string, unknown>> = {}): void {
  const all = { ...globals, require: (name: string) => modules[name] };
  for (const [name, value] of Object.entries(all)) {
    replaced.push([name, Object.getOwnPropertyDescriptor(globalThis, name)]);
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }
  loader._load = (request, ...rest) => modules[request] ?? load.call(Module, request, ...rest);
}

export function clearGlobals(): void {
  for (const [name, before] of replaced.reverse()) {
    if (before) Object.defineProperty(globalThis, name, before);
    else delete (globalThis as Record<string, unknown>)[name];
  }
  replaced = [];
  loader._load = load;
}

/** Pins by name, and everything that was done with them. */
export function fakePins() {
  const calls: unknown[][] = [];
  const levels = new Map<string, number>();
  return {
    calls,
    levels,
    globals: {
      Pin: class {
        constructor(readonly name: string) {}
      },
      pinMode: (pin: { name: string }, mode: string) => void calls.push(["pinMode", pin.name, mode]),
      digitalWrite: (pin: { name: string }, value: boolean | number) => void calls.push(["digitalWrite", pin.name, Number(value)]),
      digitalRead: (pin: { name: string }) => levels.get(pin.name) ?? 0,
      analogWrite: (pin: { name: string }, value: number, options: object) => void calls.push(["analogWrite", pin.name, value, options]),
      analogRead: (pin: { name: string }) => levels.get(pin.name) ?? 0,
    },
  };
}

/** For whoever takes errors, where none may come. */
export function noError(error: unknown): void {
  throw error instanceof Error ? error : new Error(String(error));
}
