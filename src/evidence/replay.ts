/** A team's past runs as a place to play on: what can be bought there, what it shows, and what it is worth. */
import { costOf } from '../domain/cost.js';
import type { Ending } from '../domain/ending.js';
import { InputError } from '../domain/errors.js';
import { isSameFidelity, type Fidelity } from '../domain/fidelity.js';
import { massMoved, type Mixture } from '../domain/mixture.js';
import { knownWords } from '../domain/nearest-word.js';
import { neededMetrics, objectiveSign, objectiveValue } from '../domain/objective.js';
import type { CurvePoint, Metrics, Observation } from '../domain/observation.js';
import type { Sweep } from '../domain/sweep.js';
import { keptByReport } from '../policy/guards.js';
import type { PastRun, PastRuns } from '../simulators/past-runs.js';
import { limitToTable } from '../simulators/table-limits.js';
import { indexRows, mixtureKey } from '../simulators/table.js';

/** A mixture with a completed run at the target. */
export interface TargetRow {
  readonly mixture: Mixture;
  /** The objective in the team's direction; the mean where the table has several runs. */
  readonly value: number;
  /** The first run of it there. */
  readonly run: PastRun;
  /** By the means of what its runs there reported. */
  readonly keepsGuards: boolean;
}

/** What the team did, in the table's order. */
export interface TeamStory {
  readonly runs: number;
  /** In the sweep's units. */
  readonly spent: number;
  /** What it had spent when the best row at the target was done. */
  readonly spentAtBest: number;
}

export interface Replay {
  /** Limited to the rows that exist; without confirmation, since a run cannot be made twice. */
  readonly sweep: Sweep;
  /** Those that keep the guards, best first. */
  readonly targetRows: readonly TargetRow[];
  /** How many more mixtures ran to the target and broke a guard there. */
  readonly broken: number;
  /** How many more mixtures ran to the target, outside the sweep's limits. */
  readonly outside: number;
  /** Runs of which nothing can be bought, each with its reason. */
  readonly leftOut: PastRuns['leftOut'];
  readonly team: TeamStory;
  /** What a run shows: the checkpoints and the ending of the table; `cost` as proposed, in the table's prices. */
  observe(
    trial: string,
    run: Fidelity & { readonly mixture: Mixture; readonly cost: number; readonly continues?: string },
  ): Observation & { readonly status: Ending };
  /** (value - best) / (median - best) at the target: 0 the best row there, 1 the median one; NaN where all are alike. */
  regretOf(mixture: Mixture): number;
}

const SAME = 1e-5; // mass moved: mixtures of the table are told apart to 1e-6 in every share

const isComplete = ({ status }: PastRun): boolean => status === 'completed';

/** Does a checkpoint tell all that the sweep asks for? Another one is no run that a sweep could have bought. */
const tellsAll = (sweep: Sweep, { metrics }: CurvePoint): boolean =>
  neededMetrics(sweep).every((metric) => metrics[metric] !== undefined);

/** The steps that a run which did not complete was meant to reach: the next ones that the sweep has. */
const askedSteps = (sweep: Sweep, { scale, steps, curve }: PastRun): number => {
  const known = sweep.scales.find(({ name }) => name === scale)?.steps ?? [];
  const isThere = curve.some((point) => point.steps === steps && tellsAll(sweep, point));
  return known.find((count) => (isThere ? count > steps : count >= steps)) ?? steps;
};

/** Everything that can be bought: each checkpoint, and the end of each run that did not complete. */
const rowsOf = (sweep: Sweep, runs: readonly PastRun[]) =>
  runs.flatMap((run) => {
    const { mixture, scale, curve } = run;
    const ends = isComplete(run) ? [] : [{ steps: askedSteps(sweep, run), metrics: {} }];
    return [...curve.filter((point) => tellsAll(sweep, point)), ...ends].map((point) => ({ mixture, scale, ...point }));
  });

