// The simulated board: an interpreter (behind Engine), the chip's blocks on one address bus, flash, pins and timers, all on
// one clock. It serves the interpreter's calls, charges its time, and runs its idle loop. It knows Espruino, not the toy.

import type { Board } from "../boards/board.ts";
import { Bus, peek, poke } from "./bus.ts";
import { attachChip, type ChipBlocks } from "./chip.ts";
import { Clock } from "./clock.ts";
import { TURN_US, boundaryTurns } from "./cost/boundary.ts";
import { PowerCut, type Engine, type EngineEvent, type Wire } from "./engine.ts";
import { flashOperations } from "./flash-operations.ts";
import { FlashPort } from "./flash.ts";
import { NativeCalls } from "./native.ts";
import { Pins } from "./pins.ts";
import type { AnalogWorld } from "./signals.ts";
import type { MachineParts } from "./machine-parts.ts";
import { Timers } from "./timers.ts";
import { Waveforms, type WaveformStart } from "./waveform.ts";
import type { Bluetooth } from "./air/bluetooth.ts";
import { bluetoothOf, bondsOf } from "./air/chip.ts";
import { nrfOperations } from "./air/nrf.ts";
import { ConsoleState, consoleOperations } from "./console-state.ts";
import { Interrupt } from "./interrupt.ts";
import { IoQueue } from "./io-queue.ts";
import { Noise } from "./noise.ts";
import { Placement } from "./placement.ts";

/** What an uncaught error in a callback left behind: on a real board a line on a console that nobody reads. */
export interface Uncaught {
  readonly atUs: number;
  readonly message: string;
  readonly stack: string;
}

type Operation = (args: readonly Wire[]) => Wire | void;

/** What the idle loop's callbacks cost by kind, where it is not the common price. */
const CALLBACKS: Readonly<Record<string, string>> = { watch: "watchCallback", nrf: "nrfCallback", nrfWrite: "nrfCallback" };
const SAADC_ENABLE = 0x40007500;
/** Tells the chip's random numbers from its noise. */
const ENTROPY = 0x5eed;
/** JavaScript begins so long after the radio, open as the factory left it: an estimate, nobody measured it. */
const RADIO_LEAD_US = 20_000;

export class Machine {
  readonly clock = new Clock();
  readonly bus: Bus;
  readonly chip: ChipBlocks;
  readonly pins: Pins;
  readonly flash: FlashPort;
  readonly waveforms: Waveforms;
  readonly console: string[] = [];
  readonly consoleState: ConsoleState;
  readonly ioQueue = new IoQueue();
  readonly bluetooth: Bluetooth;
  readonly uncaught: Uncaught[] = [];
  readonly radioCalls: { readonly atUs: number; readonly name: string; readonly args: readonly Wire[] }[] = [];
  /** Native calls made, and the longest time without an idle pass, for reports. */
  longestPassUs = 0;
  /** How long the interpreter has run in all. */
  busyUs = 0;
  isPowered = false;
  /** When the power went; never while it is on. */
  poweredOffUs = Infinity;
  /** Ended by E.reboot: it has power, and whoever supplies that lets the next one boot. */
  isRebooting = false;
  readonly startUs: number;

  readonly #engine: Engine;
  readonly #timers = new Timers();
  readonly #native: NativeCalls;
  readonly #world: AnalogWorld;
  readonly #board: Board;
  readonly #placement: Placement;
  /** Up to so many bytes fit two variables; more are sought as one piece of memory. */
  readonly #smallBytes: number;
  readonly #operations: Record<string, Operation>;
  readonly #entropy: Noise;
  readonly #interrupt = new Interrupt(() => this.clock.now);
  #stallUntilUs = 0;

