import { groupByFidelity, type Fidelity } from '../domain/fidelity.js';
import { sharesOf } from '../domain/mixture.js';
import type { Metrics, Observation } from '../domain/observation.js';
import type { Sweep } from '../domain/sweep.js';
import { effortOf, fidelityFeatures, scaleGap2, type FidelityPoint } from './fidelity-features.js';
import type { Design } from './kernel.js';
import { thinRows } from './thin-rows.js';
import { metricSign, minimizedValue, referenceOf } from '../domain/objective.js';

/** Rows of data: one a checkpoint. All outputs are turned so that less is better. */
export interface Dataset {
  readonly rows: readonly Place[];
  readonly design: Design;
  /** The objective at each row (n). */
  readonly objective: Float64Array;
  /** The metrics that the objective is a sum of. */
  readonly terms: readonly Term[];
  /** The outputs that hyper-parameters may be fitted to (each n): those of the objective, then others that are reported. */
  readonly outputs: readonly Float64Array[];
  /** How many of the outputs are the objective's. */
  readonly own: number;
  /** Which run each row comes from, 0 .. runs-1, in the order of the observations (n). */
  readonly rowRun: Int32Array;
}

/** A part of the objective: `coefficient` (above 0) times values where less is better. */
export interface Term {
  readonly values: Float64Array;
  readonly coefficient: number;
}

/** Where a row lies. */
export interface Place extends Fidelity {
  readonly shares: ArrayLike<number>;
}

export interface DatasetOptions {
  /** Use the checkpoints on the way, or final values alone. */
  readonly curves: boolean;
  readonly maxRows: number;
}

interface Row extends Fidelity {
  readonly run: number;
  readonly shares: number[];
  readonly objective: number;
  readonly metrics: Metrics;
}

const MAX_OUTPUTS = 16; // outputs that share hyper-parameters; each costs n^2 per likelihood

/** Collects distinct values by a text key and returns each one's index. */
class Distinct<T> {
  readonly items: T[] = [];
  readonly #index = new Map<string, number>();

  indexOf(key: string, make: () => T): number {
    const known = this.#index.get(key);
    if (known !== undefined) return known;
    this.#index.set(key, this.items.length);
    this.items.push(make());
    return this.items.length - 1;
  }
}

/** Indexes rows by distinct mixture and distinct fidelity. */
export const designOf = (sweep: Sweep, rows: readonly Place[]): Design => {
  const place = fidelityFeatures(sweep);
  const mixtures = new Distinct<Float64Array>();
  const fidelities = new Distinct<FidelityPoint>();
  const rowMixture = rows.map(({ shares }) =>
    mixtures.indexOf(Array.from(shares).join(), () => Float64Array.from(shares)),
  );
  const rowFidelity = rows.map((row) => fidelities.indexOf(`${row.scale}@${row.steps}`, () => place(row)));
  return {
    mixtures: mixtures.items,
    fidelities: fidelities.items,
    rowMixture: Int32Array.from(rowMixture),
    rowFidelity: Int32Array.from(rowFidelity),
  };
};

/** Lists one run's usable checkpoints on the step grid, the last one marked. */
const rowsOfRun = (sweep: Sweep, observation: Observation, run: number, curves: boolean): Row[] => {
  const grid = new Set(sweep.scales.find(({ name }) => name === observation.scale)?.steps);
  const points = new Map<number, Metrics>();
  if (curves) for (const { steps, metrics } of observation.curve ?? []) if (grid.has(steps)) points.set(steps, metrics);
  if (observation.status === 'completed') points.set(observation.steps, observation.metrics);
  const shares = sharesOf(observation.mixture, Object.keys(sweep.domains));
  const rows = [...points]
    .map(([steps, metrics]) => ({ steps, metrics, objective: minimizedValue(sweep.objective, metrics) }))
    .filter(({ objective }) => Number.isFinite(objective))
    .sort((a, b) => a.steps - b.steps);
  return rows.map((row) => ({ ...row, run, shares, scale: observation.scale }));
};

/** Keeps at most `maxRows`, one of each run at least while there is room for that. */
const capRows = (sweep: Sweep, rows: readonly Row[], maxRows: number): Row[] => {
  const place = fidelityFeatures(sweep);
  const places = rows.map((row) => ({ run: row.run, effort: effortOf(place(row)) }));
  return thinRows(places, maxRows, 1).map((at) => rows[at]!);
};

/** A continued run may report its predecessor's checkpoints again: the same value at the same place is one row. */
const withoutRepeats = (rows: Row[]): Row[] => {
  const seen = new Set<string>();
  return rows.filter(({ shares, scale, steps, objective }) => {
    const key = `${shares.join()}|${scale}|${steps}|${objective}`;
    return seen.has(key) ? false : seen.add(key);
  });
};

/** Of fewer rows the worst may be among the best there are. */
const ROWS_TO_COMPARE = 3;

/**
 * Stands in for a diverged run: as bad as the worst value of the nearest fidelity that has a few, so that its neighbourhood is not
 * tried again soon. Much smaller or shorter runs report far more loss for being small; taken for the mixture's fault, that would
 * turn the belief about the larger scale round.
 */
