// What a passkey is spoken with: clips of the ten digits and a pause, as blocks of the kernel's format behind the application's
// text. A passkey becomes a list of blocks, which the player takes for a message. Without clips the digits are counted in beeps.

import { ERR_RANGE, OK, type Code } from "../../hal/contract.ts";
import type { Slot } from "../slot/slot.ts";
import { BLOCK_BYTES, BLOCK_SAMPLES } from "./abi.ts";

export const DIGITS = 10;
/** Each clip has so many blocks: half a second. One block of silence comes last. */
export const CLIP_BLOCKS = 2;
const PAUSE_BLOCK = DIGITS * CLIP_BLOCKS;
export const PROMPT_BLOCKS = PAUSE_BLOCK + 1;
/** Blocks of silence between two digits and between two readings, and how often it is read: 10 s of the 30 that pairing has. */
const PAUSE = 1;
const LONG_PAUSE = 4;
const READINGS = 2;
/** Beeps, in ms: 999999 takes 10.7 s of the 12 that it may. */
const BEEP_HZ = 1047;
const BEEP_MS = 70;
const GAP_MS = 50;
const ZERO_MS = 600;
const DIGIT_MS = 700;

/** One passkey on its way to the speaker; it is a message to the player, and to nobody else. */
export interface Prompt {
  readonly samples: number;
  readonly blocks: Uint8Array;
}

/** The blocks of a passkey. */
export function spokenDigits(digits: string): Prompt {
  const length = READINGS * digits.length * (CLIP_BLOCKS + PAUSE) + LONG_PAUSE * (READINGS - 1);
  const blocks = new Uint8Array(length).fill(PAUSE_BLOCK);
  for (let reading = 0, at = 0; reading < READINGS; reading++, at += LONG_PAUSE) {
    for (let i = 0; i < digits.length; i++, at += CLIP_BLOCKS + PAUSE) {
      for (let block = 0; block < CLIP_BLOCKS; block++) blocks[at + block] = (digits.charCodeAt(i) - 48) * CLIP_BLOCKS + block;
    }
  }
  return { samples: length * BLOCK_SAMPLES, blocks: blocks };
}

export function readPromptBlock(slot: Slot, prompt: Prompt, index: number, into: Uint8Array): Code {
  return slot.readPrompts(prompt.blocks[index] * BLOCK_BYTES, into) ? OK : ERR_RANGE;
}

/** The same as beeps: frequency and milliseconds in turn, 0 Hz a pause; as many beeps as the digit says, a long one for zero. */
export function countedDigits(digits: string): number[] {
  const steps: number[] = [];
  for (let i = 0; i < digits.length; i++) {
    const digit = digits.charCodeAt(i) - 48;
    for (let beep = 0; beep < (digit || 1); beep++) steps.push(BEEP_HZ, digit === 0 ? ZERO_MS : BEEP_MS, 0, GAP_MS);
    steps.push(0, DIGIT_MS);
  }
  return steps;
}
