/** The act that takes a finished run's result back. Pure. */
import type { FoundRun } from '../activities/record-activities.js';
import type { TrialAct } from '../domain/messages.js';
import { RETRACTED } from '../domain/observation.js';
import { closingText, refused, taken } from './sweep-acts.js';
import type { Taken } from './sweep-acts.js';
import { findTrial, isSearching } from './sweep-state.js';
import type { SweepState } from './sweep-state.js';

/** Why there is no result of a trial to take back; undefined when there is one. */
const nothingToRetract = (state: SweepState, trial: string, found: FoundRun | null): string | undefined => {
  const running = findTrial(state, trial);
  if (running !== undefined) return `trial ${trial} is ${running.state} and has no result yet; titrate abandon ends it`;
  if (found === null) return `the record has no run ${trial}`;
  if (state.retracted.includes(trial) || found.status === RETRACTED)
    return `the result of ${trial} was retracted already`;
  return found.status === 'refused-by-person' ? `trial ${trial} was refused and never ran` : undefined;
};

/** Runs that went on from its checkpoint, and what that may mean. */
const heirsText = (state: SweepState, trial: string, { continuedBy }: FoundRun): string[] => {
  const inFlight = state.running
    .filter(({ continues }) => continues === trial)
    .map((one) => `${one.trial} (in flight)`);
  const heirs = [...continuedBy.filter((one) => !state.retracted.includes(one)), ...inFlight];
  if (heirs.length === 0) return [];
  return [`${heirs.join(', ')} went on from its checkpoint and still ${heirs.length === 1 ? 'counts' : 'count'}`];
};

/** Runs in flight that were to confirm what no longer stands: they may be as dear as all that was searched with. */
const outdatedText = ({ running }: SweepState): string[] =>
  running
    .filter(({ purpose, abandoned }) => purpose === 'confirm' && abandoned === undefined)
    .map(({ trial }) => `${trial} (in flight) was to confirm what no longer stands; titrate abandon ends it`);

/**
 * Takes a result back: from the next decision on the run says nothing, whatever it had reported. What was recommended with
 * it no longer stands, and a search that was over is open again. `found`: what the record says of the run.
 */
export const retractAct = (state: SweepState, what: TrialAct, found: FoundRun | null): Taken => {
  const { trial } = what;
  if (state.cancel !== null) return refused(state, closingText(state));
  const problem = nothingToRetract(state, trial, found);
  if (problem !== undefined || found === null) return refused(state, problem ?? '');
  const wasOver = !isSearching(state) && state.finish === null;
  const change = {
    retracted: [...state.retracted, trial],
    phase: 'searching',
    searchOver: null,
    nothingToBuyAt: null,
    confirming: null,
    recommendation: null,
    incumbent: null,
    searches: state.phase === 'searching' ? state.searches : state.searches + 1,
  } as const;
  const words = [
    `the result of ${trial} counts for nothing from the next decision on; what it cost stays spent`,
    ...heirsText(state, trial, found),
    ...(wasOver ? ['the search is open again'] : []),
    ...outdatedText(state),
  ];
  return taken(state, change, words.join('; '));
};
