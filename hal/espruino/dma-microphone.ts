// Microphone port by EasyDMA: JavaScript only swaps two buffers, by polling. The microphone never has power without the light,
// nor without a live token; no path leaves the DMA running.
//
// Pokes and peeks (0.2 to 0.5 ms each on the board), counted by a test: start 11 + 3, a poll 0 + 1, a poll with a full buffer
// 2 + 1, stop 4 + 3 (one peek more with a full buffer).
//
// How a late poll is told: a buffer is marked before the hardware gets it, in its first and last word, by a value that no 12-bit
// result has. END tells that a buffer is full; the mark at the end of the other one tells whether that
// was filled (and is being overwritten) as well. How often it was, only the time can tell.

import type { Board } from "../../boards/board.ts";
import { ERR_BUSY, ERR_FORBIDDEN, ERR_HARDWARE, OK, type Clock, type Code, type Microphone, type PawToken, type TimerId } from "../contract.ts";
import { waitForEvent } from "./dma-event.ts";
import type { AudioMemory } from "./dma-memory.ts";
import { EVENT_END, EVENT_STARTED, PATIENCE_MS, RATE_HZ, RESULT_RANGE, createSaadc } from "./dma-saadc.ts";
import { onLevel } from "./pins.ts";

const REFERENCE_INTERNAL_VOLTS = 0.6;
const POLL_MS = 20;
const MARK = 0x7f00;
/** Buffer lengths without END after which the converter is dead: somebody else stopped it. */
const OVERDUE = 2.5;
const SELF_TEST_WORDS = 16;

const IDLE = 0;
const RUNNING = 1;
const ENDING = 2;

export interface DmaMicrophone extends Microphone {
  /** Runs the converter for a millisecond while the microphone has no power. */
  selfTest(): Code;
}

