// The toy: one state machine. Every event has a defined outcome in every state: the table of states.ts.
// Over 300 lines: its actions share the state of one machine, and a file of its own for some of them would have to be handed all of it.

import { ERR_BUSY, ERR_FORBIDDEN, ERR_FULL, OK, type Clock, type Code, type Hal, type PawToken, type TimerId } from "../hal/contract.ts";
import { HEART_BROKEN, HEART_DARK, HEART_FORGETTING, HEART_PAIRING, HEART_WAITING, createHeartLight } from "./heart/heart.ts";
import type { Link, LinkPorts } from "./link/link.ts";
import { AT_OTHER, AT_PLAY, AT_RECORDING, AT_REST } from "./link/protocol.ts";
import { WINDOW_FAILED, WINDOW_PAIRED, WINDOW_REPLACED } from "./link/window.ts";
import type { Message } from "./messages/index.ts";
import { ORIGIN_FAMILY } from "./messages/layout.ts";
import type { createStore as CreateStore } from "./messages/store.ts";
import { createGesture } from "./paw/gesture.ts";
import type { Slot } from "./slot/slot.ts";
import {
  BROKEN,
  CAPTURED,
  CHIRPED,
  CHIRPING,
  ENDING,
  FORGOTTEN,
  HELD,
  IDLE,
  PAIRING,
  PAIRING_ENDED,
  PLAYED,
  PLAYING,
  RECORDING,
  RESETTING,
  SAVING,
  TRANSITIONS,
} from "./states.ts";
import { BLOCK_BYTES } from "./voice/abi.ts";
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
import { createKernel, type KernelImage } from "./voice/kernel.ts";
import { FULL_VOLUME, createPlayer, type Playable } from "./voice/player.ts";
import { PROMPT_BLOCKS, countedDigits, readPromptBlock, spokenDigits, type Prompt } from "./voice/prompts.ts";
import { LIMIT_SAMPLES, createRecorder } from "./voice/recorder.ts";

/** Housekeeping waits so long after the last event, and between its steps. */
const MAINTAIN_MS = 60;
/** While voice moves over the air, which it would slow down. */
const MOVING_MS = 1000;
const FORGET_MS = 10;
/** A lithium cell at rest, charged. */
const FULL_MILLIVOLTS = 4150;

export interface Toy {
  /** One of the states of states.ts. */
  readonly state: number;
  /** OK, or why there is no audio until the next boot. */
  readonly audioCode: Code;
  /**
   * What JavaScript came too late for since boot: converter results that no message holds, then playback buffers that sounded
   * again instead of the next.
   */
  readonly losses: number[];
  /** Gives an event to the state machine; returns the letter of the cell. */
  handle(event: number, token?: PawToken): string;
  messages(): number;
  /** Gives the token of the next hold to the bench instead of recording. */
  lendHold(to: (token: PawToken) => void): void;
}

/** What differs from build to build. */
export interface ToyParts {
  /** Below this a recording could not be finished; 0 without a battery. */
  readonly lowMillivolts: number;
  readonly createStore: typeof CreateStore;
  /** Where the application lies; absent when it was not started from a slot. */
  readonly slot: Slot | undefined;
  /** Absent where there is no link. */
  readonly createLink: ((ports: LinkPorts) => Link) | undefined;
}

