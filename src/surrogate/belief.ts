/**
 * What is believed about the objective. Everything here is minimised: a maximised objective is turned round on the way in,
 * and back by the policies on the way out.
 *
 * | name | meaning | shape |
 * |---|---|---|
 * | column | a metric of the objective under one warp; an output of the process | |
 * | p | what a warp counts for, by its evidence | kinds |
 * | a(w) | change of the objective per change of each column: coefficient x p x slope of the warp back | columns |
 * | B | covariance of the columns (of the process) | columns × columns |
 * | M_k(w) | the objective under one kind of warp, sum_metrics coefficient inverse(mean of the column) | |
 * | p' | p, but at least `LEAST_SAY`, and adding up to 1 | kinds |
 *
 *   mean(w) = sum_kinds p M_k
 *   var(w)  = v(w) a' B a + sum_kinds p' (M_k - mean)^2 ,   v in units of K
 */
import type { Fidelity } from '../domain/fidelity.js';
import type { FidelityPoint } from './fidelity-features.js';
import type { FidelityView, GaussianProcess } from './gaussian-process.js';
import type { Fit } from './hyperparameters.js';
import type { Growth } from './kernel.js';
import { inner } from './linear-algebra.js';
import type { Warp, WarpKind } from './warp.js';

/**
 * What each warp says of the doubt at the least, however little it counts for in the mean: evidence is about the runs that were made, and
 * warps that fit them alike go apart where nothing was run. Measured: docs/tried.md.
 */
const LEAST_SAY = 0.2;

/** A metric of the objective under one warp. */
export interface Column {
  readonly kind: WarpKind;
  /** Which metric of the objective, counted from 0. */
  readonly term: number;
  /** What the objective changes by per unit of the metric. */
  readonly coefficient: number;
  /** What the warp counts for among the metric's. */
  readonly weight: number;
  readonly warp: Warp;
}

/** What the columns say of one mixture. */
export interface State {
  /** In units of the minimised objective. */
  readonly mean: number;
  /** The metric under each column's warp. */
  readonly columnMeans: Float64Array;
  /** a(w). */
  readonly slopes: Float64Array;
}

/** A mixture with what is believed of it at one fidelity; doubt is worked out when it is asked for, as it costs most. */
export interface TargetPoint extends State {
  readonly shares: ArrayLike<number>;
  readonly likeness: Float64Array;
  readonly sd: number;
  readonly explained: Float64Array;
  /** Posterior variance in units of the kernel. */
  readonly variance: number;
}

/** All that a belief is made of. */
export interface BeliefParts {
  readonly process: GaussianProcess;
  readonly columns: readonly Column[];
  readonly fit: Fit;
  /** Sd of the noise to be reckoned with, relative to the kernel's scale; the fit has the most probable one. */
  readonly noise: number;
  /** How the spread over mixtures may grow with compute: as little and as much as is to be reckoned with. */
  readonly growth: () => readonly Growth[];
  readonly rows: number;
  readonly target: FidelityPoint;
  readonly place: (fidelity: Fidelity) => FidelityPoint;
}

/** Sd of the objective where the process has a variance. */
type SdOf = (state: State, variance: number) => number;

/** A mixture at a fidelity; what it takes an inner product with all data to know is worked out when it is first asked for. */
class Point implements TargetPoint {
  readonly shares: ArrayLike<number>;
  readonly likeness: Float64Array;
  readonly mean: number;
  readonly columnMeans: Float64Array;
  readonly slopes: Float64Array;
  readonly #process: GaussianProcess;
  readonly #view: FidelityView;
  readonly #sdOf: SdOf;
  #explained: Float64Array | undefined;
  #variance: number | undefined;
  #sd: number | undefined;

