// PWM: sequences of compare values by EasyDMA, one value per 1 + REFRESH periods, common to the connected pins. Each sequence goes
// to the output sink as a whole when it starts; a CPU that writes into the playing sequence is not heard before its next start.
// Behaviour: nRF52840 PS, PWM, "When to safely update PWM registers" (PTR, CNT are taken at a sequence's start); SHORTS while
// running: codal-nrf52. Erratum 183 (nRF52833): false SEQEND events. Not modelled: up-and-down counting, other decoders.

import { BusFault, unmodelled, type Bus, type RegisterBlock } from "../bus.ts";
import type { AlarmId, Clock } from "../clock.ts";
import type { Drive, OutputSink } from "../signals.ts";
import { TICKS_PER_US } from "./facts.ts";

/** PWM0..2 are what Espruino's analogWrite takes; PWM3 exists on nRF52833 and nRF52840. */
export const PWM_BASES = [0x4001c000, 0x40021000, 0x40022000, 0x4002d000] as const;

const STOP = 0x004;
const SEQSTART0 = 0x008;
const SEQSTART1 = 0x00c;
const STOPPED = 0x104;
const SEQSTARTED0 = 0x108;
const SEQEND0 = 0x110;
const LOOPSDONE = 0x11c;
const SHORTS = 0x200;
const INTEN = 0x300;
const INTENSET = 0x304;
const INTENCLR = 0x308;
const ENABLE = 0x500;
const MODE = 0x504;
const COUNTERTOP = 0x508;
const PRESCALER = 0x50c;
const DECODER = 0x510;
const LOOP = 0x514;
const SEQ0 = 0x520;
const SEQ_STRIDE = 0x20;
const PSEL = 0x560;

const EVENTS = [STOPPED, 0x108, 0x10c, 0x110, 0x114, 0x118, LOOPSDONE];
const SEQ = [0, 1].flatMap((n) => [0, 4, 8, 12].map((field) => SEQ0 + n * SEQ_STRIDE + field));
const PINS = [0, 1, 2, 3].map((n) => PSEL + 4 * n);
/** Largest value of each register that is modelled. */
const LIMITS: Readonly<Record<number, number>> = { [MODE]: 0, [COUNTERTOP]: 0x7fff, [PRESCALER]: 7, [DECODER]: 0, [LOOP]: 0xffff };
/** The one short that is modelled. */
const SHORT_LOOPSDONE_SEQSTART0 = 1 << 2;
const DISCONNECTED = 0x80000000;
/** Bit 15 of a word: the period begins high and falls at the compare value. Without it, it begins low and rises there. */
const FALLING_EDGE = 0x8000;

export interface PwmOptions {
  readonly clock: Clock;
  readonly bus: Bus;
  readonly sink: OutputSink;
  readonly onEvent: (address: number) => void;
  /** What the GPIO port drives on a pin when the PWM lets go of it; floating when not given. */
  readonly released?: (nrf: number) => Drive;
  /** Relative error of the 16 MHz clock; positive is slow. */
  readonly clockError?: number;
}

export class Pwm implements RegisterBlock {
  readonly name: string;
  readonly base: number;
  readonly size = 0x1000;
  readonly #options: PwmOptions;
  readonly #registers = new Map<number, number>();
  #isEnabled = false;
  /** Periods are being generated, from #originUs on, each #periodUs long. */
  #isRunning = false;
  #originUs = 0;
  #periodUs = 0;
  /** A sequence is being read from RAM. */
  #isPlaying = false;
  #loopsLeft = 0;
  #shorts = 0;
  #lastWord = 0;
  #alarms: AlarmId[] = [];

  constructor(unit: 0 | 1 | 2 | 3, options: PwmOptions) {
    this.name = `PWM${unit}`;
    this.base = PWM_BASES[unit];
    this.#options = options;
    for (const offset of [...EVENTS, ...SEQ, SHORTS, MODE, PRESCALER, DECODER, LOOP]) this.#registers.set(offset, 0);
    this.#registers.set(COUNTERTOP, 0x3ff);
    for (const offset of PINS) this.#registers.set(offset, 0xffffffff);
  }

