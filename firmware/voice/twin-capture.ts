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
const WAYS = CAPTURE_OWN + 19;

const DC_SHIFT = 6;
const WEIGHT = [44, -83, 17, -52];
const SLOTS = 8;
const PATHS = 3;
const BLOCK_WORDS = BLOCK_BYTES >> 2;
const DEAD = 0x40000000;
const PRUNE_SHIFT = 3;
const LARGEST_ERROR = 16383;

// Words of a way: cost, index, four decoded samples (newest first), three words of nibbles.
const COST = 0;
const INDEX = 1;
const DECODED = 2;
const PATH = 6;
const WAY_WORDS = 9;

function weigh(s: Int32Array, at: number): number {
  return WEIGHT[0] * s[at] + WEIGHT[1] * s[at + 1] + WEIGHT[2] * s[at + 2] + WEIGHT[3] * s[at + 3];
}

function generation(number: number): number {
  return WAYS + (number & 1 ? SLOTS * WAY_WORDS : 0);
}

function expand(s: Int32Array, way: number, next: number, cost: number, target: number, step: number): void {
  const decoded = s[way + DECODED];
  const distance = target < decoded ? decoded - target : target - decoded;
  const sign = target < decoded ? 8 : 0;
  let rest = distance;
  let magnitude = 0;
  if (rest >= step) {
    magnitude = 4;
    rest -= step;
  }
  if (rest >= step >> 1) {
    magnitude |= 2;
    rest -= step >> 1;
  }
  if (rest >= step >> 2) magnitude |= 1;
  const last = magnitude >= 3 && magnitude < 7 ? magnitude + 1 : magnitude;
  for (let m = magnitude > 3 ? magnitude - 1 : magnitude; m <= last; m++) {
    const moved = difference(step, m);
    let error = distance - moved;
    let at = sign ? decoded - moved : decoded + moved;
    if (at < -32768 || at > 32767) {
      at = at < 0 ? -32768 : 32767;
      error = target - at;
    }
    error = clamp(error, -LARGEST_ERROR, LARGEST_ERROR);
    const sum = cost + error * error;
    const index = clamp(s[way + INDEX] + INDEX_CHANGE[m], 0, MAX_INDEX);
    const slot = next + (index & (SLOTS - 1)) * WAY_WORDS;
    if (sum < s[slot + COST]) {
      s[slot + COST] = sum;
      s[slot + INDEX] = index;
      s[slot + DECODED] = at;
      s[slot + DECODED + 1] = way;
      s[slot + DECODED + 2] = m | sign;
    }
  }
}

function inherit(s: Int32Array, next: number, path: number): void {
  let least = DEAD;
  for (let i = 0; i < SLOTS; i++) {
    const way = next + i * WAY_WORDS;
    if (s[way + COST] >= DEAD) continue;
    if (s[way + COST] < least) {
      least = s[way + COST];
      s[BEST] = i;
    }
    const parent = s[way + DECODED + 1];
    const nibble = s[way + DECODED + 2];
    for (let k = 0; k < 3; k++) s[way + DECODED + 1 + k] = s[parent + DECODED + k];
    for (let k = 0; k < PATHS; k++) s[way + PATH + k] = s[parent + PATH + k];
    s[way + PATH + path] = (s[way + PATH + path] >>> 4) | (nibble << 28);
  }
  s[LEAST] = least;
}

function settleAll(s: Int32Array, way: number, block: Int32Array, count: number): void {
  for (let word = s[SETTLED]; word * 8 < count; word++) {
    const missing = (word + 1) * 8 - count;
    const path = s[way + PATH + (word % PATHS)];
    block[1 + word] = missing > 0 ? path >>> (4 * missing) : path;
  }
}

