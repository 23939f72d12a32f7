// Speaker port on Espruino's Waveform: 8 bit at 8064.5 Hz through analogWrite's PWM. For comparison with the DMA adapter in tests and
// bench; never in the bundle. Words are filled in flat memory and copied to the waveform's buffers.
// What Waveform does not tell (espruino-platform facts, section 4.3): a flip missed by JavaScript makes no event, so late buffers are
// estimated from time; and the PWM goes on at the last level, so the pin is taken away from it.

import type { Board } from "../../boards/board.ts";
import { ERR_BUSY, ERR_MEMORY, ERR_RANGE, OK, type Clock, type Code, type FlatBuffer, type Speaker } from "../contract.ts";
import { onLevel } from "./pins.ts";

const ASKED_HZ = 8000;
/** The utility timer counts whole microseconds: 8000 Hz is 131 ticks of 1/1048576 s, that is 124 us. */
const RATE_HZ = 1000000 / 124;
const FULL_SCALE = 255;
const MID = 128;
const LOWEST_TONE_HZ = 31;
const HIGHEST_TONE_HZ = 20000;

const IDLE = 0;
const TONE = 1;
const PREPARING = 2;
const PLAYING = 3;
const STOPPING = 4;

export function createWaveformSpeaker(board: Pick<Board, "audioBufferMs" | "speaker">, clock: Clock, memory: FlatBuffer): Speaker {
  const words = Math.floor((ASKED_HZ * board.audioBufferMs) / 1000);
  const bufferMs = (words * 1000) / RATE_HZ;
  const output = new Pin(board.speaker.output.espruino);
  const outputLow = board.speaker.output.negated === true;
  const amplifier = board.speaker.amplifier ? new Pin(board.speaker.amplifier.espruino) : undefined;
  const amplifierOn = board.speaker.amplifier ? onLevel(board.speaker.amplifier) : true;
  const filled = new Uint16Array(memory.bytes.buffer, memory.bytes.byteOffset, words);

  let state = IDLE;
  let wave: Waveform | undefined;
  let fill: (address: number, words: number) => number;
  let giveEnd: (code: Code, late: number) => void;
  let late = 0;
  let changedMs = 0;
  /** Buffers still to be played to their end before the playback ends; -1 while more come. */
  let left = -1;

  function amplify(isOn: boolean): void {
    if (amplifier) digitalWrite(amplifier, isOn === amplifierOn);
  }

  function switchOff(): void {
    digitalWrite(output, outputLow);
    amplify(false);
  }

  function refill(buffer: Uint8Array): void {
    let count = left < 0 ? fill(memory.address, words) : 0;
    if (count >= words) {
      buffer.set(filled);
      return;
    }
    if (left < 0) left = count > 0 ? 2 : 1;
    for (; count < words; count++) filled[count] = MID;
    buffer.set(filled);
  }

  function halt(own: Waveform): void {
    state = STOPPING;
    own.stop();
  }

  function onBuffer(own: Waveform, buffer: Uint8Array): void {
    if (own !== wave || state !== PLAYING) return;
    const nowMs = clock.nowMs();
    // An event means an odd number of flips since the last one: what sounded in between was old.
    late += 2 * Math.floor((nowMs - changedMs) / (2 * bufferMs));
    changedMs = nowMs;
    if (left > 0 && --left === 0) halt(own);
    else refill(buffer);
  }

  function onFinish(own: Waveform): void {
    if (own !== wave) return;
    switchOff();
    end();
  }

  function end(): void {
    wave = undefined;
    state = IDLE;
    giveEnd(OK, late);
  }

  function prepare(own: Waveform): void {
    if (state === PREPARING) refill(own.buffer);
    // With nothing at all to play the first buffer is mid level.
    const isOnlyOne = left > 0;
    if (state === PREPARING) refill(own.buffer2);
    if (isOnlyOne) left = 1;
    // Silenced before it began.
    if (state !== PREPARING) {
      end();
      return;
    }
    analogWrite(output, 0.5, { freq: board.speaker.carrierHz });
    amplify(true);
    state = PLAYING;
    changedMs = clock.nowMs();
    own.startOutput(output, ASKED_HZ, { repeat: true });
  }

  function silence(): void {
    if (state === PLAYING && wave) halt(wave);
    else if (state === PREPARING) state = STOPPING;
    if (state === TONE) state = IDLE;
    switchOff();
  }

  switchOff();

  return {
    rateHz: RATE_HZ,
    wordsPerSample: 1,
    fullScale: FULL_SCALE,

    play: function (onFill: (address: number, words: number) => number, onEnd: (code: Code, late: number) => void): Code {
      if (state === TONE) silence();
      if (state !== IDLE) return ERR_BUSY;
      if (!memory.address) return ERR_MEMORY;
      // A new one each time: a used one remembers which buffer it was at.
      // eslint-disable-next-line no-restricted-globals -- what the ports are compared with
      const own = new Waveform(words, { doubleBuffer: true });
      if (!own) return ERR_MEMORY;
      own.on("buffer", function (buffer: Uint8Array) {
        onBuffer(own, buffer);
      });
      own.on("finish", function () {
        onFinish(own);
      });
      wave = own;
      fill = onFill;
      giveEnd = onEnd;
      late = 0;
      left = -1;
      state = PREPARING;
      clock.after(0, function () {
        prepare(own);
      });
      return OK;
    },

    tone: function (hz: number, volume: number): Code {
      if (state !== IDLE && state !== TONE) return ERR_BUSY;
      if (!(hz >= LOWEST_TONE_HZ && hz <= HIGHEST_TONE_HZ && volume >= 0 && volume <= 255)) return ERR_RANGE;
      // Half the period high is the loudest.
      analogWrite(output, volume / 510, { freq: hz });
      amplify(true);
      state = TONE;
      return OK;
    },

    silence: silence,
  };
}
