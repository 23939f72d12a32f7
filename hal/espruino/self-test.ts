// The self-test of a board at the bench. Not part of the bundle: the tools send it to the console of a board that is not sealed,
// where it uses the running firmware's own ports (bench.ts). What needs the microphone waits for a held paw like everything else.

import { ERR_KERNEL, OK, type PawToken } from "../contract.ts";
import type { Bench } from "./bench.ts";

/** What is heard while the paw is held: root mean square, in thousandths of the microphone's largest swing. */
interface Heard {
  isHeld: boolean;
  code: number;
  /** In the second before the tone. */
  silence: number;
  /** The tone, above what was at its frequency in silence. */
  loopback: number;
  isDone: boolean;
}

const LISTEN_MS = 1000;
const TONE_HZ = 1000;
const TONE_VOLUME = 128;
/** Samples looked at in each buffer, eight periods of the tone: more would take JavaScript as long as the next buffer lasts. */
const LOOKED_AT = 128;

function createSelfTest(bench: Bench): object {
  const hal = bench.hal;
  const heard: Heard = { isHeld: false, code: OK, silence: 0, loopback: 0, isDone: false };
  let isToning = false;
  let toneInSilence = 0;

  /** Level of the tone's frequency in samples at `address`, and of all of them, in thousandths. */
  function levels(address: number): { all: number; tone: number } {
    const samples = peek16(address, LOOKED_AT);
    const microphone = hal.microphone;
    const step = (2 * Math.PI * TONE_HZ) / microphone.rateHz;
    let mean = 0;
    let power = 0;
    let cosine = 0;
    let sine = 0;
    for (let i = 0; i < LOOKED_AT; i++) mean += samples[i] / LOOKED_AT;
    for (let i = 0; i < LOOKED_AT; i++) {
      const value = (samples[i] - mean) / microphone.fullScale;
      power += value * value;
      cosine += value * Math.cos(i * step);
      sine += value * Math.sin(i * step);
    }
    const tone = (Math.sqrt(cosine * cosine + sine * sine) * Math.SQRT2) / LOOKED_AT;
    return { all: Math.floor(Math.sqrt(power / LOOKED_AT) * 1000), tone: Math.floor(tone * 1000) };
  }

  function listen(token: PawToken): void {
    const microphone = hal.microphone;
    heard.isHeld = true;
    heard.code = microphone.open(token);
    if (heard.code !== OK) {
      heard.isDone = true;
      return;
    }
    isToning = false;
    function onSamples(address: number, count: number): void {
      if (count < LOOKED_AT) return;
      const found = levels(address);
      if (isToning) heard.loopback = Math.max(heard.loopback, found.tone - toneInSilence);
      else {
        heard.silence = Math.max(heard.silence, found.all);
        toneInSilence = Math.max(toneInSilence, found.tone);
      }
    }
    function onEnd(code: number): void {
      hal.speaker.silence();
      microphone.close();
      if (heard.code === OK) heard.code = code;
      heard.isDone = true;
    }
    hal.clock.after(microphone.settleMs, function () {
      heard.code = microphone.start(onSamples, onEnd);
      if (heard.code !== OK) onEnd(heard.code);
    });
    hal.clock.after(microphone.settleMs + LISTEN_MS, function () {
      if (heard.isDone) return;
      isToning = true;
      hal.speaker.tone(TONE_HZ, TONE_VOLUME);
    });
    hal.clock.after(microphone.settleMs + 2 * LISTEN_MS, microphone.stop);
  }

  /** What needs nobody: by name, numbers and booleans. */
  function measure(): Record<string, number | boolean> {
    const address = NRF.getAddress();
    return {
      kernel: bench.toy.audioCode !== ERR_KERNEL,
      converter: hal.selfTest() === OK,
      "battery-mv": hal.power.batteryMillivolts(),
      "paw-at-rest": !hal.paw.isPressed(),
      // The stack answers; whether anybody hears it only a phone can tell.
      radio: address.length === 17,
    };
  }

  return {
    measure: measure,
    /** The next hold listens; `heard` tells when it is done. */
    arm: function () {
      heard.isHeld = heard.isDone = false;
      heard.silence = heard.loopback = toneInSilence = 0;
      bench.toy.lendHold(listen);
      hal.heart.glow(255);
      return 1;
    },
    heard: function () {
      return heard;
    },
  };
}

global.pawlockTest = createSelfTest(global.pawlock as Bench);
