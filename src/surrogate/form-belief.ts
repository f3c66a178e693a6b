/** From observations to a belief: which rows, which hyper-parameters, what each warp counts for. */
import { isFixed } from '../domain/fixed.js';
import { sharesOf } from '../domain/mixture.js';
import type { Observation, PendingTrial } from '../domain/observation.js';
import type { Sweep } from '../domain/sweep.js';
import { Belief, type Column } from './belief.js';
import { buildDataset, designOf, selectRows, type Dataset, type DatasetOptions, type Place } from './dataset.js';
import { computeOf, effortOf, fidelityFeatures, type FidelityPoint } from './fidelity-features.js';
import { GaussianProcess } from './gaussian-process.js';
import {
  averageNoise,
  DEFAULT_PRIOR,
  fitFromBothSides,
  fitHyperparameters,
  likelyGrowth,
  type Fit,
  type Prior,
} from './hyperparameters.js';
import { THETA, type Design, type Growth, type KernelShape } from './kernel.js';
import { relatedMetrics } from './related-metrics.js';
import { thinRows } from './thin-rows.js';
import { fitWarp, type WarpKind } from './warp.js';

export interface BeliefOptions extends DatasetOptions {
  readonly shape: KernelShape;
  readonly prior: Prior;
  /** Warps of the metrics, weighed against each other by their evidence. */
  readonly warps: readonly WarpKind[];
  /** Hyper-parameters are fitted to the first so many runs alone; to all when absent. */
  readonly fitToFirstRuns?: number;
}

// How far a loss falls with size is not known from one size: the trend may be several times what mixtures differ by.
const TREND_VARIANCE = 9; // measured among 1, 4 and 9 (docs/tried.md)

// A stationary trend turns back to the mean where nothing was seen; losses go on falling. In units of the trend's variance.
const TREND_SLOPE = 4; // measured among 0, 1, 2 and 4 (docs/tried.md)

/** The belief of titrate's own policy (docs/methods.md). */
const TITRATE_BELIEF: BeliefOptions = {
  shape: { embedding: 'sqrt', radial: 'matern52', trend: TREND_VARIANCE, linear: true, slope: TREND_SLOPE },
  prior: DEFAULT_PRIOR,
  warps: ['none', 'log'],
  curves: true,
  maxRows: 320, // a factor of so many rows takes milliseconds
};

const COARSE_ROWS = 48; // rows that hyper-parameters are first fitted to: a fraction of a millisecond per likelihood
const COARSE_ITERATIONS = 20; // eight unknowns; later steps change no decision
const FIT_ROWS = 100; // rows that they are then refined on: a few milliseconds per likelihood
const FIT_ITERATIONS = 5;
const EFFECTIVE_ROWS = 4; // evidence counts as so many independent rows: checkpoints and metrics depend on each other

const FIT_ROWS_PER_RUN = 4; // at least: a curve of few points says how losses fall, and many runs say what mixtures differ by (docs/tried.md)

/** Picks the rows that hyper-parameters are fitted to. */
const rowsForFit = (
  dataset: Dataset,
  place: (row: Place) => FidelityPoint,
  all: readonly number[],
  maxRows: number,
): readonly number[] => {
  const rows = all.map((row) => ({ run: dataset.rowRun[row]!, effort: effortOf(place(dataset.rows[row]!)) }));
  return thinRows(rows, maxRows, FIT_ROWS_PER_RUN).map((at) => all[at]!);
};

/** Weights warps by their evidence per row, tempered to a few effective rows. */
const weightsOf = (evidence: readonly number[]): number[] => {
  const best = Math.max(...evidence);
  const raw = evidence.map((value) => Math.exp(EFFECTIVE_ROWS * (value - best)));
  const total = raw.reduce((a, b) => a + b, 0);
  return raw.map((value) => value / total);
};

/** Where pending trials will report; one that goes on from an earlier run only beyond that. */
const pendingPlaces = (sweep: Sweep, observations: readonly Observation[], pending: readonly PendingTrial[]): Place[] =>
  pending.flatMap(({ mixture, scale, steps, continues }) => {
    const from = observations.find(({ trial }) => trial === continues)?.steps ?? 0;
    const shares = sharesOf(mixture, Object.keys(sweep.domains));
    const grid = sweep.scales.find(({ name }) => name === scale)?.steps ?? [];
    return grid.filter((step) => from < step && step <= steps).map((step) => ({ shares, scale, steps: step }));
  });

