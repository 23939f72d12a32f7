// A complex FFT in place, for measuring. Plain radix 2 with a table of twiddles: decimation in frequency forward, in time
// backward, so that products of spectra need no bit reversal. Never on the toy.

export class Fft {
  readonly #cos: Float64Array;
  readonly #sin: Float64Array;

  /** `size` is a power of two. */
  constructor(readonly size: number) {
    if (size < 2 || (size & (size - 1)) !== 0) throw new RangeError(`${size} is no power of two`);
    this.#cos = new Float64Array(size / 2);
    this.#sin = new Float64Array(size / 2);
    for (let i = 0; i < size / 2; i++) {
      this.#cos[i] = Math.cos((2 * Math.PI * i) / size);
      this.#sin[i] = Math.sin((2 * Math.PI * i) / size);
    }
  }

  /** Natural order in, bit-reversed order out. */
  forward(re: Float64Array, im: Float64Array): void {
    this.#forward(re, im, 0, this.size);
  }

  /** Bit-reversed order in, natural order out, scaled by 1/size. */
  inverse(re: Float64Array, im: Float64Array): void {
    this.#inverse(re, im, 0, this.size);
    const scale = 1 / this.size;
    for (let i = 0; i < this.size; i++) {
      re[i] *= scale;
      im[i] *= scale;
    }
  }

  /** Depth first, so that each half fits the cache long before the whole would. */
  #forward(re: Float64Array, im: Float64Array, from: number, length: number): void {
    const half = length >> 1;
    const stride = this.size / length;
    const cos = this.#cos;
    const sin = this.#sin;
    for (let i = from, k = 0; i < from + half; i++, k += stride) {
      const j = i + half;
      const dr = re[i] - re[j];
      const di = im[i] - im[j];
      re[i] += re[j];
      im[i] += im[j];
      re[j] = dr * cos[k] + di * sin[k];
      im[j] = di * cos[k] - dr * sin[k];
    }
    if (half > 2) {
      this.#forward(re, im, from, half);
      this.#forward(re, im, from + half, half);
    } else if (half === 2) {
      butterfly(re, im, from);
      butterfly(re, im, from + 2);
    }
  }

  #inverse(re: Float64Array, im: Float64Array, from: number, length: number): void {
    const half = length >> 1;
    if (half > 2) {
      this.#inverse(re, im, from, half);
      this.#inverse(re, im, from + half, half);
    } else if (half === 2) {
      butterfly(re, im, from);
      butterfly(re, im, from + 2);
    }
    const stride = this.size / length;
    const cos = this.#cos;
    const sin = this.#sin;
    for (let i = from, k = 0; i < from + half; i++, k += stride) {
      const j = i + half;
      const r = re[j] * cos[k] - im[j] * sin[k];
      const m = im[j] * cos[k] + re[j] * sin[k];
      re[j] = re[i] - r;
      im[j] = im[i] - m;
      re[i] += r;
      im[i] += m;
    }
  }
}

/** The FFT of two points, its own inverse but for the scale. */
function butterfly(re: Float64Array, im: Float64Array, i: number): void {
  const dr = re[i] - re[i + 1];
  const di = im[i] - im[i + 1];
  re[i] += re[i + 1];
  im[i] += im[i + 1];
  re[i + 1] = dr;
  im[i + 1] = di;
}

/** Where the spectrum's bin k stands after `forward`: a table of bit-reversed indices. */
export function bitReversed(size: number): Uint32Array {
  const table = new Uint32Array(size);
  for (let i = 1; i < size; i++) table[i] = (table[i >> 1] >> 1) | (i & 1 ? size >> 1 : 0);
  return table;
}
