/** What a decision of a record was made from, or what the next one would be made from: read, never written. */
import { InputError, StateError } from '../domain/errors.js';
import type { Mixture } from '../domain/mixture.js';
import type { Observation, PendingTrial } from '../domain/observation.js';
import { retractedBy, type RecordEvent, type RecordLine } from '../domain/record-event.js';
import { seedOf } from '../domain/rng.js';
import type { Sweep } from '../domain/sweep.js';
import { MomentLog, type Moment } from '../audit/moments.js';

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
  /** What a confirmation was last decided for: preferred where a result is taken back. */
  readonly confirmed?: Mixture;
  /** The decision as the record has it; absent of one that is not made yet. */
  readonly recorded?: EventOf<'decided'>;
}

const momentsOf = (lines: readonly RecordLine[]): MomentLog => {
  const moments = new MomentLog();
  for (const line of lines) moments.take(line);
  return moments;
};

/** The mixture that a confirmation was last decided for. */
const confirmedBy = (lines: readonly RecordLine[]): Mixture | undefined => {
  const last = lines.findLast(({ event }) => event.type === 'decided' && event.purpose === 'confirm')?.event;
  return last?.type === 'decided' ? last.mixture : undefined;
};

/** The mixture that was recommended last or, where a result was taken back since, the one that was last to be confirmed. */
const preferredBy = (lines: readonly RecordLine[]): Mixture | undefined => {
  const isTurn = ({ event }: RecordLine): boolean => event.type === 'recommended' || retractedBy(event) !== undefined;
  const last = lines.findLast(isTurn)?.event;
  return last?.type === 'recommended' ? last.recommendation.mixture : confirmedBy(lines);
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

const situationOf = (
  lines: readonly RecordLine[],
  moments: MomentLog,
  moment: Moment | undefined,
  decision: number,
): Situation => {
  if (moment === undefined) {
    throw new StateError(`the record does not hold what decision ${decision} was made from`, {
      hint: 'titrate verify says what is wrong with it',
    });
  }
  const { seq, pending } = moment;
  const { sweep, observations } = moments.viewAt(seq);
  const known = lines.filter((line) => line.seq <= seq);
  const [prefer, confirmed] = [preferredBy(known), confirmedBy(known)];
  const before = { ...(prefer === undefined ? {} : { prefer }), ...(confirmed === undefined ? {} : { confirmed }) };
  return { decision, sweep, observations, pending, seed: seedOf('decision', sweep.seed, decision), ...before };
};

/** What the next decision would be made from, as the record stands now. */
export const situationNow = (lines: readonly RecordLine[]): Situation => {
  const moments = momentsOf(lines);
  const decisions = lines.filter(({ event }) => event.type === 'decided').length;
  return situationOf(lines, moments, moments.last, decisions + 1);
};

/**
 * What a decision was made from.
 * @throws InputError when the record has no such decision, or no policy was asked for it.
 */
export const situationAt = (lines: readonly RecordLine[], decision: number): Situation => {
  const { line, event } = findDecision(lines, decision);
  if (event.purpose === 'confirm' || event.origin === 'person') {
    const found = event.purpose === 'confirm' ? 'a confirmation of the recommendation' : 'a run that a person pinned';
    throw new InputError(`decision ${decision} asked no policy`, [
      { path: 'N', expected: 'a decision of the search', found },
    ]);
  }
  const before = lines.slice(0, line);
  const moments = momentsOf(before);
  return { ...situationOf(before, moments, moments.findSeen(event), decision), seed: event.seed, recorded: event };
};
