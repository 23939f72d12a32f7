// IMA ADPCM: the reference arithmetic that sox and libsndfile share, and the mono WAV block (IMA "Recommended Practices",
// revision 3.00; Microsoft "New Multimedia Data Types", 1994). For the twin, the tools and the companion; never in the
// bundle, where the kernel does this in machine code. Integers only: C with 32-bit int gives the same. The functions of one
// nibble are the arithmetic as it is written down; those of a block do the same faster, and a test holds them to it.

/** Quantiser step for each index. */
export const STEPS: readonly number[] = [
  7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 19, 21, 23, 25, 28, 31, 34, 37, 41, 45, 50, 55, 60, 66, 73, 80, 88, 97, 107, 118,
  130, 143, 157, 173, 190, 209, 230, 253, 279, 307, 337, 371, 408, 449, 494, 544, 598, 658, 724, 796, 876, 963, 1060,
  1166, 1282, 1411, 1552, 1707, 1878, 2066, 2272, 2499, 2749, 3024, 3327, 3660, 4026, 4428, 4871, 5358, 5894, 6484, 7132,
  7845, 8630, 9493, 10442, 11487, 12635, 13899, 15289, 16818, 18500, 20350, 22385, 24623, 27086, 29794, 32767,
];
/** Change of the index for each magnitude (the low three bits of a nibble). */
export const INDEX_CHANGE: readonly number[] = [-1, -1, -1, -1, 2, 4, 6, 8];
export const MAX_INDEX = 88;
/** Bytes before the first nibble of a block. */
export const HEADER_BYTES = 4;

/** What decoder and encoder carry from sample to sample. */
export interface AdpcmState {
  /** Last decoded sample, 16 bit. */
  predictor: number;
  /** Step index, 0..88. */
  index: number;
}

function clamp(value: number, low: number, high: number): number {
  return value < low ? low : value > high ? high : value;
}

/** Distance that a magnitude moves the predictor, as the reference decoder sums it (not rounded from a product). */
export function difference(step: number, magnitude: number): number {
  let sum = step >> 3;
  if (magnitude & 4) sum += step;
  if (magnitude & 2) sum += step >> 1;
  if (magnitude & 1) sum += step >> 2;
  return sum;
}

/** Moves the state by one nibble; returns the decoded sample. */
export function decodeNibble(state: AdpcmState, nibble: number): number {
  const moved = difference(STEPS[state.index], nibble & 7);
  state.predictor = clamp(nibble & 8 ? state.predictor - moved : state.predictor + moved, -32768, 32767);
  state.index = clamp(state.index + INDEX_CHANGE[nibble & 7], 0, MAX_INDEX);
  return state.predictor;
}

/** The reference encoder's choice for one sample (greedy, by successive comparison); moves the state. */
export function encodeNibble(state: AdpcmState, sample: number): number {
  let rest = sample - state.predictor;
  let nibble = 0;
  if (rest < 0) {
    nibble = 8;
    rest = -rest;
  }
  let step = STEPS[state.index];
  for (let bit = 4; bit > 0; bit >>= 1) {
    if (rest >= step) {
      nibble |= bit;
      rest -= step;
    }
    step >>= 1;
  }
  decodeNibble(state, nibble);
  return nibble;
}

/** Samples that a block of `bytes` bytes holds. */
export function samplesInBlock(bytes: number): number {
  return (bytes - HEADER_BYTES) * 2 + 1;
}

/**
 * What the loops over a whole block look up, one read per sample: at index * 16 + nibble, the signed difference above TO_MOVE
 * bits of the next index * 16. Measured on V8: faster than a table for each of the two, and as fast as one by whole bytes.
 */
const TO_MOVE = 11;
const NEXT = (1 << TO_MOVE) - 1;

function transitionTable(): Int32Array {
  const table = new Int32Array(1 << TO_MOVE);
  for (let at = 0; at < (MAX_INDEX + 1) * 16; at++) {
    const moved = difference(STEPS[at >> 4], at & 7);
    const index = clamp((at >> 4) + INDEX_CHANGE[at & 7], 0, MAX_INDEX);
    table[at] = ((at & 8 ? -moved : moved) << TO_MOVE) | (index << 4);
  }
  return table;
}

const TRANSITIONS = transitionTable();
const STEP_OF = new Int32Array(STEPS);

/**
 * The nibble that encodeNibble chooses for a distance of -65535..65535 (a test tries them all), by masks instead of branches:
 * no processor foresees which way a voice's would go.
 */
