const SQRT_2PI = Math.sqrt(2 * Math.PI);
const SERIES_LIMIT = 3; // below, the power series of Phi converges in few terms; above, the continued fraction of its tail does
const FRACTION_TERMS = 60; // gives full precision from 3 on

/** Density of the standard normal. */
export const normalDensity = (x: number): number => Math.exp(-0.5 * x * x) / SQRT_2PI;

/** Phi(-x) / phi(x) for x >= 3, by its continued fraction (Abramowitz & Stegun 1964, 26.2.14). */
const millsRatio = (x: number): number => {
  let tail = x;
  for (let k = FRACTION_TERMS; k >= 1; k--) tail = x + k / tail;
  return 1 / tail;
};

/** Phi(-x) for 0 <= x < 3, by the power series of Phi (Abramowitz & Stegun 1964, 26.2.11). */
const upperTailBySeries = (x: number): number => {
  let term = x;
  let sum = x;
  for (let k = 1; Math.abs(term) > 1e-17 * sum; k++) {
    term *= (x * x) / (2 * k + 1);
    sum += term;
  }
  return 0.5 - normalDensity(x) * sum;
};

/** Phi(x): the chance that a standard normal is at most x. */
export const normalCdf = (x: number): number => {
  const size = Math.abs(x);
  const tail = size >= SERIES_LIMIT ? normalDensity(size) * millsRatio(size) : upperTailBySeries(size);
  return x > 0 ? 1 - tail : tail;
};

const FARTHEST = 9; // Phi(9) is 1 in double precision

/** The x with Phi(x) = chance, by bisection; chance in (0, 1). */
export const normalQuantile = (chance: number): number => {
  let [low, high] = [-FARTHEST, FARTHEST];
  while (high - low > 1e-12 * FARTHEST) {
    const middle = (low + high) / 2;
    if (normalCdf(middle) < chance) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
};

/** E max(Z - c, 0) = phi(c) - c Phi(-c) for c >= 0: what a normal gains beyond a bar at `c`. */
export const normalGain = (c: number): number => {
  if (c >= SERIES_LIMIT) return normalDensity(c) * (1 - c * millsRatio(c));
  return normalDensity(c) - c * upperTailBySeries(c);
};

/** Expected improvement of N(mean, sd^2) below `best` (Jones, Schonlau & Welch 1998, eq. 15). */
export const expectedImprovement = (mean: number, sd: number, best: number): number => {
  const lead = best - mean;
  if (!(sd > 0)) return Math.max(0, lead);
  return lead > 0 ? lead + sd * normalGain(lead / sd) : sd * normalGain(-lead / sd);
};