/** Outputs over some rows under every warp, kind by kind; with the log Jacobians. */
const warpedOutputs = (
  kinds: readonly WarpKind[],
  all: readonly Float64Array[],
  rows: readonly number[],
): { outputs: Float64Array[]; logJacobians: number[] } => {
  const picked = all.map((values) => Float64Array.from(rows, (row) => values[row]!));
  const warped = kinds.flatMap((kind) => picked.map((values) => ({ values, warp: fitWarp(kind, values) })));
  return {
    outputs: warped.map(({ values, warp }) => values.map((y) => warp.forward(y))),
    logJacobians: warped.map(({ warp }) => warp.logJacobian),
  };
};

/** Leaves out what jobs report beside what the sweep asks for and what says nothing of that. */
const relatedOutputs = (
  { shape, prior, warps }: BeliefOptions,
  { outputs, own, design }: Dataset,
  rows: readonly number[],
): readonly Float64Array[] => {
  const values = outputs.map((output) => warpedOutputs(warps, [output], rows).outputs);
  const related = relatedMetrics(shape, prior, selectRows(design, rows), { values, own }, COARSE_ITERATIONS);
  return related.map((at) => outputs[at]!);
};

/** Fits hyper-parameters: to few rows from both sides, then to more from there; weighs the warps. */
const fitTo = (
  options: BeliefOptions,
  dataset: Dataset,
  coarse: readonly number[],
  fine: readonly number[],
): Fitted => {
  const { shape, prior, warps } = options;
  const related = relatedOutputs(options, dataset, coarse);
  const few = warpedOutputs(warps, related, coarse).outputs;
  const rough = fitFromBothSides(shape, prior, selectRows(dataset.design, coarse), few, COARSE_ITERATIONS);
  const { outputs, logJacobians } = warpedOutputs(warps, related, fine);
  const design = selectRows(dataset.design, fine);
  const fit = fitHyperparameters(shape, prior, design, outputs, FIT_ITERATIONS, rough.theta);
  const each = related.length;
  const evidence = warps.map((_, k) => {
    let sum = 0;
    for (let o = k * each; o < (k + 1) * each; o++) sum += fit.logLikelihoods[o]! + logJacobians[o]!;
    return sum / each / fine.length;
  });
  const noise = averageNoise(shape, prior, design, outputs, fit.theta);
  return { fit, weights: weightsOf(evidence), noise };
};

const columnsOf = (dataset: Dataset, kinds: readonly WarpKind[], weights: readonly number[]): Column[] =>
  dataset.terms.flatMap(({ values, coefficient }, term) =>
    kinds.map((kind, k) => ({ kind, term, coefficient, weight: weights[k]!, warp: fitWarp(kind, values) })),
  );

/** Hyper-parameters, and what each warp counts for. */
interface Fitted {
  readonly fit: Fit;
  readonly weights: readonly number[];
  /** Sd of the noise to be reckoned with (hyperparameters.ts, averageNoise). */
  readonly noise: number;
}

/** The last of something that was worked out, each with the text of all that it was worked out from. */
class Recent<T> {
  readonly #entries: { readonly key: string; readonly options: BeliefOptions; readonly value: T }[] = [];
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  get(key: string, options: BeliefOptions, make: () => T): T {
    const known = this.#entries.find((entry) => entry.key === key && entry.options === options);
    if (known !== undefined) return known.value;
    const value = make();
    this.#entries.unshift({ key, options, value });
    this.#entries.length = Math.min(this.#entries.length, this.#most);
    return value;
  }
}

const numbers = new WeakMap<Observation, number>();
let numbered = 0;

/**
 * Stands for a run in the texts that beliefs are kept under: a number of its own for one that cannot change any more, as a thousand long
 * curves make a text of a hundred megabytes.
 */
const shortOf = (run: Observation): Observation | number => {
  const known = numbers.get(run);
  if (known !== undefined) return known;
  if (!isFixed(run)) return run;
  numbers.set(run, ++numbered);
  return numbered;
};

/** Pending trials teach no hyper-parameters, and other objectives over the same runs share those of the sweep's own. */
const recentFits = new Recent<Fitted | null>(4); // of all runs and of those that are settled, and one of each before