  constructor(parts: MachineParts) {
    this.startUs = parts.startUs ?? 0;
    this.clock.runUntil(this.startUs);
    this.#board = parts.board;
    this.#engine = parts.engine;
    this.#smallBytes = 2 * parts.board.espruino.variableBytes;
    this.#world = parts.world;
    this.pins = new Pins(parts.board, parts.sink, () => this.clock.now, this.ioQueue);
    this.bus = new Bus();
    const { chip } = parts.board;
    this.#placement = new Placement(this.bus, parts.engine, chip.ramBase + chip.ramBytes);
    this.chip = attachChip(this.bus, { board: parts.board, clock: this.clock, world: parts.world, sink: parts.sink, seed: parts.seed,
      released: (nrf) => this.pins.released(nrf),
      clockError: parts.clockError ?? 0,
      unit: parts.unit ?? 1,
    });
    const bonds = parts.bonds ?? bondsOf(parts.board);
    this.flash = new FlashPort(
      parts.memories,
      () => this.clock.now,
      (us, stopsProcessor) => {
        if (stopsProcessor) this.waveforms.holdOff(us);
        this.#spend(us);
      },
      () => this.#powerOff(),
      bonds.fds.memory,
    );
    this.flash.cut = parts.cut;
    const { board, world, sink, seed } = parts;
    this.waveforms = new Waveforms({ board, world, sink, seed, clock: this.clock, bus: this.bus, pins: this.pins, ...(parts.radio ? { radio: parts.radio } : {}) });
    this.#native = new NativeCalls(parts.native(this.bus));
    this.#entropy = new Noise(seed ^ ENTROPY);
    this.consoleState = new ConsoleState(board.console, () => this.#interrupt.press());
    this.bluetooth = bluetoothOf({ ...parts, bonds }, {
      clock: this.clock,
      bus: this.bus,
      queue: this.ioQueue,
      console: this.consoleState,
      random: () => (this.#entropy.bits() >>> 0) / 2 ** 32,
      spend: (us) => this.#spend(us),
      stall: (us, stopsProcessor) => this.stall(us, stopsProcessor),
      print: (text) => void this.console.push(text),
    });
    this.#operations = this.#table();
  }

  /** Switches on and runs the boot code. */
  powerOn(): void {
    this.isPowered = true;
    const { btn1 } = this.#board;
    const isHeld = this.pins.driven(btn1.nrf) === (btn1.negated ? 0 : 1);
    this.bluetooth.init(isHeld && btn1.isOnly === true);
    this.#spend(RADIO_LEAD_US);
    this.#guarded(() => this.#engine.boot((turns, operation, args) => this.#serve(turns, operation, args), !isHeld));
  }

  /** Runs the idle loop until the clock says `timeUs`, or the board reboots. */
  runUntil(timeUs: number): void {
    while (this.isPowered && this.clock.now < timeUs) {
      const events = this.#takeDue();
      if (events.length > 0) {
        this.#pass(events);
        continue;
      }
      const next = Math.min(timeUs, this.pins.nextDueUs(), this.#timers.nextDueUs(), this.clock.next() ?? Infinity);
      this.clock.runUntil(Math.max(next, this.clock.now));
    }
    this.waveforms.catchUp();
    if (!this.isPowered && !this.isRebooting) this.clock.runUntil(timeUs);
  }

  /** Whether the console answers at the port where this board has it on the bench. */
  get hasConsole(): boolean {
    return this.consoleState.device === this.#board.console && !this.consoleState.isLocked;
  }

  /** A line at the console, when the interpreter comes to it. */
  evaluate(source: string): string | undefined {
    let result: string | undefined;
    this.#guarded(() => {
      result = this.#engine.evaluate(source);
    });
    return result;
  }

  /** Keeps JavaScript from running for so long; hardware goes on, and interrupts too unless the processor itself stands. */
  stall(us: number, stopsProcessor = false): void {
    if (stopsProcessor) this.waveforms.holdOff(us);
    this.#stallUntilUs = Math.max(this.#stallUntilUs, this.clock.now + us);
  }

  /** Takes the supply away, now. */
  cutPower(): void {
    this.#powerOff();
  }

  #takeDue(): EngineEvent[] {
    if (this.#stallUntilUs > this.clock.now) this.clock.runUntil(this.#stallUntilUs);
    this.ioQueue.drain();
    const events = this.pins.takeEdges();
    const due = this.pins.takeDebounced();
    for (const { id, createdUs, isSpent } of this.#timers.takeDue(this.clock.now)) due.push({ createdUs, event: { kind: "timer", id, data: isSpent } });
    due.sort((a, b) => a.createdUs - b.createdUs);
    events.push(...due.map(({ event }) => event));
    // Their callbacks are only queued when timers run.
    events.push(...this.waveforms.takeEvents(), ...this.bluetooth.takeCallbacks());
    return events;
  }

  #pass(events: readonly EngineEvent[]): void {
    const from = this.clock.now;
    this.#interrupt.clear();
    this.#charge("idlePass", 0);
    // What the air has brought lies in memory that was sought for it.
    for (const { data } of events) if (data instanceof Uint8Array && data.length > this.#smallBytes) this.#charge("flatAllocation", 0);
    this.#guarded(() => this.#engine.pass(events));
    this.longestPassUs = Math.max(this.longestPassUs, this.clock.now - from);
    this.busyUs += this.clock.now - from;
  }

  #guarded(run: () => void): void {
    try {
      run();
    } catch (error) {
      if (!(error instanceof PowerCut)) throw error;
    }
  }

  #powerOff(): void {
    this.isPowered = false;
    this.poweredOffUs = Math.min(this.poweredOffUs, this.clock.now);
    this.waveforms.end();
    this.bluetooth.end();
    this.#engine.kill();
  }

