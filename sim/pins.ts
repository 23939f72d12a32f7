// GPIO, analogWrite and watches as Espruino has them: edges are caught by the interrupt with their time and queued, or lost when
// the queue is full; debouncing is the interpreter's and runs in its idle loop (espruino-platform facts, section 5).

import type { Board, Pin } from "../boards/board.ts";
import type { EngineEvent } from "./engine.ts";
import type { IoQueue } from "./io-queue.ts";
import type { Drive, OutputSink } from "./signals.ts";

interface Watch {
  readonly id: number;
  readonly pin: Pin;
  readonly edge: string;
  readonly debounceUs: number;
  readonly isRepeating: boolean;
  /** Level that was last reported, and when it last changed. */
  level: 0 | 1;
  changedUs: number | undefined;
  /** Debouncing: the level after the last bounce, its time, and when it counts. */
  pending: { level: 0 | 1; edgeUs: number; dueUs: number; readonly createdUs: number } | undefined;
}

interface Edge {
  readonly watch: Watch;
  readonly level: 0 | 1;
  readonly atUs: number;
}

/** What an edge takes in the queue: its time (src/jsdevices.c jshPushIOEvent). */
const EDGE_BYTES = 4;

/** Hardware PWM on a pin: the counter's top and what carrier that makes. */
export interface PinPwm {
  readonly top: number;
  readonly hz: number;
}

/** The PWM counter has 15 bits; for slower carriers its clock is halved, seven times at most. */
const PWM_CLOCK_HZ = 16e6;
const PWM_TOP_LIMIT = 32768;
const PWM_HALVINGS = 7;
/** What analogWrite takes when no frequency is given. */
const PWM_DEFAULT_HZ = 1000;

type Mode = { readonly kind: "input"; readonly pull: 0 | 1 | undefined } | { readonly kind: "output" };

/** Collects the pins that a board file names. */
function boardPins(board: Board): Pin[] {
  const found: Pin[] = [];
  const visit = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    if ("espruino" in value && "nrf" in value) found.push(value as Pin);
    else Object.values(value).forEach(visit);
  };
  visit(board);
  return found;
}

export class Pins {
  readonly #byName = new Map<string, Pin>();
  readonly #negated = new Set<string>();
  readonly #modes = new Map<number, Mode>();
  readonly #outputs = new Map<number, 0 | 1>();
  readonly #pwm = new Map<number, PinPwm>();
  /** What the world puts on a pin; undefined leaves it to the pull. */
  readonly #driven = new Map<number, 0 | 1>();
  readonly #watches = new Map<number, Watch>();
  #edges: Edge[] = [];
  #nextWatch = 1;

  constructor(
    board: Board,
    private readonly sink: OutputSink,
    private readonly now: () => number,
    private readonly queue: IoQueue,
  ) {
    for (const pin of boardPins(board)) {
      this.#byName.set(pin.espruino, pin);
      if ("negated" in pin && pin.negated) this.#negated.add(pin.espruino);
    }
  }

  named(name: string): Pin {
    const pin = this.#byName.get(name);
    if (!pin) throw new Error(`pin ${name} is not in the board's data, so the simulated board does not have it`);
    return pin;
  }

  mode(name: string, mode: string): void {
    const pin = this.named(name);
    if (mode === "output") this.#modes.set(pin.nrf, { kind: "output" });
    else if (mode === "input_pullup") this.#modes.set(pin.nrf, { kind: "input", pull: 1 });
    else if (mode === "input_pulldown") this.#modes.set(pin.nrf, { kind: "input", pull: 0 });
    else if (mode === "input" || mode === "analog") this.#modes.set(pin.nrf, { kind: "input", pull: undefined });
    else throw new Error(`pinMode(${name}, ${JSON.stringify(mode)}) is not modelled`);
    if (mode !== "output") this.#outputs.delete(pin.nrf);
    this.#pwm.delete(pin.nrf);
  }

  /** digitalWrite makes the pin an output and takes it away from any PWM. */
  write(name: string, value: 0 | 1): void {
    const pin = this.named(name);
    const level = this.#electrical(name, value);
    this.#modes.set(pin.nrf, { kind: "output" });
    this.#outputs.set(pin.nrf, level);
    this.#pwm.delete(pin.nrf);
    this.sink.drive(pin.nrf, this.now(), { kind: "level", level });
  }

  /** analogWrite with a carrier: hardware PWM; 0 and 1 are still carriers without edges. */
  writeAnalog(name: string, value: number, hz: number): void {
    const pin = this.named(name);
    const duty = Math.min(1, Math.max(0, this.#negated.has(name) ? 1 - value : value));
    this.#modes.set(pin.nrf, { kind: "output" });
    this.#outputs.delete(pin.nrf);
    // Levels are 16 MHz / carrier: what lies between two cannot be had.
    let top = Math.max(1, Math.floor(PWM_CLOCK_HZ / (hz > 0 ? hz : PWM_DEFAULT_HZ)));
    let halvings = 0;
    for (; top >= PWM_TOP_LIMIT && halvings < PWM_HALVINGS; halvings++) top >>= 1;
    if (top >= PWM_TOP_LIMIT) throw new Error(`analogWrite(${name}) at ${hz} Hz: too slow for the hardware`);
    const pwm = { top, hz: PWM_CLOCK_HZ / 2 ** halvings / top };
    this.#pwm.set(pin.nrf, pwm);
    this.sink.drive(pin.nrf, this.now(), { kind: "pwm", hz: pwm.hz, duty: Math.floor(duty * top) / top });
  }

  /** The hardware PWM that analogWrite left on a pin. */
  pwm(nrf: number): PinPwm | undefined {
    return this.#pwm.get(nrf);
  }

  read(name: string): 0 | 1 {
    return this.#electrical(name, this.#level(this.named(name).nrf));
  }

  watch(name: string, edge: string, debounceMs: number, isRepeating: boolean): number {
    const pin = this.named(name);
    const id = this.#nextWatch++;
    this.#watches.set(id, {
      id,
      pin,
      edge,
      debounceUs: debounceMs * 1000,
      isRepeating,
      level: this.read(name),
      changedUs: undefined,
      pending: undefined,
    });
    return id;
  }

