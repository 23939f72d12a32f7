// The host's IMA ADPCM encoder, for export and tools where time is cheap: of all ways to encode a block it follows some
// hundred, spread over the step indices, and takes the one whose error is least in the voice band.
//
// A way is kept in a slot chosen by its step index and a hash of its predictor; a cheaper one takes the slot. So the ways
// stay spread over indices (a plain list of the cheapest converges to near copies of one way), without any sorting.
// Measured on the clips of quality.ts at 16 slots per index: what 256 sorted survivors give, in a tenth of the time.

import { BLOCK_BYTES, BLOCK_SAMPLES } from "../../firmware/voice/abi.ts";
import { INDEX_CHANGE, MAX_INDEX, STEPS, difference, writeHeader, writeNibble } from "../../firmware/voice/adpcm.ts";

/**
 * Error filter after the leading 1: 7th-order linear prediction of a spectrum 10 dB lower in 100-3600 Hz at 8 kHz. Squared
 * errors behind it count fully inside the band and hardly outside.
 */
const WEIGHT = [0.1724, -0.3226, 0.0675, -0.2031, -0.0448, -0.0877, -0.139];
const SLOTS_PER_INDEX = 16;
const SLOTS = (MAX_INDEX + 1) * SLOTS_PER_INDEX;
/** A way is followed while it costs no more than the best one and this part of its step squared. */
const PRUNE = 0.25;

const DIFFERENCE = Int32Array.from({ length: STEPS.length * 8 }, (_, i) => difference(STEPS[i >> 3]!, i & 7));

/** One generation of ways, by slot; `live` lists the slots that are taken. */
class Ways {
  readonly cost = new Float64Array(SLOTS);
  readonly predictor = new Int32Array(SLOTS);
  readonly node = new Int32Array(SLOTS);
  readonly errors = new Float64Array(SLOTS * WEIGHT.length);
  readonly taken = new Int32Array(SLOTS);
  readonly live = new Int32Array(SLOTS);
  count = 0;
}

/** Growing memory of how ways came about: the node before, and the nibble (at a block's beginning: the index). */
class Nodes {
  before = new Int32Array(1 << 16);
  value = new Uint8Array(1 << 16);
  count = 0;

  add(before: number, value: number): number {
    if (this.count === this.before.length) {
      const [olderBefore, olderValue] = [this.before, this.value];
      this.before = new Int32Array(2 * this.count);
      this.before.set(olderBefore);
      this.value = new Uint8Array(2 * this.count);
      this.value.set(olderValue);
    }
    this.before[this.count] = before;
    this.value[this.count] = value;
    return this.count++;
  }
}

function slotOf(index: number, predictor: number): number {
  return index * SLOTS_PER_INDEX + (Math.imul(predictor, 0x9e3779b1) >>> 28);
}

/** Encodes blocks one after the other; `band: false` weighs all frequencies alike. */
export class BlockSearch {
  #now = new Ways();
  #next = new Ways();
  readonly #nodes = new Nodes();
  readonly #weight: readonly number[];
  /** Errors of the way taken, newest first: the weight reaches over the border of blocks. */
  #errors = new Float64Array(WEIGHT.length);
  #stamp = 0;

  constructor(options: { readonly band?: boolean } = {}) {
    this.#weight = options.band === false ? WEIGHT.map(() => 0) : WEIGHT;
  }

  /** Encodes 1 to BLOCK_SAMPLES samples into `block`; the rest is zero nibbles. */
  encode(samples: ArrayLike<number>, block: Uint8Array): void {
    if (samples.length < 1 || samples.length > BLOCK_SAMPLES) throw new RangeError(`${samples.length} samples do not make a block`);
    this.#begin(samples[0]!);
    for (let i = 1; i < samples.length; i++) this.#step(samples[i]!);
    this.#write(samples, block);
  }

  /** The header may hold any index, so every one is tried; its sample is exact. */
  #begin(sample: number): void {
    const now = this.#now;
    this.#nodes.count = 0;
    now.count = 0;
    for (let index = 0; index <= MAX_INDEX; index++) {
      const slot = slotOf(index, sample);
      now.live[now.count++] = slot;
      now.cost[slot] = 0;
      now.predictor[slot] = sample;
      now.node[slot] = this.#nodes.add(-1, index);
      now.errors.set(this.#errors, slot * WEIGHT.length);
      now.errors.copyWithin(slot * WEIGHT.length + 1, slot * WEIGHT.length, (slot + 1) * WEIGHT.length - 1);
      now.errors[slot * WEIGHT.length] = 0;
    }
  }