  /** EasyDMA reads from RAM, or will without anybody's doing. */
  get isDmaActive(): boolean {
    return this.#isPlaying;
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  read32(offset: number): number {
    const value = this.#registers.get(offset);
    if (value !== undefined) return value;
    if (offset === ENABLE) return this.#isEnabled ? 1 : 0;
    if (offset === INTEN || offset === INTENSET || offset === INTENCLR) return 0;
    throw unmodelled(this, offset, "read");
  }

  write32(offset: number, value: number): void {
    const limit = LIMITS[offset];
    if (EVENTS.includes(offset)) {
      if (value !== 0) throw unmodelled(this, offset, "write", value);
      this.#registers.set(offset, 0);
    } else if (limit !== undefined) {
      if (value > limit) throw unmodelled(this, offset, "write", value);
      this.#registers.set(offset, value);
    } else if (offset === SHORTS) {
      if ((value & ~SHORT_LOOPSDONE_SEQSTART0) !== 0) throw unmodelled(this, offset, "write", value);
      this.#registers.set(offset, value);
    } else if (SEQ.includes(offset)) this.#registers.set(offset, value);
    else if (PINS.includes(offset)) this.#connect(offset, value);
    else if (offset === ENABLE) this.#enable(value);
    else if (offset === INTEN || offset === INTENSET) {
      if (value !== 0) throw this.#fault(offset, `write of 0x${value.toString(16)}`, "an interrupt without a handler crashes the board");
    } else if (offset === INTENCLR) return;
    else if (offset === STOP || offset === SEQSTART0 || offset === SEQSTART1) {
      if (value !== 0 && this.#isEnabled) this.#task(offset);
    } else throw unmodelled(this, offset, "write", value);
  }

  #fault(offset: number, attempt: string, why: string): BusFault {
    return new BusFault(this.base + offset, this.name, attempt, why);
  }

  #get(offset: number): number {
    return this.#registers.get(offset)!;
  }

  #pins(): number[] {
    return PINS.map((offset) => this.#get(offset))
      .filter((value) => (value & DISCONNECTED) === 0)
      .map((value) => value & 0x3f);
  }

  #connect(offset: number, value: number): void {
    const before = this.#get(offset);
    this.#registers.set(offset, value);
    const isSame = (before & DISCONNECTED) === 0 && (value & DISCONNECTED) === 0 && (before & 0x3f) === (value & 0x3f);
    if (this.#isEnabled && (before & DISCONNECTED) === 0 && !isSame) this.#release([before & 0x3f]);
  }

  #enable(value: number): void {
    if (value === 0 && this.#isRunning) throw this.#fault(ENABLE, "write of 0", "the counter is switched off while it runs: STOP comes first");
    if (value === 0 && this.#isEnabled) this.#release(this.#pins());
    this.#isEnabled = value !== 0;
  }

  #release(pins: readonly number[]): void {
    const { sink, clock, released } = this.#options;
    for (const nrf of pins) sink.drive(nrf, clock.now, released ? released(nrf) : { kind: "floating" });
  }

  #drive(drive: Drive): void {
    for (const nrf of this.#pins()) this.#options.sink.drive(nrf, this.#options.clock.now, drive);
  }

  #task(offset: number): void {
    // Tasks take effect at the end of the period in hand.
    const { clock } = this.#options;
    if (offset === STOP) this.#schedule(this.#periodEndUs(), () => this.#halt());
    else {
      const n = offset === SEQSTART0 ? 0 : 1;
      if (!this.#isRunning) this.#shorts = this.#get(SHORTS);
      this.#loopsLeft = this.#get(LOOP);
      if (this.#isRunning) this.#schedule(this.#periodEndUs(), () => this.#begin(n));
      else {
        this.#cancel();
        this.#isRunning = true;
        this.#originUs = clock.now;
        this.#begin(n);
      }
    }
  }

  #cancel(): void {
    for (const alarm of this.#alarms) this.#options.clock.cancel(alarm);
    this.#alarms = [];
  }

  /** A task replaces whatever was to come. */
  #schedule(atUs: number, action: () => void): void {
    this.#cancel();
    this.#alarms.push(this.#options.clock.at(atUs, action));
  }

