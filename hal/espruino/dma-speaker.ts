// Speaker port by EasyDMA: two sequences of duty words that the hardware plays for ever; JavaScript refills the one that is not
// playing, by polling. No path leaves the DMA running.
// A word w (bit 15 clear) gives the pin the duty 1 - w / fullScale: the wave is upside down, which nobody hears.
//
// Pokes and peeks take 0.2 to 0.5 ms each on the board; a test counts them.

import type { Board } from "../../boards/board.ts";
import { ERR_BUSY, ERR_HARDWARE, ERR_MEMORY, ERR_RANGE, OK, type Clock, type Code, type Speaker, type TimerId } from "../contract.ts";
import type { AudioMemory } from "./dma-memory.ts";
import { COUNTERTOP, DISCONNECTED, ENABLE, SEQEND, SEQSTART, SEQSTARTED, createPwm } from "./dma-pwm.ts";
import { onLevel } from "./pins.ts";

/** Bit 15: the period begins high, so the duty is the word itself. */
const FALLING_EDGE = 0x8000;
/** ENDDELAY's largest value: the last word is held for minutes, whatever JavaScript does. */
const HOLD = 0xffffff;

const CLOCK_HZ = 16000000;
const MESSAGE_RATE_HZ = 8000;
const PRESCALER_1_MHZ = 4;
const TONE_CLOCK_HZ = 1000000;
const LOWEST_TONE_HZ = 31;
const HIGHEST_TONE_HZ = 20000;

/** How often the end of the last sequence, or of one that is late, is looked for. */
const POLL_MS = 5;
/** Buffer lengths without a change of sequence after which the PWM is dead. */
const OVERDUE = 2.5;
/** The RC oscillator may be wrong by 1.5%, typically. */
const SLOW_CLOCK = 1.02;
const FAST_CLOCK = 0.98;

const IDLE = 0;
const TONE = 1;
const PREPARING = 2;
const PLAYING = 3;
const ENDING = 4;

export interface DmaSpeaker extends Speaker {
  /** Plays two words of mid level with no pin connected. */
  selfTest(): Code;
}

