// The twin of kernel/capture.c and search.S, on the same words of state: shapes samples and searches for the best IMA ADPCM
// nibbles. Why it works as it does is told there. Host only; integers: where the
// kernel's overflow, a shift makes these the same.

import {
  BLOCK_BYTES,
  BLOCK_SAMPLES,
  CAPTURE_DECIMATION,
  CAPTURE_MID,
  CAPTURE_OWN,
  CAPTURE_SAMPLES,
  CAPTURE_SCALE,
} from "./abi.ts";
import { INDEX_CHANGE, MAX_INDEX, STEPS, difference } from "./adpcm.ts";
import { EARLY_OUT, LATE_OUT, clamp, halfBand, writeSteps } from "./twin-shared.ts";

const DC = CAPTURE_OWN;
const HALF_BAND = CAPTURE_OWN + 1;
const BLOCK_AT = CAPTURE_OWN + 7;
const BLOCKS = CAPTURE_OWN + 8;
const TARGETS = CAPTURE_OWN + 9;
const BEST = CAPTURE_OWN + 13;
const WAYS = CAPTURE_OWN + 14;
const BEFORE = CAPTURE_OWN + 15;
const POSITION = CAPTURE_OWN + 16;
const ALL = CAPTURE_OWN + 17;
const TABLE = CAPTURE_OWN + 273;

const DC_SHIFT = 6;
const SLOTS = 8;
const PATHS = 4;
const BLOCK_WORDS = BLOCK_BYTES >> 2;
/** 0xffffffff as the signed word that holds it: costs are unsigned. */
const DEAD = -1;
/** Magnitudes from this on raise the index. */
const FIRST_HIGHER = 4;

// Words of a way. INDEX is kept twice as large, as the kernel does; where that has addresses here are places in the state.
const COST = 0;
const MOVED = 1;
const INDEX = 2;
const NIBBLE = 3;
const PARENT = 4;
const PATH = 5;
const DECODED = 9;
const NEWEST = DECODED + 3;
const WAY_WORDS = 16;

/** The error filter on four words, newest first or, for a way's samples, oldest first (`next` = -1); in 1/16. */
function weigh(s: Int32Array, newest: number, next: 1 | -1): number {
  return 4 * (s[newest] - s[newest + next]) + 3 * (s[newest + 2 * next] - s[newest + 3 * next]);
}

function blockOf(s: Int32Array, ring: Int32Array): Int32Array {
  return ring.subarray(s[BLOCK_AT] >> 2);
}

function leaveOne(s: Int32Array, ways: number, one: number): void {
  for (let i = 0; i < SLOTS; i++) s[ways + i * WAY_WORDS + COST] = DEAD;
  s[one + COST] = 0;
}

/** The way's nibble and sample, after those of its parent. */
function follow(s: Int32Array, way: number): void {
  const parent = s[way + PARENT];
  const nibble = s[way + NIBBLE];
  const decoded = clamp(s[parent + NEWEST] + (nibble & 8 ? -s[way + MOVED] : s[way + MOVED]), -32768, 32767);
  s[way + PATH] = (s[parent + PATH] >>> 4) | (nibble << 28);
  for (let k = 1; k < PATHS; k++) s[way + PATH + k] = s[parent + PATH + k];
  for (let k = DECODED; k < NEWEST; k++) s[way + k] = s[parent + k + 1];
  s[way + NEWEST] = decoded;
}

/** What offer has seen as the least cost of this sample's ways; it leaves the way in BEST. */
let cheapest = 0;

/** Gives a slot to the way on by one magnitude, if that is cheaper. */
function offer(s: Int32Array, way: number, next: number, cost: number, distance: number, step: number, magnitude: number, sign: number): void {
  const moved = difference(step, magnitude);
  const sum = (cost + (distance - moved) * (distance - moved)) >>> 0;
  const index = clamp((s[way + INDEX] >> 1) + INDEX_CHANGE[magnitude], 0, MAX_INDEX);
  const slot = next + (index & (SLOTS - 1)) * WAY_WORDS;
  if (sum >= s[slot + COST] >>> 0) return;
  s[slot + COST] = sum;
  s[slot + MOVED] = moved;
  s[slot + INDEX] = 2 * index;
  s[slot + NIBBLE] = magnitude | sign;
  s[slot + PARENT] = way;
  if (sum >= cheapest) return;
  cheapest = sum;
  s[BEST] = slot;
}

function expand(s: Int32Array, way: number, next: number, cost: number, step: number, signed: number): void {
  const sign = signed < 0 ? 8 : 0;
  const distance = signed < 0 ? -signed : signed;
  const quarter = step >> 2;
  if (distance < step + quarter) {
    const isHalf = distance >= step >> 1;
    const magnitude = (isHalf ? 2 : 0) + ((isHalf ? distance - (step >> 1) : distance) >= quarter ? 1 : 0);
    offer(s, way, next, cost, distance, step, magnitude, sign);
    if (magnitude < FIRST_HIGHER - 1) return;
  }
  for (let m = FIRST_HIGHER; m < 8 && difference(step, m) <= distance + quarter + (step >> 3); m++) {
    offer(s, way, next, cost, distance, step, m, sign);
  }
}