  #spend(us: number): void {
    this.clock.runUntil(this.clock.now + us);
  }

  #charge(operation: string, bytes: number): void {
    const cost = boundaryTurns[operation];
    if (!cost) throw new Error(`the cost model has no ${operation}`);
    this.#spend((cost.turns + (cost.perByteTurns ?? 0) * bytes) * TURN_US);
  }

  #serve(milliTurns: number, operation: string, args: readonly Wire[]): Wire {
    if (!this.isPowered) throw new PowerCut();
    this.#spend((milliTurns / 1000) * TURN_US);
    if (operation === "uncaught" || (operation === "charge" && args[0] === "evaluate")) this.#interrupt.clear();
    this.#interrupt.check();
    this.waveforms.catchUp();
    const serve = this.#operations[operation];
    if (!serve) throw new Error(`the simulated board has no operation ${operation}`);
    return serve(args) as Wire;
  }

  #table(): Record<string, Operation> {
    const charged =
      (cost: string, serve: Operation, bytes: (args: readonly Wire[]) => number = () => 0): Operation =>
      (args) => {
        this.#charge(cost, bytes(args));
        return serve(args);
      };
    const s = String;
    const n = Number;
    return {
      time: charged("getTime", () => this.clock.now / 1e6),
      "timer.set": charged("setTimeout", ([ms, repeat]) => this.#timers.set(this.clock.now, n(ms), repeat === true)),
      "timer.clear": charged("clearTimeout", ([id]) => this.#timers.clear(n(id))),
      "watch.set": charged("setWatch", ([pin, edge, debounce, repeat]) => this.pins.watch(s(pin), s(edge), n(debounce), repeat === true)),
      "watch.clear": ([id]) => this.pins.clearWatch(n(id)),
      "pin.mode": charged("pinMode", ([pin, mode]) => this.pins.mode(s(pin), s(mode))),
      "pin.write": charged("digitalWrite", ([pin, value]) => this.pins.write(s(pin), value === 1 ? 1 : 0)),
      "pin.read": charged("digitalRead", ([pin]) => this.pins.read(s(pin))),
      "analog.read": charged("analogRead", ([pin]) => this.#analogRead(s(pin))),
      "analog.write": charged("analogWrite", ([pin, value, hz]) => this.pins.writeAnalog(s(pin), n(value), n(hz))),
      "waveform.input": charged("analogRead", ([start]) => this.waveforms.start({ ...(start as unknown as WaveformStart), isOutput: false })),
      "waveform.output": charged("analogWrite", ([start]) => this.waveforms.start({ ...(start as unknown as WaveformStart), isOutput: true })),
      "waveform.stop": ([id]) => this.waveforms.stop(n(id)),
      peek: charged("peek32", ([bits, address, count]) => peek(this.bus, n(bits), n(address), n(count))),
      poke: charged("poke32", ([bits, address, values]) => poke(this.bus, n(bits), n(address), values as number[])),
      "ram.place": ([buffer, length, isWaveform]) => this.#placement.place(n(buffer), n(length), isWaveform === true),
      "ram.forget": ([from]) => this.#placement.forget(n(from)),
      "native.bind": ([address, signature, code]) => this.#native.bind(n(address), s(signature), s(code)),
      "native.call": charged("nativeCall", ([id, ...args]) => this.#nativeCall(n(id), args as number[])),
      ...flashOperations(this.flash, (cost, bytes) => this.#charge(cost, bytes), this.#smallBytes),
      charge: ([cost, bytes]) => this.#charge(s(cost), n(bytes)),
      print: ([text]) => void this.console.push(s(text)),
      uncaught: ([message, stack]) => void this.uncaught.push({ atUs: this.clock.now, message: s(message), stack: s(stack) }),
      done: ([kind]) => this.#charge(CALLBACKS[s(kind)] ?? "callback", 0),
      random: charged("hwRand", () => this.#entropy.bits()),
      ...consoleOperations(this.consoleState),
      ...nrfOperations(this.bluetooth, (cost, bytes) => this.#charge(cost, bytes), (name, args) => void this.radioCalls.push({ atUs: this.clock.now, name, args })),
      // As every reading of a voltage it takes the converter away from whoever used it (nrf_analog_read_start).
      "nrf.getBattery": charged("analogRead", () => {
        this.bus.write32(SAADC_ENABLE, 0);
        return this.#board.supplyVolts;
      }),
      "watchdog.enable": () => undefined,
      "watchdog.kick": () => undefined,
      reboot: () => {
        this.isRebooting = true;
        this.#powerOff();
        throw new PowerCut();
      },
    };
  }

  #nativeCall(id: number, args: readonly number[]): number {
    const { result, cycles } = this.#native.call(id, args);
    this.#spend((cycles / this.#board.chip.coreHz) * 1e6);
    return result;
  }

  /** 14 bit, ratiometric to the supply. */
  #analogRead(name: string): number {
    const pin = this.pins.named(name);
    if (!("ain" in pin)) throw new Error(`analogRead(${name}): not an analog pin`);
    const volts = new Float64Array(1);
    this.#world.volts(Number(pin.ain), this.clock.now, 1, volts);
    return Math.min(16383, Math.max(0, Math.round((volts[0]! / this.#board.supplyVolts) * 16384))) / 16384;
  }
}
