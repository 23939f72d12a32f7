// A slow level control with a noise gate, modelled to be judged: in the quality table, not in the kernel. It brings the voice's
// peaks slowly to a target, between the DC block and the coder. The gate only keeps the gain from rising in pauses; it mutes
// nothing, so it cannot clip a word's start.

/** 10 ms at 8 kHz; the gain moves in straight lines between frames. */
const FRAME = 80;
const FRAMES_PER_S = 100;
/** -6 dBFS of 16 bits. */
const TARGET = 16384;
const MOST_DB = 30;
/** Up slowly; down fast enough that a shout after a whisper is clipped for some tenths of a second at most. */
const UP_DB_PER_S = 6;
const DOWN_DB_PER_S = 60;
/** A peak is remembered, and lets go this slowly. */
const RELEASE_DB_PER_S = 10;
/** The gate opens this far above the noise floor, which is the least frame, and follows louder noise slowly. */
const GATE_DB = 12;
const FLOOR_DB_PER_S = 3;

const perFrame = (decibelsPerS: number): number => 10 ** (decibelsPerS / FRAMES_PER_S / 20);

/** The samples after the control, and the gain that each got. */
export function controlLevel(samples: Int16Array): { samples: Int16Array; gains: Float64Array } {
  const out = new Int16Array(samples.length);
  const gains = new Float64Array(samples.length);
  let gain = 1;
  let held = 0;
  let floor = Infinity;
  for (let from = 0; from < samples.length; from += FRAME) {
    const to = Math.min(from + FRAME, samples.length);
    let peak = 1;
    for (let i = from; i < to; i++) peak = Math.max(peak, Math.abs(samples[i]!));
    held = Math.max(peak, held / perFrame(RELEASE_DB_PER_S));
    floor = Math.min(peak, floor * perFrame(FLOOR_DB_PER_S));
    const before = gain;
    const wanted = Math.min(TARGET / held, 10 ** (MOST_DB / 20));
    if (wanted < gain) gain = Math.max(wanted, gain / perFrame(DOWN_DB_PER_S), 1);
    else if (peak > floor * 10 ** (GATE_DB / 20)) gain = Math.min(wanted, gain * perFrame(UP_DB_PER_S));
    for (let i = from; i < to; i++) {
      gains[i] = before + ((gain - before) * (i - from + 1)) / FRAME;
      out[i] = Math.max(-32768, Math.min(32767, Math.round(samples[i]! * gains[i]!)));
    }
  }
  return { samples: out, gains };
}
