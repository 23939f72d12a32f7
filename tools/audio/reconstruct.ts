// From what the speaker's pin drove to what would be heard: PCM through a stated reconstruction filter. Measures the pin
// only; no speaker, no room, no ear is modelled.
// 1. A carrier above hearing counts as its duty (its own tone is inaudible and would only fold down); a slower one, which is
//    how tones are made, as the square wave that it is, high first.
// 2. Exact average of the pin's level over each step of 1 / (OVERSAMPLING * rate), scaled so that low is -1 and high +1.
// 3. Low pass: Butterworth of 4th order at LOW_PASS_HZ, what a small speaker does anyway. High pass of 1st order at
//    HIGH_PASS_HZ: the coupling capacitor, charged to the first level before the beginning.
// 4. Every OVERSAMPLING-th value.

import type { Drive, OutputSink } from "../../sim/signals.ts";

export const OVERSAMPLING = 4;
export const LOW_PASS_HZ = 7000;
export const HIGH_PASS_HZ = 5;
/** From here on a carrier is above hearing. */
export const CARRIER_HZ = 18000;
/** Level of a pin that nothing drives: the amplifier's input sits at mid level. */
const FLOATING = 0.5;

export interface DriveEvent {
  readonly atUs: number;
  readonly drive: Drive;
}

export interface ReconstructOptions {
  readonly fromUs: number;
  readonly toUs: number;
  /** Rate of the result. */
  readonly rateHz?: number;
}

/** Keeps what one pin drove; to be handed to the board as (part of) its sink. */
export class DriveLog implements OutputSink {
  readonly events: DriveEvent[] = [];

  constructor(readonly nrf: number) {}

  drive(nrf: number, atUs: number, drive: Drive): void {
    if (nrf === this.nrf) this.events.push({ atUs, drive });
  }
}

/** A recursive section of second order (transposed direct form II), by the bilinear transform with its corner prewarped. */
class LowPassSection {
  readonly #b0: number;
  readonly #a1: number;
  readonly #a2: number;
  #s1 = 0;
  #s2 = 0;

  constructor(cornerHz: number, rateHz: number, q: number) {
    const k = Math.tan((Math.PI * cornerHz) / rateHz);
    const norm = 1 / (1 + k / q + k * k);
    this.#b0 = k * k * norm;
    this.#a1 = 2 * (k * k - 1) * norm;
    this.#a2 = (1 - k / q + k * k) * norm;
  }

  next(x: number): number {
    const y = this.#b0 * x + this.#s1;
    this.#s1 = 2 * this.#b0 * x - this.#a1 * y + this.#s2;
    this.#s2 = this.#b0 * x - this.#a2 * y;
    return y;
  }
}

/** Takes the pin's level step by step and makes the result's samples. */
class Reconstruction {
  readonly out: Float32Array;
  readonly #sections: readonly LowPassSection[];
  readonly #leak: number;
  readonly #steps: number;
  #held: number;
  #at = 0;
  #filled = 0;
  #sum = 0;

  constructor(steps: number, rateHz: number, firstLevel: number) {
    this.#steps = steps;
    const stepHz = rateHz * OVERSAMPLING;
    this.out = new Float32Array(Math.floor(steps / OVERSAMPLING));
    // Butterworth, 4th order: Q = 1 / (2 cos(pi / 8)) and 1 / (2 cos(3 pi / 8)).
    this.#sections = [1, 3].map((n) => new LowPassSection(LOW_PASS_HZ, stepHz, 1 / (2 * Math.cos((n * Math.PI) / 8))));
    this.#leak = 1 - Math.exp((-2 * Math.PI * HIGH_PASS_HZ) / stepHz);
    this.#held = 2 * firstLevel - 1;
  }

  /** From where the last call ended, the pin stands at `level` until `until`, in steps since the beginning. */
  hold(until: number, level: number): void {
    const end = Math.min(until, this.#steps);
    while (this.#at < end) {
      const border = this.#filled + 1;
      const stop = Math.min(border, end);
      this.#sum += level * (stop - this.#at);
      this.#at = stop;
      if (stop === border) this.#step();
    }
  }

  #step(): void {
    const x = 2 * this.#sum - 1;
    this.#sum = 0;
    this.#held += this.#leak * (x - this.#held);
    const y = this.#sections[1].next(this.#sections[0].next(x - this.#held));
    this.#filled++;
    if (this.#filled % OVERSAMPLING === 0) this.out[this.#filled / OVERSAMPLING - 1] = y;
  }
}

/** Mean level of a drive, `sinceUs` after it began. */
function levelOf(drive: Drive, sinceUs: number): number {
  if (drive.kind === "level") return drive.level;
  if (drive.kind === "pwm") return drive.duty;
  if (drive.kind === "floating" || drive.duties.length === 0) return FLOATING;
  return drive.duties[Math.min(drive.duties.length - 1, Math.floor(sinceUs / drive.periodUs))];
}

/** Tells `hold` until when the pin stands at which level, from `fromUs` on, for a drive that began at `beganUs`. */
function render(drive: Drive, beganUs: number, fromUs: number, toUs: number, hold: (untilUs: number, level: number) => void): void {
  if (drive.kind === "duties" && drive.duties.length > 0) {
    const { duties, periodUs } = drive;
    const last = duties.length - 1;
    for (let i = Math.min(last, Math.floor((fromUs - beganUs) / periodUs)); i < last && beganUs + i * periodUs < toUs; i++) {
      hold(Math.min(toUs, beganUs + (i + 1) * periodUs), duties[i]);
    }
    hold(toUs, duties[last]);
  } else if (drive.kind === "pwm" && drive.hz < CARRIER_HZ && drive.hz > 0) {
    const periodUs = 1e6 / drive.hz;
    for (let k = Math.floor((fromUs - beganUs) / periodUs); beganUs + k * periodUs < toUs; k++) {
      const riseUs = beganUs + k * periodUs;
      hold(Math.min(toUs, riseUs + drive.duty * periodUs), 1);
      hold(Math.min(toUs, riseUs + periodUs), 0);
    }
  } else {
    hold(toUs, levelOf(drive, fromUs - beganUs));
  }
}

/** Events come in order of time; before the first one the pin floats. Full scale +-1 is the whole swing of the pin. */
export function reconstruct(events: readonly DriveEvent[], options: ReconstructOptions): Float32Array {
  const { fromUs, toUs, rateHz = 48000 } = options;
  const stepsPerUs = (rateHz * OVERSAMPLING) / 1e6;
  let current: DriveEvent = { atUs: fromUs, drive: { kind: "floating" } };
  let next = 0;
  while (next < events.length && events[next].atUs <= fromUs) current = events[next++];
  const steps = Math.max(0, Math.round((toUs - fromUs) * stepsPerUs));
  const result = new Reconstruction(steps, rateHz, levelOf(current.drive, fromUs - current.atUs));
  const hold = (untilUs: number, level: number): void => result.hold((untilUs - fromUs) * stepsPerUs, level);
  for (let at = fromUs; at < toUs; next++) {
    // One microsecond beyond the end: rounding must not leave the last step unfinished.
    const until = next < events.length && events[next].atUs < toUs ? events[next].atUs : toUs + 1;
    render(current.drive, current.atUs, at, until, hold);
    at = until;
    current = events[next];
  }
  return result.out;
}
