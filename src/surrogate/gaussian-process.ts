/**
 * A Gaussian process conditioned on rows of data, with its hyper-parameters given; several outputs share it.
 *
 * | name | meaning | shape |
 * |---|---|---|
 * | L | Cholesky factor of K over the data's rows, then the pending rows | n × n |
 * | z_o, alpha_o | L^-1 y_o and K^-1 y_o for output o | n |
 * | B | covariance of the outputs at one place, in units of K: (z_o . z_p + [o = p]) / (data rows + 1) | O × O |
 * | c(w) | 1 and the likeness of w to the distinct mixtures | M + 1 |
 * | T_f | covariance of row i with (w, f) is (T_f c(w))_i; two entries a row | n × (M + 1) |
 * | U_f | upper factor of T_f' K^-1 T_f: what data explain of the covariance at f | (M + 1) × (M + 1) |
 *
 * All outputs are seen at the same rows, so that one factor serves them all (the intrinsic model of coregionalisation:
 * Bonilla, Chai & Williams 2008, section 2.3). Variances here are in units of K; an output's own are B_oo times those.
 */
import type { FidelityPoint } from './fidelity-features.js';
import {
  covariance,
  distanceOf,
  embed,
  geometryOf,
  linearVariance,
  mixtureCovariance,
  noiseVariance,
  placeOf,
  productOf,
  radialAt,
  radialSlopeAt,
  tablesAt,
  trendCovariance,
  THETA,
  type Design,
  type Growth,
  type KernelShape,
  type Place,
} from './kernel.js';
import {
  cholesky,
  inner,
  inverseFactor,
  multiplyUpper,
  outerGram,
  solveLower,
  solveUpper,
  transpose,
} from './linear-algebra.js';

/** Means (of the first output) and variances, in units of K. */
export interface Posterior {
  readonly mean: Float64Array;
  readonly variance: Float64Array;
}

/** The posterior at one fidelity, compressed: one evaluation costs (M + 1)^2 / 2 instead of n^2. */
export interface FidelityView {
  readonly fidelity: FidelityPoint;
  likenessOf(shares: ArrayLike<number>): Float64Array;
  /** U_f c(w): the covariance with another mixture is the prior's less the inner product of these. */
  explain(likeness: Float64Array): Float64Array;
  /** Mean of one output. */
  mean(likeness: Float64Array, output: number): number;
  /** T_f' alpha of one output: its mean is the inner product with c(w). */
  weights(output: number): Float64Array;
}

/** The factor of the first `rows` rows: the corner of the whole factor. */
const leadingBlock = (factor: Float64Array, n: number, rows: number): Float64Array => {
  if (rows === n) return factor;
  const block = new Float64Array(rows * rows);
  for (let i = 0; i < rows; i++) block.set(factor.subarray(i * n, i * n + rows), i * rows);
  return block;
};

/** The mixtures that likeness is measured to, with what was measured. */
interface Compared {
  readonly shape: KernelShape;
  readonly mixtures: readonly Float64Array[];
  readonly length: number;
  readonly linear: number;
  readonly places: readonly Place[];
  /** c(w) by the array of shares, which nobody writes to. */
  readonly known: WeakMap<object, Float64Array>;
  /** Likeness of a mixture to itself, likewise. */
  readonly own: WeakMap<object, number>;
}

const MOST_COMPARED = 4; // sets of mixtures: with and without what is in flight, and those of the decision before
const recentlyCompared: Compared[] = [];

/** Do these measure likeness alike, given the same length and linear part? */
const measuresAlike = (a: KernelShape, b: KernelShape): boolean =>
  a.embedding === b.embedding && a.radial === b.radial && a.linear === b.linear;

const isAlike = (a: Float64Array, b: Float64Array): boolean =>
  a.length === b.length && a.every((share, i) => share === b[i]);