/** Why nothing of a run can be bought; undefined where something can. */
const uselessness = (sweep: Sweep, run: PastRun): string | undefined => {
  const scales = sweep.scales.map(({ name }) => name);
  const known = sweep.scales.find(({ name }) => name === run.scale)?.steps;
  if (known === undefined) return `${run.scale} is no scale of the sweep: ${knownWords(run.scale, scales)}`;
  if (rowsOf(sweep, [run]).some(({ steps }) => known.includes(steps))) return undefined;
  return `it has no checkpoint at ${known.join(', ')} steps with ${neededMetrics(sweep).join(', ')}`;
};

const leftOutOf = (sweep: Sweep, runs: readonly PastRun[]): PastRuns['leftOut'] =>
  runs.flatMap((one) => {
    const reason = uselessness(sweep, one);
    return reason === undefined ? [] : [{ run: one.run, lines: one.lines, reason }];
  });

/** What a run would cost by the sweep's cost model: one that went on from another, the rest. */
const modelCost = (sweep: Sweep, runs: readonly PastRun[], run: PastRun): number => {
  const source = run.continues === undefined ? undefined : runs.find((one) => one.run === run.continues);
  const resumeSteps = source?.scale === run.scale && source.steps < run.steps ? source.steps : 0;
  return costOf(sweep, run, resumeSteps);
};

/** How the table's prices compare to the cost model's, for a run. */
const priceRatio = (sweep: Sweep, runs: readonly PastRun[], run: PastRun): number =>
  run.cost === undefined ? 1 : run.cost / modelCost(sweep, runs, run);

/** A run at the target, and what it reported there. */
interface Reached {
  readonly run: PastRun;
  readonly metrics: Metrics;
}

const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

const reachedBy = (sweep: Sweep, runs: readonly PastRun[]): Map<string, Reached[]> => {
  const reached = new Map<string, Reached[]>();
  for (const run of runs) {
    const isThere = (point: CurvePoint): boolean =>
      isSameFidelity({ scale: run.scale, steps: point.steps }, sweep.target) && tellsAll(sweep, point);
    const point = run.curve.find(isThere);
    const key = mixtureKey(run.mixture, Object.keys(sweep.domains));
    if (point !== undefined) reached.set(key, [...(reached.get(key) ?? []), { run, metrics: point.metrics }]);
  }
  return reached;
};

const targetRowsOf = (
  sweep: Sweep,
  reached: ReadonlyMap<string, readonly Reached[]>,
  mixtures: readonly Mixture[],
): TargetRow[] => {
  const { objective, domains } = sweep;
  const rows = mixtures.flatMap((mixture) => {
    const there = reached.get(mixtureKey(mixture, Object.keys(domains))) ?? [];
    const [first] = there;
    if (first === undefined) return [];
    const value = meanOf(there.map(({ metrics }) => objectiveValue(objective, metrics)));
    const means = neededMetrics(sweep).map((name) => [name, meanOf(there.map(({ metrics }) => metrics[name] ?? NaN))]);
    const keepsGuards = keptByReport(sweep, Object.fromEntries(means) as Metrics);
    return [{ mixture, run: first.run, value, keepsGuards }];
  });
  return rows.sort((a, b) => objectiveSign(objective) * (a.value - b.value));
};

const storyOf = (sweep: Sweep, runs: readonly PastRun[], best: TargetRow): TeamStory => {
  const charges = runs.map((run) => run.cost ?? modelCost(sweep, runs, run));
  const sum = (part: readonly number[]): number => part.reduce((total, charge) => total + charge, 0);
  return { runs: runs.length, spent: sum(charges), spentAtBest: sum(charges.slice(0, runs.indexOf(best.run) + 1)) };
};

/** The run of the table that shows most of what is asked for: one that got there before one that did not. */
const findRun = (
  sweep: Sweep,
  runs: readonly PastRun[],
  wanted: Fidelity & { readonly mixture: Mixture },
): PastRun | undefined => {
  const like = runs.filter(({ scale, mixture }) => scale === wanted.scale && massMoved(mixture, wanted.mixture) < SAME);
  const reaches = like.find(({ curve }) =>
    curve.some((point) => point.steps === wanted.steps && tellsAll(sweep, point)),
  );
  return reaches ?? like.find((run) => !isComplete(run) && run.steps <= wanted.steps);
};

