/** A world made of a table of past runs. */
import { InputError } from '../domain/errors.js';
import { PUBLISHED } from '../domain/limits.js';
import type { Mixture } from '../domain/mixture.js';
import type { CurvePoint, Metrics } from '../domain/observation.js';
import type { World } from '../domain/ports.js';
import type { PossibleRun } from '../domain/sweep.js';
import { readPastRuns, type PastRuns, type ReadOptions } from './past-runs.js';
import { alignShares, type Training } from './training.js';

/** One checkpoint of one past run. */
export interface TableRow {
  readonly mixture: Mixture;
  readonly scale: string;
  readonly steps: number;
  readonly metrics: Metrics;
}

interface TableRows {
  readonly domains: readonly string[];
  readonly rows: readonly TableRow[];
}

/** A world that replays past runs and knows nothing else. */
export interface TableWorld extends World, TableRows {
  /** The distinct mixtures of the table, in its order: a sweep's finite list to choose from. */
  readonly mixtures: readonly Mixture[];
  /** The runs of the table, by the index of their mixture. */
  readonly runs: readonly PossibleRun[];
}

/** Largest difference of a share between two mixtures over `domains`. */
const largestGap = (a: Mixture, b: Mixture, domains: readonly string[]): number =>
  domains.reduce((gap, domain) => Math.max(gap, Math.abs((a[domain] ?? 0) - (b[domain] ?? 0))), 0);

/** Tells mixtures apart beyond any rounding that matters. */
export const mixtureKey = (mixture: Mixture, domains: readonly string[]): string =>
  domains.map((domain) => (mixture[domain] ?? 0).toFixed(6)).join();

/** Lists the distinct mixtures of a table, and its runs by the index of their mixture. */
export const indexRows = ({ rows, domains }: TableRows): Pick<TableWorld, 'mixtures' | 'runs'> => {
  const indexOf = new Map<string, number>();
  const mixtures: Mixture[] = [];
  const runs = rows.map(({ mixture, scale, steps }) => {
    const key = mixtureKey(mixture, domains);
    const index = indexOf.get(key) ?? mixtures.push(mixture) - 1;
    indexOf.set(key, index);
    return { mixture: index, scale, steps };
  });
  return { mixtures, runs };
};

interface Match {
  readonly row: TableRow;
  readonly gap: number;
}

const findNearest = (table: TableRows, job: Training, steps: number): Match | undefined =>
  table.rows
    .filter((row) => row.scale === job.scale && row.steps === steps)
    .map((row) => ({ row, gap: largestGap(row.mixture, job.mixture, table.domains) }))
    .sort((a, b) => a.gap - b.gap)[0];

const refuse = (job: Training, nearest: Match | undefined): never => {
  const expected = `a row at scale ${job.scale}, steps ${job.steps} within ${PUBLISHED} of each share`;
  const found =
    nearest === undefined ? 'no row at this scale and steps' : `the nearest is off by ${nearest.gap.toPrecision(3)}`;
  throw new InputError('the table has no such run', [{ path: 'mixture', expected, found }], {
    hint: 'give the sweep the mixtures of the table as its list to choose from',
    values: { mixture: job.mixture },
  });
};

const replay = (table: TableRows, job: Training): readonly CurvePoint[] =>
  job.checkpoints.flatMap((steps) => {
    const nearest = findNearest(table, job, steps);
    if (nearest !== undefined && nearest.gap <= PUBLISHED) return [{ steps, metrics: nearest.row.metrics }];
    return steps === job.steps ? refuse(job, nearest) : [];
  });

/** The checkpoints of runs that completed, run by run in the order of the table. */
const rowsOf = ({ runs }: PastRuns): TableRow[] =>
  runs
    .filter(({ status }) => status === 'completed')
    .flatMap(({ mixture, scale, curve }) => curve.map((point) => ({ mixture, scale, ...point })));

/**
 * Creates a world from a table of past runs as CSV (columns in docs/worlds.md, or by a mapping): one row per checkpoint of
 * a run, no noise but that of the runs themselves. A checkpoint on the way that the table lacks is left out of the curve;
 * the last one must be there. Its `train` throws InputError for a run that is not in the table.
 * @throws InputError naming every line and column that is wrong.
 */
export const createTableWorld = (csvText: string, options: ReadOptions = {}): TableWorld => {
  const past = readPastRuns(csvText, options);
  const { domains, metrics } = past;
  const rows = rowsOf(past);
  return {
    name: 'table',
    metrics,
    domains,
    rows,
    ...indexRows({ rows, domains }),
    train: (job) => {
      alignShares(job.mixture, domains);
      return replay({ rows, domains }, job);
    },
  };
};
