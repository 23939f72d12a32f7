// The twin of kernel/capture.c, word for word of its state: shapes samples and searches for the best IMA ADPCM nibbles.
// Why it works as it does is told there. Host only; integers, every product below 2^31.

import {
  BLOCK_BYTES,
  BLOCK_SAMPLES,
  CAPTURE_DECIMATION,
  CAPTURE_FULL,
  CAPTURE_MID,
  CAPTURE_OWN,
  CAPTURE_SAMPLES,
} from "./abi.ts";
import { INDEX_CHANGE, MAX_INDEX, STEPS, difference } from "./adpcm.ts";
import { EARLY_FIRST, EARLY_SECOND, LATE_FIRST, LATE_SECOND, allPass, clamp } from "./twin-half-band.ts";

const SCALE = CAPTURE_OWN;
const DC = CAPTURE_OWN + 1;
const HALF = CAPTURE_OWN + 2;
const WAITING = CAPTURE_OWN + 3;
const EARLY = CAPTURE_OWN + 4;
const LATE = CAPTURE_OWN + 7;
const BLOCKS = CAPTURE_OWN + 10;
const POSITION = CAPTURE_OWN + 11;
const SETTLED = CAPTURE_OWN + 12;
const LEAST = CAPTURE_OWN + 13;
const BEST = CAPTURE_OWN + 14;
const TARGETS = CAPTURE_OWN + 15;
const PATH = CAPTURE_OWN + 19;
const WAYS = CAPTURE_OWN + 20;

const DC_SHIFT = 6;
const WEIGHT_SHIFT = 4;
const SLOTS = 4;
const PATHS = 3;
const BLOCK_WORDS = BLOCK_BYTES >> 2;
/** 0xffffffff as the signed word that holds it: costs are unsigned. */
const DEAD = -1;
const PRUNE_SHIFT = 3;
const LARGEST_DISTANCE = 63000;

// Words of a way: cost, index, four decoded samples (newest first), three words of nibbles; parent and nibble until inherit.
const COST = 0;
const INDEX = 1;
const DECODED = 2;
const NIBBLES = 6;
const PARENT = 9;
const NIBBLE = 10;
const WAY_WORDS = 16;

function weigh(s: Int32Array, at: number): number {
  return 3 * (s[at] - s[at + 3]) - 5 * s[at + 1] + s[at + 2];
}

function generation(number: number): number {
  return WAYS + (number & 1 ? SLOTS * WAY_WORDS : 0);
}

function blockOf(s: Int32Array, ring: Int32Array): Int32Array {
  return ring.subarray(s[BLOCKS] & 1 ? BLOCK_WORDS : 0);
}

/** BEST is kept in bytes, as the kernel does. */
function best(s: Int32Array, ways: number): number {
  return ways + (s[BEST] >> 2);
}

function offer(s: Int32Array, way: number, next: number, cost: number, distance: number, moved: number, index: number, nibble: number): void {
  const slot = next + (index & (SLOTS - 1)) * WAY_WORDS;
  const sum = cost + (distance - moved) * (distance - moved);
  if (sum >= s[slot + COST] >>> 0) return;
  s[slot + COST] = sum;
  s[slot + INDEX] = index;
  s[slot + DECODED] = moved;
  s[slot + PARENT] = way;
  s[slot + NIBBLE] = nibble;
}

function expand(s: Int32Array, way: number, next: number, cost: number, signed: number, step: number): void {
  const sign = signed < 0 ? 8 : 0;
  const distance = clamp(signed < 0 ? -signed : signed, 0, LARGEST_DISTANCE);
  const half = step >> 1;
  const quarter = step >> 2;
  let rest = distance;
  let magnitude = 0;
  if (rest >= step) {
    rest -= step;
    magnitude = 4;
  }
  if (rest >= half) {
    rest -= half;
    magnitude += 2;
  }
  if (rest >= quarter) magnitude++;
  const first = magnitude > 3 ? magnitude - 1 : magnitude;
  const last = magnitude > 2 && magnitude < 7 ? magnitude + 1 : magnitude;
  for (let m = first; m <= last; m++) {
    offer(s, way, next, cost, distance, difference(step, m), clamp(s[way + INDEX] + INDEX_CHANGE[m], 0, MAX_INDEX), m | sign);
  }
}

function inherit(s: Int32Array, next: number): void {
  let least = DEAD;
  for (let i = 0; i < SLOTS; i++) {
    const way = next + i * WAY_WORDS;
    if (s[way + COST] === DEAD) continue;
    if (s[way + COST] >>> 0 < least >>> 0) {
      least = s[way + COST];
      s[BEST] = (way - next) * 4;
    }
    const parent = s[way + PARENT];
    const nibble = s[way + NIBBLE];
    const moved = nibble & 8 ? -s[way + DECODED] : s[way + DECODED];
    s[way + DECODED] = clamp(s[parent + DECODED] + moved, -32768, 32767);
    for (let k = 0; k < 3; k++) s[way + DECODED + 1 + k] = s[parent + DECODED + k];
    for (let k = 0; k < PATHS; k++) s[way + NIBBLES + k] = s[parent + NIBBLES + k];
    s[way + NIBBLES + s[PATH]] = (s[way + NIBBLES + s[PATH]] >>> 4) | (nibble << 28);
  }
  s[LEAST] = least;
}

