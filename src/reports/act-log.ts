/** Who did what and when, from a record: acts, requests and their answers, what was not taken, messages sent. */
import { costUnit } from '../domain/cost.js';
import { StateError } from '../domain/errors.js';
import type {
  ActEvent,
  ActRefused,
  ApprovalRequested,
  Imported,
  Notified,
  RecordEvent,
  RecordLine,
} from '../domain/record-event.js';
import type { Sweep } from '../domain/sweep.js';
import {
  formatAmount,
  formatCost,
  formatCount,
  formatMixture,
  formatPrediction,
  formatTime,
  plural,
} from './format.js';
import { plainText } from './plain-text.js';

/** One entry: plain JSON for programs. */
export interface LogEntry {
  /** Line of the record, from 1. */
  readonly line: number;
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly by: string;
  /** How the one who acted was known; null in records of earlier versions. */
  readonly authenticated: string | null;
  readonly what: string;
  readonly trial: string | null;
  readonly taken: boolean;
  /** One sentence for people. */
  readonly text: string;
}

const runText = (unit: string, { mixture, scale, steps, cost }: NonNullable<ActEvent['run']>): string =>
  `${scale}, ${formatCount(steps)} steps, up to ${formatCost(cost, unit)}, ${formatMixture(mixture)}`;

const detailText = (unit: string, { budget, bounds, unpinned = [], run, observations, stop }: ActEvent): string => {
  if (budget !== undefined) return `from ${formatAmount(budget.from)} to ${formatAmount(budget.to)} ${plainText(unit)}`;
  if (bounds !== undefined) {
    const limits = Object.entries(bounds).map(([domain, { min, max }]) => `${domain} ${min} to ${max}`);
    return [limits.join(', '), ...unpinned.map((one) => `not made: ${runText(unit, one)}`)].join('; ');
  }
  if (run !== undefined) return runText(unit, run);
  if (observations !== undefined) return plural(observations, 'run');
  return stop === true ? 'jobs in flight are stopped' : '';
};

/** As the command is called that a person gives. */
const nameOf = ({ act, trial }: Pick<ActEvent, 'act' | 'trial'>): string => {
  const name = act === 'inject' ? 'import' : act;
  return trial === undefined ? name : `${name} ${trial}`;
};

const reasonText = (reason: string | undefined): string => (reason === undefined ? '' : ` (${reason})`);

const actText = (unit: string, event: ActEvent): string => {
  const detail = detailText(unit, event);
  return `${nameOf(event)}${detail === '' ? '' : `: ${detail}`}${reasonText(event.reason)}`;
};

const refusalText = (event: ActRefused): string =>
  `${nameOf(event)}${reasonText(event.reason)}: not taken, ${event.because}`;

const requestText = (unit: string, event: ApprovalRequested): string => {
  const { trial, reasons, expected, instead, until, onTimeout } = event;
  const parts = [
    `asks for approval of ${trial}: ${runText(unit, event)}; ${reasons.join('; ')}`,
    ...(expected === undefined ? [] : [`expected ${formatPrediction(expected)}`]),
    ...(instead === undefined
      ? []
      : [`instead: ${instead.scale}, ${formatCount(instead.steps)} steps, ${formatCost(instead.cost, unit)}`]),
    ...(until === undefined ? [] : [`without an answer by ${formatTime(until)}: ${onTimeout ?? 'refuse'}`]),
  ];
  return parts.join('; ');
};

const noticeText = ({ notice, about, channel, sent, detail }: Notified): string =>
  `${sent ? 'told' : 'could not tell'} ${channel} of ${notice} ${about}${detail === undefined ? '' : `: ${detail}`}`;

type Told = Omit<LogEntry, 'line' | 'at'>;

const byTitrate = (what: string, trial: string | null, text: string, taken = true): Told => ({
  by: 'titrate',
  authenticated: 'titrate',
  what,
  trial,
  taken,
  text,
});

const told = (unit: string, event: RecordEvent): Told | null => {
  switch (event.type) {
    case 'act':
    case 'act-refused': {
      const { by, authenticated = null, act: what, trial = null } = event;
      const taken = event.type === 'act';
      const text = event.type === 'act' ? actText(unit, event) : refusalText(event);
      return { by, authenticated, what, trial, taken, text };
    }
    case 'approval-requested':
      return byTitrate('approval-requested', event.trial, requestText(unit, event));
    case 'parked':
      return byTitrate('parked', event.trial, `parks ${event.trial}: ${event.reason}`);
    case 'notified':
      return byTitrate('notified', null, noticeText(event), event.sent);
    case 'ended':
      return byTitrate('ended', null, `ends: ${event.status}, ${event.reason}`);
    default:
      return null;
  }
};

/** Earlier runs that were imported before the start: they stand behind the first line, and no act tells of them. */
const importedAtStart = (lines: readonly RecordLine[]): LogEntry[] => {
  const others = lines.findIndex(({ event }, i) => i > 0 && event.type !== 'imported');
  const entries = new Map<string, { readonly line: RecordLine; readonly run: Imported; count: number }>();
  for (const line of lines.slice(1, others === -1 ? undefined : others)) {
    const { event: run } = line;
    if (run.type !== 'imported') continue;
    const key = JSON.stringify([run.by, run.source.file, run.reason]);
    const entry = entries.get(key) ?? { line, run, count: 0 };
    entry.count += 1;
    entries.set(key, entry);
  }
  return [...entries.values()].map(({ line, run, count }) => ({
    line: line.seq,
    at: line.at,
    by: run.by,
    authenticated: null,
    what: 'inject',
    trial: null,
    taken: true,
    text: `import: ${plural(count, 'run')} of ${run.source.file}, before the start${reasonText(run.reason)}`,
  }));
};

/** Reads the log of a record. @throws StateError when the record does not begin with its sweep. */
export const actLog = (lines: readonly RecordLine[]): LogEntry[] => {
  const first = lines[0]?.event;
  if (first?.type !== 'started') throw new StateError('the record does not begin with the sweep that it is of');
  const sweep: Sweep = first.sweep;
  const unit = costUnit(sweep.cost);
  const entries = lines.flatMap(({ seq, at, event }) => {
    const entry = told(unit, event);
    return entry === null ? [] : [{ line: seq, at, ...entry }];
  });
  return [...importedAtStart(lines), ...entries];
};

/** Renders the log for people, a line an entry. */
export const renderLog = (entries: readonly LogEntry[]): string[] => {
  const name = ({ by, authenticated }: LogEntry): string =>
    plainText(authenticated === 'token' ? `${by} (token)` : by, 60);
  const width = Math.max(0, ...entries.map((entry) => name(entry).length));
  return entries.map(
    (entry) => `${formatTime(entry.at)}  ${name(entry).padEnd(width)}  ${plainText(entry.text, 2000)}`,
  );
};