export function createToy(hal: Hal, image: KernelImage, parts: ToyParts): Toy {
  const clock: Clock = hal.clock;
  const slot = parts.slot;
  const kernel = createKernel(hal.native, image);
  const store = parts.createStore(hal, kernel, LIMIT_SAMPLES);
  const log = store.messages;
  let link: Link | undefined;

  /** Loudest that anything may sound now. */
  function volume(): number {
    return link ? link.volume() : FULL_VOLUME;
  }

  const earcons = createEarcons(hal.speaker, clock, volume);
  const light = createHeartLight(hal.heart, clock);
  const audioCode = kernel.code || hal.selfTest();
  let captureCode: Code = OK;
  let capturedSamples = 0;
  let playedCode: Code = OK;
  let housekeeping: TimerId | undefined;
  let gestureTimer: TimerId | undefined;

  const recorder = createRecorder(clock, hal.microphone, kernel, log, {
    ending: function () {
      handle(ENDING);
    },
    ended: function (code, samples, dropped) {
      self.losses[0] += dropped;
      captureCode = code;
      capturedSamples = samples;
      handle(CAPTURED);
    },
  });

  // What sounds: a message, or a passkey that is spoken.
  let playing: Message | undefined;
  let prompt: Prompt | undefined;

  function readBlock(sound: Playable, index: number, into: Uint8Array): Code {
    return slot && sound === prompt ? readPromptBlock(slot, prompt, index, into) : log.readBlock(sound as Message, index, into);
  }

  const player = createPlayer(clock, hal.speaker, kernel, readBlock, volume, function (code, late) {
    self.losses[1] += late;
    playedCode = code;
    handle(PLAYED);
  });

  function isListening(which: number): boolean {
    return which === CHIRPING || which === RECORDING || which === SAVING;
  }

  function enter(next: number): void {
    // Whatever led here: outside the listening states the microphone has no power. Nothing to abort is the normal case.
    if (isListening(self.state) && !isListening(next)) recorder.abort();
    self.state = next;
    self.activity = next === IDLE ? AT_REST : next === PLAYING ? AT_PLAY : isListening(next) ? AT_RECORDING : AT_OTHER;
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
    // A step takes longer than a tone may be stretched, or a child kept waiting, or voice that moves over the air.
    const isMoving = link !== undefined && link.isMoving();
    if (isMoving || earcons.isSounding() || hal.paw.isPressed() || player.prepare(nextMessage()) || store.maintain()) {
      housekeeping = clock.after(isMoving ? MOVING_MS : MAINTAIN_MS, maintain);
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

  /** Back to rest, with a sound. */
  function rest(earcon: number): void {
    enter(IDLE);
    earcons.play(earcon);
  }

  function record(token?: PawToken): void {
    earcons.stop();
    if (link) link.giveWay();
    // The recorder needs the memory.
    player.prepare(undefined);
    if (hal.power.batteryMillivolts() < parts.lowMillivolts) {
      rest(EARCON_BATTERY);
      return;
    }
    const code = token ? recorder.open(token) : ERR_FULL;
    if (code !== OK) {
      rest(earconFor(code));
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
    else rest(earconFor(code));
  }

  function save(): void {
    enter(SAVING);
    recorder.stop();
  }

  function captureEnded(): void {
    rest(captureCode !== OK ? earconFor(captureCode) : capturedSamples > 0 ? EARCON_STOP : EARCON_NO);
  }

  // What waits for the sound before it to end.
  let after: (() => void) | undefined;
  // Only what sounded to its end has been heard.
  let isCutOff = false;

  function stopPlaying(then?: () => void): void {
    after = then;
    isCutOff = true;
    player.stop();
  }

  function afterHold(token?: PawToken): (() => void) | undefined {
    if (!token) return undefined;
    return function () {
      if (token.isLive()) record(token);
    };
  }

  function play(message: Message | undefined): void {
    earcons.stop();
    if (self.state === PLAYING) {
      stopPlaying(function () {
        play(message);
      });
      return;
    }
    isCutOff = false;
    playing = message;
    if (message && player.play(message) === OK) enter(PLAYING);
    else rest(message ? EARCON_ERROR : EARCON_NO);
  }

  function soundEnded(): void {
    const message = playing;
    const then = after;
    playing = prompt = after = undefined;
    if (playedCode === OK && !isCutOff && message && message.origin === ORIGIN_FAMILY) log.markHeard(message);
    if (self.state === PLAYING) enter(IDLE);
    if (then) then();
    else if (playedCode !== OK) earcons.play(EARCON_ERROR);
  }

  function say(earcon: number): void {
    if (self.state !== PLAYING && !prompt) earcons.play(earcon);
    else {
      stopPlaying(function () {
        earcons.play(earcon);
      });
    }
  }

  // Pairing: the window is the link's, what is heard and seen of it is here.
  let outcomeEarcon = EARCON_NO;

  function pair(): void {
    if (self.state === PLAYING) {
      stopPlaying(pair);
      return;
    }
    const code = link ? link.open() : ERR_BUSY;
    if (code === OK) enter(PAIRING);
    earcons.play(code === OK ? EARCON_PAIRING : code === ERR_FULL ? EARCON_FULL : EARCON_NO);
  }

  function speak(digits: string): void {
    if (self.state !== PAIRING) return;
    earcons.stop();
    if (!slot || slot.promptBytes() < PROMPT_BLOCKS * BLOCK_BYTES) {
      earcons.playSteps(countedDigits(digits));
      return;
    }
    prompt = spokenDigits(digits);
    isCutOff = false;
    if (player.play(prompt) !== OK) prompt = undefined;
  }

  function told(outcome: number): void {
    outcomeEarcon = outcome === WINDOW_PAIRED ? EARCON_PAIRED : outcome === WINDOW_REPLACED ? EARCON_REPLACED : EARCON_NO;
    if (outcome === WINDOW_FAILED) say(EARCON_NO);
    else handle(PAIRING_ENDED);
  }

  /** What is still being spoken ends first, as a playback does. */
  function leavePairing(then: () => void): void {
    if (link) link.close();
    enter(prompt ? PLAYING : IDLE);
    if (prompt) stopPlaying(then);
    else then();
  }

  function sayOutcome(): void {
    earcons.play(outcomeEarcon);
  }

  function reset(): void {
    earcons.stop();
    if (link) link.setAwake(false);
    if (self.state === PLAYING || prompt) stopPlaying();
    playing = prompt = after = undefined;
    enter(RESETTING);
  }

  // Whatever was accepted, set or numbered before is gone with this boot; the new address takes effect in the boot files.
  function resetDone(): void {
    if (hal.radio) hal.radio.eraseBonds();
    store.renew();
    earcons.play(EARCON_RESET, hal.system.reboot);
  }

  const sounds: Record<string, number> = { N: EARCON_NO, W: EARCON_WARNING, L: EARCON_ENDING, "!": EARCON_ERROR };
  const actions: Record<string, (token?: PawToken) => void> = {
    R: record,
    A: function () {
      rest(EARCON_NO);
    },
    C: capture,
    S: save,
    E: captureEnded,
    P: function () {
      play(nextMessage());
    },
    O: function () {
      play(log.lastOwn());
    },
    T: function (token) {
      stopPlaying(afterHold(token));
    },
    F: soundEnded,
    X: reset,
    Z: resetDone,
    K: earcons.stop,
    Y: pair,
    U: function () {
      leavePairing(sayOutcome);
    },
    Q: function (token) {
      outcomeEarcon = EARCON_NO;
      leavePairing(afterHold(token) || sayOutcome);
    },
  };

  function handle(event: number, token?: PawToken): string {
    const cell = TRANSITIONS[self.state].charAt(event);
    if (sounds[cell] !== undefined) say(sounds[cell]);
    else if (cell !== ".") actions[cell](token);
    return cell;
  }

  // Takes the next hold's token instead of a recording: the self-test, which listens while the operator holds the paw.
  let borrower: ((token: PawToken) => void) | undefined;

  const gesture = createGesture(function (event, token) {
    const take = event === HELD ? borrower : undefined;
    if (take) borrower = undefined;
    if (take && token && self.state === IDLE) take(token);
    else handle(event, token);
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

  let batteryPercent = 100;

  function measureBattery(): number {
    // Not while the converter is the microphone's.
    if (!isListening(self.state) && parts.lowMillivolts > 0) {
      const share = (hal.power.batteryMillivolts() - parts.lowMillivolts) / (FULL_MILLIVOLTS - parts.lowMillivolts);
      batteryPercent = Math.floor(100 * Math.max(0, Math.min(1, share)));
    }
    return batteryPercent;
  }

  const self = {
    state: BROKEN,
    activity: AT_OTHER,
    audioCode: audioCode,
    losses: [0, 0],
    handle: handle,
    messages: log.count,
    lendHold: function (to: (token: PawToken) => void): void {
      borrower = to;
    },
  };

  store.load();
  // The boot files give the radio the address that was made with the key.
  if (store.isNew && store.code === OK) hal.system.reboot();
  enter(store.isResetting() ? RESETTING : (audioCode || store.code) === OK ? IDLE : BROKEN);
  // The paw lives before the rest of the boot, which takes less time than a hold.
  hal.paw.listen(function (pressed, atMs) {
    if (pressed && link) link.pawPressed();
    if (pressed) gesture.press(atMs);
    else gesture.release(atMs);
    armGesture();
  });
  if (hal.radio && parts.createLink && self.state === IDLE) {
    link = parts.createLink({
      clock: clock,
      radio: hal.radio,
      kernel: kernel,
      store: store,
      toy: self,
      longestSamples: LIMIT_SAMPLES,
      measureBattery: measureBattery,
      changed: function () {
        if (self.state === IDLE) enter(IDLE);
      },
      build: slot ? slot.build : undefined,
      reboot: hal.system.reboot,
      speak: speak,
      told: told,
    });
    link.setAwake(true);
  }
  if (self.state === BROKEN) earcons.play(EARCON_ERROR);

  return self;
}