  constructor(
    process: GaussianProcess,
    view: FidelityView,
    shares: ArrayLike<number>,
    likeness: Float64Array,
    { mean, columnMeans, slopes }: State,
    sdOf: SdOf,
  ) {
    [this.#process, this.#view, this.#sdOf] = [process, view, sdOf];
    [this.shares, this.likeness] = [shares, likeness];
    [this.mean, this.columnMeans, this.slopes] = [mean, columnMeans, slopes];
  }

  get explained(): Float64Array {
    return (this.#explained ??= this.#view.explain(this.likeness));
  }

  get variance(): number {
    const { fidelity } = this.#view;
    const prior = (): number => this.#process.priorVariance(this.shares, fidelity);
    return (this.#variance ??= Math.max(0, prior() - inner(this.explained, this.explained)));
  }

  get sd(): number {
    return (this.#sd ??= this.#sdOf(this, this.variance));
  }
}

/** A prediction for people. */
export interface Told {
  readonly mean: number;
  readonly sd: number;
}

/** The root of a variance; a finite one where results lie so many powers of ten apart that the variance is beyond doubles. */
const finiteRoot = (variance: number): number => Math.sqrt(Math.min(variance, Number.MAX_VALUE));

/** The mean that decisions go by, with the doubt of the beliefs that reckon with what is not known, and what those take the mean to be. */
const toldOf = (own: Told, reckoned: readonly Told[]): Told => {
  const variance = reckoned.reduce((sum, { mean, sd }) => sum + sd ** 2 + (mean - own.mean) ** 2, 0);
  return { mean: own.mean, sd: finiteRoot(variance / reckoned.length) };
};

/** The posterior over the objective, given what was observed and what is pending. */
export class Belief {
  readonly process: GaussianProcess;
  readonly columns: readonly Column[];
  readonly fit: Fit;
  readonly rows: number;
  /** The posterior at the target. */
  readonly target: FidelityView;
  readonly #place: (fidelity: Fidelity) => FidelityPoint;
  readonly #sd: SdOf = (state, variance) => this.#sdOf(state, variance);

  readonly #parts: BeliefParts;
  #reckoning: readonly Belief[] | undefined;

  constructor(parts: BeliefParts) {
    const { process, columns, fit, rows, target, place } = parts;
    this.#parts = parts;
    this.process = process;
    this.columns = columns;
    this.fit = fit;
    this.rows = rows;
    this.target = process.at(target);
    this.#place = place;
  }

  place(fidelity: Fidelity): FidelityPoint {
    return this.#place(fidelity);
  }

  /** Predicts one mixture at the target. */
  predict(shares: ArrayLike<number>): TargetPoint {
    return this.#pointAt(this.target, shares);
  }

  /**
   * The same belief about noisier runs, and mixtures that differ by less or more at the target than they did so far: what is told of a
   * mixture shows that runs seen so far do not say how noisy they are, nor small ones by how much large ones will differ.
   */
  get #reckoned(): readonly Belief[] {
    const { process, noise, growth } = this.#parts;
    return (this.#reckoning ??= growth().map(
      (each) => new Belief({ ...this.#parts, process: process.reckonedWith(noise, each) }),
    ));
  }

  /** Predicts one mixture at the target as it is told to people: the sd covers what is not known of noise and of growth. */
  tell(shares: ArrayLike<number>): Told {
    return toldOf(
      this.predict(shares),
      this.#reckoned.map((belief) => belief.predict(shares)),
    );
  }

  /** Predicts mixtures at any fidelity, in units of the minimised objective. */
  predictAt(mixtures: readonly ArrayLike<number>[], fidelity: Fidelity): { mean: number; sd: number }[] {
    const view = this.process.at(this.#place(fidelity));
    return mixtures.map((shares) => this.#pointAt(view, shares));
  }

  /** Predicts what a run of a mixture would report, as it is told: the objective at its own fidelity, with the noise of one run. */
  expectReport(shares: ArrayLike<number>, fidelity: Fidelity): Told {
    return toldOf(
      this.#reportAt(shares, fidelity),
      this.#reckoned.map((belief) => belief.#reportAt(shares, fidelity)),
    );
  }

  #reportAt(shares: ArrayLike<number>, fidelity: Fidelity): Told {
    const place = this.#place(fidelity);
    const whitened = this.process.whiten([shares], place);
    const state = this.stateOf(this.columns.map((_, output) => this.process.meansOf(whitened, output)[0]!));
    const left = this.process.priorVariance(shares, place) - inner(whitened[0]!, whitened[0]!);
    return { mean: state.mean, sd: this.#sdOf(state, Math.max(0, left) + this.process.noise) };
  }

  #pointAt(view: FidelityView, shares: ArrayLike<number>): TargetPoint {
    const likeness = view.likenessOf(shares);
    const state = this.stateOf(this.columns.map((_, output) => view.mean(likeness, output)));
    return new Point(this.process, view, shares, likeness, state, this.#sd);
  }

  /** Turns the columns' means into the objective's mean and slopes. */
  stateOf(means: readonly number[]): State {
    const columnMeans = new Float64Array(means.length);
    const slopes = new Float64Array(means.length);
    let mean = 0;
    this.columns.forEach(({ warp, coefficient, weight }, i) => {
      columnMeans[i] = warp.inverse(means[i]!);
      slopes[i] = coefficient * weight * warp.slope(means[i]!);
      mean += coefficient * weight * columnMeans[i];
    });
    return { mean, columnMeans, slopes };
  }

  /** a' B b. */
  #spread(a: Float64Array, b: Float64Array): number {
    const { outputCovariance } = this.process;
    const n = a.length;
    let sum = 0;
    for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) sum += a[i]! * outputCovariance[i * n + j]! * b[j]!;
    return sum;
  }

  /** Variance between what the objective is under each warp, about the weighted mean. */
  #disagreement(means: ArrayLike<number>): number {
    const kinds = new Map<WarpKind, { value: number; weight: number }>();
    this.columns.forEach(({ kind, coefficient, weight }, i) => {
      const { value } = kinds.get(kind) ?? { value: 0 };
      kinds.set(kind, { value: value + coefficient * means[i]!, weight });
    });
    let mean = 0;
    for (const { value, weight } of kinds.values()) mean += weight * value;
    let [sum, says] = [0, 0];
    for (const { value, weight } of kinds.values()) {
      const say = Math.max(weight, LEAST_SAY);
      says += say;
      sum += say * (value - mean) ** 2;
    }
    return sum / says;
  }

  #sdOf({ columnMeans, slopes }: State, variance: number): number {
    return finiteRoot(variance * this.#spread(slopes, slopes) + this.#disagreement(columnMeans));
  }

  /** Sd of the objective per sd of the process at a point, warps taken as given. */
  scaleAt({ slopes }: Pick<TargetPoint, 'slopes'>): number {
    return Math.sqrt(this.#spread(slopes, slopes));
  }

  /** Returns the function from a mixture to the sd of its difference to `reference`, for many mixtures. */
  doubtOfLead(reference: TargetPoint): (point: TargetPoint) => number {
    const { fidelity } = this.target;
    const own = reference.variance * this.#spread(reference.slopes, reference.slopes);
    return (point) => {
      const prior = this.process.prior(point.shares, fidelity, reference.shares, fidelity);
      const covariance = prior - inner(point.explained, reference.explained);
      const variance =
        own +
        point.variance * this.#spread(point.slopes, point.slopes) -
        2 * covariance * this.#spread(point.slopes, reference.slopes);
      const differences = point.columnMeans.map((value, i) => value - reference.columnMeans[i]!);
      return Math.sqrt(Math.max(0, variance) + this.#disagreement(differences));
    };
  }

  /** What taking up to `step` from each share at the target, or giving it, does to the mean, to first order (each D). */
  shareEffects({ shares, slopes }: TargetPoint, step: number): { take: Float64Array; give: Float64Array } {
    const weights = new Float64Array(this.target.weights(0).length);
    slopes.forEach((slope, output) => {
      const column = this.target.weights(output);
      for (let m = 0; m < weights.length; m++) weights[m] = weights[m]! + slope * column[m]!;
    });
    return this.process.shareEffects(shares, weights, step);
  }
}
