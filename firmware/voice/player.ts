// Plays one message: its source -> kernel -> speaker. A damaged block ends the playback: never a wrong sound.

import { OK, type Clock, type Code, type Speaker, type TimerId } from "../../hal/contract.ts";
import { BLOCK_SAMPLES } from "./abi.ts";
import type { Kernel } from "./kernel.ts";

/** What can be played: so many samples, in blocks that a source reads. */
export interface Playable {
  readonly samples: number;
}

export interface PlayerSource<T extends Playable> {
  /** Copies block `index` to `into`. */
  readBlock(playable: T, index: number, into: Uint8Array): Code;
  /** Loudness from the next playback on, 0..256. */
  volume(): number;
}

export interface Player<T extends Playable> {
  /**
   * Loads one block of the beginning of what a tap would play, so that the tap need not wait for flash; false when there is
   * no more to load. Not while something plays.
   */
  prepare(message: T | undefined): boolean;
  /** Starts; OK promises one `ended`. */
  play(message: T): Code;
  /** Ends the playback; `ended` follows. */
  stop(): void;
  /** What plays or played last. */
  message(): T | undefined;
}

export function createPlayer<T extends Playable>(clock: Clock, speaker: Speaker, kernel: Kernel, source: PlayerSource<T>, ended: (code: Code) => void): Player<T> {
  let playing: T | undefined;
  // Blocks nextBlock..loadedTo-1 of this message lie in kernel.playing, whole and unplayed; block n in playing[n & 1].
  let loaded: T | undefined;
  let nextBlock = 0;
  let loadedTo = 0;
  // Words that the kernel has still to render from the block before nextBlock.
  let blockWords = 0;
  let failure: Code = OK;
  let loader: TimerId | undefined;

  /** Reads one block more; false when there is none, or no room for it. */
  function load(message: T): boolean {
    if (loaded !== message) loadedTo = nextBlock;
    loaded = message;
    const room = blockWords > 0 ? 1 : 2;
    if (failure !== OK || loadedTo - nextBlock >= room || loadedTo * BLOCK_SAMPLES >= message.samples) return false;
    failure = source.readBlock(message, loadedTo, kernel.playing[loadedTo & 1]);
    if (failure === OK) loadedTo++;
    return failure === OK;
  }

  // Flash is read between the buffers, so that a buffer which falls empty waits for the kernel only.
  function loadAhead(): void {
    loader = undefined;
    if (playing) load(playing);
  }

  function turnBlock(message: T): boolean {
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

  function prepare(message: T | undefined): boolean {
    rewind();
    return message !== undefined && load(message);
  }

  function onEnd(code: Code): void {
    if (loader !== undefined) clock.cancel(loader);
    loader = undefined;
    ended(code === OK ? failure : code);
  }

  function play(message: T): Code {
    rewind();
    playing = message;
    kernel.beginRender(speaker.wordsPerSample, speaker.fullScale, source.volume());
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