export function nibbleFor(distance: number, step: number): number {
  const sign = distance >> 31;
  let rest = ((distance ^ sign) - sign - step) | 0;
  let below = rest >> 31;
  let missing = below & 4;
  rest = (rest + (step & below) - (step >> 1)) | 0;
  below = rest >> 31;
  missing |= below & 2;
  rest = (rest + ((step >> 1) & below) - (step >> 2)) | 0;
  return (sign & 8) | (7 ^ (missing | (rest >>> 31)));
}

/** Decodes the first `samples.length` samples of a block. */
export function decodeInto(samples: Int16Array, block: Uint8Array): void {
  const wanted = samples.length;
  if (block.length < HEADER_BYTES) throw new RangeError("an IMA ADPCM block has at least " + HEADER_BYTES + " bytes, this one " + block.length);
  if (wanted > samplesInBlock(block.length)) throw new RangeError("no " + wanted + " samples in a block of " + block.length + " bytes");
  if (block[2] > MAX_INDEX) throw new RangeError("step index " + block[2] + " in a block header: the highest is " + MAX_INDEX);
  const table = TRANSITIONS;
  let predictor = ((block[0] | (block[1] << 8)) << 16) >> 16;
  let entry = block[2] << 4;
  let position = 1;
  if (wanted > 0) samples[0] = predictor;
  for (let at = HEADER_BYTES; position + 1 < wanted; at++, position += 2) {
    const pair = block[at];
    entry = table[(entry & NEXT) | (pair & 15)];
    samples[position] = predictor = clamp((predictor + (entry >> TO_MOVE)) | 0, -32768, 32767);
    entry = table[(entry & NEXT) | (pair >> 4)];
    samples[position + 1] = predictor = clamp((predictor + (entry >> TO_MOVE)) | 0, -32768, 32767);
  }
  if (position < wanted) {
    samples[position] = decodeNibble({ predictor: predictor, index: (entry & NEXT) >> 4 }, block[HEADER_BYTES + (position >> 1)] & 15);
  }
}

/** Decodes the first `count` samples of a block (all of them by default). */
export function decodeBlock(block: Uint8Array, count?: number): Int16Array {
  const samples = new Int16Array(count === undefined ? Math.max(0, samplesInBlock(block.length)) : count);
  decodeInto(samples, block);
  return samples;
}

/**
 * Writes a block's header: the first sample exactly, and the index that decoding goes on with.
 */
export function writeHeader(block: Uint8Array, first: number, index: number): void {
  block[0] = first & 255;
  block[1] = (first >> 8) & 255;
  block[2] = index;
  block[3] = 0;
}

/** Puts the nibble of sample `position` (1 = the first after the header's) into a block whose bytes were zeroed. */
export function writeNibble(block: Uint8Array, position: number, nibble: number): void {
  block[HEADER_BYTES + ((position - 1) >> 1)] |= position & 1 ? nibble : nibble << 4;
}

/**
 * Encodes one block of `bytes` bytes with the reference encoder, beginning at `index`; samples that lack at the end become
 * zero nibbles. Returns the index to begin the next block with.
 */
export function encodeBlock(samples: ArrayLike<number>, block: Uint8Array, index: number): number {
  const count = samples.length;
  if (count < 1 || count > samplesInBlock(block.length)) {
    throw new RangeError(count + " samples do not make a block of " + block.length + " bytes");
  }
  const table = TRANSITIONS;
  const steps = STEP_OF;
  let predictor = samples[0];
  let state = index << 4;
  let position = 1;
  let at = HEADER_BYTES;
  writeHeader(block, predictor, index);
  for (; position + 1 < count; position += 2) {
    const low = nibbleFor((samples[position] - predictor) | 0, steps[state >> 4]);
    let entry = table[state | low];
    predictor = clamp((predictor + (entry >> TO_MOVE)) | 0, -32768, 32767);
    state = entry & NEXT;
    const high = nibbleFor((samples[position + 1] - predictor) | 0, steps[state >> 4]);
    entry = table[state | high];
    predictor = clamp((predictor + (entry >> TO_MOVE)) | 0, -32768, 32767);
    state = entry & NEXT;
    block[at++] = low | (high << 4);
  }
  for (let rest = at; rest < block.length; rest++) block[rest] = 0;
  if (position === count) return state >> 4;
  const last = { predictor: predictor, index: state >> 4 };
  writeNibble(block, position, encodeNibble(last, samples[position]));
  return last.index;
}
