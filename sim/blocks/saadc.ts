// SAADC: one single-ended channel, sampled by the local timer or by SAMPLE tasks, results by EasyDMA. It never computes a sample
// before somebody can see it: conversions are made up in bulk when a buffer ends or when a register is touched.
// Behaviour: nRF52840 PS, SAADC; events at STOP as nrfx_saadc.c and codal-nrf52 NRF52ADC.cpp handle them. Not modelled, and so
// refused: scan, differential input, resistors, burst, limits, calibration, interrupts (Espruino has no handler for them).

import { BusFault, unmodelled, type Bus, type RegisterBlock } from "../bus.ts";
import type { AlarmId, Clock } from "../clock.ts";
import { Noise } from "../noise.ts";
import type { AnalogWorld } from "../signals.ts";
import { conversionNoise, SAADC_CONVERSION_US, SAADC_EFFECTIVE_BITS, SAADC_REFERENCE_VOLTS, TICKS_PER_US } from "./facts.ts";

export const SAADC_BASE = 0x40007000;

const START = 0x000;
const SAMPLE = 0x004;
const STOP = 0x008;
const STARTED = 0x100;
const END = 0x104;
const DONE = 0x108;
const RESULTDONE = 0x10c;
const CALIBRATEDONE = 0x110;
const STOPPED = 0x114;
const INTEN = 0x300;
const INTENSET = 0x304;
const INTENCLR = 0x308;
const STATUS = 0x400;
const ENABLE = 0x500;
const PSELP = 0x510;
const PSELN = 0x514;
const CONFIG = 0x518;
const RESOLUTION = 0x5f0;
const OVERSAMPLE = 0x5f4;
const SAMPLERATE = 0x5f8;
const PTR = 0x62c;
const MAXCNT = 0x630;
const AMOUNT = 0x634;

const EVENTS = [STARTED, END, DONE, RESULTDONE, CALIBRATEDONE, STOPPED];
const SETTINGS = [PSELP, PSELN, CONFIG, RESOLUTION, OVERSAMPLE, SAMPLERATE, PTR, MAXCNT];
const GAINS = [1 / 6, 1 / 5, 1 / 4, 1 / 3, 1 / 2, 1, 2, 4];
const ACQUISITION_US = [3, 5, 10, 15, 20, 40];
const RESOLUTION_BITS = [8, 10, 12, 14];
const LOCAL_TIMER = 1 << 12;
/** Gain, reference and acquisition time: all of CONFIG that is modelled. */
const CONFIG_MODELLED = 0x00071700;
/** Conversions per piece of work. */
const CHUNK = 4096;

export interface SaadcOptions {
  readonly clock: Clock;
  readonly bus: Bus;
  readonly world: AnalogWorld;
  readonly supplyVolts: number;
  readonly seed: number;
  /** Reports events to the PPI. */
  readonly onEvent: (address: number) => void;
  readonly effectiveBits?: number;
  /** Relative error of the 16 MHz clock; positive is slow. */
  readonly clockError?: number;
}

export class Saadc implements RegisterBlock {
  readonly name = "SAADC";
  readonly base = SAADC_BASE;
  readonly size = 0x1000;
  readonly #options: SaadcOptions;
  readonly #noise: Noise;
  readonly #events = new Map<number, number>(EVENTS.map((offset) => [offset, 0]));
  readonly #settings = new Map<number, number>(SETTINGS.map((offset) => [offset, 0]));
  readonly #volts = new Float64Array(CHUNK);
  readonly #results = new Int16Array(CHUNK);
  #isEnabled = false;
  /** The buffer latched at START, and what of it is filled. */
  #isConverting = false;
  #pointer = 0;
  #capacity = 0;
  #amount = 0;
  /** The local timer: conversion i begins at #originUs + i * #stepUs. */
  #isTimerOn = false;
  #originUs = 0;
  #stepUs = 0;
  #next = 0;
  /** Conversions summed for the result in the making. */
  #sum = 0;
  #summed = 0;
  #endAlarm: AlarmId = 0;

  constructor(options: SaadcOptions) {
    this.#options = options;
    this.#noise = new Noise(options.seed);
  }

