// Records one message: microphone -> kernel -> message log. Holds the order that keeps the promises: room first, then
// the microphone; the microphone loses power before the message is committed. Encoding happens when a buffer is lent, at
// once, so that the buffer is free again; storing follows in steps of one block.

import { ERR_FULL, OK, type Clock, type Code, type Microphone, type PawToken, type TimerId } from "../../hal/contract.ts";
import { ORIGIN_OWN } from "../messages/layout.ts";
import type { MessageLog } from "../messages/log.ts";
import { BLOCK_SAMPLES, CAPTURE_MAX_SAMPLES, MESSAGE_RATE_HZ } from "./abi.ts";
import type { Kernel } from "./kernel.ts";

/** Longest message, in samples. */
export const LIMIT_SAMPLES = 40 * MESSAGE_RATE_HZ;
/** Shorter than this is no message. */
export const SHORTEST_SAMPLES = MESSAGE_RATE_HZ / 2;
/** The warning sounds when so much is left. */
export const WARNING_SAMPLES = 5 * MESSAGE_RATE_HZ;

export interface RecorderListener {
  /** Five seconds are left. */
  ending(): void;
  /**
   * The recording is over, whatever ended it, and the microphone is off. `samples` is 0 when nothing was kept; `dropped` tells
   * how many converter results JavaScript came too late for.
   */
  ended(code: Code, samples: number, dropped: number): void;
}

export interface Recorder {
  /** Reserves room, lights the heart and powers the microphone. */
  open(token: PawToken): Code;
  /** Starts the capture; OK promises one `ended`, unless `abort` comes first. */
  start(): Code;
  /** Ends the capture; `ended` follows. */
  stop(): void;
  /** Leaves without a message and without `ended`; the microphone is off afterwards. */
  abort(): void;
}

export function createRecorder(clock: Clock, microphone: Microphone, kernel: Kernel, log: MessageLog, listener: RecorderListener): Recorder {
  const decimation = Math.floor(microphone.rateHz / MESSAGE_RATE_HZ + 0.5);
  const portion = CAPTURE_MAX_SAMPLES * decimation;
  // Blocks that wait for flash, as many as a capture buffer makes: where a playback has its own.
  const queue = kernel.playing;
  let limit = LIMIT_SAMPLES;
  let complete = 0;
  let stored = 0;
  let failure: Code = OK;
  let dropped = 0;
  let isWarned = false;
  let hasEnded = false;
  let step: TimerId | undefined;

  function armStep(): void {
    if (step === undefined) step = clock.after(0, storeNext);
  }

  /** Stores the block that has waited longest; false when there is none to be stored. */
  function storeOldest(): boolean {
    // What lies beyond the limit was captured while the last buffer filled; it is not part of the message.
    if (failure !== OK || stored === complete || stored * BLOCK_SAMPLES >= limit) return false;
    failure = log.append(queue[stored % queue.length]);
    stored++;
    return true;
  }

  function storeNext(): void {
    step = undefined;
    if (storeOldest()) {
      armStep();
      return;
    }
    if (!hasEnded) {
      if (failure !== OK) microphone.stop();
      return;
    }
    const samples = Math.min(kernel.captured(), limit);
    const isLongEnough = samples >= SHORTEST_SAMPLES;
    if (failure === OK && isLongEnough) failure = log.commit(samples);
    const isKept = failure === OK && isLongEnough;
    if (!isKept) log.abandon();
    listener.ended(failure, isKept ? samples : 0, dropped);
  }

  // Takes the block that the kernel has just completed; it will soon write over it.
  function keep(blocks: number): void {
    if (blocks === complete) return;
    // Two buffers at once, after JavaScript stood still: the flash is not waited for any more.
    if (complete - stored >= queue.length) storeOldest();
    queue[complete % queue.length].set(kernel.blocks[complete & 1]);
    complete++;
  }

  function onSamples(address: number, count: number): void {
    for (let done = 0; done < count && failure === OK; done += portion) {
      keep(kernel.capture(address + 2 * done, Math.min(portion, count - done)));
    }
    const samples = kernel.captured();
    if (samples >= limit) microphone.stop();
    else if (!isWarned && samples >= limit - WARNING_SAMPLES) {
      isWarned = true;
      if (limit > WARNING_SAMPLES * 2) listener.ending();
    }
    armStep();
  }

  function onEnd(code: Code, lost: number): void {
    microphone.close();
    dropped = lost;
    if (failure === OK) failure = code;
    if (failure === OK) keep(Math.ceil(kernel.flush() / BLOCK_SAMPLES));
    hasEnded = true;
    armStep();
  }

  function open(token: PawToken): Code {
    const code = log.begin(ORIGIN_OWN);
    if (code !== OK) return code;
    limit = Math.min(LIMIT_SAMPLES, log.roomSamples());
    if (limit < MESSAGE_RATE_HZ) {
      log.abandon();
      return ERR_FULL;
    }
    const opened = microphone.open(token);
    if (opened !== OK) {
      log.abandon();
      return opened;
    }
    // Done here, while the chirp still sounds: the child waits for `start`.
    complete = 0;
    stored = 0;
    failure = OK;
    dropped = 0;
    isWarned = false;
    hasEnded = false;
    kernel.beginCapture(microphone.midScale, microphone.fullScale, decimation);
    return OK;
  }

  function start(): Code {
    const code = microphone.start(onSamples, onEnd);
    if (code !== OK) abort();
    return code;
  }

  function abort(): void {
    if (step !== undefined) clock.cancel(step);
    step = undefined;
    microphone.close();
    log.abandon();
  }

  return { open: open, start: start, stop: microphone.stop, abort: abort };
}
