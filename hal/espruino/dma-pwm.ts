// One PWM's registers: sequences of duty words from memory by EasyDMA on one pin. It never enables an interrupt: Espruino has no
// handler. What is heard, and whose memory it is, is dma-speaker.ts's business.
// Protocol: nRF52840 PS, PWM; in use in adafruit/circuitpython PWMAudioOut.c and lancaster-university/codal-nrf52 NRF52PWM.cpp.

import type { Clock } from "../contract.ts";

/** PWM3 is unknown to Espruino; PWM2 is the last one that analogWrite would take. */
const PWM2 = 0x40022000;
const PWM3 = 0x4002d000;
const TASK_STOP = 0x004;
const TASK_SEQSTART = 0x008;
const EVENT_STOPPED = 0x104;
const EVENT_SEQSTARTED = 0x108;
const EVENT_SEQEND = 0x110;
const SHORTS = 0x200;
const ENABLE = 0x500;
const COUNTERTOP = 0x508;
const SEQ = 0x520;
const SEQ_STRIDE = 0x20;
const PSEL_OUT = 0x560;
const LOOPSDONE_SEQSTART0 = 1 << 2;
export const DISCONNECTED = 0xffffffff;

/** How long an event may take, and in how many peeks at most: a period of the lowest tone is 32 ms. */
const PATIENCE_MS = 40;
const PATIENCE_PEEKS = 4000;

export interface Pwm {
  /** Somebody has it enabled. */
  isTaken(): boolean;
  /** `pin` is a port pin or DISCONNECTED; with a loop, sequences 0 and 1 follow each other for ever. */
  configure(pin: number, countertop: number, prescaler: number, isLooping: boolean): void;
  setTop(countertop: number): void;
  /** Taken over when the sequence starts. `delay` periods with the last word follow it. */
  setSequence(n: number, address: number, count: number, delay: number): void;
  /** Starts sequence n, at the end of the period when something plays. */
  begin(n: number): void;
  hasStarted(n: number): boolean;
  hasEnded(n: number): boolean;
  waitForStart(): boolean;
  waitForEnd(): boolean;
  forgetStart(n: number): void;
  forgetStarts(): void;
  forgetEnd(n: number): void;
  forgetAll(): void;
  /** Stops, disables and lets go of the pin; false when it does not answer. */
  halt(): boolean;
}

export function createPwm(hasPwm3: boolean, clock: Pick<Clock, "nowMs">): Pwm {
  const base = hasPwm3 ? PWM3 : PWM2;

  function waitFor(event: number): boolean {
    if (peek32(base + event)) return true;
    const untilMs = clock.nowMs() + PATIENCE_MS;
    for (let i = 1; i < PATIENCE_PEEKS && clock.nowMs() < untilMs; i++) {
      if (peek32(base + event)) return true;
    }
    return false;
  }

  return {
    isTaken: function (): boolean {
      return peek32(base + ENABLE) !== 0;
    },
    configure: function (pin: number, countertop: number, prescaler: number, isLooping: boolean): void {
      // The pin comes first: it is taken over when the block is enabled.
      poke32(base + PSEL_OUT, [pin, DISCONNECTED, DISCONNECTED, DISCONNECTED]);
      // ENABLE, MODE, COUNTERTOP, PRESCALER, DECODER, LOOP.
      poke32(base + ENABLE, [1, 0, countertop, prescaler, 0, isLooping ? 1 : 0]);
      poke32(base + SHORTS, isLooping ? LOOPSDONE_SEQSTART0 : 0);
    },
    setTop: function (countertop: number): void {
      poke32(base + COUNTERTOP, countertop);
    },
    setSequence: function (n: number, address: number, count: number, delay: number): void {
      poke32(base + SEQ + n * SEQ_STRIDE, [address, count, 0, delay]);
    },
    begin: function (n: number): void {
      poke32(base + TASK_SEQSTART + 4 * n, 1);
    },
    hasStarted: function (n: number): boolean {
      return peek32(base + EVENT_SEQSTARTED + 4 * n) !== 0;
    },
    hasEnded: function (n: number): boolean {
      return peek32(base + EVENT_SEQEND + 4 * n) !== 0;
    },
    waitForStart: function (): boolean {
      return waitFor(EVENT_SEQSTARTED);
    },
    waitForEnd: function (): boolean {
      return waitFor(EVENT_SEQEND);
    },
    forgetStart: function (n: number): void {
      poke32(base + EVENT_SEQSTARTED + 4 * n, 0);
    },
    forgetStarts: function (): void {
      poke32(base + EVENT_SEQSTARTED, [0, 0]);
    },
    forgetEnd: function (n: number): void {
      poke32(base + EVENT_SEQEND + 4 * n, 0);
    },
    forgetAll: function (): void {
      poke32(base + EVENT_SEQSTARTED, [0, 0, 0, 0]);
    },
    halt: function (): boolean {
      poke32(base + EVENT_STOPPED, 0);
      poke32(base + TASK_STOP, 1);
      const isAnswered = waitFor(EVENT_STOPPED);
      poke32(base + ENABLE, 0);
      poke32(base + PSEL_OUT, DISCONNECTED);
      return isAnswered;
    },
  };
}