export function createDmaSpeaker(
  board: Pick<Board, "audioBufferMs" | "capabilities" | "speaker">,
  clock: Clock,
  memory: AudioMemory,
): DmaSpeaker {
  const pwm = createPwm(board.capabilities.pwm3, clock);
  const rateHz = board.speaker.carrierHz;
  const top = CLOCK_HZ / rateHz;
  const words = memory.words;
  const tail = memory.tail;
  const tailAddress = memory.address + 2 * tail;
  const shortestMs = FAST_CLOCK * board.audioBufferMs;
  const buffers = memory.buffers;
  const cells = memory.cells;
  const output = new Pin(board.speaker.output.espruino);
  // Espruino turns negated pins round.
  const outputLow = board.speaker.output.negated === true;
  const amplifier = board.speaker.amplifier ? new Pin(board.speaker.amplifier.espruino) : undefined;
  const amplifierOn = board.speaker.amplifier ? onLevel(board.speaker.amplifier) : true;

  let state = IDLE;
  let timer: TimerId | undefined;
  let fill: (address: number, words: number) => number;
  let giveEnd: (code: Code, late: number) => void;
  let late = 0;
  /** The sequence that sounds, and the one that is the last (-1: not known yet). */
  let playing = 0;
  let last = -1;
  /** How long the last one takes, and when the sequence that sounds was first seen. */
  let lastMs = 0;
  let changedMs = 0;
  /** The next one begins soon after this. */
  let dueMs = 0;

  function amplify(isOn: boolean): void {
    if (amplifier) digitalWrite(amplifier, isOn === amplifierOn);
  }

  function halt(): boolean {
    const isAnswered = pwm.halt();
    digitalWrite(output, outputLow);
    amplify(false);
    return isAnswered;
  }

  function end(code: Code): void {
    if (timer !== undefined) clock.cancel(timer);
    timer = undefined;
    memory.isTaken = false;
    state = IDLE;
    giveEnd(code, late);
  }

  /** Has buffer n filled. The last one is followed by mid level, held until the poll finds its end. Words to play. */
  function refill(n: number): number {
    let count = 0;
    try {
      count = fill(buffers[n], words);
    } catch (error) {
      if (state === PLAYING) halt();
      if (state === PLAYING || state === PREPARING) end(ERR_HARDWARE);
      throw error;
    }
    if (count >= words) return words;
    last = n;
    // Two words at least: with one in sequence 1 the hardware tells a false end (erratum 183).
    for (let i = 0; i < 2 && count < words; i++) cells[words * n + count++] = top >> 1;
    lastMs = ((count * 1000) / rateHz) * SLOW_CLOCK;
    return count;
  }

  /** Turns to sequence n, which sounds by now, and fills the other one. */
  function turn(n: number): void {
    pwm.set(SEQSTARTED + 4 * n, 0);
    playing = n;
    // Both are known when the last one sounds: nothing to fill, and its delay keeps the other from coming again.
    if (last === n) return;
    const free = 1 - n;
    const count = refill(free);
    if (state !== PLAYING) return;
    if (last === free) {
      pwm.setSequence(free, buffers[free], count, HOLD);
      pwm.set(SEQEND + 4 * free, 0);
    }
    if (pwm.isSet(SEQSTARTED + 4 * free)) {
      // It began before it was filled and plays old words: begin it again, with the new ones.
      late++;
      pwm.set(SEQSTARTED, [0, 0]);
      pwm.set(SEQSTART + 4 * free, 1);
      dueMs = clock.nowMs();
    }
  }

  // A change is found at once: of a buffer of 250 ms, a stall of 200 ms leaves 50 for finding and filling. So it is waited for in place.
  function poll(): void {
    timer = undefined;
    const isLast = last === playing;
    const started = SEQSTARTED + 4 * (1 - playing);
    // Found by the first look it may be old; then what comes next is due as if it had come as early as it could.
    const isOld = !isLast && pwm.isSet(started);
    const isNew = !isLast && !isOld && pwm.waitFor(started);
    const nowMs = clock.nowMs();
    // A repetition of the old words may have told its end in the very moment that the last ones began: they take their time.
    const isDone = isLast ? pwm.isSet(SEQEND + 4 * last) && nowMs - changedMs >= lastMs : isOld || isNew;
    if (!isDone && nowMs - changedMs <= OVERDUE * board.audioBufferMs) {
      timer = clock.after(POLL_MS, poll);
      return;
    }
    if (isLast || !isDone) {
      end(halt() && isDone ? OK : ERR_HARDWARE);
      return;
    }
    changedMs = nowMs;
    dueMs = (isNew ? nowMs : dueMs) + shortestMs;
    turn(1 - playing);
    if (state !== PLAYING) return;
    const fromMs = last === playing ? changedMs + lastMs : dueMs;
    timer = clock.after(Math.max(POLL_MS, fromMs - clock.nowMs()), poll);
  }

  function prepare(): void {
    timer = undefined;
    const first = refill(0);
    const second = state === PREPARING && last < 0 ? refill(1) : 0;
    if (state !== PREPARING) return;
    pwm.configure(board.speaker.output.nrf, top, 0, true);
    pwm.setSequence(0, buffers[0], first, last === 0 ? HOLD : 0);
    if (last !== 0) pwm.setSequence(1, buffers[1], second, last === 1 ? HOLD : 0);
    pwm.set(SEQSTARTED, [0, 0, 0, 0]);
    pwm.set(SEQSTART, 1);
    if (!pwm.waitFor(SEQSTARTED)) {
      halt();
      end(ERR_HARDWARE);
      return;
    }
    pwm.set(SEQSTARTED, 0);
    amplify(true);
    state = PLAYING;
    changedMs = clock.nowMs();
    dueMs = changedMs + shortestMs;
    timer = clock.after(Math.max(POLL_MS, last === 0 ? lastMs : shortestMs), poll);
  }

  function silence(): void {
    if (state === TONE) {
      if (memory.code === OK) halt();
      else {
        digitalWrite(output, outputLow);
        amplify(false);
      }
      state = IDLE;
    } else if (state === PREPARING || state === PLAYING) {
      if (timer !== undefined) clock.cancel(timer);
      let isStopped = true;
      if (state === PLAYING) {
        // A single word of mid level, held, replaces what plays at the next period; then all is switched off.
        cells[tail] = top >> 1;
        pwm.setSequence(0, tailAddress, 1, HOLD);
        pwm.set(SEQSTART, 1);
        isStopped = halt();
      }
      state = ENDING;
      timer = clock.after(0, function () {
        end(isStopped ? OK : ERR_HARDWARE);
      });
    }
  }

  digitalWrite(output, outputLow);
  amplify(false);

  return {
    rateHz: rateHz,
    wordsPerSample: rateHz / MESSAGE_RATE_HZ,
    fullScale: top,

    play: function (onFill: (address: number, words: number) => number, onEnd: (code: Code, late: number) => void): Code {
      if (state === TONE) silence();
      if (state !== IDLE) return ERR_BUSY;
      const lease = memory.take();
      if (lease !== OK) return lease;
      if (pwm.isSet(ENABLE)) {
        memory.isTaken = false;
        return ERR_BUSY;
      }
      fill = onFill;
      giveEnd = onEnd;
      late = 0;
      playing = 0;
      last = -1;
      state = PREPARING;
      timer = clock.after(0, prepare);
      return OK;
    },

    tone: function (hz: number, volume: number): Code {
      if (state !== IDLE && state !== TONE) return ERR_BUSY;
      if (!(hz >= LOWEST_TONE_HZ && hz <= HIGHEST_TONE_HZ && volume >= 0 && volume <= 255)) return ERR_RANGE;
      const code = memory.code;
      if (code === ERR_MEMORY) {
        // Without memory for DMA there is no voice, but the toy can still say that it is broken.
        analogWrite(output, volume / 510, { freq: hz });
        amplify(true);
        state = TONE;
        return OK;
      }
      if (code !== OK) return code;
      const period = Math.floor(TONE_CLOCK_HZ / hz + 0.5);
      // Half the period high is the loudest.
      cells[tail] = Math.floor((period * volume) / 510 + 0.5) | FALLING_EDGE;
      if (state === TONE) pwm.set(COUNTERTOP, period);
      else {
        if (pwm.isSet(ENABLE)) return ERR_BUSY;
        pwm.configure(board.speaker.output.nrf, period, PRESCALER_1_MHZ, false);
        // Without a loop the counter keeps the one word until STOP, and no DMA runs.
        pwm.setSequence(0, tailAddress, 1, 0);
      }
      pwm.set(SEQSTART, 1);
      if (state !== TONE) amplify(true);
      state = TONE;
      return OK;
    },

    silence: silence,

    selfTest: function (): Code {
      if (state !== IDLE) return ERR_BUSY;
      const code = memory.code;
      if (code !== OK) return code;
      if (pwm.isSet(ENABLE)) return ERR_BUSY;
      cells[tail] = top >> 1;
      cells[tail + 1] = top >> 1;
      pwm.configure(DISCONNECTED, top, 0, false);
      pwm.setSequence(0, tailAddress, 2, 0);
      pwm.set(SEQSTARTED, [0, 0, 0, 0]);
      pwm.set(SEQSTART, 1);
      const isPlayed = pwm.waitFor(SEQSTARTED) && pwm.waitFor(SEQEND);
      const isStopped = halt();
      return isPlayed && isStopped ? OK : ERR_HARDWARE;
    },
  };
}