  /** A buffer is latched: EasyDMA may write to it. */
  get isDmaActive(): boolean {
    return this.#isConverting;
  }

  read32(offset: number): number {
    this.#catchUp();
    const value = this.#events.get(offset) ?? this.#settings.get(offset);
    if (value !== undefined) return value;
    switch (offset) {
      case INTEN:
      case INTENSET:
      case INTENCLR:
        return 0;
      case STATUS:
        return this.#isConverting && this.#isTimerOn ? 1 : 0;
      case ENABLE:
        return this.#isEnabled ? 1 : 0;
      case AMOUNT:
        return this.#amount;
      default:
        throw unmodelled(this, offset, "read");
    }
  }

  write32(offset: number, value: number): void {
    this.#catchUp();
    if (this.#events.has(offset)) {
      if (value !== 0) throw unmodelled(this, offset, "write", value);
      this.#events.set(offset, 0);
    } else if (this.#settings.has(offset)) this.#set(offset, value);
    else if (offset === ENABLE) this.#enable(value);
    else if (offset === INTEN || offset === INTENSET) {
      if (value !== 0) throw this.#fault(offset, `write of 0x${value.toString(16)}`, "an interrupt without a handler crashes the board");
    } else if (offset === INTENCLR) return;
    else if (offset <= STOP) {
      if (value !== 0) this.#task(offset);
    } else throw unmodelled(this, offset, "write", value);
  }

  #fault(offset: number, attempt: string, why: string): BusFault {
    return new BusFault(this.base + offset, this.name, attempt, why);
  }

