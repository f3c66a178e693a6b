/** What a sweep says of itself when it is asked. */
import { costOf } from '../domain/cost.js';
import type { InFlightTrial, SweepProgress } from '../domain/messages.js';
import type { Sweep } from '../domain/sweep.js';
import { committedBy, isAffordable } from './sweep-state.js';
import type { SweepState } from './sweep-state.js';
import type { RunningTrial } from './trial-state.js';

/** Names what a person has to decide before anything moves; null while something does, or a pause is what it waits for. */
const waitsFor = (sweep: Sweep, state: SweepState): string | null => {
  const { running, pause, cancel, phase, searchOver, nothingToBuyAt, observations } = state;
  if (pause !== null || cancel !== null || running.length === 0) return null;
  const isSearching = phase === 'searching' && searchOver === null && nothingToBuyAt !== observations;
  const owesRuns = phase === 'confirming' && (state.confirming?.left ?? 0) > 0;
  const mayConfirm = owesRuns && isAffordable(sweep, state, costOf(sweep, sweep.target));
  const isMoving = running.some(
    ({ state: standing, retrying, abandoned }) => standing !== 'parked' || retrying === true || abandoned !== undefined,
  );
  if (isSearching || mayConfirm || isMoving) return null;
  const names = running.map(({ trial }) => trial).join(', ');
  return `nothing else can be done: retry or abandon ${names}`;
};

const shown = (trial: RunningTrial): InFlightTrial => {
  const { job: _job, losses: _losses, decidedCost: _cost, paid: _paid, endings: _endings, ...rest } = trial;
  const { stalled: _stalled, retrying: _retrying, abandoned: _abandoned, ...told } = rest;
  return told;
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
  phase: state.phase,
  waitsFor: waitsFor(sweep, state),
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
