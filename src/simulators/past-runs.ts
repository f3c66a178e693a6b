/** A team's table of past runs, read by its mapping: one row a run, or one row a checkpoint. */
import { ENDINGS, endingOf, type Ending } from '../domain/ending.js';
import { InputError, type Problem } from '../domain/errors.js';
import { isSameMixture, mixtureOf, type Mixture } from '../domain/mixture.js';
import { RETRACTED, type CurvePoint, type Metrics, type ObservationStatus } from '../domain/observation.js';
import { carryOver, changeProblems, domainsAfter } from './domain-changes.js';
import { readCsv, type Csv, type CsvRow } from './read-csv.js';
import { findColumns, type TableColumns } from './table-columns.js';
import type { TableMapping } from './table-mapping.js';

/** One earlier run. */
export interface PastRun {
  /** The table's own name for it, or what stands in for one. */
  readonly run: string;
  /** Lines of the table, ascending by steps. */
  readonly lines: readonly number[];
  readonly mixture: Mixture;
  readonly scale: string;
  /** Of its last row. */
  readonly steps: number;
  readonly status: Ending;
  /** Of its last row. */
  readonly metrics: Metrics;
  readonly curve: readonly CurvePoint[];
  /** As the table says it; absent when it does not. */
  readonly cost?: number;
  /** The table's name of the run from whose last checkpoint this one went on. */
  readonly continues?: string;
  /** What was done to its mixture because domains have changed. */
  readonly changed: readonly string[];
}

/** Everything a table holds. */
export interface PastRuns {
  /** Of today: after the declared changes. */
  readonly domains: readonly string[];
  readonly metrics: readonly string[];
  /** In the order of the table. */
  readonly runs: readonly PastRun[];
  /** Rows that are not used, each with its reason. */
  readonly leftOut: readonly { readonly run: string; readonly lines: readonly number[]; readonly reason: string }[];
}

export interface ReadOptions {
  readonly mapping?: TableMapping;
  /** Named in what is wrong. */
  readonly file?: string;
  readonly mappingFile?: string;
  /** Scale name to tokens of a step, where the table counts tokens. */
  readonly tokensPerStep?: Readonly<Record<string, number>>;
  /** The metrics that something depends on; without it, all of them. */
  readonly needed?: readonly string[];
}

/** Stands in for the name of a run that the table gives none. */
const standIn = (line: number): string => `line ${line}`;

/** Does this stand in for a name? */
export const isStandIn = (run: string): boolean => /^line \d+$/.test(run);

const SUM_TOLERANCE = 0.01 + 1e-9; // rounded shares of many domains sum to 1 only so far, 0.99 included; they are normalised

/** Of the sum: a last share reckoned as 1 less the others comes out as -3e-17 where it is 0, in single precision as -6e-8. */
const ROUNDING = 1e-6;

interface Row {
  readonly line: number;
  readonly run: string | undefined;
  readonly mixture: Mixture;
  readonly scale: string;
  readonly steps: number;
  readonly status: ObservationStatus;
  readonly metrics: Metrics;
  readonly cost: number | undefined;
  readonly continues: string;
}

const NOT_DECIMAL = /^0[xob]/i; // what Number reads beside decimal numbers
const NO_VALUE = /^([-+]?(nan|inf|infinity)|null|none|n\/?a)$/i; // what trackers and data frames write where there is none

/** Reads rows, and notes everything that is wrong with them. */
class RowReader {
  readonly problems: Problem[] = [];

  constructor(
    readonly csv: Csv,
    readonly columns: TableColumns,
    readonly options: ReadOptions,
  ) {}

  where(line: number, column?: number): string {
    const place = column === undefined ? '' : `, column ${column + 1} (${this.csv.header[column] ?? ''})`;
    return `${this.options.file === undefined ? '' : `${this.options.file}: `}line ${line}${place}`;
  }

  note(line: number, column: number | undefined, expected: string, found: string): void {
    this.problems.push({ path: this.where(line, column), expected, found });
  }

  text({ cells }: CsvRow, column: number | undefined): string {
    return column === undefined ? '' : (cells[column] ?? '');
  }

  /** Reads one number, noting a problem where there is none. An empty cell is not 0, and `0x10` is a hash rather than 16. */
  number(row: CsvRow, column: number): number {
    const text = this.text(row, column);
    const value = text === '' || NOT_DECIMAL.test(text) ? Number.NaN : Number(text);
    if (!Number.isFinite(value)) this.note(row.line, column, 'a finite number', JSON.stringify(text));
    return value;
  }

