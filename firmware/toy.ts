// The toy: one state machine. Every event has a defined outcome in every state: the table below, a letter a cell.

import { ERR_FORBIDDEN, ERR_FULL, OK, type Clock, type Code, type Hal, type PawToken, type TimerId } from "../hal/contract.ts";
import {
  HEART_BROKEN,
  HEART_DARK,
  HEART_FORGETTING,
  HEART_WAITING,
  createHeartLight,
} from "./heart/heart.ts";
import type { Message } from "./messages/index.ts";
import { ORIGIN_FAMILY } from "./messages/layout.ts";
import type { createStore as CreateStore } from "./messages/store.ts";
import { createGesture } from "./paw/gesture.ts";
import {
  EARCON_BATTERY,
  EARCON_ENDING,
  EARCON_ERROR,
  EARCON_FULL,
  EARCON_NO,
  EARCON_RESET,
  EARCON_START,
  EARCON_STOP,
  EARCON_WARNING,
  createEarcons,
} from "./voice/earcons.ts";
import { createKernel, type KernelImage } from "./voice/kernel.ts";
import { createPlayer } from "./voice/player.ts";
import { LIMIT_SAMPLES, createRecorder } from "./voice/recorder.ts";

/** Nothing is going on; an earcon may sound. */
export const IDLE = 0;
/** Red, microphone powered, the start chirp sounds. */
export const CHIRPING = 1;
export const RECORDING = 2;
/** The paw is released or the limit reached; the last samples are on their way to flash. */
export const SAVING = 3;
export const PLAYING = 4;
/** Forgetting everything, page by page. */
export const RESETTING = 5;
/** No audio path, or no store: kernel, its memory, converter or PWM failed at boot, or the store holds a newer layout. */
export const BROKEN = 6;
export const STATE_NAMES = "idle chirping recording saving playing resetting broken";

/** A hold that means "record"; its token goes with it. */
export const HELD = 0;
/** That hold has ended. */
export const RELEASED = 1;
export const TAPPED_ONCE = 2;
export const TAPPED_TWICE = 3;
export const TAPPED_MORE = 4;
export const PAIRING_ASKED = 5;
export const RESET_WARNED = 6;
export const RESET_ASKED = 7;
export const RESET_CANCELLED = 8;
/** The start chirp has ended. */
export const CHIRPED = 9;
/** Five seconds of room are left. */
export const ENDING = 10;
/** The capture is over and the microphone off. */
export const CAPTURED = 11;
/** The playback is over. */
export const PLAYED = 12;
/** Nothing is left to forget. */
export const FORGOTTEN = 13;
export const EVENT_NAMES =
  "held released tappedOnce tappedTwice tappedMore pairingAsked resetWarned resetAsked resetCancelled chirped ending captured played forgotten";

// One row a state, one column an event, in the order of the constants above.
//   R record      A abort the recording   C start the capture   S stop the capture    E capture ended
//   P play next   O play own              T stop playing        B stop playing, then record
//   F played      N "no" tone             W reset warning       X begin reset         Z reset done
//   K cancelled   L ending chirp          ! "broken" tone       . nothing: cannot happen here, or means nothing here
export const TRANSITIONS = [
  /* idle      */ "R.PO.NWXK.....",
  /* chirping  */ ".A.......C....",
  /* recording */ ".S........LE..",
  /* saving    */ "...........E..",
  /* playing   */ "B.TO.NWXK...F.",
  /* resetting */ ".............Z",
  /* broken    */ "!.!..!WXK.....",
];

/** Housekeeping waits so long after the last event, and between its steps. */
const MAINTAIN_MS = 60;
const FORGET_MS = 10;

export interface Toy {
  state(): number;
  /** Gives an event to the state machine; returns the letter of the cell. */
  handle(event: number, token?: PawToken): string;
  messages(): number;
  /** OK, or why there is no audio until the next boot. */
  audioCode(): Code;
  /**
   * What JavaScript came too late for since boot: converter results that no message holds, then playback buffers that sounded
   * again instead of the next.
   */
  losses(): number[];
  /** Gives the token of the next hold to the bench instead of recording. */
  lendHold(to: (token: PawToken) => void): void;
}