/** One step on from the ways up to the sample before. */
function search(s: Int32Array, sample: number): void {
  const ways = s[WAYS];
  const next = s[BEFORE];
  const aim = 16 * sample + weigh(s, TARGETS, 1) + 8;
  const least = s[s[BEST] + COST];
  cheapest = DEAD >>> 0;
  for (let k = 3; k > 0; k--) s[TARGETS + k] = s[TARGETS + k - 1];
  s[TARGETS] = sample;
  s[WAYS] = next;
  s[BEFORE] = ways;
  for (let i = 0; i < SLOTS; i++) s[next + i * WAY_WORDS + COST] = DEAD;
  for (let i = 0; i < SLOTS; i++) {
    const way = ways + i * WAY_WORDS;
    const cost = (s[way + COST] - least) >>> 0;
    const step = STEPS[s[way + INDEX] >> 1];
    if (cost > (step * step) >> 3) continue;
    follow(s, way);
    expand(s, way, next, cost, step, ((aim - weigh(s, way + NEWEST, -1)) >> 4) - s[way + NEWEST]);
  }
}

/** The last nibbles move up by a word. */
function openWord(s: Int32Array, way: number): void {
  for (let k = PATHS - 1; k > 0; k--) s[way + PATH + k] = s[way + PATH + k - 1];
}

function settle(s: Int32Array, word: number, block: Int32Array): void {
  const oldest = PATH + PATHS - 1;
  if (word >= 0) {
    const path = s[s[s[BEST] + PARENT] + oldest];
    block[1 + word] = path;
    for (let way = s[WAYS]; way < s[WAYS] + SLOTS * WAY_WORDS; way += WAY_WORDS) {
      if (s[way + COST] !== DEAD && s[s[way + PARENT] + oldest] !== path) s[way + COST] = DEAD;
    }
  }
  for (let way = s[BEFORE]; way < s[BEFORE] + SLOTS * WAY_WORDS; way += WAY_WORDS) openWord(s, way);
}

function finish(s: Int32Array, block: Int32Array): void {
  const best = s[BEST];
  const way = s[best + PARENT];
  const nibbles = s[POSITION] - 1;
  s[way + PATH] = ((s[way + PATH] >>> 4) | (s[best + NIBBLE] << 28)) >>> (4 * (-nibbles & 7));
  for (let word = ((nibbles - 1) >> 3) - (PATHS - 1); word < BLOCK_WORDS - 1; word++) {
    if (word >= 0) block[1 + word] = s[way + PATH + PATHS - 1];
    openWord(s, way);
    s[way + PATH] = 0;
  }
  leaveOne(s, s[WAYS], best);
  s[POSITION] = 0;
  s[BLOCKS]++;
  s[BLOCK_AT] = BLOCK_BYTES - s[BLOCK_AT];
}

function encode(s: Int32Array, sample: number, block: Int32Array): void {
  if (s[CAPTURE_SAMPLES]++ === 0) {
    writeSteps(s, TABLE);
    s[BEST] = s[WAYS] = s[ALL + PARENT] = ALL;
    s[BEFORE] = ALL + SLOTS * WAY_WORDS;
    leaveOne(s, ALL, ALL);
  }
  search(s, sample);
  const best = s[BEST];
  const position = s[POSITION]++;
  if (position === 0) {
    const from = s[best + PARENT];
    leaveOne(s, s[WAYS], best);
    s[best + MOVED] = sample - s[from + NEWEST];
    s[best + INDEX] = s[from + INDEX];
    s[best + NIBBLE] = 0;
    block[0] = (sample & 0xffff) | (s[from + INDEX] << 15);
  } else if ((position & 7) === 1) settle(s, (position >> 3) - PATHS, block);
  if (position === BLOCK_SAMPLES - 1) finish(s, block);
}

/**
 * Converter words to 16-bit samples without DC: scaled, and with a decimation of 2 low-passed and halved. A last one of two is
 * left out.
 */
export function shape(s: Int32Array, words: Int16Array): Int16Array {
  const decimation = s[CAPTURE_DECIMATION];
  const samples = new Int16Array(Math.floor(words.length / decimation));
  for (let i = 0; i < samples.length; i++) {
    let x = scaled(s, words[i * decimation]);
    if (decimation === 2) {
      halfBand(s, HALF_BAND, scaled(s, words[2 * i + 1]), x);
      x = (s[HALF_BAND + EARLY_OUT] + s[HALF_BAND + LATE_OUT]) >> 1;
    }
    x -= s[DC] >> DC_SHIFT;
    s[DC] += x;
    samples[i] = clamp(x, -32768, 32767);
  }
  return samples;
}

function scaled(s: Int32Array, word: number): number {
  return ((word - s[CAPTURE_MID]) * s[CAPTURE_SCALE]) >> 15;
}

/** capture on its state, its input and its ring of two blocks. */
export function capture(s: Int32Array, words: Int16Array, ring: Int32Array): number {
  const samples = shape(s, words);
  for (let i = 0; i < samples.length; i++) encode(s, samples[i], blockOf(s, ring));
  return s[BLOCKS];
}

export function flush(s: Int32Array, ring: Int32Array): number {
  if (s[POSITION] > 0) finish(s, blockOf(s, ring));
  return s[CAPTURE_SAMPLES];
}
