/** What a decision of a record was made from, or what the next one would be made from: read, never written. */
import { InputError, StateError } from '../domain/errors.js';
import type { Mixture } from '../domain/mixture.js';
import type { Observation, PendingTrial } from '../domain/observation.js';
import type { RecordEvent, RecordLine } from '../domain/record-event.js';
import { seedOf } from '../domain/rng.js';
import type { Sweep } from '../domain/sweep.js';
import { ProgressLog } from '../audit/progress-log.js';
import { ObservationLog } from '../ledger/observation-log.js';

type EventOf<T extends RecordEvent['type']> = Extract<RecordEvent, { type: T }>;

/** All that a decision depends on. */
export interface Situation {
  /** Number of the decision; of one that is not made yet, the next. */
  readonly decision: number;
  /** With the budget and bounds in force. */
  readonly sweep: Sweep;
  readonly observations: readonly Observation[];
  readonly pending: readonly PendingTrial[];
  readonly seed: number;
  /** What was recommended last before, which the next recommendation leaves on clear evidence only. */
  readonly prefer?: Mixture;
  /** The decision as the record has it; absent of one that is not made yet. */
  readonly recorded?: EventOf<'decided'>;
}

interface Moment {
  readonly seq: number;
  readonly observations: number;
  readonly pending: readonly PendingTrial[];
  readonly prefer: Mixture | undefined;
}

/** Where the record stood after each line up to `last`. */
const walk = (lines: readonly RecordLine[]): { readonly log: ObservationLog; readonly moments: readonly Moment[] } => {
  const log = new ObservationLog();
  const progress = new ProgressLog();
  const moments: Moment[] = [];
  let observations = 0;
  let prefer: Mixture | undefined;
  for (const line of lines) {
    const { event, seq } = line;
    log.take(line);
    progress.take(event);
    if (event.type === 'observed' || event.type === 'imported') observations += 1;
    if (event.type === 'recommended') prefer = event.recommendation.mixture;
    moments.push({ seq, observations, pending: progress.pending, prefer });
  }
  return { log, moments };
};

const isDecision = (event: RecordEvent, decision: number): event is EventOf<'decided'> =>
  event.type === 'decided' && event.decision === decision;

const findDecision = (
  lines: readonly RecordLine[],
  decision: number,
): { readonly line: number; readonly event: EventOf<'decided'> } => {
  for (const [line, { event }] of lines.entries()) if (isDecision(event, decision)) return { line, event };
  const last = lines.findLast(({ event }) => event.type === 'decided')?.event;
  const expected = last?.type === 'decided' ? `a decision from 1 to ${last.decision}` : 'a decision, when there is one';
  throw new InputError('the record has no such decision', [{ path: 'N', expected, found: String(decision) }]);
};

const situationOf = ({ log }: ReturnType<typeof walk>, moment: Moment | undefined, decision: number): Situation => {
  if (moment === undefined) {
    throw new StateError(`the record does not hold what decision ${decision} was made from`, {
      hint: 'titrate verify says what is wrong with it',
    });
  }
  const { seq, pending, prefer } = moment;
  const { sweep, observations } = log.viewAt({ seq, hash: '' });
  const before = prefer === undefined ? {} : { prefer };
  return { decision, sweep, observations, pending, seed: seedOf('decision', sweep.seed, decision), ...before };
};

/** What the next decision would be made from, as the record stands now. */
export const situationNow = (lines: readonly RecordLine[]): Situation => {
  const walked = walk(lines);
  const decisions = lines.filter(({ event }) => event.type === 'decided').length;
  return situationOf(walked, walked.moments.at(-1), decisions + 1);
};

/**
 * What a decision was made from.
 * @throws InputError when the record has no such decision, or no policy was asked for it.
 */
export const situationAt = (lines: readonly RecordLine[], decision: number): Situation => {
  const { line, event } = findDecision(lines, decision);
  if (event.purpose === 'confirm') {
    throw new InputError(`decision ${decision} asked no policy`, [
      { path: 'N', expected: 'a decision of the search', found: 'a confirmation of the recommendation' },
    ]);
  }
  const walked = walk(lines.slice(0, line));
  const names = event.sawPending.join(' ');
  const moment = walked.moments.findLast(
    ({ observations, pending }) =>
      observations === event.sawObservations && pending.map(({ trial }) => trial).join(' ') === names,
  );
  return { ...situationOf(walked, moment, decision), seed: event.seed, recorded: event };
};
