// Seeded noise for analog models: normal deviates from a table, some tens of millions per second. Never the host's randomness,
// so that a run repeats exactly. xorshift32: G. Marsaglia, "Xorshift RNGs", 2003.

const TABLE_BITS = 16;
const TABLE_SIZE = 1 << TABLE_BITS;

function nextXorshift(state: number): number {
  let x = state;
  x ^= x << 13;
  x ^= x >>> 17;
  x ^= x << 5;
  return x | 0;
}

/** Quantiles of the normal distribution in equal steps: its moments are exact, whatever the seed. */
let table: Float64Array | undefined;

function normalTable(): Float64Array {
  if (table) return table;
  // Peter J. Acklam's rational approximation of the inverse normal distribution, relative error below 1.2e-9.
  const a = [-3.969683028665376e1, 2.209460984245205e2, -2.759285104469687e2, 1.38357751867269e2, -3.066479806614716e1, 2.506628277459239];
  const b = [-5.447609879822406e1, 1.615858368580409e2, -1.556989798598866e2, 6.680131188771972e1, -1.328068155288572e1];
  const c = [-7.784894002430293e-3, -3.223964580411365e-1, -2.400758277161838, -2.549732539343734, 4.374664141464968, 2.938163982698783];
  const d = [7.784695709041462e-3, 3.224671290700398e-1, 2.445134137142996, 3.754408661907416];
  const tail = (q: number): number =>
    (((((c[0]! * q + c[1]!) * q + c[2]!) * q + c[3]!) * q + c[4]!) * q + c[5]!) / ((((d[0]! * q + d[1]!) * q + d[2]!) * q + d[3]!) * q + 1);
  const central = (q: number): number => {
    const r = q * q;
    const top = ((((a[0]! * r + a[1]!) * r + a[2]!) * r + a[3]!) * r + a[4]!) * r + a[5]!;
    return (top * q) / (((((b[0]! * r + b[1]!) * r + b[2]!) * r + b[3]!) * r + b[4]!) * r + 1);
  };
  const quantile = (p: number): number => {
    if (p < 0.02425) return tail(Math.sqrt(-2 * Math.log(p)));
    if (p > 1 - 0.02425) return -tail(Math.sqrt(-2 * Math.log(1 - p)));
    return central(p - 0.5);
  };
  table = Float64Array.from({ length: TABLE_SIZE }, (_, i) => quantile((i + 0.5) / TABLE_SIZE));
  return table;
}

export class Noise {
  #state: number;
  readonly #normal = normalTable();

  constructor(seed: number) {
    // xorshift stays at zero for ever, and close seeds begin alike: spread the bits first.
    this.#state = (Math.imul(seed | 0, 0x9e3779b1) ^ 0x5bf03635) || 1;
    for (let i = 0; i < 8; i++) this.#state = nextXorshift(this.#state);
  }

  /** Adds `sigma` times a normal deviate to each of the first `count` values. */
  addNormal(values: Float64Array, count: number, sigma: number): void {
    const normal = this.#normal;
    let x = this.#state;
    for (let i = 0; i < count; i++) {
      x ^= x << 13;
      x ^= x >>> 17;
      x ^= x << 5;
      values[i]! += sigma * normal[x >>> (32 - TABLE_BITS)]!;
    }
    this.#state = x | 0;
  }

  /** 32 random bits, unsigned. */
  bits(): number {
    this.#state = nextXorshift(this.#state);
    return this.#state >>> 0;
  }
}
