// Fits and applies short linear filters: least squares over a stretch that two signals share (covariance method, normal
// equations by Cholesky). A trace of ridge keeps directions that the data say nothing about (frequencies outside the band)
// at zero instead of at infinity. For metrics.ts, which says what the fit is for.

/** Ridge in parts of the first diagonal element: what it biases lies 100 dB below the signal. */
const RIDGE = 1e-10;

/** x with normal * x = right. Overwrites `normal`. Zero when `normal` is zero. */
function solve(normal: Float64Array[], right: Float64Array): Float64Array {
  const size = right.length;
  const x = new Float64Array(size);
  const ridge = RIDGE * normal[0][0];
  if (!(ridge > 0)) return x;
  for (let i = 0; i < size; i++) {
    normal[i][i] += ridge;
    for (let j = 0; j <= i; j++) {
      let sum = normal[i][j];
      for (let k = 0; k < j; k++) sum -= normal[i][k] * normal[j][k];
      // Rounding may leave less than the ridge on the diagonal; never take a root of less.
      normal[i][j] = i === j ? Math.sqrt(Math.max(sum, ridge)) : sum / normal[j][j];
    }
  }
  for (let i = 0; i < size; i++) {
    let sum = right[i];
    for (let k = 0; k < i; k++) sum -= normal[i][k] * x[k];
    x[i] = sum / normal[i][i];
  }
  for (let i = size - 1; i >= 0; i--) {
    let sum = x[i];
    for (let k = i + 1; k < size; k++) sum -= normal[k][i] * x[k];
    x[i] = sum / normal[i][i];
  }
  return x;
}

/** Sums of x[n] * y[n - shift - i] over n in [from, to), for each i below `count`: four at a time, they do not wait for each other. */
function products(x: Float64Array, y: Float64Array, shift: number, count: number, from: number, to: number): Float64Array {
  const sums = new Float64Array((count + 3) & ~3);
  for (let i = 0; i < count; i += 4) {
    let a = 0;
    let b = 0;
    let c = 0;
    let d = 0;
    for (let n = from, m = from - shift - i; n < to; n++, m++) {
      const factor = x[n];
      a += factor * y[m];
      b += factor * y[m - 1];
      c += factor * y[m - 2];
      d += factor * y[m - 3];
    }
    sums.set([a, b, c, d], i);
  }
  return sums.subarray(0, count);
}

/** FIR h such that observed[n] is near the sum of h[i] * reference[n - shift - i], for n in [from, to). */
export function fitFir(reference: Float64Array, observed: Float64Array, shift: number, taps: number, from: number, to: number): Float64Array {
  const normal = Array.from({ length: taps }, () => new Float64Array(taps));
  const right = products(observed, reference, shift, taps, from, to);
  const own = products(reference, reference, 0, taps, from - shift, to - shift);
  for (let i = 0; i < taps; i++) normal[0][i] = normal[i][0] = own[i];
  // Each further element moves the window of its upper left neighbour by one sample.
  const first = from - shift - 1;
  const last = to - shift - 1;
  for (let i = 1; i < taps; i++) {
    for (let j = i; j < taps; j++) {
      normal[i][j] = normal[j][i] =
        normal[i - 1][j - 1] + reference[first - i + 1] * reference[first - j + 1] - reference[last - i + 1] * reference[last - j + 1];
    }
  }
  return solve(normal, right);
}

/** The sum of h[i] * x[n - shift - i] for n in [from, to). */
export function filterFir(h: Float64Array, x: Float64Array, shift: number, from: number, to: number): Float64Array {
  const out = new Float64Array(to - from);
  const padded = new Float64Array((h.length + 3) & ~3);
  padded.set(h);
  for (let i = 0; i < padded.length; i += 4) {
    const a = padded[i];
    const b = padded[i + 1];
    const c = padded[i + 2];
    const d = padded[i + 3];
    for (let n = 0, m = from - shift - i; n < out.length; n++, m++) out[n] += a * x[m] + b * x[m - 1] + c * x[m - 2] + d * x[m - 3];
  }
  return out;
}