  #step(sample: number): void {
    const now = this.#now;
    const next = this.#next;
    const weight = this.#weight;
    const stamp = ++this.#stamp;
    next.count = 0;
    let least = Infinity;
    for (let i = 0; i < now.count; i++) least = Math.min(least, now.cost[now.live[i]!]!);
    for (let i = 0; i < now.count; i++) {
      const from = now.live[i]!;
      const index = Math.floor(from / SLOTS_PER_INDEX);
      const step = STEPS[index]!;
      const cost = now.cost[from]! - least;
      if (cost > PRUNE * step * step) continue;
      let feedback = 0;
      for (let k = 0, at = from * WEIGHT.length; k < WEIGHT.length; k++) feedback += weight[k]! * now.errors[at + k]!;
      const predictor = now.predictor[from]!;
      const distance = sample + feedback - predictor;
      const nearest = Math.min(7, Math.floor((4 * Math.abs(distance)) / step));
      for (let magnitude = Math.max(-1, nearest - 1); magnitude <= Math.min(7, nearest + 1); magnitude++) {
        // Below the smallest magnitude lies the smallest one of the other sign.
        const nibble = (magnitude < 0 ? 0 : magnitude) | ((distance < 0) !== magnitude < 0 ? 8 : 0);
        const moved = DIFFERENCE[index * 8 + (nibble & 7)]!;
        const decoded = Math.max(-32768, Math.min(32767, nibble & 8 ? predictor - moved : predictor + moved));
        const error = sample + feedback - decoded;
        const sum = cost + error * error;
        const changed = Math.max(0, Math.min(MAX_INDEX, index + INDEX_CHANGE[nibble & 7]!));
        const to = slotOf(changed, decoded);
        if (next.taken[to] === stamp) {
          if (next.cost[to]! <= sum) continue;
        } else {
          next.taken[to] = stamp;
          next.live[next.count++] = to;
        }
        next.cost[to] = sum;
        next.predictor[to] = decoded;
        next.node[to] = this.#nodes.add(now.node[from]!, nibble);
        const a = from * WEIGHT.length;
        const b = to * WEIGHT.length;
        for (let k = WEIGHT.length - 1; k > 0; k--) next.errors[b + k] = now.errors[a + k - 1]!;
        next.errors[b] = sample - decoded;
      }
    }
    this.#now = next;
    this.#next = now;
  }

  #write(samples: ArrayLike<number>, block: Uint8Array): void {
    const now = this.#now;
    let best = now.live[0]!;
    for (let i = 1; i < now.count; i++) if (now.cost[now.live[i]!]! < now.cost[best]!) best = now.live[i]!;
    this.#errors = now.errors.slice(best * WEIGHT.length, (best + 1) * WEIGHT.length);
    block.fill(0);
    let node = now.node[best]!;
    for (let position = samples.length - 1; position > 0; position--) {
      writeNibble(block, position, this.#nodes.value[node]!);
      node = this.#nodes.before[node]!;
    }
    writeHeader(block, samples[0]!, this.#nodes.value[node]!);
  }
}

/** Whole blocks of BLOCK_BYTES; the last is padded. `onProgress` hears the share done, 0 to 1. */
export function searchBlocks(samples: Int16Array, onProgress?: (done: number) => void, options: { readonly band?: boolean } = {}): Uint8Array {
  const search = new BlockSearch(options);
  const count = Math.ceil(samples.length / BLOCK_SAMPLES);
  const blocks = new Uint8Array(count * BLOCK_BYTES);
  for (let i = 0; i < count; i++) {
    search.encode(samples.subarray(i * BLOCK_SAMPLES, (i + 1) * BLOCK_SAMPLES), blocks.subarray(i * BLOCK_BYTES, (i + 1) * BLOCK_BYTES));
    onProgress?.((i + 1) / count);
  }
  return blocks;
}
