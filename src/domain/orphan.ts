/**
 * Whose job is it? Compares what a backend runs with what a sweep's record says was decided and observed, and with the
 * workflows that are open. Pure: whoever calls it lists the jobs first and reads the record after, so that a decision
 * that led to a listed job is in what was read.
 */
import type { Ending } from './ending.js';
import { parseJobKey } from './job-key.js';
import type { FoundJob } from './ports.js';
import type { RecordEvent } from './record-event.js';

/**
 * Why nobody owns a job. `unknown-sweep`: this home has no such sweep; `no-record`: the sweep's folder has no record;
 * `undecided`: no decision led to it; `superseded`: a later generation of its trial was decided; `observed`: it
 * ended already by the record; `sweep-gone`: its trial is in flight, but no workflow of the sweep is open.
 */
export type OrphanCause = 'unknown-sweep' | 'no-record' | 'undecided' | 'superseded' | 'observed' | 'sweep-gone';

/** What is to be done about a job that has not ended. */
export type Verdict =
  | { readonly kind: 'owned' }
  /** Its trial's workflow is gone, and the sweep, which is open, is to start it again on the same job. */
  | { readonly kind: 'adopt'; readonly trial: string; readonly why: string }
  /** Nobody owns it: it is written down and left alone. */
  | { readonly kind: 'orphan'; readonly cause: OrphanCause; readonly why: string }
  /** The server could not be asked who owns it. */
  | { readonly kind: 'unjudged' };

/** What a record says of one trial. */
export interface BookedTrial {
  /** The generation in force: of the last decision to run it. */
  readonly generation: number;
  /** The last generation that ended without being the trial's end, and how; null when there is none. */
  readonly attempted: { readonly generation: number; readonly ending: Ending } | null;
  /** How it ended; null while it is in flight. */
  readonly observed: Ending | null;
  /** When each key was launched (ISO 8601), by the record. */
  readonly launchedAt: Readonly<Record<string, string>>;
}

/** What a record says of all its trials. */
export type TrialBook = ReadonlyMap<string, BookedTrial>;

/** Adds up a record, line by line. */
export const bookOf = (lines: Iterable<{ readonly at: string; readonly event: RecordEvent }>): TrialBook => {
  const book = new Map<string, BookedTrial>();
  const change = (trial: string, with_: Partial<BookedTrial>): void => {
    book.set(trial, { generation: 1, attempted: null, observed: null, launchedAt: {}, ...book.get(trial), ...with_ });
  };
  for (const { at, event } of lines) {
    if (event.type === 'decided') change(event.trial, {});
    else if (event.type === 'rerun') change(event.trial, { generation: event.generation });
    else if (event.type === 'attempted') {
      change(event.trial, { attempted: { generation: event.generation, ending: event.ending } });
    } else if (event.type === 'observed') change(event.trial, { observed: event.status });
    else if (event.type === 'launched') {
      change(event.trial, { launchedAt: { ...book.get(event.trial)?.launchedAt, [event.key]: at } });
    }
  }
  return book;
};

/** What the server says of the workflows behind a trial in flight. */
export interface WorkflowStanding {
  /** `closed` names how, in the server's word; `none`: the server knows no such workflow. */
  readonly sweep:
    { readonly state: 'open' } | { readonly state: 'closed'; readonly how: string } | { readonly state: 'none' };
  readonly trial: 'running' | 'ended' | 'lost';
}

/** The verdict by the record alone, or the trial in flight that the server must be asked about. */
export const judgeByRecord = (
  { key }: Pick<FoundJob, 'key'>,
  book: TrialBook,
): Verdict | { readonly kind: 'in-flight'; readonly trial: string } => {
  const parsed = parseJobKey(key);
  const booked = parsed === undefined ? undefined : book.get(parsed.trial);
  if (parsed === undefined || booked === undefined) {
    return { kind: 'orphan', cause: 'undecided', why: 'the record holds no decision that led to it' };
  }
  const { trial, generation } = parsed;
  if (booked.observed !== null) {
    return { kind: 'orphan', cause: 'observed', why: `the record holds the end of trial ${trial}: ${booked.observed}` };
  }
  if (generation > booked.generation) {
    return {
      kind: 'orphan',
      cause: 'undecided',
      why: `the record holds no decision to run ${trial} a ${generation}th time`,
    };
  }
  if (generation < booked.generation) {
    return { kind: 'orphan', cause: 'superseded', why: `trial ${trial} runs as g${booked.generation} by now` };
  }
  if (booked.attempted?.generation === generation) {
    const { ending } = booked.attempted;
    return { kind: 'orphan', cause: 'observed', why: `the record holds the end of g${generation}: ${ending}` };
  }
  return { kind: 'in-flight', trial };
};

/** The verdict on the job of a trial in flight; `standing` is null when the server cannot be asked. */
export const judgeByServer = (trial: string, standing: WorkflowStanding | null): Verdict => {
  if (standing === null) return { kind: 'unjudged' };
  const { sweep } = standing;
  if (sweep.state === 'open') {
    if (standing.trial === 'running') return { kind: 'owned' };
    return { kind: 'adopt', trial, why: `the workflow of trial ${trial} is gone (${standing.trial})` };
  }
  const how = sweep.state === 'none' ? 'the server knows none' : `it was closed: ${sweep.how}`;
  return { kind: 'orphan', cause: 'sweep-gone', why: `no workflow of the sweep is open (${how})` };
};
