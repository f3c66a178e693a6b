/** A record's observations as a flat table: a row a run, or a row a checkpoint. */
import { costUnit } from '../domain/cost.js';
import { objectiveValue } from '../domain/objective.js';
import { RETRACTED, type Observation } from '../domain/observation.js';
import { retractedBy, type RecordEvent, type RecordLine } from '../domain/record-event.js';
import type { Sweep } from '../domain/sweep.js';
import { observationsOf, sweepOf } from '../ledger/observations.js';

/** What a cell may hold; null where nothing is known. */
export type Cell = string | number | boolean | null;

/** A column: every cell is null or of its kind. */
export interface Column {
  readonly name: string;
  readonly kind: 'text' | 'number' | 'integer' | 'flag';
}

export interface Table {
  readonly columns: readonly Column[];
  /** Cells in the order of the columns. */
  readonly rows: readonly (readonly Cell[])[];
}

type Decided = Extract<RecordEvent, { type: 'decided' }>;
type Row = Readonly<Record<string, Cell>>;

/** What the record says about a run beside its observation. */
interface Told {
  readonly decided?: Decided;
  readonly decidedAt?: string;
  readonly endedAt: string;
  readonly generations: number;
  readonly detail?: string;
  readonly digest?: string;
  readonly key?: string;
}

const COLUMNS: readonly Column[] = [
  { name: 'sweep', kind: 'text' },
  { name: 'trial', kind: 'text' },
  { name: 'job', kind: 'text' },
  { name: 'decision', kind: 'integer' },
  { name: 'purpose', kind: 'text' },
  { name: 'imported', kind: 'flag' },
  { name: 'generations', kind: 'integer' },
  { name: 'continues', kind: 'text' },
  { name: 'scale', kind: 'text' },
  { name: 'parameters', kind: 'number' },
  { name: 'steps', kind: 'integer' },
  { name: 'tokens', kind: 'number' },
  { name: 'status', kind: 'text' },
  { name: 'cost', kind: 'number' },
  { name: 'cost_unit', kind: 'text' },
  { name: 'decided_at', kind: 'text' },
  { name: 'ended_at', kind: 'text' },
  { name: 'digest', kind: 'text' },
  { name: 'detail', kind: 'text' },
];

const toldOf = (lines: readonly RecordLine[]): Map<string, Told> => {
  const told = new Map<string, Told>();
  const decisions = new Map<string, { decided: Decided; decidedAt: string }>();
  const generations = new Map<string, number>();
  for (const { event, at } of lines) {
    if (event.type === 'decided') decisions.set(event.trial, { decided: event, decidedAt: at });
    if (event.type === 'attempted') generations.set(event.trial, event.generation);
    const retracted = told.get(retractedBy(event) ?? '');
    if (event.type === 'act' && event.trial !== undefined && retracted !== undefined)
      told.set(event.trial, { ...retracted, detail: `retracted by ${event.by}: ${event.reason ?? ''}` });
    if (event.type === 'imported') told.set(event.trial, { endedAt: at, generations: 0 });
    if (event.type !== 'observed') continue;
    const { trial, key, digest, detail } = event;
    const count = (generations.get(trial) ?? 0) + 1;
    const words = detail === undefined ? {} : { detail };
    told.set(trial, { ...decisions.get(trial), endedAt: at, generations: count, key, digest, ...words });
  }
  return told;
};

const prefixed = (prefix: string, values: Readonly<Record<string, number>>): Row =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [`${prefix}${name}`, value]));

const runRow = (sweepId: string, sweep: Sweep, one: Observation, told: Told | undefined): Row => {
  const { decided } = told ?? {};
  const scale = sweep.scales.find(({ name }) => name === one.scale);
  return {
    sweep: sweepId,
    trial: one.trial,
    job: told?.key ?? null,
    decision: decided?.decision ?? null,
    purpose: decided?.purpose ?? null,
    imported: one.imported === true,
    generations: told?.generations ?? null,
    continues: one.continues ?? null,
    scale: one.scale,
    parameters: scale?.parameters ?? null,
    steps: one.steps,
    tokens: scale === undefined ? null : one.steps * scale.tokensPerStep,
    status: one.status,
    cost: one.cost ?? null,
    cost_unit: costUnit(sweep.cost),
    decided_at: told?.decidedAt ?? null,
    ended_at: told?.endedAt ?? null,
    digest: told?.digest ?? null,
    detail: told?.detail ?? null,
    ...prefixed('share.', one.mixture),
  };
};

const objectiveOf = (sweep: Sweep, metrics: Observation['metrics']): Row => {
  const isKnown = Object.keys(sweep.objective.weights).every((name) => metrics[name] !== undefined);
  return { objective: isKnown ? objectiveValue(sweep.objective, metrics) : null };
};

/** Rows of one run: itself, or its checkpoints; one that ended before its first is not lost for that. */
const rowsOf = (sweep: Sweep, row: Row, one: Observation, isCurve: boolean): Row[] => {
  const { metrics, curve = [], steps, status } = one;
  if (isCurve && curve.length === 0 && status !== RETRACTED) return [{ ...row, checkpoint_steps: steps }];
  if (!isCurve) return [{ ...row, ...objectiveOf(sweep, metrics), ...prefixed('metric.', metrics) }];
  return curve.map((point) => ({
    ...row,
    checkpoint_steps: point.steps,
    ...objectiveOf(sweep, point.metrics),
    ...prefixed('metric.', point.metrics),
  }));
};

const namesOf = (rows: readonly Row[], prefix: string): Column[] => {
  const names = new Set(rows.flatMap((row) => Object.keys(row).filter((name) => name.startsWith(prefix))));
  return [...names].map((name) => ({ name, kind: 'number' }));
};

/**
 * Makes the table of a record's observations. `isCurve`: a row for every checkpoint of every run instead of one for the run.
 * Shares are in columns `share.<domain>`, metrics in `metric.<name>`.
 */
export const observationTable = (lines: readonly RecordLine[], isCurve: boolean): Table => {
  const sweep = sweepOf(lines);
  const first = lines[0]?.event;
  const sweepId = first?.type === 'started' ? first.sweepId : '';
  const told = toldOf(lines);
  const rows = observationsOf(lines).flatMap((one) =>
    rowsOf(sweep, runRow(sweepId, sweep, one, told.get(one.trial)), one, isCurve),
  );
  const columns: Column[] = [
    ...COLUMNS,
    ...(isCurve ? [{ name: 'checkpoint_steps', kind: 'integer' } as const] : []),
    { name: 'objective', kind: 'number' },
    ...namesOf(rows, 'share.'),
    ...namesOf(rows, 'metric.'),
  ];
  return { columns, rows: rows.map((row) => columns.map(({ name }) => row[name] ?? null)) };
};
