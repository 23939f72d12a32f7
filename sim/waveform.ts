// Espruino's Waveform: the utility timer's interrupt that moves one 8-bit sample at a time between a buffer and a pin, and the
// events that the idle loop makes of it. Samples are computed in bulk when somebody can see them, never one alarm each.
// Facts: espruino-platform section 4; espruino/Espruino src/jstimer.c, src/jswrap_waveform.c, targets/nrf5x/jshardware.c.
// Not modelled: the interrupt's own duration, and the rounding that two waveforms at once bring into the shared timer.

import type { Board } from "../boards/board.ts";
import { conversionNoise, SAADC_EFFECTIVE_BITS, SAADC_REFERENCE_VOLTS } from "./blocks/facts.ts";
import type { Bus } from "./bus.ts";
import type { Clock } from "./clock.ts";
import type { EngineEvent } from "./engine.ts";
import { HoldOff, type RadioLoad } from "./hold-off.ts";
import { Noise } from "./noise.ts";
import type { Pins } from "./pins.ts";
import type { AnalogWorld, OutputSink } from "./signals.ts";
import { bytesPerSample, countedBytes, delayUs, samplePeriodUs, type Task, type WaveformStart } from "./waveform-task.ts";

export { samplePeriodUs, type WaveformStart };

/** A compare that has passed, or is nearer than this, is set so far ahead (jshUtilTimerReschedule). */
const RESCHEDULE_US = 2;
/** Espruino converts with gain 1/4 against a quarter of the supply: full scale is the supply. One board's microphone differs. */
const MICROPHONE_FULL_SCALE_VOLTS: Readonly<Record<string, number>> = { MICROBIT2: SAADC_REFERENCE_VOLTS / 4 };
const STEPS = 256;
/** Samples per piece of work. */
const CHUNK = 4096;
/** Instants that differ by less are one: sums of microseconds in a double. */
const EPSILON_US = 1e-6;

export interface WaveformOptions {
  readonly board: Board;
  readonly clock: Clock;
  readonly bus: Bus;
  readonly world: AnalogWorld;
  readonly sink: OutputSink;
  readonly pins: Pins;
  readonly seed: number;
  /** Interrupts of the radio stack, which come first. */
  readonly radio?: RadioLoad;
}

interface Segment {
  readonly fromUs: number;
  readonly stepUs: number;
  readonly hz: number;
  readonly duties: number[];
}

export class Waveforms {
  /** Samples that fell into a stall and were never taken or played. */
  lost = 0;
  readonly #options: WaveformOptions;
  readonly #noise: Noise;
  readonly #holdOff: HoldOff;
  readonly #volts = new Float64Array(CHUNK);
  readonly #tasks = new Map<number, Task>();
  readonly #segments = new Map<number, Segment>();
  #queue: { readonly task: Task; readonly kind: "flip" | "finish" }[] = [];
  #nextId = 1;

  constructor(options: WaveformOptions) {
    this.#options = options;
    this.#noise = new Noise(options.seed);
    this.#holdOff = new HoldOff(options.radio);
  }

  start(start: WaveformStart): number {
    const { board, clock, pins } = this.#options;
    const pin = pins.named(start.pin);
    if (!start.isOutput) {
      if (!("ain" in pin)) throw new Error(`startInput on ${start.pin}: the board has no converter there, and what Espruino then does is not modelled`);
      pins.mode(start.pin, "analog");
    }
    this.catchUp();
    const periodUs = samplePeriodUs(start.hz);
    const task: Task = {
      id: this.#nextId++,
      start,
      periodUs,
      bytes: countedBytes(start, board.espruino.variableBytes),
      compareUs: clock.now + delayUs(start.timeSeconds, clock.now) + periodUs,
      current: 0,
      index: 0,
      value: undefined,
      hasAlarm: false,
      isFinished: false,
    };
    this.#tasks.set(task.id, task);
    this.#arm(task);
    return task.id;
  }

  /** False when there is nothing to stop any more. */
  stop(id: number): boolean {
    this.catchUp();
    const task = this.#tasks.get(id);
    if (!task || task.isFinished) return false;
    this.#finish(task);
    return true;
  }

