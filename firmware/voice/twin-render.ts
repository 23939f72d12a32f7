// The twin of kernel/render.c, word for word of its state: IMA ADPCM blocks in, PWM duty words out. Host only; integers,
// every product below 2^31.

import {
  RENDER_FULL,
  RENDER_LEFT,
  RENDER_OWN,
  RENDER_POSITION,
  RENDER_TONE_HALF_PERIOD,
  RENDER_TONE_LEFT,
  RENDER_TONE_LEVEL,
  RENDER_VOLUME,
  RENDER_WORDS_PER_SAMPLE,
} from "./abi.ts";
import { HEADER_BYTES, MAX_INDEX, decodeNibble, type AdpcmState } from "./adpcm.ts";
import { EARLY_FIRST, EARLY_SECOND, LATE_FIRST, LATE_SECOND, allPass, clamp } from "./twin-half-band.ts";

const DECODED = RENDER_OWN;
const INDEX = RENDER_OWN + 1;
const PHASE = RENDER_OWN + 2;
const EARLY = RENDER_OWN + 3;
const LATE = RENDER_OWN + 6;
const WIDE_EARLY = RENDER_OWN + 9;
const WIDE_LATE = RENDER_OWN + 11;
const WORDS = RENDER_OWN + 13;
const LOST = RENDER_OWN + 17;
const LOST_BEFORE = RENDER_OWN + 18;
const TONE_COUNT = RENDER_OWN + 19;
const TONE_SIGN = RENDER_OWN + 20;

const WIDE_EARLY_COEFFICIENT = 1071;
const WIDE_LATE_COEFFICIENT = 4692;
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
  s[RENDER_LEFT]--;
  if (position === 0) {
    s[DECODED] = ((block[0] | (block[1] << 8)) << 16) >> 16;
    s[INDEX] = clamp(block[2], 0, MAX_INDEX);
  } else {
    const pair = block[HEADER_BYTES + ((position - 1) >> 1)];
    coder.predictor = s[DECODED];
    coder.index = s[INDEX];
    s[DECODED] = decodeNibble(coder, position & 1 ? pair & 15 : pair >> 4);
    s[INDEX] = coder.index;
  }
  return softLimit((s[DECODED] * s[RENDER_VOLUME]) >> 8);
}

function allPassOne(s: Int32Array, at: number, x: number, coefficient: number): number {
  const y = s[at] + ((coefficient * (x - s[at + 1]) + 4096) >> 13);
  s[at] = x;
  s[at + 1] = y;
  return y;
}

function interpolate(s: Int32Array, x: number): void {
  const early = allPass(s, EARLY, x, EARLY_FIRST, EARLY_SECOND);
  const late = allPass(s, LATE, x, LATE_FIRST, LATE_SECOND);
  s[WORDS] = allPassOne(s, WIDE_EARLY, early, WIDE_EARLY_COEFFICIENT);
  s[WORDS + 1] = allPassOne(s, WIDE_LATE, early, WIDE_LATE_COEFFICIENT);
  s[WORDS + 2] = allPassOne(s, WIDE_EARLY, late, WIDE_EARLY_COEFFICIENT);
  s[WORDS + 3] = allPassOne(s, WIDE_LATE, late, WIDE_LATE_COEFFICIENT);
}

function tone(s: Int32Array): number {
  if (s[RENDER_TONE_LEFT] <= 0) return 0;
  s[RENDER_TONE_LEFT]--;
  if (--s[TONE_COUNT] < 0) {
    s[TONE_COUNT] = s[RENDER_TONE_HALF_PERIOD] - 1;
    s[TONE_SIGN] = ~s[TONE_SIGN];
  }
  return s[RENDER_TONE_LEVEL] ^ s[TONE_SIGN];
}

function duty(s: Int32Array, x: number, shaped: boolean): number {
  const full = s[RENDER_FULL];
  let wanted = clamp(x, -32768, 32767) * full + full * 32768;
  if (shaped) wanted += 2 * s[LOST] - s[LOST_BEFORE];
  const word = clamp((wanted + 32768) >> 16, 0, full);
  s[LOST_BEFORE] = s[LOST];
  s[LOST] = clamp(wanted - word * 65536, -65536, 65536);
  return word;
}

/** render on its state, its block and where the words go. */
export function render(s: Int32Array, block: Uint8Array, words: Uint16Array): number {
  const shaped = s[RENDER_WORDS_PER_SAMPLE] === 4;
  for (let written = 0; written < words.length; written++) {
    const phase = s[PHASE];
    if (phase === 0) {
      if (s[RENDER_LEFT] <= 0) return written;
      const x = nextSample(s, block);
      if (shaped) interpolate(s, x);
      else s[WORDS] = x;
    }
    if (shaped) s[PHASE] = (phase + 1) & 3;
    words[written] = duty(s, s[WORDS + phase] + tone(s), shaped);
  }
  return words.length;
}
