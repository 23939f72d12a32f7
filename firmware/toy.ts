// The toy: one state machine. Every event has a defined outcome in every state: the table below, a letter a cell.

import { ERR_BUSY, ERR_FORBIDDEN, ERR_FULL, OK, type Clock, type Code, type Hal, type PawToken, type TimerId } from "../hal/contract.ts";
import {
  HEART_BROKEN,
  HEART_DARK,
  HEART_FORGETTING,
  HEART_PAIRING,
  HEART_WAITING,
  createHeartLight,
} from "./heart/heart.ts";
import type { Message } from "./messages/index.ts";
import { ORIGIN_FAMILY } from "./messages/layout.ts";
import { createStore } from "./messages/store.ts";
import { createGesture } from "./paw/gesture.ts";
import {
  EARCON_BATTERY,
  EARCON_ENDING,
  EARCON_ERROR,
  EARCON_FULL,
  EARCON_NO,
  EARCON_PAIRED,
  EARCON_PAIRING,
  EARCON_REPLACED,
  EARCON_RESET,
  EARCON_START,
  EARCON_STOP,
  EARCON_WARNING,
  createEarcons,
} from "./voice/earcons.ts";
import type { Link, LinkPorts } from "./link/link.ts";
import { AT_OTHER, AT_PLAY, AT_RECORDING, AT_REST } from "./link/protocol.ts";
import { createSettings } from "./link/settings.ts";
import { WINDOW_FAILED, WINDOW_PAIRED, WINDOW_REPLACED } from "./link/window.ts";
import type { Slot } from "./slot/slot.ts";
import { BLOCK_BYTES } from "./voice/abi.ts";
import { createKernel, type KernelImage } from "./voice/kernel.ts";
import { createPlayer, type PlayerSource } from "./voice/player.ts";
import { PROMPT_BLOCKS, countedDigits, readPromptBlock, spokenDigits, type Prompt } from "./voice/prompts.ts";
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
/** A phone may pair; the toy speaks to whoever holds it. */
export const PAIRING = 7;
export const STATE_NAMES = "idle chirping recording saving playing resetting broken pairing";

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
/** The pairing window has shut by itself. */
export const PAIRING_ENDED = 14;
export const EVENT_NAMES =
  "held released tappedOnce tappedTwice tappedMore pairingAsked resetWarned resetAsked resetCancelled chirped ending captured played forgotten pairingEnded";

// One row a state, one column an event, in the order of the constants above.
//   R record      A abort the recording   C start the capture   S stop the capture    E capture ended
//   P play next   O play own              T stop playing        B stop playing, then record
//   F played      N "no" tone             W reset warning       X begin reset         Z reset done
//   K cancelled   L ending chirp          ! "broken" tone       Y open the pairing window
//   Q shut it     D shut it, then record  U it has shut         G spoken to the end
//   . nothing: cannot happen here, or means nothing here
export const TRANSITIONS = [
  /* idle      */ "R.PO.YWXK......",
  /* chirping  */ ".A.......C.....",
  /* recording */ ".S........LE...",
  /* saving    */ "...........E...",
  /* playing   */ "B.TO.NWXK...F..",
  /* resetting */ ".............Z.",
  /* broken    */ "!.!..!WXK......",
  /* pairing   */ "D.QQQ.WXK...G.U",
];

/** Housekeeping waits so long after the last event, and between its steps. */
const MAINTAIN_MS = 60;
const FORGET_MS = 10;
/** A lithium cell at rest, charged. */
const FULL_MILLIVOLTS = 4150;

export interface Toy {
  state(): number;
  /** Gives an event to the state machine; returns the letter of the cell. */
  handle(event: number, token?: PawToken): string;
  messages(): number;
}

/** What a build with a link gives to its toy. */
export interface ToyOptions {
  readonly lowMillivolts: number;
  /** Where the application lies; absent when it was not started from a slot. */
  readonly slot: Slot | undefined;
  readonly createLink: ((ports: LinkPorts) => Link) | undefined;
}