function encode(s: Int32Array, sample: number, ring: Int32Array): void {
  const block = ring.subarray(s[BLOCKS] & 1 ? BLOCK_WORDS : 0);
  const position = s[POSITION];
  const ways = generation(s[CAPTURE_SAMPLES]);
  const next = generation(++s[CAPTURE_SAMPLES]);
  for (let i = 0; i < SLOTS; i++) s[next + i * WAY_WORDS + COST] = DEAD;
  if (position === 0) {
    const from = ways + s[BEST] * WAY_WORDS;
    const to = next + s[BEST] * WAY_WORDS;
    s[to + COST] = 0;
    s[to + INDEX] = s[from + INDEX];
    s[to + DECODED] = sample;
    for (let k = 0; k < 3; k++) s[to + DECODED + 1 + k] = s[from + DECODED + k];
    for (let k = 0; k < PATHS; k++) s[to + PATH + k] = s[from + PATH + k];
    block[0] = (sample & 0xffff) | (s[from + INDEX] << 16);
    s[LEAST] = 0;
    s[SETTLED] = 0;
  } else {
    const aim = sample * 256 + weigh(s, TARGETS) + 128;
    for (let i = 0; i < SLOTS; i++) {
      const way = ways + i * WAY_WORDS;
      const cost = s[way + COST] - s[LEAST];
      const step = STEPS[s[way + INDEX]];
      if (cost <= (step * step) >> PRUNE_SHIFT) expand(s, way, next, cost, (aim - weigh(s, way + DECODED)) >> 8, step);
    }
    inherit(s, next, ((position - 1) >> 3) % PATHS);
    if ((position & 7) === 0 && position >= 8 * PATHS) {
      const oldest = PATH + (s[SETTLED] % PATHS);
      const path = s[next + s[BEST] * WAY_WORDS + oldest];
      block[1 + s[SETTLED]++] = path;
      for (let i = 0; i < SLOTS; i++) {
        if (s[next + i * WAY_WORDS + oldest] !== path) s[next + i * WAY_WORDS + COST] = DEAD;
      }
    }
  }
  for (let k = 3; k > 0; k--) s[TARGETS + k] = s[TARGETS + k - 1];
  s[TARGETS] = sample;
  s[POSITION] = position + 1;
  if (position + 1 === BLOCK_SAMPLES) {
    settleAll(s, next + s[BEST] * WAY_WORDS, block, position);
    s[POSITION] = 0;
    s[BLOCKS]++;
  }
}

/** capture on its state, its input and its ring of two blocks. */
export function capture(s: Int32Array, samples: Int16Array, ring: Int32Array): number {
  const full = s[CAPTURE_FULL];
  if (full <= 0) return s[BLOCKS];
  if (s[SCALE] === 0) s[SCALE] = Math.floor((32767 * 32768) / full);
  for (let i = 0; i < samples.length; i++) {
    let x = (clamp(samples[i] - s[CAPTURE_MID], -full, full) * s[SCALE] + 16384) >> 15;
    if (s[CAPTURE_DECIMATION] === 2) {
      s[HALF] ^= 1;
      if (s[HALF]) {
        s[WAITING] = x;
        continue;
      }
      const late = allPass(s, LATE, s[WAITING], LATE_FIRST, LATE_SECOND);
      x = (allPass(s, EARLY, x, EARLY_FIRST, EARLY_SECOND) + late + 1) >> 1;
    }
    x -= s[DC] >> DC_SHIFT;
    s[DC] += x;
    encode(s, clamp(x, -32768, 32767), ring);
  }
  return s[BLOCKS];
}

export function flush(s: Int32Array, ring: Int32Array): number {
  const block = ring.subarray(s[BLOCKS] & 1 ? BLOCK_WORDS : 0);
  const position = s[POSITION];
  if (position > 0) {
    settleAll(s, generation(s[CAPTURE_SAMPLES]) + s[BEST] * WAY_WORDS, block, position - 1);
    for (let word = (position + 6) >> 3; word < BLOCK_WORDS - 1; word++) block[1 + word] = 0;
  }
  return s[CAPTURE_SAMPLES];
}
