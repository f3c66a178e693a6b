/**
 * What is believed about the objective, as a committee of Gaussian processes. Everything here is minimised: a maximised
 * objective is turned round on the way in, and back by the policies on the way out.
 */
import type { Fidelity } from '../domain/fidelity.js';
import { sharesOf } from '../domain/mixture.js';
import type { Observation, PendingTrial } from '../domain/observation.js';
import type { Sweep } from '../domain/sweep.js';
import { buildDataset, designOf, selectRows, type Dataset, type DatasetOptions, type Place } from './dataset.js';
import { fidelityFeatures, type FidelityPoint } from './fidelity-features.js';
import { GaussianProcess, type FidelityView } from './gaussian-process.js';
import { DEFAULT_PRIOR, fitFromBothSides, fitHyperparameters, type Fit, type Prior } from './hyperparameters.js';
import { THETA, type KernelShape } from './kernel.js';
import { inner } from './linear-algebra.js';
import { fitWarp, type Warp, type WarpKind } from './warp.js';

/** One kind of member. */
export interface MemberKind {
  readonly name: string;
  readonly shape: KernelShape;
  readonly prior: Prior;
  readonly warp: WarpKind;
}

export interface BeliefOptions extends DatasetOptions {
  readonly members: readonly MemberKind[];
  /** Hyper-parameters are fitted to the first so many runs alone; to all when absent. */
  readonly fitToFirstRuns?: number;
}

// How far a loss falls with size is not known from one size: the trend may be several times what mixtures differ by.
const TREND_VARIANCE = 9; // measured among 1, 4 and 9 (docs/methods.md)

const HELLINGER: KernelShape = { embedding: 'sqrt', radial: 'matern52', trend: TREND_VARIANCE };

/** The belief of titrate's own policy: one kernel, with and without the log warp (docs/methods.md). */
const TITRATE_BELIEF: BeliefOptions = {
  members: [
    { name: 'plain', shape: HELLINGER, prior: DEFAULT_PRIOR, warp: 'none' },
    { name: 'log', shape: HELLINGER, prior: DEFAULT_PRIOR, warp: 'log' },
  ],
  curves: true,
  maxRows: 320, // a factor of so many rows takes tens of milliseconds
};

const COARSE_ROWS = 64; // rows that hyper-parameters are first fitted to: a fraction of a millisecond per likelihood
const COARSE_ITERATIONS = 25; // seven unknowns; later steps change no decision
const FIT_ROWS = 120; // rows that they are then refined on: a few milliseconds per likelihood
const FIT_ITERATIONS = 6;
const EFFECTIVE_ROWS = 4; // evidence counts as so many independent rows: checkpoints and metrics depend on each other

/** A fitted member of the committee. */
export interface Member {
  readonly kind: MemberKind;
  readonly process: GaussianProcess;
  readonly warp: Warp;
  readonly weight: number;
  readonly fit: Fit;
  /** The posterior at the target. */
  readonly target: FidelityView;
}

/** A mixture with what each member needs to know of it at the target. */
export interface TargetPoint {
  readonly shares: ArrayLike<number>;
  /** In units of the minimised objective. */
  readonly mean: number;
  readonly sd: number;
  readonly byMember: readonly MemberPoint[];
}

/** A mixture at the target as one member sees it. */
interface MemberPoint {
  readonly features: Float64Array;
  /** Median and variance in units of the objective. */
  readonly mean: number;
  readonly variance: number;
  /** Objective per unit of the member's own space. */
  readonly slope: number;
}

/** Picks the rows that hyper-parameters are fitted to: whole runs, the costliest half and an even half of the rest. */
const rowsForFit = (
  dataset: Dataset,
  place: (row: Place) => FidelityPoint,
  all: readonly number[],
  maxRows: number,
): readonly number[] => {
  if (all.length <= maxRows) return all;
  const runs = [...new Set(all.map((row) => dataset.rowRun[row]!))];
  const effort = new Map(runs.map((run) => [run, 0]));
  for (const row of all) {
    const { size, steps } = place(dataset.rows[row]!);
    const run = dataset.rowRun[row]!;
    effort.set(run, Math.max(effort.get(run)!, size + steps));
  }
  const quota = Math.max(1, Math.floor((runs.length * maxRows) / all.length));
  const ordered = runs.sort((a, b) => effort.get(b)! - effort.get(a)! || a - b);
  const costly = ordered.slice(0, Math.ceil(quota / 2));
  const rest = ordered.slice(costly.length);
  const stride = rest.length / Math.max(1, quota - costly.length);
  const even = rest.filter((_, i) => Math.floor((i + 1) / stride) > Math.floor(i / stride));
  const kept = new Set([...costly, ...even]);
  return all.filter((row) => kept.has(dataset.rowRun[row]!));
};

/** Weights members by their evidence per row, tempered to a few effective rows. */
const committeeWeights = (evidence: readonly number[]): number[] => {
  const best = Math.max(...evidence);
  const raw = evidence.map((value) => Math.exp(EFFECTIVE_ROWS * (value - best)));
  const total = raw.reduce((a, b) => a + b, 0);
  return raw.map((value) => value / total);
};

