// Plays one message: message log -> kernel -> speaker. A damaged block ends the playback: never a wrong sound.

import { OK, type Code, type Speaker } from "../../hal/contract.ts";
import type { Message, MessageLog } from "../messages/log.ts";
import { BLOCK_SAMPLES } from "./abi.ts";
import type { Kernel } from "./kernel.ts";

/** Loudness of messages, 0..256. */
export const MESSAGE_VOLUME = 256;

export interface Player {
  /** Starts; OK promises one `ended`. */
  play(message: Message): Code;
  /** Ends the playback; `ended` follows. */
  stop(): void;
  /** What plays or played last. */
  message(): Message | undefined;
}

export function createPlayer(speaker: Speaker, kernel: Kernel, log: MessageLog, ended: (code: Code) => void): Player {
  let playing: Message | undefined;
  let nextBlock = 0;
  let failure: Code = OK;

  function loadBlock(message: Message): boolean {
    const left = message.samples - nextBlock * BLOCK_SAMPLES;
    if (left <= 0) return false;
    failure = log.readBlock(message, nextBlock, kernel.playing);
    if (failure !== OK) return false;
    nextBlock++;
    kernel.beginBlock(Math.min(left, BLOCK_SAMPLES));
    return true;
  }

  function fill(address: number, words: number): number {
    let written = kernel.render(address, words);
    while (playing && written < words && loadBlock(playing)) written += kernel.render(address + written * 2, words - written);
    return written;
  }

  function onEnd(code: Code): void {
    ended(code === OK ? failure : code);
  }

  function play(message: Message): Code {
    playing = message;
    nextBlock = 0;
    failure = OK;
    kernel.beginRender(speaker.wordsPerSample, speaker.fullScale, MESSAGE_VOLUME);
    return speaker.play(fill, onEnd);
  }

  return {
    play: play,
    stop: speaker.silence,
    message: function () {
      return playing;
    },
  };
}
