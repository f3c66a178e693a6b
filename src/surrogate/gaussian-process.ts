/**
 * A Gaussian process conditioned on rows of data, with its hyper-parameters given.
 *
 * | name | meaning | shape |
 * |---|---|---|
 * | L | Cholesky factor of K over the data's rows, then the pending rows | n × n |
 * | alpha | K^-1 y | n |
 * | q | scale of the variance, (y' K^-1 y + 1) / (data rows + 1) | |
 * | c(w) | 1 and the correlations of w with the distinct mixtures | M + 1 |
 * | T_f | covariance of row i with (w, f) is (T_f c(w))_i | n × (M + 1) |
 * | W_f | L^-1 T_f | n × (M + 1) |
 */
import type { FidelityPoint } from './fidelity-features.js';
import {
  covariance,
  distanceOf,
  embed,
  fidelityCorrelation,
  geometryOf,
  noiseVariance,
  radialAt,
  tablesAt,
  THETA,
  type Design,
  type KernelShape,
} from './kernel.js';
import { bilinear, cholesky, gram, inner, multiply, solveLower, solveUpper } from './linear-algebra.js';

/** Means and variances in the space where the process lives. */
export interface Posterior {
  readonly mean: Float64Array;
  readonly variance: Float64Array;
}

/** The posterior at one fidelity, compressed to the distinct mixtures: one evaluation costs (M + 1)^2 instead of n^2. */
export interface FidelityView {
  readonly fidelity: FidelityPoint;
  /** c(w). */
  features(shares: ArrayLike<number>): Float64Array;
  mean(features: Float64Array): number;
  /** What the data explain of the covariance with this mixture, as weights of another's features. */
  explained(features: Float64Array): Float64Array;
  /** Posterior covariance of two mixtures at this fidelity. */
  covariance(a: Float64Array, b: Float64Array, prior: number): number;
}

/** The factor of the first `rows` rows: the corner of the whole factor. */
const leadingBlock = (factor: Float64Array, n: number, rows: number): Float64Array => {
  if (rows === n) return factor;
  const block = new Float64Array(rows * rows);
  for (let i = 0; i < rows; i++) block.set(factor.subarray(i * n, i * n + rows), i * rows);
  return block;
};

export class GaussianProcess {
  readonly rows: number;
  /** Scale of every variance. */
  readonly scale: number;
  readonly #shape: KernelShape;
  readonly #design: Design;
  readonly #theta: Float64Array;
  readonly #factor: Float64Array;
  readonly #alpha: Float64Array;
  readonly #z: Float64Array;
  readonly #embedded: readonly Float64Array[];

