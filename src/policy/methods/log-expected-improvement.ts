/**
 * The logarithm of expected improvement, which stays finite and smooth where expected improvement itself is 0 in floating
 * point (Ament et al. 2023, arXiv 2310.20708).
 */
import { normalGain } from '../normal.js';

const LOG_SQRT_2PI = 0.5 * Math.log(2 * Math.PI);
const FAR = 3; // beyond, the continued fraction gives full precision, and the difference in `normalGain` would lose digits
const FRACTION_TERMS = 60; // enough for full precision from 3 on

/**
 * ln E max(Z - c, 0) for c >= 3. With the tail's continued fraction, Phi(-c) / phi(c) = 1 / (c + t), t = 1 / (c + 2 / (c + ...))
 * (Abramowitz & Stegun 1964, 26.2.14), the gain phi(c) - c Phi(-c) is phi(c) t / (c + t): no difference is left to cancel.
 */
const logGainFar = (c: number): number => {
  let below = c;
  for (let k = FRACTION_TERMS; k >= 2; k--) below = c + k / below;
  const t = 1 / below;
  return -0.5 * c * c - LOG_SQRT_2PI + Math.log(t) - Math.log(c + t);
};

/** ln E max(z + Z, 0) for a standard normal Z (ln h of Ament et al. 2023, eq. 9). */
const logGain = (z: number): number => {
  if (z >= 0) return Math.log(z + normalGain(z));
  return z > -FAR ? Math.log(normalGain(-z)) : logGainFar(-z);
};

/** ln E max(best - Y, 0) for Y ~ N(mean, sd^2); minus infinity where nothing can be gained. */
export const logExpectedImprovement = (mean: number, sd: number, best: number): number =>
  sd > 0 ? Math.log(sd) + logGain((best - mean) / sd) : Math.log(Math.max(0, best - mean));