/** Beliefs about several metrics of the same runs share hyper-parameters too: to all of them a mixture is as like, and that is worked out once. */
const comparedWith = (shape: KernelShape, theta: Float64Array, mixtures: readonly Float64Array[]): Compared => {
  const length = Math.exp(theta[THETA.mixture]!);
  const linear = linearVariance(shape, theta);
  const found = recentlyCompared.find(
    (other) =>
      measuresAlike(other.shape, shape) &&
      other.length === length &&
      other.linear === linear &&
      other.mixtures.length === mixtures.length &&
      other.mixtures.every((shares, m) => isAlike(shares, mixtures[m]!)),
  );
  if (found !== undefined) return found;
  const places = mixtures.map((shares) => placeOf(shape, shares));
  recentlyCompared.unshift({ shape, mixtures, length, linear, places, known: new WeakMap(), own: new WeakMap() });
  recentlyCompared.length = Math.min(recentlyCompared.length, MOST_COMPARED);
  return recentlyCompared[0]!;
};

export class GaussianProcess {
  readonly rows: number;
  /** B (O × O, row-major). */
  readonly outputCovariance: Float64Array;
  readonly #shape: KernelShape;
  readonly #design: Design;
  readonly #theta: Float64Array;
  readonly #outputs: readonly Float64Array[];
  readonly #factor: Float64Array;
  readonly #alphas: readonly Float64Array[];
  readonly #zs: readonly Float64Array[];
  readonly #compared: Compared;
  #inverse: Float64Array | undefined;

