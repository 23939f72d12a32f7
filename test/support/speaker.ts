// What the speaker pin said: square tones with their frequencies and lengths, and duty words one by one.

import assert from "node:assert/strict";
import { TICKS_PER_US } from "../../sim/blocks/facts.ts";
import type { Toy } from "./toy.ts";

export interface Tone {
  /** 0: a pause between two tones of one sound. */
  readonly hz: number;
  readonly ms: number;
}

export interface Sounding {
  readonly atMs: number;
  readonly tones: readonly Tone[];
}

/** Frequencies in Hz and lengths in ms, in turn, of the toy's own sounds: what its README tells the family. */
export const SOUNDS = {
  start: [1047, 40, 1568, 40],
  stop: [1568, 60, 1047, 60],
  ending: [1568, 40, 0, 60, 1568, 40],
  no: [392, 150],
  full: [392, 120, 0, 60, 392, 120, 0, 60, 392, 120],
  battery: [784, 120, 587, 120, 392, 240],
  error: [262, 300, 0, 100, 262, 300],
  warning: [880, 200, 698, 200],
  reset: [1047, 120, 784, 120, 659, 120, 523, 240],
  pairing: [784, 100, 1047, 100, 1319, 100],
  paired: [784, 100, 1047, 100, 1319, 100, 1568, 240],
  replaced: [1568, 100, 784, 100, 1568, 100, 784, 240],
} as const;
export type SoundName = keyof typeof SOUNDS;

/** Silence longer than this parts two sounds; the longest pause within one is 100 ms. */
const APART_MS = 150;
/** A tone's period is whole microseconds. */
const HZ_TOLERANCE = 0.002;

/** Square tones since `fromMs`, grouped into sounds. */
export function soundings(toy: Toy, fromMs: number): Sounding[] {
  const found: { atMs: number; tones: Tone[]; endMs: number }[] = [];
  let hz = 0;
  let sinceMs = 0;
  const close = (atMs: number): void => {
    if (hz === 0) return;
    const last = found.at(-1);
    if (!last || sinceMs - last.endMs > APART_MS) found.push({ atMs: sinceMs, tones: [{ hz, ms: atMs - sinceMs }], endMs: atMs });
    else {
      const pauseMs = sinceMs - last.endMs;
      if (pauseMs > 0.5) last.tones.push({ hz: 0, ms: pauseMs });
      last.tones.push({ hz, ms: atMs - sinceMs });
      last.endMs = atMs;
    }
  };
  for (const { atUs, drive } of toy.world.changes.get(toy.board.speaker.output.nrf) ?? []) {
    const atMs = atUs / 1000;
    if (atMs < fromMs) continue;
    close(atMs);
    // A voice's held last word is a carrier too, but far above hearing.
    hz = drive.kind === "pwm" && drive.hz < 20000 ? drive.hz : 0;
    sinceMs = atMs;
  }
  close(toy.nowMs);
  return found;
}

function isNamed({ tones }: Sounding, name: SoundName): boolean {
  const told = SOUNDS[name];
  return tones.length * 2 === told.length && tones.every(({ hz }, i) => Math.abs(hz - told[2 * i]!) <= told[2 * i]! * HZ_TOLERANCE);
}

/** Names of the sounds since `fromMs`, in order; what is none of them is told by its frequencies. */
export function sounds(toy: Toy, fromMs: number): string[] {
  return soundings(toy, fromMs).map(
    (sounding) => (Object.keys(SOUNDS) as SoundName[]).find((name) => isNamed(sounding, name)) ?? sounding.tones.map(({ hz }) => Math.round(hz)).join(" "),
  );
}

export interface Playback {
  readonly atMs: number;
  readonly words: Uint16Array;
}

/** Voice since `fromMs`: the duty words of each playback. Fails when sequences of one playback do not join, unless told to let it. */
export function playbacks(toy: Toy, fromMs: number, mayTear = false): Playback[] {
  const { carrierHz, output } = toy.board.speaker;
  const top = (TICKS_PER_US * 1e6) / carrierHz;
  const found: { atMs: number; parts: Float32Array[]; nextUs: number }[] = [];
  let isOpen = false;
  for (const { atUs, drive } of toy.world.changes.get(output.nrf) ?? []) {
    if (atUs < fromMs * 1000) continue;
    if (drive.kind !== "duties") {
      isOpen = false;
      continue;
    }
    let last = found.at(-1);
    if (isOpen && last) assert.ok(mayTear || Math.abs(atUs - last.nextUs) < 1e-3, `a sequence begins at ${atUs} us, the last one ended at ${last.nextUs} us`);
    else found.push((last = { atMs: atUs / 1000, parts: [], nextUs: 0 }));
    last.parts.push(drive.duties);
    last.nextUs = atUs + drive.duties.length * drive.periodUs;
    isOpen = true;
  }
  return found.map(({ atMs, parts }) => ({ atMs, words: wordsOf(parts, top) }));
}

/** The wave is upside down: word w makes the duty 1 - w / top. */
function wordsOf(parts: readonly Float32Array[], top: number): Uint16Array {
  const words = new Uint16Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) for (const duty of part) words[at++] = Math.round((1 - duty) * top);
  return words;
}