const pendingPlaces = (sweep: Sweep, pending: readonly PendingTrial[]): Place[] =>
  pending.flatMap(({ mixture, scale, steps }) => {
    const shares = sharesOf(mixture, Object.keys(sweep.domains));
    const grid = sweep.scales.find(({ name }) => name === scale)?.steps ?? [];
    return grid.filter((step) => step <= steps).map((step) => ({ shares, scale, steps: step }));
  });

/** The posterior over the objective, given what was observed and what is pending. */
export class Belief {
  readonly members: readonly Member[];
  readonly rows: number;
  readonly #place: (fidelity: Fidelity) => FidelityPoint;

  constructor(members: readonly Member[], rows: number, place: (fidelity: Fidelity) => FidelityPoint) {
    this.members = members;
    this.rows = rows;
    this.#place = place;
  }

  place(fidelity: Fidelity): FidelityPoint {
    return this.#place(fidelity);
  }

  /** Predicts one mixture at the target: median through each warp, variances by the slope, mixed over the members. */
  predict(shares: ArrayLike<number>): TargetPoint {
    const byMember = this.members.map((member) => memberPoint(member, member.target, shares));
    return { shares, byMember, ...mixtureOfPredictions(this.members, byMember) };
  }

  /** Predicts the mean alone, at a fraction of the price. */
  meanOf(shares: ArrayLike<number>): number {
    return this.members.reduce(
      (sum, { target, warp, weight }) => sum + weight * warp.inverse(target.mean(target.features(shares))),
      0,
    );
  }

