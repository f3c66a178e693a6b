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
import { DEFAULT_PRIOR, fitHyperparameters, type Fit, type Prior } from './hyperparameters.js';
import { THETA, type KernelShape } from './kernel.js';
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

const HELLINGER: KernelShape = { embedding: 'sqrt', radial: 'matern52', trend: 1 };

/** The belief of titrate's own policy: one kernel, with and without the log warp (docs/methods.md). */
export const TITRATE_BELIEF: BeliefOptions = {
  members: [
    { name: 'plain', shape: HELLINGER, prior: DEFAULT_PRIOR, warp: 'none' },
    { name: 'log', shape: HELLINGER, prior: DEFAULT_PRIOR, warp: 'log' },
  ],
  curves: true,
  maxRows: 400, // a factor of 400 rows takes tens of milliseconds
};

const MAX_FIT_ROWS = 160; // rows for hyper-parameters: a likelihood with gradient then takes a few milliseconds
const MAX_ITERATIONS = 25; // seven unknowns; later steps change no decision
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
  readonly features: readonly Float64Array[];
}

/** Picks the rows that hyper-parameters are fitted to: whole runs, the costliest half and an even half of the rest. */
const rowsForFit = (dataset: Dataset, place: (row: Place) => FidelityPoint, firstRuns: number): number[] => {
  const all = Array.from(dataset.rowRun.keys()).filter((row) => dataset.rowRun[row]! < firstRuns);
  if (all.length <= MAX_FIT_ROWS) return all;
  const runs = [...new Set(all.map((row) => dataset.rowRun[row]!))];
  const effort = new Map(runs.map((run) => [run, 0]));
  for (const row of all) {
    const { size, steps } = place(dataset.rows[row]!);
    const run = dataset.rowRun[row]!;
    effort.set(run, Math.max(effort.get(run)!, size + steps));
  }
  const quota = Math.max(1, Math.floor((runs.length * MAX_FIT_ROWS) / all.length));
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
    const features = this.members.map(({ target }) => target.features(shares));
    const predictions = this.members.map((member, i) => memberPrediction(member, member.target, shares, features[i]!));
    return { shares, features, ...mixtureOfPredictions(this.members, predictions) };
  }

  /** Predicts mixtures at any fidelity, in units of the minimised objective. */
  predictAt(mixtures: readonly ArrayLike<number>[], fidelity: Fidelity): { mean: number; sd: number }[] {
    const views = this.members.map(({ process }) => process.at(this.#place(fidelity)));
    return mixtures.map((shares) => {
      const predictions = this.members.map((member, i) =>
        memberPrediction(member, views[i]!, shares, views[i]!.features(shares)),
      );
      return mixtureOfPredictions(this.members, predictions);
    });
  }

  /** Returns the sd of the difference of two mixtures at the target, in units of the objective. */
  differenceSd(a: TargetPoint, b: TargetPoint): number {
    const differences = this.members.map((member, i) => {
      const { process, target, warp } = member;
      const [ca, cb] = [a.features[i]!, b.features[i]!];
      const point = target.fidelity;
      const cov = (x: TargetPoint, cx: Float64Array, y: TargetPoint, cy: Float64Array): number =>
        target.covariance(cx, cy, process.prior(x.shares, point, y.shares, point));
      const [ma, mb] = [target.mean(ca), target.mean(cb)];
      const [sa, sb] = [warp.slope(ma), warp.slope(mb)];
      const variance = sa * sa * cov(a, ca, a, ca) + sb * sb * cov(b, cb, b, cb) - 2 * sa * sb * cov(a, ca, b, cb);
      return { mean: warp.inverse(ma) - warp.inverse(mb), variance: Math.max(0, variance) };
    });
    return mixtureOfPredictions(this.members, differences).sd;
  }
}

const memberPrediction = (
  { process, warp }: Member,
  view: FidelityView,
  shares: ArrayLike<number>,
  features: Float64Array,
): { mean: number; variance: number } => {
  const mean = view.mean(features);
  const variance = view.covariance(features, features, process.prior(shares, view.fidelity, shares, view.fidelity));
  return { mean: warp.inverse(mean), variance: Math.max(0, variance) * warp.slope(mean) ** 2 };
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

const fitMember = (
  kind: MemberKind,
  sweep: Sweep,
  dataset: Dataset,
  fitRows: readonly number[],
  pending: readonly Place[],
): Omit<Member, 'weight'> & { readonly evidence: number } => {
  const warp = fitWarp(kind.warp, dataset.objective);
  const fitDesign = selectRows(dataset.design, fitRows);
  const logJacobians: number[] = [];
  const outputs = dataset.outputs.map((values) => {
    const picked = Float64Array.from(fitRows, (row) => values[row]!);
    const outputWarp = fitWarp(kind.warp, picked);
    logJacobians.push(outputWarp.logJacobian);
    return picked.map((y) => outputWarp.forward(y));
  });
  const fit = fitHyperparameters(kind.shape, kind.prior, fitDesign, outputs, MAX_ITERATIONS);
  const jacobian = logJacobians.reduce((a, b) => a + b, 0) / logJacobians.length;
  const design = pending.length === 0 ? dataset.design : designOf(sweep, [...dataset.rows, ...pending]);
  const process = new GaussianProcess(
    kind.shape,
    fit.theta,
    design,
    dataset.objective.map((y) => warp.forward(y)),
  );
  const target = process.at(fidelityFeatures(sweep)(sweep.target));
  return { kind, process, warp, fit, target, evidence: (jacobian - fit.value) / fitRows.length };
};

/** Forms the belief; null when no run has taught anything yet. */
export const formBelief = (
  sweep: Sweep,
  observations: readonly Observation[],
  pending: readonly PendingTrial[],
  options: BeliefOptions = TITRATE_BELIEF,
): Belief | null => {
  const dataset = buildDataset(sweep, observations, options);
  if (dataset.objective.length === 0) return null;
  const place = fidelityFeatures(sweep);
  const fitRows = rowsForFit(dataset, place, options.fitToFirstRuns ?? Infinity);
  const rows = fitRows.length > 0 ? fitRows : Array.from(dataset.rowRun.keys());
  const places = pendingPlaces(sweep, pending);
  const fitted = options.members.map((kind) => fitMember(kind, sweep, dataset, rows, places));
  const weights = committeeWeights(fitted.map(({ evidence }) => evidence));
  const members = fitted.map(({ evidence: _, ...member }, i) => ({ ...member, weight: weights[i]! }));
  return new Belief(members, dataset.objective.length, place);
};

/** Names the members' hyper-parameters for the record: lengths on unit ranges, noise relative to the kernel's scale. */
export const hyperparametersOf = (belief: Belief): Record<string, number> =>
  Object.fromEntries(
    belief.members.flatMap(({ kind, weight, fit }) => [
      [`${kind.name}.weight`, weight],
      ...Object.entries(THETA).map(([name, at]) => [`${kind.name}.${name}`, Math.exp(fit.theta[at]!)] as const),
    ]),
  );