  clearWatch(id: number): void {
    this.#watches.delete(id);
  }

  /** The world drives a pin (a pressed button), or lets go of it. */
  drive(nrf: number, level: 0 | 1 | undefined): void {
    const before = this.#level(nrf);
    if (level === undefined) this.#driven.delete(nrf);
    else this.#driven.set(nrf, level);
    const after = this.#level(nrf);
    if (after === before) return;
    for (const watch of this.#watches.values()) {
      if (watch.pin.nrf !== nrf) continue;
      const edge = { watch, level: this.#electrical(watch.pin.espruino, after), atUs: this.now() };
      this.queue.push(EDGE_BYTES, () => this.#edges.push(edge));
    }
  }

  /** What the world puts on a pin; undefined when nothing. */
  driven(nrf: number): 0 | 1 | undefined {
    return this.#driven.get(nrf);
  }

  /** When the idle loop has something to do for a watch. */
  nextDueUs(): number {
    if (!this.queue.isEmpty) return -Infinity;
    let next = Infinity;
    for (const watch of this.#watches.values()) if (watch.pending) next = Math.min(next, watch.pending.dueUs);
    return next;
  }

  /** The watch callbacks of edges that came out of the queue, at the beginning of an idle pass. */
  takeEdges(): EngineEvent[] {
    const events: EngineEvent[] = [];
    const edges = this.#edges;
    this.#edges = [];
    for (const { watch, level, atUs } of edges) {
      if (!this.#watches.has(watch.id)) continue;
      if (watch.debounceUs === 0) this.#fire(watch, level, atUs, events);
      else this.#debounce(watch, level, atUs, events);
    }
    return events;
  }

  /** Debouncing is done by timeouts of the interpreter: those due have their place among its timers, by age. */
  takeDebounced(): { readonly createdUs: number; readonly event: EngineEvent }[] {
    const due: { createdUs: number; event: EngineEvent }[] = [];
    for (const watch of this.#watches.values()) {
      const pending = watch.pending;
      if (!pending || pending.dueUs > this.now()) continue;
      watch.pending = undefined;
      // A pulse that went and came back within the debounce time never was.
      if (pending.level === watch.level) continue;
      const events: EngineEvent[] = [];
      this.#fire(watch, pending.level, pending.edgeUs, events);
      for (const event of events) due.push({ createdUs: pending.createdUs, event });
    }
    return due;
  }

  #debounce(watch: Watch, level: 0 | 1, atUs: number, events: EngineEvent[]): void {
    const { pending } = watch;
    const dueUs = atUs + watch.debounceUs;
    if (!pending) {
      if (level !== watch.level) watch.pending = { level, edgeUs: atUs, dueUs, createdUs: this.now() };
    } else if (atUs > pending.dueUs && level !== watch.level) {
      // It should have fired before this edge, and nobody came: it does now, with this edge's level and its own time.
      watch.pending = undefined;
      this.#fire(watch, level, pending.edgeUs, events);
    } else watch.pending = { level, edgeUs: atUs, dueUs, createdUs: pending.createdUs };
  }

  #fire(watch: Watch, level: 0 | 1, atUs: number, events: EngineEvent[]): void {
    const lastTime = watch.changedUs === undefined ? undefined : watch.changedUs / 1e6;
    watch.level = level;
    watch.changedUs = atUs;
    if (watch.edge !== "both" && (watch.edge === "rising") !== (level === 1)) return;
    if (!watch.isRepeating) this.#watches.delete(watch.id);
    events.push({
      kind: "watch",
      id: watch.id,
      data: { state: level === 1, time: atUs / 1e6, lastTime, pin: watch.pin.espruino, repeat: watch.isRepeating },
    });
  }

  /** What the port itself drives on a pin when a peripheral lets go of it. */
  released(nrf: number): Drive {
    return this.#modes.get(nrf)?.kind === "output" ? { kind: "level", level: this.#outputs.get(nrf) ?? 0 } : { kind: "floating" };
  }

  #electrical(name: string, value: 0 | 1): 0 | 1 {
    return this.#negated.has(name) ? (value === 1 ? 0 : 1) : value;
  }

  #level(nrf: number): 0 | 1 {
    const mode = this.#modes.get(nrf);
    if (mode?.kind === "output") return this.#outputs.get(nrf) ?? 0;
    return this.#driven.get(nrf) ?? mode?.pull ?? 0;
  }
}