  /** Keeps the interrupt away from now on: the processor stands while internal flash is written. */
  holdOff(us: number): void {
    const { now } = this.#options.clock;
    if (this.#tasks.size === 0) return;
    this.catchUp();
    this.#holdOff.add(now, now + us);
  }

  /** The power is off. */
  end(): void {
    this.catchUp();
    this.#tasks.clear();
    this.#queue = [];
  }

  /** Takes and plays every sample that is due. To be called before anybody looks at buffers or pins. */
  catchUp(): void {
    if (this.#tasks.size === 0) return;
    const limit = this.#options.clock.now + EPSILON_US;
    for (;;) {
      const running = [...this.#tasks.values()].filter((task) => !task.isFinished).sort((a, b) => this.#fireUs(a) - this.#fireUs(b));
      const [first, second] = running;
      if (!first || this.#fireUs(first) > limit) break;
      // Waveforms on one pin are summed, so each runs only until the next one has its turn.
      this.#advance(first, second ? Math.min(limit, Math.max(this.#fireUs(second), this.#fireUs(first))) : limit);
    }
    this.#flush();
  }

  /** What the idle loop makes of the interrupt's notices: the state is that of now, not of the flip. */
  takeEvents(): EngineEvent[] {
    this.catchUp();
    const events: EngineEvent[] = [];
    for (const { task, kind } of this.#queue) {
      if (kind === "finish") {
        this.#tasks.delete(task.id);
        events.push({ kind: "waveform", id: task.id, data: { isFinished: true } });
      } else if (task.start.isRepeating && task.start.buffers.length === 2) {
        events.push({ kind: "waveform", id: task.id, data: { current: task.current } });
      }
    }
    this.#queue = [];
    return events;
  }

  #fireUs(task: Task): number {
    return this.#holdOff.until(task.compareUs);
  }

  /** Fires of one task up to `limit`, or to the end of its buffer. */
  #advance(task: Task, limit: number): void {
    const fireUs = this.#fireUs(task);
    const stepUs = Math.max(task.periodUs, RESCHEDULE_US);
    const isLate = fireUs > task.compareUs;
    // A late one is alone; of those in time as many as nothing holds up.
    const until = isLate ? fireUs : Math.min(limit, this.#holdOff.next(task.compareUs) - EPSILON_US);
    const inTime = Math.floor((until - task.compareUs) / stepUs) + 1;
    const left = Math.ceil((task.bytes - task.index) / bytesPerSample(task));
    const count = Math.max(1, Math.min(isLate ? 1 : inTime, left, CHUNK));
    if (task.start.isOutput) this.#output(task, fireUs, stepUs, count);
    else this.#input(task, fireUs, stepUs, count);
    const nominalUs = task.compareUs + (isLate ? task.periodUs : count * stepUs);
    const soonestUs = fireUs + (count - 1) * stepUs + RESCHEDULE_US;
    if (isLate && nominalUs < soonestUs) {
      this.lost += Math.floor((soonestUs - nominalUs) / task.periodUs);
      task.compareUs = soonestUs;
    } else task.compareUs = nominalUs;
    if (!task.isFinished) this.#arm(task);
  }

  /** The next byte of the task; flips or finishes at the end of the buffer. */
  #step(task: Task): void {
    if (++task.index < task.bytes) return;
    task.index = 0;
    if (!task.start.isRepeating) {
      this.#finish(task);
      return;
    }
    if (task.start.buffers.length === 2) task.current = task.current === 0 ? 1 : 0;
    this.#queue.push({ task, kind: "flip" });
  }

  #input(task: Task, fromUs: number, stepUs: number, count: number): void {
    const { board, pins, world } = this.#options;
    const pin = pins.named(task.start.pin);
    const isMicrophone = pin.nrf === board.microphone.input.nrf;
    const fullScaleVolts = (isMicrophone && MICROPHONE_FULL_SCALE_VOLTS[board.id]) || board.supplyVolts;
    const volts = this.#volts.subarray(0, count);
    world.volts("ain" in pin ? Number(pin.ain) : 0, fromUs, stepUs, volts);
    for (let i = 0; i < count; i++) volts[i]! *= STEPS / fullScaleVolts;
    this.#noise.addNormal(volts, count, STEPS * conversionNoise(SAADC_EFFECTIVE_BITS, Math.log2(STEPS)));
    for (let i = 0; i < count; i++) {
      // Single-ended results are signed: a little below 0 V they wrap to 255.
      const result = Math.min(STEPS - 1, Math.max(-STEPS / 2, Math.floor(volts[i]! + 0.5)));
      if (task.start.bits === 16) this.#store(task, 0);
      if (!task.isFinished) this.#store(task, result & 255);
    }
  }

  #store(task: Task, byte: number): void {
    this.#options.bus.write8(task.start.buffers[task.current]! + task.index, byte);
    this.#step(task);
  }