export function createDmaMicrophone(
  board: Pick<Board, "heart" | "microphone" | "supplyVolts">,
  clock: Clock,
  memory: AudioMemory,
  isPawPressed: () => boolean,
): DmaMicrophone {
  const front = board.microphone;
  const fullScaleVolts = (front.reference === "internal" ? REFERENCE_INTERNAL_VOLTS : board.supplyVolts / 4) / front.gain;
  const midScale = Math.floor((front.biasVolts / fullScaleVolts) * RESULT_RANGE + 0.5);
  // The memory of a playback buffer: results come at half the rate of duty words, so it lasts twice as long here.
  const words = memory.words;
  const bufferMs = (words * 1000) / RATE_HZ;
  const buffers = memory.buffers;
  const cells = memory.cells;
  const saadc = createSaadc(front, clock);
  const light = new Pin(board.heart.recording.espruino);
  const power = new Pin(front.power.espruino);
  const lightOn = onLevel(board.heart.recording);
  const powerOn = onLevel(front.power);
  const isOneWire = board.heart.recording.espruino === front.power.espruino;

  let token: PawToken | undefined;
  let poller: TimerId | undefined;
  let ending: TimerId | undefined;
  let state = IDLE;
  let giveSamples: (address: number, count: number) => void;
  let giveEnd: (code: Code, dropped: number) => void;
  /** The buffer that the next END completes. */
  let current = 0;
  /** END came after the pointer was renewed and before the events were forgotten: it is told here instead. */
  let hasEnded = false;
  let isLent = false;
  let isStopWanted = false;
  let dropped = 0;
  /** When the current buffer began to be filled, as well as it is known; unsure after a late poll until a punctual one. */
  let beganMs = 0;
  let isUnsure = false;
  let polledMs = 0;
  /** Polls in a row that saw the paw let go. */
  let liftedPolls = 0;

  /** The power goes first, the light last. */
  function shut(): void {
    if (!isOneWire) digitalWrite(power, !powerOn);
    if (poller !== undefined) clock.cancel(poller);
    poller = undefined;
    token = undefined;
    digitalWrite(light, !lightOn);
  }

  function mark(buffer: number): void {
    cells[words * buffer] = MARK;
    cells[words * buffer + words - 1] = MARK;
  }

  function isTouched(buffer: number, word: number): boolean {
    return cells[words * buffer + word] !== MARK;
  }

  /** The converter stands: what it left, and the code, are given in a call of their own. Then the buffers are free for others. */
  function finish(code: Code, whole: number, rest: number, amount: number): void {
    state = ENDING;
    ending = clock.after(0, function () {
      ending = undefined;
      if (whole >= 0) giveSamples(buffers[whole], words);
      if (state === ENDING && amount > 0) giveSamples(buffers[rest], amount);
      if (state !== ENDING) return;
      memory.isTaken = false;
      state = IDLE;
      giveEnd(code, dropped);
    });
  }

  /** Ends the capture; after a failure nothing of the rest is given. */
  function stopNow(isFailure: boolean): void {
    saadc.unchain();
    // Asked before STOP, which raises END as well.
    const isRestarted = hasEnded || (peek32(EVENT_END) !== 0 && peek32(EVENT_STARTED) !== 0);
    const isAnswered = saadc.halt();
    const nowMs = clock.nowMs();
    const amount = saadc.amount;
    // Now: what was captured takes its time.
    shut();
    if (isFailure || !isAnswered) {
      finish(ERR_HARDWARE, -1, 0, 0);
      return;
    }
    // With the amount, the beginning of the last filling is known exactly: so is the number of fillings that nobody saw.
    if (isUnsure || (isRestarted && isTouched(1 - current, words - 1))) {
      const fillings = Math.floor((nowMs - (amount * 1000) / RATE_HZ - beganMs) / bufferMs + 0.5);
      dropped = Math.max(0, dropped + (fillings - (isRestarted ? 1 : 0)) * words);
    }
    if (isRestarted) finish(OK, current, 1 - current, amount);
    else finish(OK, -1, current, amount);
  }

  /** The current buffer became full between the last poll and this one: when, and what an earlier late poll really lost. */
  function follow(nowMs: number): void {
    let fillings = 1;
    if (isUnsure && nowMs - polledMs < bufferMs / 2) {
      fillings = Math.floor(((nowMs + polledMs) / 2 - beganMs) / bufferMs + 0.5);
      isUnsure = false;
      dropped = Math.max(0, dropped + (fillings - 1) * words);
    }
    beganMs += fillings * bufferMs;
    if (!isUnsure) beganMs = Math.min(Math.max(beganMs, polledMs), nowMs);
  }

  function swap(nowMs: number): void {
    follow(nowMs);
    hasEnded = false;
    isLent = true;
    try {
      giveSamples(buffers[current], words);
    } catch (error) {
      isLent = false;
      if (state === RUNNING) stopNow(true);
      throw error;
    }
    isLent = false;
    if (state !== RUNNING) return;
    const other = 1 - current;
    mark(current);
    let isLate = isTouched(other, words - 1);
    saadc.renew(buffers[current]);
    // Either the other buffer became full in time, just now, and this one is being filled; or it is being overwritten.
    hasEnded = isTouched(current, 0);
    if (!hasEnded && isTouched(other, words - 1)) isLate = true;
    if (isLate) {
      const fillings = Math.max(1, Math.floor((clock.nowMs() - beganMs) / bufferMs));
      dropped += fillings * words;
      beganMs += fillings * bufferMs;
      isUnsure = true;
    }
    current = other;
  }

  function poll(): void {
    const nowMs = clock.nowMs();
    if (state === RUNNING) {
      if (hasEnded || peek32(EVENT_END)) swap(nowMs);
      else if (nowMs - beganMs > OVERDUE * bufferMs) stopNow(true);
      polledMs = nowMs;
      if (state === RUNNING && isStopWanted) stopNow(false);
    }
    // The release may not have been told; a contact that bounces is down again at the next poll.
    liftedPolls = isPawPressed() ? 0 : liftedPolls + 1;
    if (token && (!token.isLive() || liftedPolls > 1)) {
      if (state === RUNNING) stopNow(false);
      else shut();
    }
  }

  shut();

  return {
    rateHz: RATE_HZ,
    midScale: midScale,
    fullScale: Math.min(midScale, RESULT_RANGE - midScale),
    settleMs: front.settleMs,

    open: function (proof: PawToken): Code {
      if (!proof || !proof.isLive() || !isPawPressed()) return ERR_FORBIDDEN;
      if (token || state !== IDLE) return ERR_BUSY;
      token = proof;
      digitalWrite(light, lightOn);
      if (!isOneWire) digitalWrite(power, powerOn);
      poller = clock.every(POLL_MS, poll);
      return OK;
    },

    start: function (onSamples: (address: number, count: number) => void, onEnd: (code: Code, dropped: number) => void): Code {
      if (!token || !token.isLive()) return ERR_FORBIDDEN;
      if (state !== IDLE) return ERR_BUSY;
      const lease = memory.take();
      if (lease !== OK) return lease;
      mark(0);
      mark(1);
      const code = saadc.start(buffers[0], words, buffers[1]);
      if (code !== OK) {
        memory.isTaken = false;
        return code;
      }
      giveSamples = onSamples;
      giveEnd = onEnd;
      current = 0;
      hasEnded = false;
      isStopWanted = false;
      dropped = 0;
      isUnsure = false;
      beganMs = clock.nowMs();
      polledMs = beganMs;
      state = RUNNING;
      return OK;
    },

    stop: function (): void {
      if (state !== RUNNING) return;
      // Inside onSamples the bookkeeping is half done: the poll stops as soon as the buffer is back.
      if (isLent) isStopWanted = true;
      else stopNow(false);
    },

    close: function (): void {
      if (state === RUNNING) {
        saadc.unchain();
        saadc.halt();
      }
      if (ending !== undefined) clock.cancel(ending);
      ending = undefined;
      if (state !== IDLE) memory.isTaken = false;
      state = IDLE;
      shut();
    },

    selfTest: function (): Code {
      if (token || state !== IDLE) return ERR_BUSY;
      const lease = memory.take();
      if (lease !== OK) return lease;
      for (let i = 0; i < SELF_TEST_WORDS; i++) cells[i] = MARK;
      let code = saadc.start(buffers[0], SELF_TEST_WORDS, 0);
      if (code === OK) {
        const isFull = waitForEvent(EVENT_END, clock, PATIENCE_MS);
        if (!saadc.halt() || !isFull || saadc.amount !== SELF_TEST_WORDS) code = ERR_HARDWARE;
        for (let i = 0; i < SELF_TEST_WORDS; i++) {
          if (!isTouched(0, i)) code = ERR_HARDWARE;
        }
      }
      memory.isTaken = false;
      return code;
    },
  };
}
