// Microphone port on Espruino's Waveform: 8 bit at 8064.5 Hz. For comparison with the DMA adapter in tests and bench; never in the
// bundle. Each filled buffer is copied to flat memory as 16-bit words and lent from there.
// What Waveform does not tell (espruino-platform facts, section 4.3): a flip missed by JavaScript makes no event, and a stop gives
// no position. Both are estimated from time; samples that the interrupt itself missed are not known to anybody.

import type { Board } from "../../boards/board.ts";
import { ERR_BUSY, ERR_FORBIDDEN, ERR_MEMORY, OK, type Clock, type Code, type FlatBuffer, type Microphone, type PawToken, type TimerId } from "../contract.ts";
import { onLevel } from "./pins.ts";

const ASKED_HZ = 8000;
/** The utility timer counts whole microseconds: 8000 Hz is 131 ticks of 1/1048576 s, that is 124 us. */
const RATE_HZ = 1000000 / 124;
const STEPS = 256;
/** Espruino's own microphone setting on one board; elsewhere full scale is the supply. */
const REFERENCE_INTERNAL_VOLTS = 0.6;
const POLL_MS = 20;

const IDLE = 0;
const RUNNING = 1;
const STOPPING = 2;

export function createWaveformMicrophone(
  board: Pick<Board, "audioBufferMs" | "heart" | "microphone" | "supplyVolts">,
  clock: Clock,
  memory: FlatBuffer,
  isPawPressed: () => boolean,
): Microphone {
  const front = board.microphone;
  const fullScaleVolts = front.reference === "internal" ? REFERENCE_INTERNAL_VOLTS / front.gain : board.supplyVolts;
  const midScale = Math.floor((front.biasVolts / fullScaleVolts) * STEPS + 0.5);
  const words = Math.floor((ASKED_HZ * board.audioBufferMs) / 1000);
  const bufferMs = (words * 1000) / RATE_HZ;
  const input = new Pin(front.input.espruino);
  const light = new Pin(board.heart.recording.espruino);
  const power = new Pin(front.power.espruino);
  const lightOn = onLevel(board.heart.recording);
  const powerOn = onLevel(front.power);
  const isOneWire = board.heart.recording.espruino === front.power.espruino;
  const lent = new Int16Array(memory.bytes.buffer, memory.bytes.byteOffset, words);

  let token: PawToken | undefined;
  let poller: TimerId | undefined;
  let state = IDLE;
  let wave: Waveform | undefined;
  let giveSamples: (address: number, count: number) => void;
  let giveEnd: (code: Code, dropped: number) => void;
  let dropped = 0;
  /** When the buffer in the making began to be filled: at the latest now, for events are never early. */
  let beganMs = 0;
  let stoppedMs = 0;
  let isFirstMaking = true;

  function powerUp(): void {
    digitalWrite(light, lightOn);
    if (!isOneWire) digitalWrite(power, powerOn);
  }

  /** The power goes first, the light last. */
  function shut(): void {
    if (!isOneWire) digitalWrite(power, !powerOn);
    if (poller !== undefined) clock.cancel(poller);
    poller = undefined;
    token = undefined;
    digitalWrite(light, !lightOn);
  }

  function lend(buffer: Uint8Array, count: number): void {
    lent.set(buffer);
    giveSamples(memory.address, count);
  }

  function onBuffer(own: Waveform, buffer: Uint8Array): void {
    if (own !== wave) return;
    const nowMs = clock.nowMs();
    // An event means an odd number of flips since the last one; all but the newest buffer are gone.
    const missed = 2 * Math.floor((nowMs - beganMs) / (2 * bufferMs));
    dropped += missed * words;
    beganMs = nowMs;
    isFirstMaking = !isFirstMaking;
    lend(buffer, words);
  }

  function onFinish(own: Waveform): void {
    if (own !== wave) return;
    const count = Math.floor(((stoppedMs - beganMs) * RATE_HZ) / 1000);
    if (count > 0) lend(isFirstMaking ? own.buffer : own.buffer2, count < words ? count : words);
    if (own !== wave) return;
    state = IDLE;
    wave = undefined;
    giveEnd(OK, dropped);
  }

  function stop(): void {
    if (state !== RUNNING || !wave) return;
    state = STOPPING;
    stoppedMs = clock.nowMs();
    wave.stop();
    shut();
  }

  function close(): void {
    stop();
    // The events of the old waveform still come: nobody listens to it any more.
    wave = undefined;
    state = IDLE;
    shut();
  }

  function poll(): void {
    if (!token || token.isLive()) return;
    stop();
    shut();
  }

  shut();

  return {
    rateHz: RATE_HZ,
    midScale: midScale,
    fullScale: Math.min(midScale, STEPS - midScale),
    settleMs: front.settleMs,

    open: function (proof: PawToken): Code {
      if (!proof || !proof.isLive() || !isPawPressed()) return ERR_FORBIDDEN;
      if (token || state !== IDLE) return ERR_BUSY;
      token = proof;
      powerUp();
      poller = clock.every(POLL_MS, poll);
      return OK;
    },

    start: function (onSamples: (address: number, count: number) => void, onEnd: (code: Code, dropped: number) => void): Code {
      if (!token || !token.isLive()) return ERR_FORBIDDEN;
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
      giveSamples = onSamples;
      giveEnd = onEnd;
      dropped = 0;
      isFirstMaking = true;
      beganMs = clock.nowMs();
      state = RUNNING;
      own.startInput(input, ASKED_HZ, { repeat: true });
      return OK;
    },

    stop: stop,
    close: close,
  };
}
