// The way from the toy's own speaker to its microphone: a delay and a loss. Of the speaker itself only this is modelled: it gives no
// steady pressure, and of a tone that is a square wave no more than the fundamental.

import type { Drive } from "./signals.ts";

export interface PinChange {
  readonly atUs: number;
  readonly drive: Drive;
}

export interface AcousticPath {
  readonly delayUs: number;
  /** Of the largest swing of the output pin, at the microphone, in shares of the microphone's own. */
  readonly gain: number;
}

/** Assumed, nobody measured a toy: 7 cm of air, and a speaker that is 20 dB softer at the microphone than the loudest child. */
export const assumedPath: AcousticPath = { delayUs: 200, gain: 0.1 };

export interface SpeakerPins {
  readonly output: readonly PinChange[];
  /** Absent where the speaker hangs on the pin. */
  readonly amplifier?: readonly PinChange[];
  readonly onLevel?: 0 | 1;
}

/** Carriers above are never heard, only their duty. */
const HEARING_HZ = 20000;

/** Adds what comes from the speaker to the volts at fromUs, fromUs + stepUs, ... */
export function addSpeaker({ output, amplifier, onLevel }: SpeakerPins, { delayUs, gain }: AcousticPath, fromUs: number, stepUs: number, peakVolts: number, out: Float64Array): void {
  let at = lastBefore(output, fromUs - delayUs);
  if (at === output.length - 1 && (at < 0 || isStill(output[at]!.drive))) return;
  let power = amplifier ? lastBefore(amplifier, fromUs - delayUs) : 0;
  for (let i = 0; i < out.length; i++) {
    const us = fromUs + i * stepUs - delayUs;
    while (at + 1 < output.length && output[at + 1]!.atUs <= us) at++;
    if (amplifier) while (power + 1 < amplifier.length && amplifier[power + 1]!.atUs <= us) power++;
    if (at >= 0 && (!amplifier || isAt(amplifier[power], onLevel))) out[i]! += gain * peakVolts * pressure(output[at]!, us);
  }
}

/** Index of the last change at or before that instant; -1 when there is none. */
function lastBefore(changes: readonly PinChange[], us: number): number {
  let at = changes.length - 1;
  while (at >= 0 && changes[at]!.atUs > us) at--;
  return at;
}

const isStill = ({ kind }: Drive): boolean => kind === "level" || kind === "floating";
const isAt = (change: PinChange | undefined, level: 0 | 1 | undefined): boolean => change?.drive.kind === "level" && change.drive.level === level;

/** Between -1 and 1 for a pin that swings by the whole supply; a fundamental is a little louder. */
function pressure({ atUs, drive }: PinChange, us: number): number {
  if (drive.kind === "duties") return 2 * drive.duties[Math.min(drive.duties.length - 1, Math.floor((us - atUs) / drive.periodUs))]! - 1;
  if (drive.kind !== "pwm") return 0;
  if (drive.hz > HEARING_HZ) return 2 * drive.duty - 1;
  return (4 / Math.PI) * Math.sin(Math.PI * drive.duty) * Math.sin((2 * Math.PI * drive.hz * (us - atUs)) / 1e6);
}
