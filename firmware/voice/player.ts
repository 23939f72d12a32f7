// Plays one message: message log -> kernel -> speaker. A damaged block ends the playback: never a wrong sound.

import { OK, type Code, type Speaker } from "../../hal/contract.ts";
import type { Message, MessageLog } from "../messages/log.ts";
import { BLOCK_SAMPLES } from "./abi.ts";
import type { Kernel } from "./kernel.ts";

/** Loudness of messages, 0..256. */
export const MESSAGE_VOLUME = 256;

export interface Player {
  /** Loads the beginning of what a tap would play, so that the tap need not wait for flash. Not while something plays. */
  prepare(message: Message | undefined): void;
  /** Starts; OK promises one `ended`. */
  play(message: Message): Code;
  /** Ends the playback; `ended` follows. */
  stop(): void;
  /** What plays or played last. */
  message(): Message | undefined;
}

export function createPlayer(speaker: Speaker, kernel: Kernel, log: MessageLog, ended: (code: Code) => void): Player {
  let playing: Message | undefined;
  // The message whose first block lies in kernel.playing, whole and unplayed.
  let prepared: Message | undefined;
  let nextBlock = 0;
  // Words that the kernel has still to render from its block.
  let blockWords = 0;
  let failure: Code = OK;

  function loadBlock(message: Message): boolean {
    const left = message.samples - nextBlock * BLOCK_SAMPLES;
    if (left <= 0) return false;
    if (nextBlock > 0 || message !== prepared) failure = log.readBlock(message, nextBlock, kernel.playing);
    prepared = undefined;
    if (failure !== OK) return false;
    nextBlock++;
    const samples = left < BLOCK_SAMPLES ? left : BLOCK_SAMPLES;
    kernel.beginBlock(samples);
    blockWords = samples * speaker.wordsPerSample;
    return true;
  }

  function fill(address: number, words: number): number {
    let written = 0;
    while (playing && written < words && (blockWords > 0 || loadBlock(playing))) {
      const count = kernel.render(address + written * 2, words - written);
      written += count;
      blockWords -= count;
    }
    return written;
  }

  function prepare(message: Message | undefined): void {
    if (message === prepared) return;
    prepared = message && log.readBlock(message, 0, kernel.playing) === OK ? message : undefined;
  }

  function onEnd(code: Code): void {
    ended(code === OK ? failure : code);
  }

  function play(message: Message): Code {
    playing = message;
    nextBlock = 0;
    blockWords = 0;
    failure = OK;
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