  #set(offset: number, value: number): void {
    const isKnown =
      offset === PSELP ? value <= 8 : offset === RESOLUTION ? value <= 3 : offset === OVERSAMPLE ? value <= 8 : offset === CONFIG ? (value & ~CONFIG_MODELLED) === 0 : true;
    if (!isKnown || (offset === MAXCNT && value > 0x7fff)) throw unmodelled(this, offset, "write", value);
    this.#settings.set(offset, value);
  }

  #enable(value: number): void {
    if (value === 0 && this.#isConverting) throw this.#fault(ENABLE, "write of 0", "the converter is switched off while it converts: STOP comes first");
    this.#isEnabled = value !== 0;
    if (!this.#isEnabled) this.#isTimerOn = false;
  }

  #task(offset: number): void {
    // A task of a disabled peripheral does nothing.
    if (!this.#isEnabled) return;
    if (offset === START) this.#start();
    else if (offset === SAMPLE) this.#sample();
    else if (offset === STOP) this.#stop();
    else throw unmodelled(this, offset, "write", 1);
  }

  /** PTR and MAXCNT are taken over here and only here. */
  #start(): void {
    if (this.#isConverting) return;
    this.#pointer = this.#settings.get(PTR)!;
    this.#capacity = this.#settings.get(MAXCNT)!;
    this.#options.bus.checkDma(this.#pointer, 2 * this.#capacity, "SAADC RESULT.PTR");
    if (this.#settings.get(PSELP) === 0) throw this.#fault(PSELP, "START", "no input is selected");
    this.#amount = 0;
    this.#sum = 0;
    this.#summed = 0;
    this.#isConverting = this.#capacity > 0;
    this.#event(STARTED);
    if (this.#isTimerOn) this.#armEnd();
  }

  #sample(): void {
    if (!this.#isConverting) return;
    const rate = this.#settings.get(SAMPLERATE)!;
    if ((rate & LOCAL_TIMER) === 0) {
      this.#originUs = this.#options.clock.now;
      this.#stepUs = 1;
      this.#next = 0;
      this.#convert(1);
      if (this.#amount === this.#capacity) this.#end();
      return;
    }
    const ticks = rate & 0x7ff;
    if (ticks < 80) throw this.#fault(SAMPLERATE, "SAMPLE", `a period of ${ticks} ticks is outside 80 to 2047`);
    if (this.#conversionUs() > ticks / TICKS_PER_US) {
      throw this.#fault(CONFIG, "SAMPLE", `acquisition and conversion take ${this.#conversionUs()} us of a period of ${ticks / TICKS_PER_US} us`);
    }
    this.#originUs = this.#options.clock.now;
    this.#stepUs = (ticks / TICKS_PER_US) * (1 + (this.#options.clockError ?? 0));
    this.#next = 0;
    this.#isTimerOn = true;
    this.#armEnd();
  }

  /** Ends the conversion in hand. Unless a buffer was just full, that raises END as well, which the PPI may answer with START. */
  #stop(): void {
    const wasConverting = this.#isConverting;
    this.#isTimerOn = false;
    this.#isConverting = false;
    this.#options.clock.cancel(this.#endAlarm);
    this.#options.clock.after(SAADC_CONVERSION_US, () => {
      if (wasConverting) this.#event(END);
      this.#event(STOPPED);
    });
  }

  #event(offset: number): void {
    this.#events.set(offset, 1);
    this.#options.onEvent(this.base + offset);
  }

  #conversionUs(): number {
    const acquisition = ACQUISITION_US[(this.#settings.get(CONFIG)! >> 16) & 7];
    if (acquisition === undefined) throw unmodelled(this, CONFIG, "read");
    return acquisition + SAADC_CONVERSION_US;
  }

  #factor(): number {
    return 1 << this.#settings.get(OVERSAMPLE)!;
  }

  #armEnd(): void {
    const conversions = (this.#capacity - this.#amount) * this.#factor() - this.#summed;
    const last = this.#next + conversions - 1;
    const atUs = this.#originUs + last * this.#stepUs + this.#conversionUs();
    this.#endAlarm = this.#options.clock.at(atUs, () => {
      this.#convert(last + 1);
      this.#end();
    });
  }

  #end(): void {
    this.#isConverting = false;
    this.#event(END);
  }

  /** Makes up the conversions that are through by now. */
  #catchUp(): void {
    if (!this.#isTimerOn) return;
    const elapsedUs = this.#options.clock.now - this.#originUs - this.#conversionUs();
    const done = Math.floor(elapsedUs / this.#stepUs + 1e-9) + 1;
    if (this.#isConverting) this.#convert(done);
    // Without a buffer the timer's samples are lost.
    else this.#next = Math.max(this.#next, done);
  }

  /** Computes conversions up to `until`, not included, and moves finished results to memory. */
  #convert(until: number): void {
    const { world, bus, supplyVolts, effectiveBits = SAADC_EFFECTIVE_BITS } = this.#options;
    const config = this.#settings.get(CONFIG)!;
    const bits = RESOLUTION_BITS[this.#settings.get(RESOLUTION)!]!;
    const reference = (config >> 12) & 1 ? supplyVolts / 4 : SAADC_REFERENCE_VOLTS;
    const steps = 2 ** bits;
    const scale = (steps * GAINS[(config >> 8) & 7]!) / reference;
    const sigma = steps * conversionNoise(effectiveBits, bits);
    const shift = this.#settings.get(OVERSAMPLE)!;
    const factor = 1 << shift;
    const highest = steps - 1;
    // Single-ended results are signed: noise around 0 V may read a little below.
    const lowest = -(steps >> 1);
    while (this.#next < until && this.#amount < this.#capacity) {
      const wanted = (this.#capacity - this.#amount) * factor - this.#summed;
      const count = Math.min(until - this.#next, CHUNK, wanted);
      const volts = this.#volts.subarray(0, count);
      world.volts(this.#settings.get(PSELP)! - 1, this.#originUs + this.#next * this.#stepUs, this.#stepUs, volts);
      for (let i = 0; i < count; i++) volts[i]! *= scale;
      this.#noise.addNormal(volts, count, sigma);
      const results = this.#results;
      let sum = this.#sum;
      let summed = this.#summed;
      let filled = 0;
      for (let i = 0; i < count; i++) {
        const result = Math.floor(volts[i]! + 0.5);
        sum += result > highest ? highest : result < lowest ? lowest : result;
        if (++summed === factor) {
          results[filled++] = sum >> shift;
          sum = 0;
          summed = 0;
        }
      }
      this.#sum = sum;
      this.#summed = summed;
      this.#next += count;
      if (filled > 0) bus.write(this.#pointer + 2 * this.#amount, new Uint8Array(results.buffer, 0, 2 * filled));
      this.#amount += filled;
    }
  }
}