  /** Predicts mixtures at any fidelity, in units of the minimised objective. */
  predictAt(mixtures: readonly ArrayLike<number>[], fidelity: Fidelity): { mean: number; sd: number }[] {
    const views = this.members.map(({ process }) => process.at(this.#place(fidelity)));
    return mixtures.map((shares) =>
      mixtureOfPredictions(
        this.members,
        this.members.map((member, i) => memberPoint(member, views[i]!, shares)),
      ),
    );
  }

  /** Predicts what a run of a mixture would report: the objective at its own fidelity, with the noise of one run. */
  expectReport(shares: ArrayLike<number>, fidelity: Fidelity): { mean: number; sd: number } {
    const place = this.#place(fidelity);
    const points = this.members.map(({ process, warp }) => {
      const whitened = process.whiten([shares], place);
      const mean = process.meansOf(whitened)[0]!;
      const [variance] = process.crossCovariance([shares], place, whitened, [shares], place, whitened);
      const slope = warp.slope(mean);
      return { mean: warp.inverse(mean), variance: (Math.max(0, variance!) + process.noise) * slope * slope };
    });
    return mixtureOfPredictions(this.members, points);
  }

  /** Returns the function from a mixture to the sd of its difference to `reference`, for many mixtures. */
  doubtOfLead(reference: TargetPoint): (point: TargetPoint) => number {
    const explained = this.members.map(({ target }, i) => target.explained(reference.byMember[i]!.features));
    return ({ shares, byMember }) => {
      const differences = this.members.map(({ process, target }, i) => {
        const [point, other] = [byMember[i]!, reference.byMember[i]!];
        const prior = process.prior(shares, target.fidelity, reference.shares, target.fidelity);
        const covariance = (prior - inner(point.features, explained[i]!)) * point.slope * other.slope;
        return {
          mean: point.mean - other.mean,
          variance: Math.max(0, point.variance + other.variance - 2 * covariance),
        };
      });
      return mixtureOfPredictions(this.members, differences).sd;
    };
  }
}

const memberPoint = ({ process, warp }: Member, view: FidelityView, shares: ArrayLike<number>): MemberPoint => {
  const features = view.features(shares);
  const mean = view.mean(features);
  const variance = view.covariance(features, features, process.prior(shares, view.fidelity, shares, view.fidelity));
  const slope = warp.slope(mean);
  return { features, mean: warp.inverse(mean), variance: Math.max(0, variance) * slope * slope, slope };
};

/** Mean and sd of a mixture of members: their variances, and the variance between their means. */
const mixtureOfPredictions = (
  members: readonly Member[],
  predictions: readonly { readonly mean: number; readonly variance: number }[],
): { mean: number; sd: number } => {
  const mean = predictions.reduce((sum, prediction, i) => sum + members[i]!.weight * prediction.mean, 0);
  const variance = predictions.reduce(
    (sum, prediction, i) => sum + members[i]!.weight * (prediction.variance + (prediction.mean - mean) ** 2),
    0,
  );
  return { mean, sd: Math.sqrt(variance) };
};

/** Standardises every output over some rows; the log Jacobian is the mean over the outputs. */
const warpedOutputs = (
  kind: MemberKind,
  dataset: Dataset,
  rows: readonly number[],
): { outputs: Float64Array[]; logJacobian: number } => {
  const picked = dataset.outputs.map((values) => Float64Array.from(rows, (row) => values[row]!));
  const warps = picked.map((values) => fitWarp(kind.warp, values));
  return {
    outputs: picked.map((values, o) => values.map((y) => warps[o]!.forward(y))),
    logJacobian: warps.reduce((sum, warp) => sum + warp.logJacobian, 0) / warps.length,
  };
};

/** Fits hyper-parameters: to few rows from both sides, or from `start` (another member's), then to more from there. */
const fitKind = (
  kind: MemberKind,
  dataset: Dataset,
  { coarse, fine }: FitRows,
  start: Float64Array | undefined,
): { fit: Fit; evidence: number } => {
  const { shape, prior } = kind;
  const rough = (): Float64Array => {
    const { outputs } = warpedOutputs(kind, dataset, coarse);
    return fitFromBothSides(shape, prior, selectRows(dataset.design, coarse), outputs, COARSE_ITERATIONS).theta;
  };
  const { outputs, logJacobian } = warpedOutputs(kind, dataset, fine);
  const design = selectRows(dataset.design, fine);
  const fit = fitHyperparameters(shape, prior, design, outputs, FIT_ITERATIONS, start ?? rough());
  return { fit, evidence: (logJacobian + fit.logLikelihood) / fine.length };
};

interface FitRows {
  readonly coarse: readonly number[];
  readonly fine: readonly number[];
}

const fitMember = (
  kind: MemberKind,
  sweep: Sweep,
  dataset: Dataset,
  fitRows: FitRows,
  pending: readonly Place[],
  start: Float64Array | undefined,
): Omit<Member, 'weight'> & { readonly evidence: number } => {
  const warp = fitWarp(kind.warp, dataset.objective);
  const { fit, evidence } = fitKind(kind, dataset, fitRows, start);
  const design = pending.length === 0 ? dataset.design : designOf(sweep, [...dataset.rows, ...pending]);
  const process = new GaussianProcess(
    kind.shape,
    fit.theta,
    design,
    dataset.objective.map((y) => warp.forward(y)),
  );
  const target = process.at(fidelityFeatures(sweep)(sweep.target));
  return { kind, process, warp, fit, target, evidence };
};

const formAfresh = (
  sweep: Sweep,
  observations: readonly Observation[],
  pending: readonly PendingTrial[],
  options: BeliefOptions,
): Belief | null => {
  const dataset = buildDataset(sweep, observations, options);
  if (dataset.objective.length === 0) return null;
  const place = fidelityFeatures(sweep);
  const all = Array.from(dataset.rowRun.keys());
  const early = all.filter((row) => dataset.rowRun[row]! < (options.fitToFirstRuns ?? Infinity));
  const usable = early.length > 0 ? early : all;
  const rows = {
    coarse: rowsForFit(dataset, place, usable, COARSE_ROWS),
    fine: rowsForFit(dataset, place, usable, FIT_ROWS),
  };
  const places = pendingPlaces(sweep, pending);
  const fitted: ReturnType<typeof fitMember>[] = [];
  for (const kind of options.members) {
    const like = fitted.find((other) => other.kind.shape === kind.shape && other.kind.prior === kind.prior);
    fitted.push(fitMember(kind, sweep, dataset, rows, places, like?.fit.theta));
  }
  const weights = committeeWeights(fitted.map(({ evidence }) => evidence));
  const members = fitted.map(({ evidence: _, ...member }, i) => ({ ...member, weight: weights[i]! }));
  return new Belief(members, dataset.objective.length, place);
};

/** The last beliefs formed, each with all that it was formed from: proposing and recommending ask for the same one. */
const recent: { readonly key: string; readonly options: BeliefOptions; readonly belief: Belief | null }[] = [];
const REMEMBERED = 2; // one with pending trials, one without

/** Forms the belief, a function of its arguments alone; null when no run has taught anything yet. */
export const formBelief = (
  sweep: Sweep,
  observations: readonly Observation[],
  pending: readonly PendingTrial[],
  options: BeliefOptions = TITRATE_BELIEF,
): Belief | null => {
  const key = JSON.stringify([sweep, observations, pending]);
  const known = recent.find((entry) => entry.key === key && entry.options === options);
  if (known !== undefined) return known.belief;
  const belief = formAfresh(sweep, observations, pending, options);
  recent.unshift({ key, options, belief });
  recent.length = Math.min(recent.length, REMEMBERED);
  return belief;
};

/** Names the members' hyper-parameters for the record: lengths on unit ranges, noise relative to the kernel's scale. */
export const hyperparametersOf = (belief: Belief): Record<string, number> =>
  Object.fromEntries(
    belief.members.flatMap(({ kind, weight, fit }) => [
      [`${kind.name}.weight`, weight],
      ...Object.entries(THETA).map(([name, at]) => [`${kind.name}.${name}`, Math.exp(fit.theta[at]!)] as const),
    ]),
  );
