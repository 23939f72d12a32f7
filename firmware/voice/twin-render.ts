// The twin of kernel/render.c, word for word of its state: IMA ADPCM blocks in, PWM duty words out. Host only; integers,
// every product below 2^31.

import {
  RENDER_FULL,
  RENDER_OWN,
  RENDER_POSITION,
  RENDER_SAMPLES,
  RENDER_TONE_LEFT,
  RENDER_TONE_LEVEL,
  RENDER_TONE_STEP,
  RENDER_VOLUME,
  RENDER_WORDS_PER_SAMPLE,
} from "./abi.ts";
import { HEADER_BYTES, MAX_INDEX, decodeNibble, type AdpcmState } from "./adpcm.ts";
import { EARLY_OUT, LATE_OUT, clamp, halfBand, writeSteps } from "./twin-shared.ts";

const DECODED = RENDER_OWN;
/** Twice the step index. */
const INDEX = RENDER_OWN + 1;
const PHASE = RENDER_OWN + 2;
const TONE_PHASE = RENDER_OWN + 3;
const LOST = RENDER_OWN + 4;
const LOST_BEFORE = RENDER_OWN + 5;
const WORDS = RENDER_OWN + 6;
const FIRST = RENDER_OWN + 10;
const SECOND = RENDER_OWN + 16;
const TABLE = RENDER_OWN + 22;

const KNEE = 24575;
const BEND = 16383;

const coder: AdpcmState = { predictor: 0, index: 0 };

function softLimit(x: number): number {
  const size = x < 0 ? -x : x;
  if (size <= KNEE) return x;
  const over = size - KNEE > BEND ? BEND : size - KNEE;
  const bent = KNEE + over - ((over * over) >> 15);
  return x < 0 ? -bent : bent;
}

function nextSample(s: Int32Array, block: Uint8Array): number {
  const position = s[RENDER_POSITION]++;
  if (position === 0) {
    coder.predictor = ((block[0] | (block[1] << 8)) << 16) >> 16;
    coder.index = clamp(block[2], 0, MAX_INDEX);
  } else {
    const pair = block[HEADER_BYTES + ((position - 1) >> 1)];
    coder.predictor = s[DECODED];
    coder.index = s[INDEX] >> 1;
    decodeNibble(coder, position & 1 ? pair & 15 : pair >> 4);
  }
  s[DECODED] = coder.predictor;
  s[INDEX] = 2 * coder.index;
  return softLimit((coder.predictor * s[RENDER_VOLUME]) >> 8);
}

function interpolate(s: Int32Array, x: number): void {
  halfBand(s, FIRST, x, x);
  for (let i = 0; i < 4; i += 2) {
    const half = s[FIRST + (i === 0 ? EARLY_OUT : LATE_OUT)];
    halfBand(s, SECOND, half, half);
    s[WORDS + i] = s[SECOND + EARLY_OUT];
    s[WORDS + i + 1] = s[SECOND + LATE_OUT];
  }
}

function tone(s: Int32Array): number {
  if (s[RENDER_TONE_LEFT] <= 0) return 0;
  s[RENDER_TONE_LEFT]--;
  const level = s[RENDER_TONE_LEVEL] ^ (s[TONE_PHASE] >> 31);
  s[TONE_PHASE] += s[RENDER_TONE_STEP];
  return level;
}

function duty(s: Int32Array, x: number, shaped: boolean): number {
  const full = s[RENDER_FULL];
  let wanted = (x + 32768) * full;
  if (shaped) wanted += 2 * s[LOST] - s[LOST_BEFORE];
  s[LOST_BEFORE] = s[LOST];
  s[LOST] = (wanted << 16) >> 16;
  return clamp((wanted + 32768) >> 16, 0, full);
}

/** render on its state, its block and where the words go. */
export function render(s: Int32Array, block: Uint8Array, words: Uint16Array): number {
  const lastPhase = s[RENDER_WORDS_PER_SAMPLE] - 1;
  if (s[TABLE] === 0) writeSteps(s, TABLE);
  for (let written = 0; written < words.length; written++) {
    const phase = s[PHASE];
    if (phase === 0) {
      if (s[RENDER_POSITION] >= s[RENDER_SAMPLES]) return written;
      s[WORDS] = nextSample(s, block);
      if (lastPhase > 0) interpolate(s, s[WORDS]);
    }
    s[PHASE] = (phase + 1) & lastPhase;
    words[written] = duty(s, s[WORDS + phase] + tone(s), lastPhase > 0);
  }
  return words.length;
}
