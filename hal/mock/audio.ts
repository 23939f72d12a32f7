// Microphone and speaker ports without sound: they keep the contract's order and let a test hand in samples, take words and
// end things. Buffers are addresses in a FlatBuffer that the test owns.

import { ERR_BUSY, ERR_FORBIDDEN, OK, type Code, type Microphone, type Speaker } from "../contract.ts";

export interface MockMicrophone extends Microphone {
  isPowered: boolean;
  isRunning: boolean;
  /** Lends a buffer of `count` samples. */
  deliver(address: number, count: number): void;
  /** Ends the capture as the hardware would. */
  end(code: Code, dropped: number): void;
}

export function mockMicrophone(rateHz: number): MockMicrophone {
  let onSamples: ((address: number, count: number) => void) | undefined;
  let onEnd: ((code: Code, dropped: number) => void) | undefined;
  const microphone: MockMicrophone = {
    rateHz,
    midScale: 2048,
    fullScale: 2048,
    settleMs: 0,
    isPowered: false,
    isRunning: false,
    open(token) {
      if (!token.isLive()) return ERR_FORBIDDEN;
      microphone.isPowered = true;
      return OK;
    },
    start(samples, end) {
      if (!microphone.isPowered) return ERR_FORBIDDEN;
      if (microphone.isRunning) return ERR_BUSY;
      microphone.isRunning = true;
      onSamples = samples;
      onEnd = end;
      return OK;
    },
    stop() {
      if (microphone.isRunning) microphone.isPowered = false;
      microphone.isRunning = false;
    },
    close() {
      microphone.isPowered = false;
      microphone.isRunning = false;
      onSamples = undefined;
      onEnd = undefined;
    },
    deliver(address, count) {
      onSamples?.(address, count);
    },
    end(code, dropped) {
      const ended = onEnd;
      onEnd = undefined;
      microphone.isRunning = false;
      ended?.(code, dropped);
    },
  };
  return microphone;
}

export interface MockSpeaker extends Speaker {
  /** Every tone so far, [hz, volume]; 0 for silence. */
  readonly tones: [number, number][];
  isPlaying: boolean;
  /** Asks for `words` words at `address`, as a buffer that falls empty does; returns how many came. */
  ask(address: number, words: number): number;
  /** Ends the playback. */
  end(code: Code, late?: number): void;
}

export function mockSpeaker(): MockSpeaker {
  let fill: ((address: number, words: number) => number) | undefined;
  let onEnd: ((code: Code, late: number) => void) | undefined;
  const speaker: MockSpeaker = {
    rateHz: 32000,
    wordsPerSample: 4,
    fullScale: 500,
    tones: [],
    isPlaying: false,
    play(filler, end) {
      if (speaker.isPlaying) return ERR_BUSY;
      speaker.isPlaying = true;
      fill = filler;
      onEnd = end;
      return OK;
    },
    tone(hz, volume) {
      speaker.tones.push([hz, volume]);
      return OK;
    },
    silence() {
      speaker.tones.push([0, 0]);
    },
    ask: (address, words) => (fill ? fill(address, words) : 0),
    end(code, late = 0) {
      const ended = onEnd;
      speaker.isPlaying = false;
      fill = undefined;
      onEnd = undefined;
      ended?.(code, late);
    },
  };
  return speaker;
}