const checkMetrics = (file: Sweep, metrics: readonly string[]): void => {
  const missing = neededMetrics(file).filter((metric) => !metrics.includes(metric));
  if (missing.length === 0) return;
  const problems = missing.map((found) => ({
    path: found in file.objective.weights ? 'objective' : 'guards',
    expected: `a metric of the table: ${knownWords(found, metrics)}`,
    found,
  }));
  throw new InputError('the table lacks what the sweep asks for', problems);
};

/** Nothing at the target to judge by: no mixture ran there, or all that did (so many) broke a guard. */
const noTarget = ({ target }: Sweep, broken: number): InputError => {
  const guarded = broken === 0 ? '' : ', one of them within the guards';
  const expected = `completed runs at the target, ${target.scale} x ${target.steps} steps, with the metrics of the objective${guarded}`;
  const found = broken === 0 ? 'none' : `${broken} mixtures, all of which break a guard there`;
  return new InputError('the table cannot be played back', [{ path: 'target', expected, found }], {
    hint: 'what is found is judged by the table’s own runs at the target',
  });
};

/**
 * Makes a replay of past runs under a sweep file.
 * @throws InputError when the table has nothing for the sweep, or no completed run at its target.
 */
export const createReplay = (file: Sweep, past: PastRuns): Replay => {
  checkMetrics(file, past.metrics);
  const known = past.runs.filter(({ scale }) => file.scales.some(({ name }) => name === scale));
  const { domains } = past;
  const choices = { domains, ...indexRows({ rows: rowsOf(file, known), domains }) };
  const { mixtures: _mixtures, runs: _runs, ...unlisted } = file;
  const sweep = { ...limitToTable(unlisted, choices), confirm: 0 };
  const reached = reachedBy(sweep, known);
  const allowed = targetRowsOf(sweep, reached, sweep.mixtures ?? []);
  const targetRows = allowed.filter(({ keepsGuards }) => keepsGuards);
  const outside = targetRowsOf(sweep, reached, choices.mixtures).length - allowed.length;
  const [best] = targetRows;
  if (best === undefined) throw noTarget(file, allowed.length);
  const values = targetRows.map(({ value }) => value);
  const middle = values.length / 2;
  const median = ((values[Math.ceil(middle) - 1] ?? 0) + (values[Math.floor(middle)] ?? 0)) / 2;
  const worst = values.at(-1) ?? best.value;
  return {
    sweep,
    targetRows,
    broken: allowed.length - targetRows.length,
    outside,
    leftOut: leftOutOf(file, past.runs),
    team: storyOf(sweep, known, best),
    observe: (trial, wanted) => {
      const { mixture, scale, steps, cost, continues } = wanted;
      const run = findRun(sweep, known, wanted);
      if (run === undefined)
        throw new InputError('the table has no such run', [
          { path: trial, expected: 'a row', found: `${scale} x ${steps}` },
        ]);
      const curve = run.curve.filter((point) => point.steps <= steps);
      const last = curve.at(-1);
      const gotThere = last?.steps === steps && tellsAll(sweep, last);
      const done = gotThere ? 1 : Math.min(1, run.steps / steps); // of one that failed, the part that it ran is charged
      return {
        trial,
        mixture,
        scale,
        steps,
        status: gotThere ? 'completed' : run.status,
        metrics: gotThere ? last.metrics : {},
        curve,
        cost: cost * done * priceRatio(sweep, known, run),
        ...(continues === undefined ? {} : { continues }),
      };
    },
    regretOf: (mixture) => {
      const row = targetRows.find((candidate) => massMoved(candidate.mixture, mixture) < SAME);
      const value = row?.value ?? worst; // its run at the target did not complete or broke a guard: no better than the worst
      return median === best.value ? Number.NaN : (value - best.value) / (median - best.value);
    },
  };
};
