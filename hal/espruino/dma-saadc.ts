// The SAADC's registers: one channel at 16 kHz into memory by EasyDMA (64 kHz, averaged by 4 in hardware, 12 bit). It never
// enables an interrupt: Espruino has no handler. What is heard, and whose memory it is, is dma-microphone.ts's business.
// Protocol: nRF52840 PS, SAADC; in use in apache/nuttx nrf52_adc.c and lancaster-university/codal-nrf52 NRF52ADC.cpp.

import type { Board } from "../../boards/board.ts";
import { ERR_BUSY, ERR_HARDWARE, OK, type Clock, type Code } from "../contract.ts";
import { waitForEvent } from "./dma-event.ts";

const SAADC = 0x40007000;
const TASK_START = SAADC + 0x000;
const TASK_SAMPLE = SAADC + 0x004;
const TASK_STOP = SAADC + 0x008;
/** START was done: the first one, then those that follow by themselves since `renew`. */
export const EVENT_STARTED = SAADC + 0x100;
/** The buffer is full. */
export const EVENT_END = SAADC + 0x104;
const EVENT_STOPPED = SAADC + 0x114;
const ENABLE = SAADC + 0x500;
const CHANNEL = SAADC + 0x510;
const RESOLUTION = SAADC + 0x5f0;
const RESULT_PTR = SAADC + 0x62c;
const RESULT_AMOUNT = SAADC + 0x634;
const PPI_CHEN = 0x4001f500;
const PPI_CHENSET = 0x4001f504;
const PPI_CHENCLR = 0x4001f508;
const PPI_CHANNEL = 0x4001f510;
/** Last channel that is not the radio stack's; Espruino allocates from 0 upward. */
const LAST_PPI_CHANNEL = 16;

export const RATE_HZ = 16000;
/** Results are below this, and noise around 0 V reads a little below 0. */
export const RESULT_RANGE = 4096;
const BITS_12 = 2;
/** 2^2 conversions per result. */
const OVERSAMPLE = 2;
/** Local timer, 16 MHz / (16 kHz x 4). */
const SAMPLERATE = (1 << 12) | 250;
const GAINS = [1 / 6, 1 / 5, 1 / 4, 1 / 3, 1 / 2, 1, 2, 4];
const REFERENCE_VDD_4 = 1 << 12;
/** 10 us: longer than erratum 150 asks for, and with 2 us of conversion within the 15.6 us of a period. */
const ACQUISITION_10_US = 2 << 16;

/** How long an event may take: microseconds by the specification, a millisecond in the self-test. */
export const PATIENCE_MS = 10;

export interface Saadc {
  /** Fills `count` words at `address`; then goes on at `next` and for ever, where that is not 0. Nothing is left on unless it says OK. */
  start(address: number, count: number, next: number): Code;
  /** Tells where the next START puts its words, and forgets the events so far. */
  renew(address: number): void;
  /** From now on END is the end. */
  unchain(): void;
  /** Stops the converter (unchain first) and gives it and the pin back to analogRead; false when it does not answer. */
  halt(): boolean;
  /** Words in the buffer that was being filled at halt. */
  readonly amount: number;
}

export function createSaadc(front: Pick<Board["microphone"], "gain" | "input" | "reference">, clock: Pick<Clock, "nowMs">): Saadc {
  const config = (GAINS.indexOf(front.gain) << 8) | (front.reference === "internal" ? 0 : REFERENCE_VDD_4) | ACQUISITION_10_US;
  let ppiBit = 0;

  function halt(): boolean {
    poke32(TASK_STOP, 1);
    const isAnswered = waitForEvent(EVENT_STOPPED, clock, PATIENCE_MS);
    self.amount = peek32(RESULT_AMOUNT);
    poke32(ENABLE, 0);
    poke32(CHANNEL, 0);
    return isAnswered;
  }

  function start(address: number, count: number, next: number): Code {
    if (peek32(ENABLE)) return ERR_BUSY;
    ppiBit = 0;
    if (next) {
      const taken = peek32(PPI_CHEN);
      let channel = LAST_PPI_CHANNEL;
      while (channel >= 0 && (taken & (1 << channel)) !== 0) channel--;
      if (channel < 0) return ERR_BUSY;
      poke32(PPI_CHANNEL + 8 * channel, [EVENT_END, TASK_START]);
      ppiBit = 1 << channel;
    }
    poke32(CHANNEL, [front.input.ain + 1, 0, config]);
    poke32(RESOLUTION, [BITS_12, OVERSAMPLE, SAMPLERATE]);
    poke32(RESULT_PTR, [address, count]);
    poke32(EVENT_STARTED, [0, 0, 0, 0, 0, 0]);
    poke32(ENABLE, 1);
    poke32(TASK_START, 1);
    if (!waitForEvent(EVENT_STARTED, clock, PATIENCE_MS)) {
      halt();
      return ERR_HARDWARE;
    }
    if (next) {
      poke32(PPI_CHENSET, ppiBit);
      poke32(RESULT_PTR, next);
      poke32(EVENT_STARTED, 0);
    }
    poke32(TASK_SAMPLE, 1);
    return OK;
  }

  const self = {
    start: start,
    renew: function (address: number): void {
      poke32(RESULT_PTR, address);
      poke32(EVENT_STARTED, [0, 0]);
    },
    unchain: function (): void {
      poke32(PPI_CHENCLR, ppiBit);
    },
    halt: halt,
    amount: 0,
  };
  return self;
}