  /**
   * Conditions on `outputs`, each the values of the design's first rows (standardised). Further rows of the design are
   * pending: they take the value that the others predict for them, so that they narrow the belief and move no mean
   * (kriging believer, Ginsbourger et al. 2010). In the whitened system L z = y that is z = 0.
   */
  constructor(shape: KernelShape, theta: Float64Array, design: Design, outputs: readonly Float64Array[]) {
    const n = design.rowMixture.length;
    this.rows = n;
    this.#shape = shape;
    this.#design = design;
    this.#theta = theta;
    this.#outputs = outputs;
    this.#compared = comparedWith(shape, theta, design.mixtures);
    const tables = tablesAt(shape, design, geometryOf(shape, design), theta);
    this.#factor = cholesky(covariance(shape, design, tables, theta), n);
    const seen = outputs[0]?.length ?? 0;
    const corner = leadingBlock(this.#factor, n, seen);
    this.#zs = outputs.map((y) => {
      const z = y.slice();
      solveLower(corner, seen, z);
      const padded = new Float64Array(n);
      padded.set(z);
      return padded;
    });
    this.#alphas = this.#zs.map((z) => {
      const alpha = z.slice();
      solveUpper(this.#factor, n, alpha);
      return alpha;
    });
    this.outputCovariance = Float64Array.from(
      this.#zs.flatMap((a, i) => this.#zs.map((b, j) => (inner(a, b) + (i === j ? 1 : 0)) / (seen + 1))),
    );
  }

  /** The same process for runs with noise of another sd, relative to the kernel's scale, of mixtures whose spread grows. */
  reckonedWith(noise: number, growth: Growth): GaussianProcess {
    const theta = this.#theta.map((value, i) => (i === THETA.noise ? Math.log(noise) : value));
    return new GaussianProcess({ ...this.#shape, growth }, theta, this.#design, this.#outputs);
  }

  /** Noise variance of one run, in units of K. */
  get noise(): number {
    return noiseVariance(this.#theta);
  }

  #parts(a: FidelityPoint, b: FidelityPoint): { trend: number; mixture: number } {
    const amplitude2 = Math.exp(2 * this.#theta[THETA.amplitude]!);
    return {
      trend: this.#shape.trend * trendCovariance(this.#shape, this.#theta, a, b),
      mixture: amplitude2 * mixtureCovariance(this.#shape, this.#theta, a, b),
    };
  }

  /** Prior variance of a mixture at a fidelity, without noise. */
  priorVariance(shares: ArrayLike<number>, at: FidelityPoint): number {
    const { own } = this.#compared;
    const likeness = own.get(shares) ?? this.likenessTo(shares, this.placesOf([shares]))[0]!;
    own.set(shares, likeness);
    const { trend, mixture } = this.#parts(at, at);
    return trend + mixture * likeness;
  }

  /** Prior covariance of (a, fa) and (b, fb), without noise. */
  prior(a: ArrayLike<number>, fa: FidelityPoint, b: ArrayLike<number>, fb: FidelityPoint): number {
    const { trend, mixture } = this.#parts(fa, fb);
    return trend + mixture * this.likenessTo(a, this.placesOf([b]))[0]!;
  }

  /** Prior covariances (a.length × b.length) of mixtures at two fidelities, given what `likenessTable` returned. */
  priorTable(likeness: Float64Array, fa: FidelityPoint, fb: FidelityPoint): Float64Array {
    const { trend, mixture } = this.#parts(fa, fb);
    return likeness.map((value) => trend + mixture * value);
  }

  /** Places mixtures that others are compared with. */
  placesOf(mixtures: readonly ArrayLike<number>[]): Place[] {
    return mixtures.map((shares) => placeOf(this.#shape, shares));
  }

  /** Likeness of one mixture to others, the same at all fidelities. */
  likenessTo(shares: ArrayLike<number>, others: readonly Place[]): Float64Array {
    const { embedded, features } = placeOf(this.#shape, shares);
    const likeness = new Float64Array(others.length);
    for (let m = 0; m < likeness.length; m++) {
      const other = others[m]!;
      const radial = radialAt(this.#shape, distanceOf(embedded, other.embedded), this.#compared.length);
      likeness[m] = this.#shape.linear ? radial + this.#compared.linear * productOf(features, other.features) : radial;
    }
    return likeness;
  }

  /** Likeness (a.length × b.length, row-major) of mixtures. */
  likenessTable(a: readonly ArrayLike<number>[], b: readonly ArrayLike<number>[]): Float64Array {
    const places = this.placesOf(b);
    const table = new Float64Array(a.length * b.length);
    a.forEach((shares, i) => table.set(this.likenessTo(shares, places), i * b.length));
    return table;
  }

  /** c(w). */
  likenessOf(shares: ArrayLike<number>): Float64Array {
    const { places, known } = this.#compared;
    const found = known.get(shares);
    if (found !== undefined) return found;
    const c = new Float64Array(places.length + 1);
    c[0] = 1;
    c.set(this.likenessTo(shares, places), 1);
    known.set(shares, c);
    return c;
  }

  /**
   * Linearises, in the likeness to the distinct mixtures, what taking up to `step` from each share, or giving `step` to it,
   * does to the inner product of c(w) with `weights`; exact in the change of a square root, so that faces are no trap.
   */
  shareEffects(
    shares: ArrayLike<number>,
    weights: Float64Array,
    step: number,
  ): { take: Float64Array; give: Float64Array } {
    const { mixtures } = this.#design;
    const domains = shares.length;
    const [take, give] = [new Float64Array(domains), new Float64Array(domains)];
    const embedded = embed(this.#shape, shares);
    const half = this.#compared.linear / 2;
    const [even, evenRoot] = [1 / domains, Math.sqrt(1 / domains)];
    const root = (value: number): number => Math.sqrt(Math.max(0, value));
    const roots = Float64Array.from(shares, root);
    const isRooted = this.#shape.embedding === 'sqrt';
    for (let m = 0; m < mixtures.length; m++) {
      const other = mixtures[m]!;
      const place = this.#compared.places[m]!.embedded;
      const weight = weights[m + 1]!;
      const slope = weight * radialSlopeAt(this.#shape, distanceOf(embedded, place), this.#compared.length);
      for (let i = 0; i < domains; i++) {
        const taken = Math.min(step, shares[i]!);
        for (const [effects, moved] of [
          [take, -taken],
          [give, step],
        ] as const) {
          const rootMoved = root(shares[i]! + moved) - roots[i]!;
          const moveEmbedded = isRooted ? rootMoved : moved;
          let change = slope * moveEmbedded * (2 * (embedded[i]! - place[i]!) + moveEmbedded);
          if (this.#shape.linear) {
            change += weight * half * (moved * (other[i]! - even) + rootMoved * (root(other[i]!) - evenRoot));
          }
          effects[i] = effects[i]! + change;
        }
      }
    }
    return { take, give };
  }

  /** Row i of T_f has `trend[i]` in column 0 and `mixture[i]` in the column of its mixture. */
  #loadings(fidelity: FidelityPoint): { trend: Float64Array; mixture: Float64Array } {
    const { rowFidelity, fidelities } = this.#design;
    const parts = fidelities.map((other) => this.#parts(other, fidelity));
    return {
      trend: Float64Array.from(rowFidelity, (f) => parts[f]!.trend),
      mixture: Float64Array.from(rowFidelity, (f) => parts[f]!.mixture),
    };
  }

  /** T_f' alpha (M + 1) for an output. */
  #weights({ trend, mixture }: { trend: Float64Array; mixture: Float64Array }, output: number): Float64Array {
    const { rowMixture, mixtures } = this.#design;
    const alpha = this.#alphas[output]!;
    const weights = new Float64Array(mixtures.length + 1);
    weights[0] = inner(trend, alpha);
    for (let i = 0; i < this.rows; i++) {
      const at = rowMixture[i]! + 1;
      weights[at] = weights[at]! + mixture[i]! * alpha[i]!;
    }
    return weights;
  }

  /** (L^-1 T_f)', whose row m is L^-1 times column m of T_f ((M + 1) × n). */
  #whitenedLoadings({ trend, mixture }: { trend: Float64Array; mixture: Float64Array }): Float64Array {
    const { rowMixture, mixtures } = this.#design;
    const n = this.rows;
    this.#inverse ??= inverseFactor(this.#factor, n);
    const w = new Float64Array((mixtures.length + 1) * n);
    const first = trend.slice();
    solveLower(this.#factor, n, first);
    w.set(first);
    for (let i = 0; i < n; i++) {
      const row = (rowMixture[i]! + 1) * n;
      for (let k = i; k < n; k++) w[row + k] = w[row + k]! + mixture[i]! * this.#inverse[i * n + k]!;
    }
    return w;
  }

  /** Compresses the posterior at one fidelity. */
  at(fidelity: FidelityPoint): FidelityView {
    const loadings = this.#loadings(fidelity);
    const width = this.#compared.places.length + 1;
    const weights = this.#alphas.map((_, output) => this.#weights(loadings, output));
    const explained = outerGram(this.#whitenedLoadings(loadings), width, this.rows);
    const u = transpose(cholesky(explained, width), width);
    const likenessOf = (shares: ArrayLike<number>): Float64Array => this.likenessOf(shares);
    return {
      fidelity,
      likenessOf,
      explain: (likeness) => multiplyUpper(u, width, likeness),
      mean: (likeness, output) => inner(weights[output]!, likeness),
      weights: (output) => weights[output]!,
    };
  }

  /** L^-1 k (n) of each mixture at one fidelity. */
  whiten(mixtures: readonly ArrayLike<number>[], fidelity: FidelityPoint): Float64Array[] {
    return this.whitenLikeness(
      mixtures.map((shares) => this.likenessOf(shares)),
      fidelity,
    );
  }

  /** The same, given c(w) of each mixture. */
  whitenLikeness(likeness: readonly Float64Array[], fidelity: FidelityPoint): Float64Array[] {
    const { rowMixture } = this.#design;
    const { trend, mixture } = this.#loadings(fidelity);
    return likeness.map((c) => {
      const k = new Float64Array(this.rows);
      for (let i = 0; i < this.rows; i++) k[i] = trend[i]! + mixture[i]! * c[rowMixture[i]! + 1]!;
      solveLower(this.#factor, this.rows, k);
      return k;
    });
  }

  /** Means of one output at what `whiten` returned. */
  meansOf(whitened: readonly Float64Array[], output: number): Float64Array {
    return Float64Array.from(whitened, (v) => inner(v, this.#zs[output]!));
  }

  /** Posterior means of the first output and variances (of the noise-free value) of mixtures at a fidelity. */
  predict(mixtures: readonly ArrayLike<number>[], fidelity: FidelityPoint): Posterior {
    const whitened = this.whiten(mixtures, fidelity);
    return {
      mean: this.meansOf(whitened, 0),
      variance: Float64Array.from(whitened, (v, i) =>
        Math.max(0, this.priorVariance(mixtures[i]!, fidelity) - inner(v, v)),
      ),
    };
  }
}