  /**
   * Conditions on `y`, the values of the design's first rows (standardised). Further rows of the design are pending: they
   * take the value that the others predict for them, so that they narrow the belief and move no mean (kriging believer,
   * Ginsbourger et al. 2010). In the whitened system L z = y that is z = 0.
   */
  constructor(shape: KernelShape, theta: Float64Array, design: Design, y: Float64Array) {
    const n = design.rowMixture.length;
    this.rows = n;
    this.#shape = shape;
    this.#design = design;
    this.#theta = theta;
    this.#factor = cholesky(
      covariance(shape, design, tablesAt(shape, design, geometryOf(shape, design), theta), theta),
      n,
    );
    this.#embedded = design.mixtures.map((shares) => embed(shape, shares));
    const z = y.slice();
    solveLower(leadingBlock(this.#factor, n, y.length), y.length, z);
    this.scale = (inner(z, z) + 1) / (y.length + 1);
    this.#z = new Float64Array(n);
    this.#z.set(z);
    this.#alpha = this.#z.slice();
    solveUpper(this.#factor, n, this.#alpha);
  }

  /** Noise variance of one run. */
  get noise(): number {
    return noiseVariance(this.#theta) * this.scale;
  }

  #correlations(a: FidelityPoint, b: FidelityPoint): { trend: number; mixture: number } {
    const amplitude2 = Math.exp(2 * this.#theta[THETA.amplitude]!);
    return {
      trend: this.#shape.trend * fidelityCorrelation(this.#theta, THETA.trendSize, THETA.trendSteps, a, b),
      mixture: amplitude2 * fidelityCorrelation(this.#theta, THETA.size, THETA.steps, a, b),
    };
  }

  /** Prior covariance of (a, fa) and (b, fb), without noise. */
  prior(a: ArrayLike<number>, fa: FidelityPoint, b: ArrayLike<number>, fb: FidelityPoint): number {
    const { trend, mixture } = this.#correlations(fa, fb);
    const distance = distanceOf(embed(this.#shape, a), embed(this.#shape, b));
    return this.scale * (trend + mixture * radialAt(this.#shape, distance, Math.exp(this.#theta[THETA.mixture]!)));
  }

  #features(shares: ArrayLike<number>): Float64Array {
    const embedded = embed(this.#shape, shares);
    const length = Math.exp(this.#theta[THETA.mixture]!);
    const features = new Float64Array(this.#embedded.length + 1);
    features[0] = 1;
    this.#embedded.forEach((other, m) => {
      features[m + 1] = radialAt(this.#shape, distanceOf(embedded, other), length);
    });
    return features;
  }

  /** T_f, row-major. */
  #loadings(fidelity: FidelityPoint): Float64Array {
    const { rowMixture, rowFidelity, fidelities } = this.#design;
    const parts = fidelities.map((other) => this.#correlations(other, fidelity));
    const width = this.#embedded.length + 1;
    const t = new Float64Array(this.rows * width);
    for (let i = 0; i < this.rows; i++) {
      const { trend, mixture } = parts[rowFidelity[i]!]!;
      t[i * width] = trend;
      t[i * width + 1 + rowMixture[i]!] = mixture;
    }
    return t;
  }

  /** Compresses the posterior at one fidelity. */
  at(fidelity: FidelityPoint): FidelityView {
    const width = this.#embedded.length + 1;
    const n = this.rows;
    const w = this.#loadings(fidelity);
    const weights = new Float64Array(width);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < width; j++) weights[j] = weights[j]! + w[i * width + j]! * this.#alpha[i]!;
    }
    solveLower(this.#factor, n, w, width);
    const g = gram(w, n, width);
    return {
      fidelity,
      features: (shares) => this.#features(shares),
      mean: (features) => inner(features, weights),
      explained: (features) => multiply(g, width, features).map((value) => this.scale * value),
      covariance: (a, b, prior) => prior - this.scale * bilinear(g, width, a, b),
    };
  }

  /** L^-1 k (n) of each mixture at one fidelity. */
  whiten(mixtures: readonly ArrayLike<number>[], fidelity: FidelityPoint): Float64Array[] {
    const { rowMixture, rowFidelity, fidelities } = this.#design;
    const parts = fidelities.map((other) => this.#correlations(other, fidelity));
    return mixtures.map((shares) => {
      const features = this.#features(shares);
      const k = new Float64Array(this.rows);
      for (let i = 0; i < this.rows; i++) {
        const { trend, mixture } = parts[rowFidelity[i]!]!;
        k[i] = trend + mixture * features[rowMixture[i]! + 1]!;
      }
      solveLower(this.#factor, this.rows, k);
      return k;
    });
  }

  /** Means of what `whiten` returned. */
  meansOf(whitened: readonly Float64Array[]): Float64Array {
    return Float64Array.from(whitened, (v) => inner(v, this.#z));
  }

  /** Posterior covariances (a.length × b.length, row-major) of mixtures at two fidelities, given what `whiten` returned for each. */
  crossCovariance(
    a: readonly ArrayLike<number>[],
    fa: FidelityPoint,
    whitenedA: readonly Float64Array[],
    b: readonly ArrayLike<number>[],
    fb: FidelityPoint,
    whitenedB: readonly Float64Array[],
  ): Float64Array {
    const { trend, mixture } = this.#correlations(fa, fb);
    const length = Math.exp(this.#theta[THETA.mixture]!);
    const embeddedB = b.map((shares) => embed(this.#shape, shares));
    const table = new Float64Array(a.length * b.length);
    a.forEach((shares, i) => {
      const embedded = embed(this.#shape, shares);
      embeddedB.forEach((other, j) => {
        const prior = trend + mixture * radialAt(this.#shape, distanceOf(embedded, other), length);
        table[i * b.length + j] = this.scale * (prior - inner(whitenedA[i]!, whitenedB[j]!));
      });
    });
    return table;
  }

  /** Posterior means and variances (of the noise-free value) of mixtures at a fidelity. */
  predict(mixtures: readonly ArrayLike<number>[], fidelity: FidelityPoint): Posterior {
    const view = this.at(fidelity);
    const features = mixtures.map((shares) => view.features(shares));
    return {
      mean: Float64Array.from(features, (c) => view.mean(c)),
      variance: Float64Array.from(features, (c, i) =>
        Math.max(0, view.covariance(c, c, this.prior(mixtures[i]!, fidelity, mixtures[i]!, fidelity))),
      ),
    };
  }
}
