import type { Rng } from './rng.js';

/** Draws the logarithm of a standard gamma variate of shape at least 1 (Marsaglia and Tsang 2000, ACM TOMS 26, 363-372). */
const logGammaDraw = (rng: Rng, shape: number): number => {
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = rng.normal();
    const v = (1 + c * x) ** 3;
    if (v <= 0) continue;
    if (Math.log(1 - rng.uniform()) < (x * x) / 2 + d - d * v + d * Math.log(v)) return Math.log(d * v);
  }
};

/** Draws the logarithm of a gamma variate; shapes below 1 from the shape above by their section 6, in log space for small shapes. */
const logGamma = (rng: Rng, shape: number): number =>
  shape === 1
    ? Math.log(-Math.log(1 - rng.uniform()) || Number.MIN_VALUE)
    : shape < 1
      ? logGammaDraw(rng, shape + 1) + Math.log(1 - rng.uniform()) / shape
      : logGammaDraw(rng, shape);

/** Draws shares `(count)` from the symmetric Dirichlet distribution of this concentration (positive). */
export const drawDirichlet = (rng: Rng, count: number, concentration: number): Float64Array => {
  const shares = new Float64Array(count);
  let top = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < count; i++) {
    const log = logGamma(rng, concentration);
    shares[i] = log;
    if (log > top) top = log;
  }
  let sum = 0;
  for (let i = 0; i < count; i++) sum += shares[i] = Math.exp((shares[i] ?? 0) - top);
  for (let i = 0; i < count; i++) shares[i] = (shares[i] ?? 0) / sum;
  return shares;
};