  mixture(row: CsvRow): Mixture {
    const { domains } = this.columns;
    const before = this.problems.length;
    const said = [...domains.values()].map((columns) =>
      columns.reduce((sum, column) => sum + this.number(row, column), 0),
    );
    const weights = said.map((weight) => Math.max(0, weight));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const isAny = this.options.mapping?.weights === 'any';
    const isSum = isAny ? total > 0 : Math.abs(total - 1) <= SUM_TOLERANCE;
    const isNegative = said.some((weight) => weight < -ROUNDING * total);
    if (this.problems.length === before && (!isSum || isNegative)) {
      const expected = isAny ? 'weights of at least 0, one of them above' : 'shares in [0, 1] that sum to 1';
      const hint = isAny || isNegative || total === 0 ? '' : '; a mapping with "weights: any" normalises them';
      const columns = [...domains.values()].flat();
      const sum = said.reduce((all, weight) => all + weight, 0);
      this.note(row.line, columns[0], expected, `${said.join(', ')} (sum ${Number(sum.toPrecision(6))})${hint}`);
    }
    return mixtureOf(
      weights.map((weight) => weight / total),
      [...domains.keys()],
    );
  }

  scale(row: CsvRow): string {
    const { scales = {}, scale } = this.options.mapping ?? {};
    const said = this.columns.scale === undefined ? (scale ?? '') : this.text(row, this.columns.scale);
    return Object.hasOwn(scales, said) ? (scales[said] ?? said) : said;
  }

  steps(row: CsvRow, scale: string): number {
    const { steps, tokens } = this.columns;
    if (tokens === undefined) return this.wholeSteps(row, steps ?? -1, 1);
    const perStep = this.options.tokensPerStep?.[scale];
    if (perStep !== undefined) return this.wholeSteps(row, tokens, perStep);
    return Number.NaN; // a scale that the sweep does not have: its rows are left out
  }

  wholeSteps(row: CsvRow, column: number, unit: number): number {
    const before = this.problems.length;
    const value = this.number(row, column);
    const steps = Math.round(value / unit);
    const isWhole = unit !== 1 || steps === value; // epochs, say, are no steps
    if (value === 0) return 0; // before training
    if (this.problems.length === before && (steps < 1 || !isWhole))
      this.note(
        row.line,
        column,
        unit === 1 ? 'a whole number of steps, 1 or more' : `tokens of a step or more (${unit})`,
        this.text(row, column),
      );
    return steps;
  }

  /** A row without a name would be of one run with all the others. */
  run(row: CsvRow): string | undefined {
    const { run } = this.columns;
    if (run === undefined) return undefined;
    const name = this.text(row, run);
    if (name === '') this.note(row.line, run, 'the name of the run', '""');
    return name;
  }

  /** What titrate exports says of results that were taken back, too. */
  status(row: CsvRow): ObservationStatus {
    const { status } = this.columns;
    const text = this.text(row, status);
    if (status === undefined) return 'completed';
    if (text === RETRACTED) return RETRACTED;
    const { statuses = {} } = this.options.mapping ?? {};
    const found = Object.hasOwn(statuses, text) ? statuses[text] : endingOf(text);
    if (found === undefined)
      this.note(row.line, status, `one of ${ENDINGS.join(', ')}, or an entry under statuses`, JSON.stringify(text));
    return found ?? 'failed';
  }

  /**
   * A metric may be missing; one that is not finite is left out of a run that did not complete, and where nothing depends on it.
   * Of a model that nothing was trained of, nothing is read.
   */
  metrics(row: CsvRow, steps: number, status: ObservationStatus): Metrics {
    if (steps === 0) return {};
    const { needed } = this.options;
    const isSpare = (metric: string, text: string): boolean =>
      needed !== undefined && !needed.includes(metric) && NO_VALUE.test(text);
    const filled = [...this.columns.metrics].filter(([metric, column]) => {
      const text = this.text(row, column);
      if (text === '') return false;
      return status === 'completed' ? !isSpare(metric, text) : Number.isFinite(Number(text));
    });
    return Object.fromEntries(filled.map(([metric, column]) => [metric, this.metric(row, column)]));
  }

  /** Reads a metric, noting a problem where there is no number. */
  metric(row: CsvRow, column: number): number {
    const text = this.text(row, column);
    if (!NO_VALUE.test(text)) return this.number(row, column);
    this.note(row.line, column, 'a finite number, or another status, such as diverged', JSON.stringify(text));
    return Number.NaN;
  }

  cost(row: CsvRow): number | undefined {
    const { cost } = this.columns;
    if (cost === undefined || this.text(row, cost) === '') return undefined;
    const value = this.number(row, cost);
    if (value < 0) this.note(row.line, cost, 'a cost of at least 0', this.text(row, cost));
    return value;
  }

  read(row: CsvRow): Row {
    const scale = this.scale(row);
    const mixture = this.mixture(row);
    const steps = this.steps(row, scale);
    const status = this.status(row);
    const metrics = this.metrics(row, steps, status);
    return {
      line: row.line,
      run: this.run(row),
      mixture,
      scale,
      steps,
      status,
      metrics,
      cost: this.cost(row),
      continues: this.text(row, this.columns.continues),
    };
  }
}