  #load(task: Task): number {
    const byte = this.#options.bus.read8(task.start.buffers[task.current]! + task.index);
    this.#step(task);
    return byte;
  }

  #output(task: Task, fromUs: number, stepUs: number, count: number): void {
    const { pin, npin, bits } = task.start;
    for (let i = 0; i < count; i++) {
      const low = bits === 16 ? this.#load(task) : 0;
      const value = low | (task.isFinished && bits === 16 ? 0 : this.#load(task) << 8);
      task.value = value;
      let sum = value;
      for (const other of this.#tasks.values()) {
        if (other !== task && !other.isFinished && other.start.isOutput && other.start.pin === pin && other.value !== undefined) sum += other.value - 32768;
      }
      sum = Math.min(65535, Math.max(0, sum));
      const atUs = fromUs + i * stepUs;
      if (npin === undefined) this.#drive(pin, atUs, stepUs, sum);
      else {
        sum -= 32768;
        this.#drive(pin, atUs, stepUs, sum > 0 ? sum * 2 : 0);
        this.#drive(npin, atUs, stepUs, sum < 0 ? -sum * 2 : 0);
      }
    }
  }

  #drive(name: string, atUs: number, stepUs: number, value: number): void {
    const { nrf } = this.#options.pins.named(name);
    const pwm = this.#options.pins.pwm(nrf);
    // Without hardware PWM on the pin the write goes nowhere.
    if (!pwm) return;
    const duty = Math.floor((value * pwm.top) / 65536) / pwm.top;
    let segment = this.#segments.get(nrf);
    const isNext = segment && segment.stepUs === stepUs && segment.hz === pwm.hz && Math.abs(segment.fromUs + segment.duties.length * stepUs - atUs) < 0.5;
    if (!segment || !isNext) {
      this.#flushPin(nrf);
      segment = { fromUs: atUs, stepUs, hz: pwm.hz, duties: [] };
      this.#segments.set(nrf, segment);
    }
    segment.duties.push(duty);
  }

  #flush(): void {
    for (const nrf of [...this.#segments.keys()]) this.#flushPin(nrf);
  }

  #flushPin(nrf: number): void {
    const segment = this.#segments.get(nrf);
    if (!segment) return;
    this.#segments.delete(nrf);
    const { fromUs, stepUs, hz, duties } = segment;
    this.#options.sink.drive(nrf, fromUs, { kind: "duties", hz, periodUs: stepUs, duties: Float32Array.from(duties) });
  }

  #finish(task: Task): void {
    task.isFinished = true;
    this.#queue.push({ task, kind: "finish" });
  }

  /** Wakes the board for the end of the buffer. Whatever holds the interrupt up only makes that later. */
  #arm(task: Task): void {
    if (task.hasAlarm) return;
    task.hasAlarm = true;
    const left = Math.ceil((task.bytes - task.index) / bytesPerSample(task));
    const { clock } = this.#options;
    const endUs = task.compareUs + (left - 1) * Math.max(task.periodUs, RESCHEDULE_US);
    clock.at(Math.max(endUs, this.#fireUs(task)), () => {
      task.hasAlarm = false;
      if (task.isFinished) return;
      this.catchUp();
      if (!task.isFinished) this.#arm(task);
    });
  }
}
