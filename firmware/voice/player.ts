// Plays one message: message log -> kernel -> speaker. A damaged block ends the playback: never a wrong sound.

import { OK, type Clock, type Code, type Speaker, type TimerId } from "../../hal/contract.ts";
import type { Message } from "../messages/index.ts";
import type { MessageLog } from "../messages/log.ts";
import { BLOCK_SAMPLES } from "./abi.ts";
import type { Kernel } from "./kernel.ts";

/** Loudness of messages, 0..256. */
export const MESSAGE_VOLUME = 256;

export interface Player {
  /**
   * Loads one block of the beginning of what a tap would play, so that the tap need not wait for flash; false when there is
   * no more to load. Not while something plays.
   */
  prepare(message: Message | undefined): boolean;
  /** Starts; OK promises one `ended`. */
  play(message: Message): Code;
  /** Ends the playback; `ended` follows. */
  stop(): void;
  /** What plays or played last. */
  message(): Message | undefined;
}

export function createPlayer(clock: Clock, speaker: Speaker, kernel: Kernel, log: MessageLog, ended: (code: Code, late: number) => void): Player {
  let playing: Message | undefined;
  // Blocks nextBlock..loadedTo-1 of this message lie in kernel.playing, whole and unplayed; block n in playing[n & 1].
  let loaded: Message | undefined;
  let nextBlock = 0;
  let loadedTo = 0;
  // Words that the kernel has still to render from the block before nextBlock.
  let blockWords = 0;
  let failure: Code = OK;
  let loader: TimerId | undefined;

  /** Reads one block more; false when there is none, or no room for it. */
  function load(message: Message): boolean {
    if (loaded !== message) loadedTo = nextBlock;
    loaded = message;
    const room = blockWords > 0 ? 1 : 2;
    if (failure !== OK || loadedTo - nextBlock >= room || loadedTo * BLOCK_SAMPLES >= message.samples) return false;
    failure = log.readBlock(message, loadedTo, kernel.playing[loadedTo & 1]);
    if (failure === OK) loadedTo++;
    return failure === OK;
  }

  // Flash is read between the buffers, so that a buffer which falls empty waits for the kernel only.
  function loadAhead(): void {
    loader = undefined;
    if (playing) load(playing);
  }

  function turnBlock(message: Message): boolean {
    if (loaded !== message || loadedTo === nextBlock) load(message);
    if (loadedTo === nextBlock) return false;
    const left = message.samples - nextBlock * BLOCK_SAMPLES;
    const samples = left < BLOCK_SAMPLES ? left : BLOCK_SAMPLES;
    kernel.beginBlock(nextBlock & 1, samples);
    blockWords = samples * speaker.wordsPerSample;
    nextBlock++;
    return true;
  }

  function fill(address: number, words: number): number {
    let written = 0;
    while (playing && written < words && (blockWords > 0 || turnBlock(playing))) {
      const count = kernel.render(address + written * 2, words - written);
      written += count;
      blockWords -= count;
    }
    if (loader === undefined) loader = clock.after(0, loadAhead);
    return written;
  }

  function rewind(): void {
    if (nextBlock !== 0) loaded = undefined;
    nextBlock = 0;
    blockWords = 0;
    failure = OK;
  }

  function prepare(message: Message | undefined): boolean {
    rewind();
    return message !== undefined && load(message);
  }

  function onEnd(code: Code, late: number): void {
    if (loader !== undefined) clock.cancel(loader);
    loader = undefined;
    ended(code === OK ? failure : code, late);
  }

  function play(message: Message): Code {
    rewind();
    playing = message;
    kernel.beginRender(speaker.wordsPerSample, speaker.fullScale, MESSAGE_VOLUME);
    return speaker.play(fill, onEnd);
  }

  return {
    prepare: prepare,
    play: play,
    stop: speaker.silence,
    message: function () {
      return playing;
    },
  };
}
