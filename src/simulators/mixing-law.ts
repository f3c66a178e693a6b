/**
 * A mixing law: one metric as a function of mixture, model size and training steps. Ours, in the manner of the
 * exponential mixing law of Ye et al. 2024 (arXiv 2403.16952, equation 1), with size and steps put into the exponents
 * instead of nested around them, and with mixing strengths that drift with size and steps, so that a small model may
 * rank mixtures otherwise than a large one.
 *
 * | name | meaning                                                        | shape   | unit |
 * |------|----------------------------------------------------------------|---------|------|
 * | w    | shares                                                         | (D)     | 1    |
 * | g    | saturating shares, ln(1 + w/e) / ln(1 + 1/e)                   | (D)     | 1    |
 * | x    | ln(parameters / 1e9)                                           |         | 1    |
 * | v    | ln(steps / 20 000)                                             |         | 1    |
 * | q    | what the fidelity multiplies: 1, x, v, xv, x^2, v^2            | (6)     | 1    |
 * | a    | what every mixture shares                                      | (6)     | 1    |
 * | T    | strength of each domain's share                                | (6 × D) | 1    |
 * | S    | strength of each domain's saturating share, for 1, x, v        | (3 × D) | 1    |
 * | p    | products of two shares, w1 w2, w1 w3, ..., in order            | (P)     | 1    |
 * | Q    | strength of each product, for 1, x; P = D (D - 1) / 2          | (2 × P) | 1    |
 *
 *     metric = sign (floor + exp(q . a) + exp(q' T w + q' S g + q' Q p))
 */
export interface MixingLaw {
  /** Metric name. */
  readonly metric: string;
  /** 1 for a loss, -1 for an accuracy (the law then describes its negative). */
  readonly sign: 1 | -1;
  readonly floor: number;
  /** a `(6)`. */
  readonly scaling: readonly number[];
  /** T `(6 × D)`. */
  readonly mixing: readonly (readonly number[])[];
  /** S `(3 × D)`. */
  readonly saturation: readonly (readonly number[])[];
  /** Q `(2 × P)`. */
  readonly pairs: readonly (readonly number[])[];
  /** Standard deviation over Dirichlet(1) mixtures at the target, in the metric's unit. */
  readonly spread: number;
}

const REFERENCE_PARAMETERS = 1e9; // x is 0 at the size of the largest runs
const REFERENCE_STEPS = 20_000; // v is near 0 at the end of the longest runs
const SATURATION_SHARE = 0.08; // the share past which a domain's tokens teach with the logarithm of their number

/** Returns g of one share, in [0, 1]. */
export const saturate = (share: number): number =>
  Math.log1p(share / SATURATION_SHARE) / Math.log1p(1 / SATURATION_SHARE);

/** Returns q `(6)` for parameters (count) and steps (count). */
export const fidelityTerms = (parameters: number, steps: number): readonly number[] => {
  const x = Math.log(parameters / REFERENCE_PARAMETERS);
  const v = Math.log(steps / REFERENCE_STEPS);
  return [1, x, v, x * v, x * x, v * v];
};

const dot = (a: readonly number[], b: readonly number[]): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
};

/** Returns p `(P)`. */
export const pairProducts = (shares: readonly number[]): readonly number[] =>
  shares.flatMap((share, i) => shares.slice(i + 1).map((other) => share * other));

const bilinear = (
  terms: readonly number[],
  rows: readonly (readonly number[])[],
  values: readonly number[],
): number => {
  let sum = 0;
  for (let k = 0; k < rows.length; k++) sum += (terms[k] ?? 0) * dot(rows[k] ?? [], values);
  return sum;
};

/** Returns the noise-free metric for shares `(D)`, parameters (count) and steps (count). */
export const evaluateLaw = (law: MixingLaw, shares: readonly number[], parameters: number, steps: number): number => {
  const terms = fidelityTerms(parameters, steps);
  const exponent =
    bilinear(terms, law.mixing, shares) +
    bilinear(terms, law.saturation, shares.map(saturate)) +
    bilinear(terms, law.pairs, pairProducts(shares));
  return law.sign * (law.floor + Math.exp(dot(terms, law.scaling)) + Math.exp(exponent));
};
