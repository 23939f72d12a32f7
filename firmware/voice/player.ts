// Plays one sound: its blocks -> kernel -> speaker. A damaged block ends the playback: never a wrong sound.

import { OK, type Clock, type Code, type Speaker, type TimerId } from "../../hal/contract.ts";
import { BLOCK_SAMPLES } from "./abi.ts";
import type { Kernel } from "./kernel.ts";

/** Loudest of 0..256. */
export const FULL_VOLUME = 256;

/** A message, or what else lies in blocks. */
export interface Playable {
  readonly samples: number;
}

/** Copies block `index` of a sound. */
export type ReadBlock = (sound: Playable, index: number, into: Uint8Array) => Code;

export interface Player {
  /**
   * Loads one block of the beginning of what a tap would play, so that the tap need not wait for flash; false when there is
   * no more to load; without a sound what was loaded is given up. Not while something plays.
   */
  prepare(sound: Playable | undefined): boolean;
  /** Starts; OK promises one `ended`. */
  play(sound: Playable): Code;
  /** Ends the playback; `ended` follows. */
  stop(): void;
}

/** `volume` is asked at the beginning of each playback. */
export function createPlayer(
  clock: Clock,
  speaker: Speaker,
  kernel: Kernel,
  readBlock: ReadBlock,
  volume: () => number,
  ended: (code: Code, late: number) => void,
): Player {
  let playing: Playable | undefined;
  // Blocks nextBlock..loadedTo-1 of this sound lie in kernel.playing, whole and unplayed; block n in playing[n & 1].
  let loaded: Playable | undefined;
  let nextBlock = 0;
  let loadedTo = 0;
  // Words that the kernel has still to render from the block before nextBlock.
  let blockWords = 0;
  let failure: Code = OK;
  let loader: TimerId | undefined;

  /** Reads one block more; false when there is none, or no room for it. */
  function load(sound: Playable): boolean {
    if (loaded !== sound) loadedTo = nextBlock;
    loaded = sound;
    const room = blockWords > 0 ? 1 : 2;
    if (failure !== OK || loadedTo - nextBlock >= room || loadedTo * BLOCK_SAMPLES >= sound.samples) return false;
    failure = readBlock(sound, loadedTo, kernel.playing[loadedTo & 1]);
    if (failure === OK) loadedTo++;
    return failure === OK;
  }

  // Flash is read between the buffers, so that a buffer which falls empty waits for the kernel only.
  function loadAhead(): void {
    loader = undefined;
    if (playing) load(playing);
  }

  function turnBlock(sound: Playable): boolean {
    if (loaded !== sound || loadedTo === nextBlock) load(sound);
    if (loadedTo === nextBlock) return false;
    const left = sound.samples - nextBlock * BLOCK_SAMPLES;
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

  function prepare(sound: Playable | undefined): boolean {
    rewind();
    if (!sound) loaded = undefined;
    return sound !== undefined && load(sound);
  }

  function onEnd(code: Code, late: number): void {
    if (loader !== undefined) clock.cancel(loader);
    loader = undefined;
    ended(code === OK ? failure : code, late);
  }

  function play(sound: Playable): Code {
    rewind();
    playing = sound;
    kernel.beginRender(speaker.wordsPerSample, speaker.fullScale, volume());
    return speaker.play(fill, onEnd);
  }

  return {
    prepare: prepare,
    play: play,
    stop: speaker.silence,
  };
}