  #periodEndUs(): number {
    const now = this.#options.clock.now;
    if (!this.#isRunning) return now;
    return this.#originUs + (Math.floor((now - this.#originUs) / this.#periodUs + 1e-9) + 1) * this.#periodUs;
  }

  #halt(): void {
    this.#cancel();
    if (this.#isRunning) {
      // The period in hand is completed, so the pins rest where the last edge put them.
      const duty = this.#duty(this.#lastWord);
      const isHigh = duty === 1 || (duty > 0 && (this.#lastWord & FALLING_EDGE) === 0);
      this.#drive({ kind: "level", level: isHigh ? 1 : 0 });
    }
    this.#isRunning = false;
    this.#isPlaying = false;
    this.#event(STOPPED);
  }

  #event(offset: number): void {
    this.#registers.set(offset, 1);
    this.#options.onEvent(this.base + offset);
  }

  #duty(word: number): number {
    const top = this.#get(COUNTERTOP);
    const share = Math.min(word & 0x7fff, top) / top;
    return word & FALLING_EDGE ? share : 1 - share;
  }

  #begin(n: 0 | 1): void {
    const { clock, bus } = this.#options;
    const at = SEQ0 + n * SEQ_STRIDE;
    const pointer = this.#get(at);
    const count = this.#get(at + 4) & 0x7fff;
    const refresh = this.#get(at + 8) & 0xffffff;
    const delay = this.#get(at + 12) & 0xffffff;
    const top = this.#get(COUNTERTOP);
    if (top < 3) throw this.#fault(COUNTERTOP, "SEQSTART", `a top of ${top} is below 3`);
    if (count === 0) throw this.#fault(at + 4, "SEQSTART", "a sequence of no values");
    bus.checkDma(pointer, 2 * count, `${this.name} SEQ[${n}].PTR`);

    const startUs = clock.now;
    const stepUs = (top * 2 ** this.#get(PRESCALER) * (1 + (this.#options.clockError ?? 0))) / TICKS_PER_US;
    this.#originUs = startUs;
    this.#periodUs = stepUs;
    this.#isPlaying = true;
    const bytes = bus.read(pointer, 2 * count);
    const duties = new Float32Array(count);
    for (let i = 0; i < count; i++) duties[i] = this.#duty(bytes[2 * i]! | (bytes[2 * i + 1]! << 8));
    this.#lastWord = bytes[2 * count - 2]! | (bytes[2 * count - 1]! << 8);
    const hz = 1e6 / stepUs;
    const isConstant = count === 1;
    this.#drive(isConstant ? { kind: "pwm", hz, duty: duties[0]! } : { kind: "duties", hz, periodUs: stepUs * (refresh + 1), duties });
    this.#event(SEQSTARTED0 + 4 * n);

    const isLooping = this.#loopsLeft > 0;
    if (isLooping && n === 1 && count === 1 && this.#shorts !== 0) {
      this.#event(SEQEND0);
      this.#event(SEQEND0 + 4);
    }
    const lastValueUs = startUs + (count - 1) * (refresh + 1) * stepUs;
    const doneUs = startUs + (count * (refresh + 1) + delay) * stepUs;
    this.#alarms = [clock.at(lastValueUs, () => this.#event(SEQEND0 + 4 * n)), clock.at(doneUs, () => this.#done(n, isLooping))];
  }

  #done(n: 0 | 1, isLooping: boolean): void {
    this.#alarms = [];
    if (isLooping && n === 0) return this.#begin(1);
    if (isLooping && --this.#loopsLeft > 0) return this.#begin(0);
    if (isLooping) {
      this.#event(LOOPSDONE);
      if (this.#shorts & SHORT_LOOPSDONE_SEQSTART0) {
        this.#loopsLeft = this.#get(LOOP);
        return this.#begin(0);
      }
    }
    // The counter goes on with the last value until STOP; nothing is read any more.
    this.#isPlaying = false;
  }
}