/** Of a mixture, beyond any rounding that matters. */
const mixtureText = (mixture: Mixture): string =>
  Object.values(mixture)
    .map((share) => share.toFixed(6))
    .join();

/** Gathers rows to runs: by their name, else by mixture and scale, where a repeated checkpoint begins another run. */
const gather = (rows: readonly Row[]): Row[][] => {
  const runs = new Map<string, Row[]>();
  const repeats = new Map<string, number>();
  for (const row of rows) {
    const place = row.run ?? `${row.scale}|${mixtureText(row.mixture)}`;
    const step = `${place}|${row.steps}`;
    const repeat = row.run === undefined ? (repeats.get(step) ?? 0) : 0;
    repeats.set(step, repeat + 1);
    const key = `${place}|${repeat}`;
    const there = runs.get(key);
    if (there === undefined) runs.set(key, [row]);
    else there.push(row);
  }
  return [...runs.values()];
};

/** The rows of a run from its first step on: trackers begin a curve at step 0. Of one that has no others, the first. */
const trained = (rows: readonly Row[]): readonly Row[] => {
  const beyond = rows.filter(({ steps }) => steps !== 0);
  return beyond.length > 0 ? beyond : rows.slice(0, 1);
};

/** Notes rows of one run that contradict each other. */
const checkRun = (reader: RowReader, rows: readonly Row[]): void => {
  const [first, ...others] = rows;
  if (first === undefined) return;
  for (const [i, row] of others.entries()) {
    const same = `the ${row.scale === first.scale ? 'mixture' : 'scale'} of line ${first.line}, which is of the same run`;
    if (row.scale !== first.scale) reader.note(row.line, reader.columns.scale, same, row.scale);
    else if (!isSameMixture(row.mixture, first.mixture))
      reader.note(row.line, undefined, same, mixtureText(row.mixture));
    if (rows[i]?.steps === row.steps)
      reader.note(row.line, reader.columns.steps, 'a checkpoint once', `${row.steps} as in line ${rows[i].line}`);
  }
};

const toRun = (
  rows: readonly Row[],
  status: Ending,
  mixture: Mixture,
  changed: readonly string[],
): Omit<PastRun, 'run' | 'lines'> => {
  const last = rows.at(-1)!;
  const costs = rows.flatMap(({ cost }) => cost ?? []);
  return {
    mixture,
    scale: last.scale,
    steps: last.steps,
    status,
    metrics: last.metrics,
    curve: rows
      .map(({ steps, metrics }) => ({ steps, metrics }))
      .filter(({ metrics }) => Object.keys(metrics).length > 0),
    ...(last.continues === '' ? {} : { continues: last.continues }),
    ...(costs.length === 0 ? {} : { cost: Math.max(...costs) }), // said per row, it grows with the run
    changed,
  };
};

/**
 * Reads a table of past runs.
 * @throws InputError naming file, line and column of everything that is wrong.
 */
export const readPastRuns = (csvText: string, options: ReadOptions = {}): PastRuns => {
  const { mapping = {}, file, mappingFile = 'mapping' } = options;
  const csv = readCsv(csvText, mapping.delimiter, file);
  const columns = findColumns(csv.header, mapping);
  const reader = new RowReader(csv, columns, options);
  const before = [...columns.domains.keys()];
  const changes = mapping.domains ?? {};
  reader.problems.push(...changeProblems(changes, before, mappingFile));
  const rows = csv.rows.map((row) => reader.read(row));
  if (rows.length === 0)
    reader.problems.push({ path: file ?? '', expected: 'at least one run', found: 'a header only' });
  const gathered = gather(rows).map((run) => trained(run.toSorted((a, b) => a.steps - b.steps)));
  if (reader.problems.length === 0) for (const run of gathered) checkRun(reader, run);
  if (reader.problems.length > 0) throw new InputError('the table of past runs has faults', reader.problems);
  const runs: PastRun[] = [];
  const leftOut: PastRuns['leftOut'][number][] = [];
  for (const run of gathered) {
    const { status } = run.at(-1)!;
    const carried = carryOver(changes, run[0]!.mixture);
    const name = { run: run.at(-1)!.run ?? standIn(run[0]!.line), lines: run.map(({ line }) => line) };
    if (run.at(-1)!.steps === 0) leftOut.push({ ...name, reason: 'it has no row beyond step 0' });
    else if (status === RETRACTED) leftOut.push({ ...name, reason: 'its result was retracted' });
    else if (carried.kind === 'kept') runs.push({ ...toRun(run, status, carried.mixture, carried.changed), ...name });
    else leftOut.push({ ...name, reason: carried.reason });
  }
  return { domains: domainsAfter(changes, before), metrics: [...columns.metrics.keys()], runs, leftOut };
};