/** Fits hyper-parameters to what a sweep's own objective makes of the runs; null when none has reported it. */
const fitOf = (
  sweep: Sweep,
  observations: readonly Observation[],
  options: BeliefOptions,
  makeDataset: () => Dataset = () => buildDataset(sweep, observations, options),
): Fitted | null =>
  recentFits.get(JSON.stringify([sweep, observations.map(shortOf)]), options, () => {
    const dataset = makeDataset();
    if (dataset.objective.length === 0) return null;
    const place = fidelityFeatures(sweep);
    const all = Array.from(dataset.rowRun.keys());
    const early = all.filter((row) => dataset.rowRun[row]! < (options.fitToFirstRuns ?? Infinity));
    const usable = early.length > 0 ? early : all;
    const coarse = rowsForFit(dataset, place, usable, COARSE_ROWS);
    const fine = rowsForFit(dataset, place, usable, FIT_ROWS);
    return fitTo(options, dataset, coarse, fine);
  });

/** Compute of the rows of a design, on average. */
const typicalCompute = ({ rowFidelity, fidelities }: Design): number =>
  rowFidelity.reduce((sum, f) => sum + computeOf(fidelities[f]!), 0) / rowFidelity.length;

/** How what mixtures differ by in the objective may grow, by the rows that hyper-parameters are fitted to. */
const growthOf = (
  { shape }: BeliefOptions,
  dataset: Dataset,
  place: (row: Place) => FidelityPoint,
  outputs: readonly Float64Array[],
  theta: Float64Array,
): readonly Growth[] => {
  const rows = rowsForFit(dataset, place, Array.from(dataset.rowRun.keys()), FIT_ROWS);
  const picked = outputs.map((output) => Float64Array.from(rows, (row) => output[row]!));
  return likelyGrowth(shape, selectRows(dataset.design, rows), picked, theta, typicalCompute(dataset.design));
};

const formAfresh = (
  sweep: Sweep,
  observations: readonly Observation[],
  pending: readonly PendingTrial[],
  options: BeliefOptions,
  fittedTo: Sweep,
): Belief | null => {
  const dataset = buildDataset(sweep, observations, options);
  if (dataset.objective.length === 0) return null;
  const place = fidelityFeatures(sweep);
  const shared = fittedTo === sweep ? null : fitOf(fittedTo, observations, options);
  const { fit, weights, noise } = (shared ?? fitOf(sweep, observations, options, () => dataset))!;
  const columns = columnsOf(dataset, options.warps, weights);
  const places = pendingPlaces(sweep, observations, pending);
  const design = places.length === 0 ? dataset.design : designOf(sweep, [...dataset.rows, ...places]);
  const outputs = columns.map(({ term, warp }) => dataset.terms[term]!.values.map((y) => warp.forward(y)));
  return new Belief({
    process: new GaussianProcess(options.shape, fit.theta, design, outputs),
    columns,
    fit,
    noise,
    growth: () => growthOf(options, dataset, place, outputs, fit.theta),
    rows: dataset.objective.length,
    target: place(sweep.target),
    place,
  });
};

/** Proposing and recommending ask for the same beliefs: with and without pending trials, and about each guarded metric. */
const recentBeliefs = new Recent<Belief | null>(16);

/**
 * Forms the belief, a function of its arguments alone; null when no run has taught anything yet. `fittedTo` is the sweep with the
 * objective that hyper-parameters are fitted to, where that is not the one the belief is about: they are pooled over all
 * metrics that every run reports, so that one fit serves all objectives over the same runs.
 */
export const formBelief = (
  sweep: Sweep,
  observations: readonly Observation[],
  pending: readonly PendingTrial[],
  options: BeliefOptions = TITRATE_BELIEF,
  fittedTo: Sweep = sweep,
): Belief | null => {
  const key = JSON.stringify([sweep, observations.map(shortOf), pending, fittedTo === sweep ? null : fittedTo]);
  return recentBeliefs.get(key, options, () => formAfresh(sweep, observations, pending, options, fittedTo));
};

/** Names the hyper-parameters for the record: lengths in the units of fidelity-features.ts, noise relative to the kernel's scale. */
export const hyperparametersOf = (belief: Belief): Record<string, number> => ({
  ...Object.fromEntries(
    belief.columns.filter(({ term }) => term === 0).map(({ kind, weight }) => [`${kind}.weight`, weight]),
  ),
  ...Object.fromEntries(Object.entries(THETA).map(([name, at]) => [name, Math.exp(belief.fit.theta[at]!)])),
});
