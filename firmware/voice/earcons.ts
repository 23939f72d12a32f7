// The toy's own sounds: square tones made by the PWM carrier itself, no work per sample. A new
// sound replaces the one that is sounding.

import { OK, type Clock, type Speaker, type TimerId } from "../../hal/contract.ts";

/** "I am listening": 80 ms with what the interpreter needs for it, because the child speaks right after it. */
export const EARCON_START = 0;
/** "I have it": comes only when the message is safe. */
export const EARCON_STOP = 1;
/** "Five seconds left." */
export const EARCON_ENDING = 2;
/** "Nothing there", "not that". */
export const EARCON_NO = 3;
/** "I am full: somebody must take messages away." */
export const EARCON_FULL = 4;
/** "My battery is low." */
export const EARCON_BATTERY = 5;
/** "Something in me is broken." */
export const EARCON_ERROR = 6;
/** "Let go, or I forget everything." */
export const EARCON_WARNING = 7;
/** "I have forgotten everything." */
export const EARCON_RESET = 8;
/** "I listen for a phone." */
export const EARCON_PAIRING = 9;
/** "That phone is one of the family now." */
export const EARCON_PAIRED = 10;
/** "I knew that phone: what it had before is gone." */
export const EARCON_REPLACED = 11;

/** Loudness of earcons at full volume, 0..255. */
export const EARCON_VOLUME = 128;

export interface Earcons {
  /** Plays one of the EARCON_ sounds; `onEnd` comes once when it has ended by itself, never when it was cut off. */
  play(earcon: number, onEnd?: () => void): void;
  /** Plays frequencies in Hz (0 = pause) and lengths in milliseconds, in turn. */
  playSteps(steps: number[], onEnd?: () => void): void;
  /** Cuts off whatever sounds. */
  stop(): void;
  isSounding(): boolean;
}

/** `volume` tells the loudest that anything may sound now, of 256. */
export function createEarcons(speaker: Speaker, clock: Clock, volume: () => number): Earcons {
  // By EARCON_ number: frequency in Hz (0 = pause) and length in milliseconds, in turn.
  const sounds = [
    [1047, 36, 1568, 36],
    [1568, 60, 1047, 60],
    [1568, 40, 0, 60, 1568, 40],
    [392, 150],
    [392, 120, 0, 60, 392, 120, 0, 60, 392, 120],
    [784, 120, 587, 120, 392, 240],
    [262, 300, 0, 100, 262, 300],
    [880, 200, 698, 200],
    [1047, 120, 784, 120, 659, 120, 523, 240],
    [784, 100, 1047, 100, 1319, 100],
    [784, 100, 1047, 100, 1319, 100, 1568, 240],
    [1568, 100, 784, 100, 1568, 100, 784, 240],
  ];
  let steps: number[] | undefined;
  let position = 0;
  let timer: TimerId | undefined;
  let ended: (() => void) | undefined;

  function stop(): void {
    if (!steps) return;
    steps = undefined;
    if (timer !== undefined) clock.cancel(timer);
    timer = undefined;
    speaker.silence();
  }

  function step(): void {
    timer = undefined;
    if (!steps) return;
    if (position >= steps.length) {
      stop();
      if (ended) ended();
      return;
    }
    const hz = steps[position];
    const ms = steps[position + 1];
    position += 2;
    if (hz === 0) speaker.silence();
    else if (speaker.tone(hz, (EARCON_VOLUME * volume()) >> 8) !== OK) position = steps.length;
    timer = clock.after(ms, step);
  }

  function playSteps(sound: number[], onEnd?: () => void): void {
    stop();
    steps = sound;
    position = 0;
    ended = onEnd;
    step();
  }

  return {
    play: function (earcon: number, onEnd?: () => void): void {
      playSteps(sounds[earcon], onEnd);
    },
    playSteps: playSteps,
    stop: stop,
    isSounding: function () {
      return steps !== undefined;
    },
  };
}