export function createToy(hal: Hal, image: KernelImage, options: ToyOptions): Toy {
  const clock: Clock = hal.clock;
  const kernel = createKernel(hal.native, image);
  const store = createStore(hal, kernel, LIMIT_SAMPLES);
  const log = store.messages;
  const slot = options.slot;
  store.load();
  const settings = createSettings(clock, store.records);
  const earcons = createEarcons(hal.speaker, clock, settings.volume);
  const light = createHeartLight(hal.heart, clock);
  // OK, or why there is no audio until the next boot.
  const audioCode = kernel.code || hal.selfTest();
  let state = BROKEN;
  let captureCode: Code = OK;
  let capturedSamples = 0;
  let playedCode: Code = OK;
  let housekeeping: TimerId | undefined;
  let gestureTimer: TimerId | undefined;

  const recorder = createRecorder(clock, hal.microphone, kernel, log, {
    ending: function () {
      handle(ENDING);
    },
    ended: function (code, samples) {
      captureCode = code;
      capturedSamples = samples;
      handle(CAPTURED);
    },
  });
  // A passkey that is being spoken.
  let prompt: Prompt | undefined;
  const source: PlayerSource<Message | Prompt> = {
    readBlock: function (sound, index, into) {
      return sound === prompt && slot ? readPromptBlock(slot, prompt, index, into) : log.readBlock(sound as Message, index, into);
    },
    volume: settings.volume,
  };
  const player = createPlayer(clock, hal.speaker, kernel, source, function (code) {
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
    else if (next === PAIRING) pattern = HEART_PAIRING;
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
    if (earcons.isSounding() || hal.paw.isPressed() || (link && link.isMoving()) || player.prepare(nextMessage()) || store.maintain()) {
      housekeeping = clock.after(MAINTAIN_MS, maintain);
    }
  }

  function forget(): void {
    housekeeping = undefined;
    // Bonds can be erased when nobody is connected.
    const isConnected = hal.radio !== undefined && hal.radio.status().connected;
    if (store.forget() || isConnected) housekeeping = clock.after(FORGET_MS, forget);
    else handle(FORGOTTEN);
  }

  function earconFor(code: Code): number {
    // Forbidden: the paw was let go in the meantime. Nothing is broken.
    return code === ERR_FULL ? EARCON_FULL : code === ERR_FORBIDDEN ? EARCON_NO : EARCON_ERROR;
  }

  function record(token?: PawToken): void {
    earcons.stop();
    if (link) link.yieldStore();
    if (hal.power.batteryMillivolts() < options.lowMillivolts) {
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

  let outcomeEarcon = EARCON_NO;
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
    const wasPrompt = message === prompt;
    prompt = undefined;
    if (playedCode === OK && !isCutOff && message && !wasPrompt && (message as Message).origin === ORIGIN_FAMILY) log.markHeard(message as Message);
    enter(IDLE);
    if (earcon >= 0) earcons.play(earcon);
    else if (playedCode !== OK) earcons.play(EARCON_ERROR);
    else if (token && token.isLive()) record(token);
    else if (next) play(next);
  }

  // Pairing: the window is the link's, what is heard and seen of it is here.

  function pair(): void {
    const code = link ? link.open() : ERR_BUSY;
    if (code === OK) {
      enter(PAIRING);
      earcons.play(EARCON_PAIRING);
    } else earcons.play(code === ERR_FULL ? EARCON_FULL : EARCON_NO);
  }

  function speak(digits: string): void {
    if (state !== PAIRING) return;
    earcons.stop();
    if (!slot || slot.promptBytes() < PROMPT_BLOCKS * BLOCK_BYTES) earcons.playSteps(countedDigits(digits));
    else {
      prompt = spokenDigits(digits);
      isCutOff = false;
      if (player.play(prompt) !== OK) prompt = undefined;
    }
  }

  function told(outcome: number): void {
    outcomeEarcon = outcome === WINDOW_PAIRED ? EARCON_PAIRED : outcome === WINDOW_REPLACED ? EARCON_REPLACED : EARCON_NO;
    if (outcome === WINDOW_FAILED) say(EARCON_NO);
    else handle(PAIRING_ENDED);
  }

  /** What is still being spoken ends first, as a playback does. */
  function leavePairing(earcon: number, token?: PawToken): void {
    if (link) link.close();
    if (prompt) {
      enter(PLAYING);
      sayAfter = earcon;
      recordAfter = token;
      stopPlaying();
    } else {
      enter(IDLE);
      if (earcon >= 0) earcons.play(earcon);
      else if (token) record(token);
    }
  }

  function reset(): void {
    earcons.stop();
    if (link) {
      link.close();
      link.setAwake(false);
    }
    if (state === PLAYING || prompt) stopPlaying();
    forgetWaiting();
    enter(RESETTING);
  }

  function restState(): number {
    return store.isResetting() ? RESETTING : (audioCode || store.code()) === OK ? IDLE : BROKEN;
  }

  function resetDone(): void {
    if (hal.radio) hal.radio.eraseBonds();
    store.renew();
    // The new address takes effect in the boot files.
    earcons.play(EARCON_RESET, hal.radio ? hal.system.reboot : undefined);
    enter(restState());
  }

  function say(earcon: number): void {
    if (state === PLAYING || prompt) {
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
    Y: pair,
    Q: function () {
      leavePairing(EARCON_NO);
    },
    D: function (token) {
      leavePairing(-1, token);
    },
    U: function () {
      leavePairing(outcomeEarcon);
    },
    G: function () {
      prompt = undefined;
      if (sayAfter >= 0) earcons.play(sayAfter);
      sayAfter = -1;
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

  const gesture = createGesture({
    held: function (token) {
      handle(HELD, token);
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

  function activity(): number {
    if (state === IDLE) return AT_REST;
    return state === PLAYING ? AT_PLAY : isListening(state) ? AT_RECORDING : AT_OTHER;
  }

  let batteryPercent = 100;

  enter(restState());
  // Without a key page of before the boot files had no address to give.
  if (hal.radio && store.isNew()) hal.system.reboot();
  const link =
    hal.radio && options.createLink && state === IDLE
      ? options.createLink({
          clock: clock,
          radio: hal.radio,
          native: hal.native,
          kernel: kernel,
          log: log,
          records: store.records,
          journal: store.journal,
          settings: settings,
          longestSamples: LIMIT_SAMPLES,
          activity: activity,
          batteryPercent: function () {
            // Not while the converter is the microphone's.
            if (!isListening(state) && options.lowMillivolts > 0) {
              const share = (hal.power.batteryMillivolts() - options.lowMillivolts) / (FULL_MILLIVOLTS - options.lowMillivolts);
              batteryPercent = Math.floor(100 * Math.max(0, Math.min(1, share)));
            }
            return batteryPercent;
          },
          changed: function () {
            if (state === IDLE) enter(IDLE);
          },
          build: slot ? slot.build : new Uint32Array(9),
          reboot: hal.system.reboot,
          speak: speak,
          told: told,
        })
      : undefined;
  if (link) link.setAwake(true);
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
  };
}
