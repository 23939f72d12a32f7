// Hears a passkey that a simulated toy speaks, as a parent would: by what its speaker pin does, compared with how each digit sounds.

import { BLOCK_BYTES, BLOCK_SAMPLES } from "../../firmware/voice/abi.ts";
import { decodeBlock } from "../../firmware/voice/adpcm.ts";
import { CLIP_BLOCKS, DIGITS } from "../../firmware/voice/prompts.ts";
import type { Stage } from "../../sim/stage.ts";
import { digitPrompts } from "../build/application.ts";

const CLIP_SAMPLES = CLIP_BLOCKS * BLOCK_SAMPLES;
export const PASSKEY_DIGITS = 6;
/** Likeness from which on a clip has been understood; two different digits reach a fifth of it. */
const UNDERSTOOD = 0.9;
/** Samples by which the kernel's interpolation comes after the block. */
const DELAY_SAMPLES = 1;

let clips: readonly Float32Array[] | undefined;

function digitClips(): readonly Float32Array[] {
  if (clips) return clips;
  const blob = digitPrompts();
  const samples = new Float32Array(DIGITS * CLIP_SAMPLES);
  for (let block = 0; block < DIGITS * CLIP_BLOCKS; block++) samples.set(decodeBlock(blob.subarray(block * BLOCK_BYTES, (block + 1) * BLOCK_BYTES)), block * BLOCK_SAMPLES);
  return (clips = Array.from({ length: DIGITS }, (_, digit) => samples.subarray(digit * CLIP_SAMPLES, (digit + 1) * CLIP_SAMPLES)));
}

/** The digits spoken since then, as far as they have been; the first reading only. */
export function spokenDigits(stage: Stage, fromMs: number): string {
  const voice = spokenSince(stage, fromMs).subarray(DELAY_SAMPLES);
  let digits = "";
  for (let at = 0; at + CLIP_SAMPLES <= voice.length && digits.length < PASSKEY_DIGITS; ) {
    const digit = digitIn(voice.subarray(at, at + CLIP_SAMPLES));
    if (digit !== undefined) digits += digit;
    at += digit === undefined ? BLOCK_SAMPLES : CLIP_SAMPLES;
  }
  return digits;
}

/** 8 kHz; a digit begins at a multiple of a block. A word's duty stands upside down, which no ear minds and no likeness here. */
function spokenSince({ world, board }: Stage, fromMs: number): Float32Array {
  const { carrierHz, output } = board.speaker;
  const heard: number[] = [];
  for (const { atUs, drive } of world.changes.get(output.nrf) ?? []) {
    if (atUs < fromMs * 1000 || drive.kind !== "duties") continue;
    const each = carrierHz / 8000;
    for (let at = 0; at + each <= drive.duties.length; at += each) heard.push(drive.duties[at + each - 1]! - 0.5);
  }
  return Float32Array.from(heard);
}

function digitIn(voice: Float32Array): number | undefined {
  const energy = (samples: Float32Array): number => samples.reduce((sum, sample) => sum + sample * sample, 0);
  const likenesses = digitClips().map((clip) => {
    let sum = 0;
    for (let i = 0; i < clip.length; i++) sum += clip[i]! * voice[i]!;
    return Math.abs(sum) / Math.sqrt(energy(clip) * energy(voice) || 1);
  });
  const best = Math.max(...likenesses);
  return best < UNDERSTOOD ? undefined : likenesses.indexOf(best);
}
