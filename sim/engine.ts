// The one boundary between an interpreter and the simulated board: everything that crosses it can be written down as
// JSON and bytes, so the interpreter may be Node's engine in this process (sim/node) or Espruino in another (sim/espruino).
//
// The board calls boot once, then pass after pass; while either runs, the interpreter calls the board back, operation by
// operation: sim/machine.ts has their table. Time passes on the board only, in those calls. Between two calls the interpreter
// stands still, and what the board does to its buffers by DMA or machine code is there when it goes on.

/** What may cross. */
export type Wire = undefined | null | boolean | number | string | Uint8Array | readonly Wire[] | { readonly [key: string]: Wire };

/**
 * A synchronous call from the interpreter to the board. `turns` is the interpreter's time since its last call, in
 * milli-turns of the cost model; the board lets that time pass before it serves the call.
 */
export type HostCall = (turns: number, operation: string, args: readonly Wire[]) => Wire;

/** One callback of an idle pass: which one, and what it is given. */
export interface EngineEvent {
  readonly kind: string;
  readonly id: number;
  readonly data?: Wire;
}

export interface Engine {
  /** Starts the interpreter: boot files in their order, as after power-on; `.bootcde` only if `hasAutoload`. Returns when they have run. */
  boot(host: HostCall, hasAutoload: boolean): void;
  /** One idle pass: the callbacks in order, each followed by the operation "done", then promise reactions. */
  pass(events: readonly EngineEvent[]): void;
  /** A line typed at the console, evaluated at top level; what it gives as text, undefined for undefined. An error is printed. */
  evaluate(source: string): string | undefined;
  /**
   * Bytes of a flat buffer in place, by the number that the interpreter gave it in "ram.place" and until it is told by "ram.forget":
   * good until the interpreter runs again; what is written there is in the buffer then.
   */
  viewBuffer(buffer: number, offset: number, length: number): Uint8Array;
  /** Ends the interpreter at once. */
  kill(): void;
}

/** Thrown out of a host call when the supply has failed: nothing that the interpreter still does has any effect. */
export class PowerCut extends Error {
  constructor() {
    super("the power is off");
    this.name = "PowerCut";
  }
}
