/** A team's past runs as a place to play on: what can be bought there, what it shows, and what it is worth. */
import { costOf } from '../domain/cost.js';
import type { Ending } from '../domain/ending.js';
import { InputError } from '../domain/errors.js';
import { isSameFidelity, type Fidelity } from '../domain/fidelity.js';
import { massMoved, type Mixture } from '../domain/mixture.js';
import { objectiveSign, objectiveValue } from '../domain/objective.js';
import type { Observation } from '../domain/observation.js';
import type { Sweep } from '../domain/sweep.js';
import type { PastRun, PastRuns } from '../simulators/past-runs.js';
import { limitToTable } from '../simulators/table-limits.js';
import { indexRows } from '../simulators/table.js';

/** A mixture with a completed run at the target. */
export interface TargetRow {
  readonly mixture: Mixture;
  /** The objective in the team's direction; the mean where the table has several runs. */
  readonly value: number;
  /** The first run of it there. */
  readonly run: PastRun;
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
  /** Best first. */
  readonly targetRows: readonly TargetRow[];
  /** How many more mixtures ran to the target, outside the sweep's limits. */
  readonly outside: number;
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

/** The steps that a run which did not complete was meant to reach: the next ones that the sweep has. */
const askedSteps = ({ scales }: Sweep, { scale, steps }: PastRun): number =>
  scales.find(({ name }) => name === scale)?.steps.find((count) => count >= steps) ?? steps;

const isComplete = ({ status }: PastRun): boolean => status === 'completed';

/** Everything that can be bought: each checkpoint, and the end of each run that did not complete. */
const rowsOf = (sweep: Sweep, runs: readonly PastRun[]) =>
  runs.flatMap((run) => {
    const { mixture, scale, curve } = run;
    const ends = isComplete(run) ? [] : [{ steps: askedSteps(sweep, run), metrics: {} }];
    return [...curve, ...ends].map((point) => ({ mixture, scale, ...point }));
  });

/** What a run of the table cost: as the table says it, else by the sweep's cost model. */
const chargeOf = (sweep: Sweep, run: PastRun): number => run.cost ?? costOf(sweep, run);

/** How the table's prices compare to the cost model's, for a run. */
const priceRatio = (sweep: Sweep, run: PastRun): number => chargeOf(sweep, run) / costOf(sweep, run);

const targetRowsOf = (sweep: Sweep, runs: readonly PastRun[]): TargetRow[] => {
  const { objective, target, mixtures = [] } = sweep;
  const rows = mixtures.flatMap((mixture) => {
    const there = runs.flatMap((run) => {
      const point = run.curve.find(({ steps }) => isSameFidelity({ scale: run.scale, steps }, target));
      const value = point === undefined ? Number.NaN : objectiveValue(objective, point.metrics);
      return Number.isFinite(value) && massMoved(run.mixture, mixture) < SAME ? [{ run, value }] : [];
    });
    const [first] = there;
    if (first === undefined) return [];
    return [{ mixture, run: first.run, value: there.reduce((sum, { value }) => sum + value, 0) / there.length }];
  });
  return rows.sort((a, b) => objectiveSign(objective) * (a.value - b.value));
};

const storyOf = (sweep: Sweep, runs: readonly PastRun[], best: TargetRow): TeamStory => {
  const charges = runs.map((run) => chargeOf(sweep, run));
  const sum = (part: readonly number[]): number => part.reduce((total, charge) => total + charge, 0);
  return { runs: runs.length, spent: sum(charges), spentAtBest: sum(charges.slice(0, runs.indexOf(best.run) + 1)) };
};

/** The run of the table that shows most of what is asked for: one that got there before one that did not. */
const findRun = (runs: readonly PastRun[], wanted: Fidelity & { readonly mixture: Mixture }): PastRun | undefined => {
  const like = runs.filter(({ scale, mixture }) => scale === wanted.scale && massMoved(mixture, wanted.mixture) < SAME);
  const reaches = like.find(({ curve }) => curve.some(({ steps }) => steps === wanted.steps));
  return reaches ?? like.find((run) => !isComplete(run) && run.steps <= wanted.steps);
};

/**
 * Makes a replay of past runs under a sweep file.
 * @throws InputError when the table has nothing for the sweep, or no completed run at its target.
 */
export const createReplay = (file: Sweep, past: PastRuns): Replay => {
  const known = past.runs.filter(({ scale }) => file.scales.some(({ name }) => name === scale));
  const { domains } = past;
  const choices = { domains, ...indexRows({ rows: rowsOf(file, known), domains }) };
  const { mixtures: _mixtures, runs: _runs, ...unlisted } = file;
  const sweep = { ...limitToTable(unlisted, choices), confirm: 0 };
  const targetRows = targetRowsOf(sweep, known);
  const outside = targetRowsOf({ ...sweep, mixtures: choices.mixtures }, known).length - targetRows.length;
  const [best] = targetRows;
  if (best === undefined) {
    const expected = `completed runs at the target, ${file.target.scale} x ${file.target.steps} steps, with the metrics of the objective`;
    throw new InputError('the table cannot be played back', [{ path: 'target', expected, found: 'none' }], {
      hint: 'what is found is judged by the table’s own runs at the target',
    });
  }
  const values = targetRows.map(({ value }) => value);
  const middle = values.length / 2;
  const median = ((values[Math.ceil(middle) - 1] ?? 0) + (values[Math.floor(middle)] ?? 0)) / 2;
  const worst = values.at(-1) ?? best.value;
  return {
    sweep,
    targetRows,
    outside,
    team: storyOf(sweep, known, best),
    observe: (trial, wanted) => {
      const { mixture, scale, steps, cost, continues } = wanted;
      const run = findRun(known, wanted);
      if (run === undefined)
        throw new InputError('the table has no such run', [
          { path: trial, expected: 'a row', found: `${scale} x ${steps}` },
        ]);
      const curve = run.curve.filter((point) => point.steps <= steps);
      const last = curve.at(-1);
      const gotThere = last?.steps === steps;
      const done = gotThere ? 1 : Math.min(1, run.steps / steps); // of one that failed, the part that it ran is charged
      return {
        trial,
        mixture,
        scale,
        steps,
        status: gotThere ? 'completed' : run.status,
        metrics: gotThere ? last.metrics : {},
        curve,
        cost: cost * done * priceRatio(sweep, run),
        ...(continues === undefined ? {} : { continues }),
      };
    },
    regretOf: (mixture) => {
      const row = targetRows.find((candidate) => massMoved(candidate.mixture, mixture) < SAME);
      const value = row?.value ?? worst; // its run at the target did not complete: no better than the worst that did
      return median === best.value ? Number.NaN : (value - best.value) / (median - best.value);
    },
  };
};