export function createToy(hal: Hal, image: KernelImage, lowMillivolts: number, createStore: typeof CreateStore): Toy {
  const clock: Clock = hal.clock;
  const kernel = createKernel(hal.native, image);
  const store = createStore(hal, kernel, LIMIT_SAMPLES);
  const log = store.messages;
  const earcons = createEarcons(hal.speaker, clock);
  const light = createHeartLight(hal.heart, clock);
  // OK, or why there is no audio until the next boot.
  const audioCode = kernel.code || hal.selfTest();
  let state = BROKEN;
  let captureCode: Code = OK;
  let capturedSamples = 0;
  let playedCode: Code = OK;
  const losses = [0, 0];
  let housekeeping: TimerId | undefined;
  let gestureTimer: TimerId | undefined;

  const recorder = createRecorder(clock, hal.microphone, kernel, log, {
    ending: function () {
      handle(ENDING);
    },
    ended: function (code, samples, dropped) {
      losses[0] += dropped;
      captureCode = code;
      capturedSamples = samples;
      handle(CAPTURED);
    },
  });
  const player = createPlayer(clock, hal.speaker, kernel, log, function (code, late) {
    losses[1] += late;
    playedCode = code;
    handle(PLAYED);
  });

  function isListening(which: number): boolean {
    return which === CHIRPING || which === RECORDING || which === SAVING;
  }

  function enter(next: number): void {
    // Whatever led here: outside the listening states the microphone has no power. Nothing to abort is the normal case.
    if (isListening(state) && !isListening(next)) recorder.abort();
    state = next;
    let pattern = HEART_DARK;
    if (next === RESETTING) pattern = HEART_FORGETTING;
    else if (next === BROKEN) pattern = HEART_BROKEN;
    else if (next === IDLE && log.oldestUnheard()) pattern = HEART_WAITING;
    light.show(pattern);
    if (housekeeping !== undefined) clock.cancel(housekeeping);
    housekeeping = undefined;
    if (next === IDLE || next === BROKEN) housekeeping = clock.after(MAINTAIN_MS, maintain);
    else if (next === RESETTING) housekeeping = clock.after(FORGET_MS, forget);
  }

  function nextMessage(): Message | undefined {
    return log.oldestUnheard() || log.lastHeard() || log.lastOwn();
  }

  function maintain(): void {
    housekeeping = undefined;
    // A step takes longer than a tone may be stretched, or a child kept waiting.
    if (earcons.isSounding() || hal.paw.isPressed() || player.prepare(nextMessage()) || store.maintain()) {
      housekeeping = clock.after(MAINTAIN_MS, maintain);
    }
  }

  function forget(): void {
    housekeeping = undefined;
    if (store.forget()) housekeeping = clock.after(FORGET_MS, forget);
    else handle(FORGOTTEN);
  }

  function earconFor(code: Code): number {
    // Forbidden: the paw was let go in the meantime. Nothing is broken.
    return code === ERR_FULL ? EARCON_FULL : code === ERR_FORBIDDEN ? EARCON_NO : EARCON_ERROR;
  }

  function record(token?: PawToken): void {
    earcons.stop();
    if (hal.power.batteryMillivolts() < lowMillivolts) {
      earcons.play(EARCON_BATTERY);
      enter(IDLE);
      return;
    }
    const code = token ? recorder.open(token) : ERR_FULL;
    if (code !== OK) {
      earcons.play(earconFor(code));
      enter(IDLE);
      return;
    }
    enter(CHIRPING);
    earcons.play(EARCON_START, function () {
      handle(CHIRPED);
    });
  }

  function capture(): void {
    const code = recorder.start();
    if (code === OK) enter(RECORDING);
    else {
      earcons.play(earconFor(code));
      enter(IDLE);
    }
  }

  function abort(): void {
    enter(IDLE);
    earcons.play(EARCON_NO);
  }

  function captureEnded(): void {
    enter(IDLE);
    if (captureCode !== OK) earcons.play(earconFor(captureCode));
    else earcons.play(capturedSamples > 0 ? EARCON_STOP : EARCON_NO);
  }

  // What waits for the playback before it to end.
  let queued: Message | undefined;
  let recordAfter: PawToken | undefined;
  let sayAfter = -1;
  // Only what sounded to its end has been heard.
  let isCutOff = false;

  function forgetWaiting(): void {
    queued = undefined;
    recordAfter = undefined;
    sayAfter = -1;
  }

  function stopPlaying(): void {
    isCutOff = true;
    player.stop();
  }

  function play(message: Message | undefined): void {
    earcons.stop();
    if (!message) {
      earcons.play(EARCON_NO);
      enter(IDLE);
      return;
    }
    if (state === PLAYING) {
      queued = message;
      stopPlaying();
      return;
    }
    isCutOff = false;
    if (player.play(message) === OK) enter(PLAYING);
    else {
      earcons.play(EARCON_ERROR);
      enter(IDLE);
    }
  }

  function playNext(): void {
    play(nextMessage());
  }

  function played(): void {
    const message = player.message();
    const next = queued;
    const token = recordAfter;
    const earcon = sayAfter;
    forgetWaiting();
    if (playedCode === OK && !isCutOff && message && message.origin === ORIGIN_FAMILY) log.markHeard(message);
    enter(IDLE);
    if (earcon >= 0) earcons.play(earcon);
    else if (playedCode !== OK) earcons.play(EARCON_ERROR);
    else if (token && token.isLive()) record(token);
    else if (next) play(next);
  }

  function reset(): void {
    earcons.stop();
    if (state === PLAYING) stopPlaying();
    forgetWaiting();
    enter(RESETTING);
  }

  function restState(): number {
    return (audioCode || store.code) === OK ? IDLE : BROKEN;
  }

  function resetDone(): void {
    store.renew();
    earcons.play(EARCON_RESET);
    enter(restState());
  }

  function say(earcon: number): void {
    if (state === PLAYING) {
      sayAfter = earcon;
      stopPlaying();
    } else earcons.play(earcon);
  }

  const actions: Record<string, (token?: PawToken) => void> = {
    R: record,
    A: abort,
    C: capture,
    S: function () {
      enter(SAVING);
      recorder.stop();
    },
    E: captureEnded,
    P: playNext,
    O: function () {
      play(log.lastOwn());
    },
    T: stopPlaying,
    B: function (token) {
      recordAfter = token;
      stopPlaying();
    },
    F: played,
    N: function () {
      say(EARCON_NO);
    },
    W: function () {
      say(EARCON_WARNING);
    },
    X: reset,
    Z: resetDone,
    K: earcons.stop,
    L: function () {
      earcons.play(EARCON_ENDING);
    },
    "!": function () {
      earcons.play(EARCON_ERROR);
    },
  };

  function handle(event: number, token?: PawToken): string {
    const cell = TRANSITIONS[state].charAt(event);
    if (cell !== ".") actions[cell](token);
    return cell;
  }

  // Takes the next hold's token instead of a recording: the self-test, which listens while the operator holds the paw.
  let borrower: ((token: PawToken) => void) | undefined;

  const gesture = createGesture({
    held: function (token) {
      const take = borrower;
      borrower = undefined;
      if (take && state === IDLE) take(token);
      else handle(HELD, token);
    },
    released: function () {
      handle(RELEASED);
    },
    tapped: function (count) {
      handle(count === 1 ? TAPPED_ONCE : count === 2 ? TAPPED_TWICE : TAPPED_MORE);
    },
    pairingAsked: function () {
      handle(PAIRING_ASKED);
    },
    resetWarned: function () {
      handle(RESET_WARNED);
    },
    resetAsked: function () {
      handle(RESET_ASKED);
    },
    resetCancelled: function () {
      handle(RESET_CANCELLED);
    },
  });

  function armGesture(): void {
    if (gestureTimer !== undefined) clock.cancel(gestureTimer);
    gestureTimer = undefined;
    const waitMs = gesture.waitMs(clock.nowMs());
    if (waitMs >= 0) gestureTimer = clock.after(waitMs, tickGesture);
  }

  function tickGesture(): void {
    gestureTimer = undefined;
    gesture.tick(clock.nowMs());
    armGesture();
  }

  store.load();
  // The boot files give the radio the address that was made with the key.
  if (store.isNew && store.code === OK) hal.system.reboot();
  enter(store.isResetting() ? RESETTING : restState());
  if (state === BROKEN) earcons.play(EARCON_ERROR);
  hal.paw.listen(function (pressed, atMs) {
    if (pressed) gesture.press(atMs);
    else gesture.release(atMs);
    armGesture();
  });

  return {
    state: function () {
      return state;
    },
    handle: handle,
    messages: log.count,
    audioCode: function () {
      return audioCode;
    },
    losses: function () {
      return losses;
    },
    lendHold: function (to) {
      borrower = to;
    },
  };
}
