import { CsvError, parse } from 'csv-parse/sync';
import { InputError, type Problem } from '../domain/errors.js';
import { mixtureOf, type Mixture } from '../domain/mixture.js';
import type { CurvePoint, Metrics } from '../domain/observation.js';
import type { World } from '../domain/ports.js';
import type { PossibleRun } from '../domain/sweep.js';
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

export interface TableOptions {
  /** How the columns are named, when not as documented. */
  readonly columns?: { readonly mixturePrefix?: string; readonly metricPrefix?: string };
}

const SHARE_TOLERANCE = 1e-3; // a share as published has three decimals
const SUM_TOLERANCE = 0.01; // rounded shares of many domains sum to 1 only so far; they are normalised

type CsvRecord = Readonly<Record<string, string>>;
interface Columns {
  /** Domain to column. */
  readonly domains: ReadonlyMap<string, string>;
  /** Metric to column. */
  readonly metrics: ReadonlyMap<string, string>;
}

const readRecords = (csvText: string): { header: readonly string[]; records: readonly CsvRecord[] } => {
  try {
    const rows: string[][] = parse(csvText, { bom: true, trim: true, skip_empty_lines: true });
    const [header = [], ...body] = rows;
    const records = body.map((row) => Object.fromEntries(header.map((name, i) => [name, row[i] ?? ''])));
    return { header, records };
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const problem = {
      path: '',
      expected: 'CSV with as many fields in each line as in the header',
      found: error.message,
    };
    throw new InputError('the table of past runs cannot be read', [problem], { cause: error });
  }
};

const findColumns = (header: readonly string[], options: TableOptions): Columns => {
  const withPrefix = (prefix: string): Map<string, string> =>
    new Map(header.filter((name) => name.startsWith(prefix)).map((name) => [name.slice(prefix.length), name]));
  const domains = withPrefix(options.columns?.mixturePrefix ?? 'mix.');
  const metrics = withPrefix(options.columns?.metricPrefix ?? 'metric.');
  const needed: readonly (readonly [string, boolean])[] = [
    ['a column mix.<domain> for each domain', domains.size > 0],
    ['a column scale', header.includes('scale')],
    ['a column steps', header.includes('steps')],
    ['a column metric.<name> for each metric', metrics.size > 0],
    ['columns with names of their own', new Set(header).size === header.length],
  ];
  const missing = needed.filter(([, isThere]) => !isThere);
  const problems = missing.map(([expected]) => ({ path: 'header', expected, found: header.join(',') }));
  if (problems.length > 0)
    throw new InputError('the table of past runs lacks columns', problems, { hint: 'see docs/worlds.md' });
  return { domains, metrics };
};

/** Reads one number, noting a problem where there is none. An empty cell is not 0. */
const readNumber = (record: CsvRecord, column: string, line: number, problems: Problem[]): number => {
  const text = record[column] ?? '';
  const value = text === '' ? Number.NaN : Number(text);
  if (Number.isFinite(value)) return value;
  problems.push({ path: `line ${line}, ${column}`, expected: 'a finite number', found: JSON.stringify(text) });
  return Number.NaN;
};

const readMixture = (record: CsvRecord, columns: Columns, line: number, problems: Problem[]): Mixture => {
  const domains = [...columns.domains.keys()];
  const shares = [...columns.domains.values()].map((column) => readNumber(record, column, line, problems));
  const total = shares.reduce((sum, share) => sum + share, 0);
  if (shares.some((share) => share < 0) || Math.abs(total - 1) > SUM_TOLERANCE) {
    problems.push({
      path: `line ${line}, mix.*`,
      expected: 'shares in [0, 1] that sum to 1',
      found: shares.join(', '),
    });
  }
  return mixtureOf(
    shares.map((share) => share / total),
    domains,
  );
};

const readMetrics = (record: CsvRecord, columns: Columns, line: number, problems: Problem[]): Metrics => {
  const filled = [...columns.metrics].filter(([, column]) => record[column] !== ''); // a metric may be missing in a run
  return Object.fromEntries(filled.map(([metric, column]) => [metric, readNumber(record, column, line, problems)]));
};

const readRows = (csvText: string, options: TableOptions): { columns: Columns; rows: readonly TableRow[] } => {
  const { header, records } = readRecords(csvText);
  const columns = findColumns(header, options);
  const problems: Problem[] = [];
  const rows = records.map((record, i) => {
    const line = i + 2; // the header is line 1
    const mixture = readMixture(record, columns, line, problems);
    const steps = readNumber(record, 'steps', line, problems);
    return { mixture, scale: record['scale'] ?? '', steps, metrics: readMetrics(record, columns, line, problems) };
  });
  if (rows.length === 0) problems.push({ path: '', expected: 'at least one run', found: 'a header only' });
  if (problems.length > 0) throw new InputError('the table of past runs has faults', problems);
  return { columns, rows };
};

/** Largest difference of a share between two mixtures over `domains`. */
const largestGap = (a: Mixture, b: Mixture, domains: readonly string[]): number =>
  domains.reduce((gap, domain) => Math.max(gap, Math.abs((a[domain] ?? 0) - (b[domain] ?? 0))), 0);

/** Lists the distinct mixtures of a table, and its runs by the index of their mixture. */
const indexRows = ({ rows, domains }: TableRows): Pick<TableWorld, 'mixtures' | 'runs'> => {
  const indexOf = new Map<string, number>();
  const mixtures: Mixture[] = [];
  const runs = rows.map(({ mixture, scale, steps }) => {
    const key = domains.map((domain) => (mixture[domain] ?? 0).toFixed(6)).join(); // beyond any rounding that matters
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
  const expected = `a row at scale ${job.scale}, steps ${job.steps} within ${SHARE_TOLERANCE} of each share`;
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
    if (nearest !== undefined && nearest.gap <= SHARE_TOLERANCE) return [{ steps, metrics: nearest.row.metrics }];
    return steps === job.steps ? refuse(job, nearest) : [];
  });

/**
 * Creates a world from a table of past runs as CSV (columns in docs/worlds.md): one row per checkpoint of a run, no
 * noise but that of the runs themselves. A checkpoint on the way that the table lacks is left out of the curve; the last
 * one must be there. Its `train` throws InputError for a run that is not in the table.
 * @throws InputError naming every line and column that is wrong.
 */
export const createTableWorld = (csvText: string, options: TableOptions = {}): TableWorld => {
  const { columns, rows } = readRows(csvText, options);
  const domains = [...columns.domains.keys()];
  return {
    name: 'table',
    metrics: [...columns.metrics.keys()],
    domains,
    rows,
    ...indexRows({ rows, domains }),
    train: (job) => {
      alignShares(job.mixture, domains);
      return replay({ rows, domains }, job);
    },
  };
};
