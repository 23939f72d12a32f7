// One PWM's registers: sequences of duty words from memory by EasyDMA on one pin. It never enables an interrupt: Espruino has no
// handler. What is heard, and whose memory it is, is dma-speaker.ts's business.
// Protocol: nRF52840 PS, PWM; in use in adafruit/circuitpython PWMAudioOut.c and lancaster-university/codal-nrf52 NRF52PWM.cpp.

import type { Clock } from "../contract.ts";
import { waitForEvent } from "./dma-event.ts";

/** PWM3 is unknown to Espruino; PWM2 is the last one that analogWrite would take. */
const PWM2 = 0x40022000;
const PWM3 = 0x4002d000;
const TASK_STOP = 0x004;
const EVENT_STOPPED = 0x104;
const SHORTS = 0x200;
const SEQ = 0x520;
const SEQ_STRIDE = 0x20;
const PSEL_OUT = 0x560;
const LOOPSDONE_SEQSTART0 = 1 << 2;
export const DISCONNECTED = 0xffffffff;

/** Not 0: somebody has it enabled. */
export const ENABLE = 0x500;
/** Of a running tone, from its next period on. */
export const COUNTERTOP = 0x508;
// Those of sequence 1 follow four bytes behind those of sequence 0.
/** Starts a sequence, at the end of the period when something plays. */
export const SEQSTART = 0x008;
export const SEQSTARTED = 0x108;
export const SEQEND = 0x110;

/** How long an event may take: a period of the lowest tone is 32 ms. */
const PATIENCE_MS = 40;

export interface Pwm {
  isSet(register: number): boolean;
  /** One register, or several from there on. */
  set(register: number, value: number | number[]): void;
  waitFor(event: number): boolean;
  /** `pin` is a port pin or DISCONNECTED; with a loop, sequences 0 and 1 follow each other for ever. */
  configure(pin: number, countertop: number, prescaler: number, isLooping: boolean): void;
  /** Taken over when the sequence starts. `delay` periods with the last word follow it. */
  setSequence(n: number, address: number, count: number, delay: number): void;
  /** Stops, disables and lets go of the pin; false when it does not answer. */
  halt(): boolean;
}

export function createPwm(hasPwm3: boolean, clock: Pick<Clock, "nowMs">): Pwm {
  const base = hasPwm3 ? PWM3 : PWM2;

  function set(register: number, value: number | number[]): void {
    poke32(base + register, value);
  }

  function waitFor(event: number): boolean {
    return waitForEvent(base + event, clock, PATIENCE_MS);
  }

  return {
    isSet: function (register: number): boolean {
      return peek32(base + register) !== 0;
    },
    set: set,
    waitFor: waitFor,
    configure: function (pin: number, countertop: number, prescaler: number, isLooping: boolean): void {
      // The pin comes first: it is taken over when the block is enabled.
      set(PSEL_OUT, [pin, DISCONNECTED, DISCONNECTED, DISCONNECTED]);
      // ENABLE, MODE, COUNTERTOP, PRESCALER, DECODER, LOOP.
      set(ENABLE, [1, 0, countertop, prescaler, 0, isLooping ? 1 : 0]);
      set(SHORTS, isLooping ? LOOPSDONE_SEQSTART0 : 0);
    },
    setSequence: function (n: number, address: number, count: number, delay: number): void {
      set(SEQ + n * SEQ_STRIDE, [address, count, 0, delay]);
    },
    halt: function (): boolean {
      set(EVENT_STOPPED, 0);
      set(TASK_STOP, 1);
      const isAnswered = waitFor(EVENT_STOPPED);
      set(ENABLE, 0);
      set(PSEL_OUT, DISCONNECTED);
      return isAnswered;
    },
  };
}
