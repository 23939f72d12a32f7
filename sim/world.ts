// What surrounds the board: a voice before its microphone, and a record of everything that its pins did.

import type { Board } from "../boards/board.ts";
import { addSpeaker, assumedPath, type AcousticPath, type PinChange } from "./acoustics.ts";
import type { AnalogWorld, Drive, OutputSink } from "./signals.ts";

/** A sound at the microphone. Samples of +-1 swing its output by its peak voltage. */
export interface Sound {
  readonly samples: Float32Array | Float64Array;
  readonly rateHz: number;
}

export interface WorldOptions {
  /** Noise of room and microphone, in dB below its peak (white, up to half the rate at which it is asked). */
  readonly noiseDbfs: number;
  readonly seed: number;
  readonly batteryMillivolts: number;
  /** What the microphone hears of the toy's own speaker. */
  readonly path?: AcousticPath;
}

const NOISE_TABLE = 1 << 16;

/** Gaussian noise of unit power, from a seed: sums of twelve uniform numbers of a 32-bit xorshift generator. */
function noiseTable(seed: number): Float32Array {
  const table = new Float32Array(NOISE_TABLE);
  let x = seed | 0 || 1;
  for (let i = 0; i < NOISE_TABLE; i++) {
    let sum = -6;
    for (let k = 0; k < 12; k++) {
      x ^= x << 13;
      x ^= x >>> 17;
      x ^= x << 5;
      sum += (x >>> 0) / 2 ** 32;
    }
    table[i] = sum;
  }
  return table;
}

export class World implements AnalogWorld, OutputSink {
  readonly changes = new Map<number, PinChange[]>();
  /** Instants at which the microphone's signal was first asked for after each time that it got power. */
  readonly listenedUs: number[] = [];
  /** Made when first heard: most boots of a board hear nothing. */
  #noise: Float32Array | undefined;
  #noiseAt = 0;
  #sounds: { readonly sound: Sound; readonly fromUs: number }[] = [];
  #poweredUs: number | undefined;
  #isListenedTo = false;

  constructor(
    private readonly board: Board,
    private readonly options: WorldOptions,
  ) {}

  /** A sound begins before the microphone. */
  play(sound: Sound, fromUs: number): void {
    this.#sounds.push({ sound, fromUs });
  }

  drive(nrf: number, atUs: number, drive: Drive): void {
    const changes = this.changes.get(nrf) ?? [];
    changes.push({ atUs, drive });
    this.changes.set(nrf, changes);
    const power = this.board.microphone.power;
    if (nrf === power.nrf) {
      const isOn = drive.kind === "level" && drive.level === power.on;
      this.#poweredUs = isOn ? (this.#poweredUs ?? atUs) : undefined;
      if (!isOn) this.#isListenedTo = false;
    }
  }

  /** A reset lets go of every pin. */
  release(atUs: number): void {
    for (const nrf of this.changes.keys()) this.drive(nrf, atUs, { kind: "floating" });
  }

  volts(ain: number, fromUs: number, stepUs: number, out: Float64Array): void {
    if (ain === this.board.microphone.input.ain) this.#microphone(fromUs, stepUs, out);
    else if (ain === this.board.battery?.input.ain) out.fill(this.options.batteryMillivolts / 1000 / this.board.battery.divider);
    else out.fill(0);
  }

  #microphone(fromUs: number, stepUs: number, out: Float64Array): void {
    if (this.#poweredUs === undefined) {
      out.fill(0);
      return;
    }
    if (!this.#isListenedTo) this.listenedUs.push(fromUs);
    this.#isListenedTo = true;
    const { biasVolts, peakVolts, settleMs } = this.board.microphone;
    const table = (this.#noise ??= noiseTable(this.options.seed));
    const noise = peakVolts * 10 ** (this.options.noiseDbfs / 20);
    // The bias settles with a time constant of which the stated settling time holds seven: to a thousandth.
    const tauUs = (settleMs * 1000) / 7;
    for (let i = 0; i < out.length; i++) {
      const missing = Math.exp(-(fromUs + i * stepUs - this.#poweredUs) / tauUs);
      out[i] = biasVolts * (1 - missing) + noise * table[(this.#noiseAt + i) & (NOISE_TABLE - 1)]!;
      // Settled: the rest costs no exponential.
      if (missing < 1e-6) {
        for (i++; i < out.length; i++) out[i] = biasVolts + noise * table[(this.#noiseAt + i) & (NOISE_TABLE - 1)]!;
      }
    }
    // A prime step keeps the table's period out of any spectrum.
    this.#noiseAt = (this.#noiseAt + out.length + 7919) & (NOISE_TABLE - 1);
    for (const { sound, fromUs: begunUs } of this.#sounds) addSound(sound, fromUs - begunUs, stepUs, peakVolts, out);
    const { output, amplifier } = this.board.speaker;
    const speaker = { output: this.changes.get(output.nrf) ?? [], ...(amplifier ? { amplifier: this.changes.get(amplifier.nrf) ?? [], onLevel: amplifier.on } : {}) };
    addSpeaker(speaker, this.options.path ?? assumedPath, fromUs, stepUs, peakVolts, out);
  }
}

// Cubic (Catmull-Rom) interpolation between the samples of the sound.
function addSound({ samples, rateHz }: Sound, fromUs: number, stepUs: number, gain: number, out: Float64Array): void {
  const step = (stepUs * rateHz) / 1e6;
  const start = (fromUs * rateHz) / 1e6;
  const first = Math.max(0, Math.ceil((1 - start) / step));
  const last = Math.min(out.length, Math.floor((samples.length - 3 - start) / step) + 1);
  for (let i = first; i < last; i++) {
    const position = start + i * step;
    const k = Math.floor(position);
    const t = position - k;
    const a = samples[k - 1]!;
    const b = samples[k]!;
    const c = samples[k + 1]!;
    const d = samples[k + 2]!;
    out[i]! += gain * (b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a))));
  }
}