const pessimisticRows = (sweep: Sweep, observations: readonly Observation[], rows: readonly Row[]): Row[] => {
  const diverged = observations.flatMap((run, at) => (run.status === 'diverged' ? [{ run, at }] : []));
  if (diverged.length === 0 || rows.length === 0) return [];
  const place = fidelityFeatures(sweep);
  const comparable = groupByFidelity(rows).filter((group) => group.length >= ROWS_TO_COMPARE);
  const worstNear = (fidelity: Fidelity): Row => {
    const from = place(fidelity);
    const gap = ([row]: readonly Row[]): number => {
      const at = place(row!);
      return Math.sqrt(scaleGap2(at, from)) + Math.abs(at.steps - from.steps);
    };
    const nearest = comparable.reduce<Row[] | undefined>(
      (best, group) => (best === undefined || gap(group) < gap(best) ? group : best),
      undefined,
    );
    return (nearest ?? rows).reduce((a, b) => (b.objective > a.objective ? b : a));
  };
  return diverged.map(({ run: { mixture, scale, steps }, at }) => ({
    ...worstNear({ scale, steps }),
    run: at,
    scale,
    steps,
    shares: sharesOf(mixture, Object.keys(sweep.domains)),
  }));
};

/** A loss falls with size and steps; an output that rises with them is an accuracy, and is turned round. */
const turnDownwards = (values: Float64Array, design: Design): Float64Array => {
  const effort = Array.from(design.rowFidelity, (f) => effortOf(design.fidelities[f]!));
  const meanEffort = effort.reduce((a, b) => a + b, 0) / effort.length;
  const covariance = values.reduce((sum, value, i) => sum + value * (effort[i]! - meanEffort), 0);
  return covariance > 0 ? values.map((value) => -value) : values;
};

const hasSpread = (values: Float64Array): boolean => values.some((value) => value !== values[0]);

/**
 * The outputs that may share hyper-parameters: metrics that all rows have and that differ between them, the objective's before others, in the
 * order of their names; where there are too many, those that the sweep is about. An objective of several metrics is not one of them, as it
 * repeats what they say; it is the only one when there are no others.
 */
const sharedOutputs = (
  sweep: Sweep,
  rows: readonly Row[],
  design: Design,
  objective: Float64Array,
): Pick<Dataset, 'outputs' | 'own'> => {
  const weights = Object.keys(sweep.objective.weights);
  const wanted = new Set([...weights, ...(sweep.guards ?? []).map(({ metric }) => metric)]);
  const isOwn = (name: string): boolean => weights.includes(name);
  const valuesOf = (name: string): Float64Array =>
    Float64Array.from(rows, ({ metrics }) => metrics[name] ?? Number.NaN);
  const named = Object.keys(rows[0]?.metrics ?? {})
    .filter((name) => weights.length > 1 || name !== weights[0])
    .map((name) => ({ name, values: valuesOf(name) }))
    .filter(({ values }) => values.every((value) => Number.isFinite(value)) && hasSpread(values))
    .toSorted((a, b) => Number(wanted.has(b.name)) - Number(wanted.has(a.name)) || (a.name < b.name ? -1 : 1))
    .slice(0, MAX_OUTPUTS - 1)
    .toSorted((a, b) => Number(isOwn(b.name)) - Number(isOwn(a.name)) || (a.name < b.name ? -1 : 1));
  const others = named.map(({ values }) => turnDownwards(values, design));
  const own = named.filter(({ name }) => isOwn(name)).length;
  return weights.length > 1 && others.length > 0
    ? { outputs: others, own: own || others.length }
    : { outputs: [objective, ...others], own: 1 };
};

/** Splits the objective into its metrics; a single one stays as it is. */
const termsOf = (sweep: Sweep, rows: readonly Row[], objective: Float64Array): Term[] => {
  const parts = Object.entries(sweep.objective.weights).filter(([, weight]) => weight !== 0);
  if (parts.length < 2) return [{ values: objective, coefficient: 1 }];
  return parts.map(([metric, weight]) => {
    const { zero, unit } = referenceOf(sweep.objective, metric);
    const sign = metricSign(sweep.objective, metric);
    const values = Float64Array.from(rows, ({ metrics }) => sign * ((metrics[metric] ?? Number.NaN) - zero));
    return { values, coefficient: Math.abs(weight / unit) };
  });
};

/** Turns observations into rows for the belief. Runs that failed or were cancelled count with the checkpoints they reached. */
export const buildDataset = (sweep: Sweep, observations: readonly Observation[], options: DatasetOptions): Dataset => {
  const usable = observations.flatMap((observation, run) =>
    observation.status === 'diverged' ? [] : rowsOfRun(sweep, observation, run, options.curves),
  );
  const rows = capRows(
    sweep,
    withoutRepeats([...usable, ...pessimisticRows(sweep, observations, usable)]),
    options.maxRows,
  );
  const design = designOf(sweep, rows);
  const objective = Float64Array.from(rows, (row) => row.objective);
  return {
    rows,
    design,
    objective,
    terms: termsOf(sweep, rows, objective),
    ...sharedOutputs(sweep, rows, design, objective),
    rowRun: Int32Array.from(rows, ({ run }) => run),
  };
};

/** Numbers the distinct values of `picked` from 0 in the order they come. */
const renumbered = (picked: Int32Array): { readonly used: readonly number[]; readonly numbers: Int32Array } => {
  const used = [...new Set(picked)];
  const numberOf = new Map(used.map((old, i) => [old, i]));
  return { used, numbers: picked.map((old) => numberOf.get(old)!) };
};

/** Picks some rows of a design, with the mixtures and fidelities that they have. */
export const selectRows = (design: Design, rows: readonly number[]): Design => {
  const mixtures = renumbered(Int32Array.from(rows, (row) => design.rowMixture[row]!));
  const fidelities = renumbered(Int32Array.from(rows, (row) => design.rowFidelity[row]!));
  return {
    mixtures: mixtures.used.map((m) => design.mixtures[m]!),
    fidelities: fidelities.used.map((f) => design.fidelities[f]!),
    rowMixture: mixtures.numbers,
    rowFidelity: fidelities.numbers,
  };
};
