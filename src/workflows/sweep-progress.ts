/** What a sweep says of itself when it is asked. */
import { costOf } from '../domain/cost.js';
import type { Closing, InFlightTrial, SweepProgress } from '../domain/messages.js';
import type { Sweep } from '../domain/sweep.js';
import type { TrialState } from '../domain/trial-moves.js';
import {
  committedBy,
  freePlaces,
  isAffordable,
  isClosing,
  isSearching,
  mayStart,
  wantsNothingYet,
} from './sweep-state.js';
import type { SweepState } from './sweep-state.js';
import type { RunningTrial } from './trial-state.js';

/** Does it go on without a person's doing? */
const isMoving = ({ state, retrying, abandoned, answered, until }: RunningTrial): boolean => {
  if (abandoned !== undefined) return true;
  if (state === 'parked') return retrying === true;
  return state !== 'awaiting-approval' || answered !== undefined || until !== undefined;
};

/** Names what a person has to decide before anything moves; null while something does, or a pause is what it waits for. */
const waitsFor = (sweep: Sweep, state: SweepState): string | null => {
  const { running, pause, phase } = state;
  if (pause !== null || isClosing(state) || running.length === 0) return null;
  const isDeciding = isSearching(state) && !wantsNothingYet(state);
  const owesRuns = phase === 'confirming' && (state.confirming?.left ?? 0) > 0;
  const mayConfirm = owesRuns && isAffordable(sweep, state, costOf(sweep, sweep.target));
  if (isDeciding || mayConfirm || state.pinned.length > 0 || running.some(isMoving)) return null;
  const named = (standing: TrialState): string =>
    running.flatMap((one) => (one.state === standing ? [one.trial] : [])).join(', ');
  const parked = named('parked');
  const asking = named('awaiting-approval');
  const ways = [
    ...(asking === '' ? [] : [`approve or refuse ${asking}`]),
    ...(parked === '' ? [] : [`retry or abandon ${parked}`]),
  ];
  return `nothing else can be done: ${ways.join('; ')}`;
};

/** Counts the places that the policy leaves free until it knows more. */
const heldBack = (sweep: Sweep, state: SweepState): number =>
  isSearching(state) && wantsNothingYet(state) && mayStart(sweep, state) ? freePlaces(sweep, state) : 0;

const shown = (trial: RunningTrial): InFlightTrial => {
  const { job: _job, losses: _losses, decidedCost: _cost, paid: _paid, endings: _endings, ...rest } = trial;
  const { stalled: _stalled, retrying: _retrying, abandoned: _abandoned, answered: _answered, ...told } = rest;
  return told;
};

const closingOf = ({ cancel, finish }: SweepState): Closing | null => {
  if (cancel !== null) return { act: 'cancel', ...cancel };
  return finish === null ? null : { act: 'finish', ...finish };
};

/** The answer to the progress query. */
export const progressOf = (
  sweepId: string,
  sweep: Sweep,
  state: SweepState,
  result: SweepProgress['result'],
): SweepProgress => ({
  sweepId,
  status: result?.status ?? (state.pause === null ? 'running' : 'paused'),
  pause: state.pause,
  closing: closingOf(state),
  phase: state.phase,
  waitsFor: waitsFor(sweep, state),
  freePlaces: heldBack(sweep, state),
  budget: sweep.budget,
  spent: state.spent,
  committed: committedBy(state),
  spentByScale: state.spentByScale,
  decisions: state.decisions,
  observations: state.observations,
  inFlight: state.running.map(shown),
  incumbent: state.incumbent,
  recommendation: state.recommendation,
  head: state.head,
  result,
});
