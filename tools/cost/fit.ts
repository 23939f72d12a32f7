// Fits non-negative unit costs to measured programs: least squares on relative errors by coordinate descent.

/** Strength of the pull towards the prior: it decides only where the data do not. */
const PULL = 1e-3;
const SWEEPS = 3000;

/** Rows of counts, one measured value per row; returns one cost per column. */
export function fitNonNegative(
  rows: readonly (readonly number[])[],
  measured: readonly number[],
  prior: readonly number[],
): number[] {
  const scaled = rows.map((row, r) => row.map((count) => count / measured[r]!));
  const costs = prior.slice();
  const residuals = scaled.map((row) => 1 - row.reduce((sum, count, c) => sum + count * costs[c]!, 0));
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    for (let c = 0; c < costs.length; c++) {
      let gradient = 0;
      let curvature = 0;
      scaled.forEach((row, r) => {
        gradient += row[c]! * residuals[r]!;
        curvature += row[c]! * row[c]!;
      });
      const weight = PULL / Math.max(prior[c]!, 1) ** 2;
      const next = Math.max(0, costs[c]! + (gradient - weight * (costs[c]! - prior[c]!)) / (curvature + weight));
      const step = next - costs[c]!;
      if (step === 0) continue;
      scaled.forEach((row, r) => (residuals[r]! -= row[c]! * step));
      costs[c] = next;
    }
  }
  return costs;
}