function settle(s: Int32Array, ways: number, block: Int32Array): void {
  s[PATH] = (s[PATH] + 1) % PATHS;
  if (s[POSITION] < 8 * PATHS) return;
  const oldest = NIBBLES + s[PATH];
  const path = s[best(s, ways) + oldest];
  block[1 + s[SETTLED]++] = path;
  for (let i = 0; i < SLOTS; i++) {
    if (s[ways + i * WAY_WORDS + oldest] !== path) s[ways + i * WAY_WORDS + COST] = DEAD;
  }
}

function settleAll(s: Int32Array, ways: number, block: Int32Array): number {
  const way = best(s, ways);
  const nibbles = s[POSITION] - 1;
  let word = s[SETTLED];
  for (; word * 8 < nibbles; word++) {
    const missing = (word + 1) * 8 - nibbles;
    const open = s[way + NIBBLES + (word % PATHS)];
    block[1 + word] = missing > 0 ? open >>> (4 * missing) : open;
  }
  return word;
}

function beginBlock(s: Int32Array, ways: number, next: number, sample: number, block: Int32Array): void {
  for (let i = 0; i < SLOTS; i++) s[ways + i * WAY_WORDS + COST] = s[next + i * WAY_WORDS + COST] = DEAD;
  const from = best(s, ways);
  const to = best(s, next);
  s[to + COST] = 0;
  s[to + INDEX] = s[from + INDEX];
  s[to + DECODED] = sample;
  for (let k = 0; k < 3; k++) s[to + DECODED + 1 + k] = s[from + DECODED + k];
  block[0] = (sample & 0xffff) | (s[from + INDEX] << 16);
  s[LEAST] = 0;
  s[SETTLED] = 0;
  s[PATH] = 0;
}

function encode(s: Int32Array, sample: number, ring: Int32Array): void {
  const ways = generation(s[CAPTURE_SAMPLES]);
  const next = generation(++s[CAPTURE_SAMPLES]);
  const position = s[POSITION]++;
  if (position === 0) {
    beginBlock(s, ways, next, sample, blockOf(s, ring));
  } else {
    const aim = (sample << WEIGHT_SHIFT) + weigh(s, TARGETS) + (1 << (WEIGHT_SHIFT - 1));
    for (let i = 0; i < SLOTS; i++) {
      const way = ways + i * WAY_WORDS;
      const cost = (s[way + COST] - s[LEAST]) >>> 0;
      const step = STEPS[s[way + INDEX]];
      s[way + COST] = DEAD;
      if (cost > (step * step) >> PRUNE_SHIFT) continue;
      expand(s, way, next, cost, ((aim - weigh(s, way + DECODED)) >> WEIGHT_SHIFT) - s[way + DECODED], step);
    }
    inherit(s, next);
    if ((position & 7) === 0) settle(s, next, blockOf(s, ring));
  }
  for (let k = 3; k > 0; k--) s[TARGETS + k] = s[TARGETS + k - 1];
  s[TARGETS] = sample;
  if (position === BLOCK_SAMPLES - 1) {
    settleAll(s, next, blockOf(s, ring));
    s[POSITION] = 0;
    s[BLOCKS]++;
  }
}

/** A converter's word to a 16-bit sample: scaled, low-passed and decimated, without DC. Undefined: the second of two is due. */
export function shape(s: Int32Array, word: number): number | undefined {
  const full = s[CAPTURE_FULL];
  if (s[SCALE] === 0) s[SCALE] = Math.floor((32767 * 32768) / full);
  let x = (clamp(word - s[CAPTURE_MID], -full, full) * s[SCALE] + 16384) >> 15;
  if (s[CAPTURE_DECIMATION] === 2) {
    s[HALF] ^= 1;
    if (s[HALF]) {
      s[WAITING] = x;
      return undefined;
    }
    const late = allPass(s, LATE, s[WAITING], LATE_FIRST, LATE_SECOND);
    x = (allPass(s, EARLY, x, EARLY_FIRST, EARLY_SECOND) + late + 1) >> 1;
  }
  x -= s[DC] >> DC_SHIFT;
  s[DC] += x;
  return clamp(x, -32768, 32767);
}

/** capture on its state, its input and its ring of two blocks. */
export function capture(s: Int32Array, samples: Int16Array, ring: Int32Array): number {
  if (s[CAPTURE_FULL] <= 0) return s[BLOCKS];
  for (let i = 0; i < samples.length; i++) {
    const sample = shape(s, samples[i]);
    if (sample !== undefined) encode(s, sample, ring);
  }
  return s[BLOCKS];
}

export function flush(s: Int32Array, ring: Int32Array): number {
  if (s[POSITION] > 0) {
    const block = blockOf(s, ring);
    for (let word = settleAll(s, generation(s[CAPTURE_SAMPLES]), block); word < BLOCK_WORDS - 1; word++) block[1 + word] = 0;
  }
  return s[CAPTURE_SAMPLES];
}
