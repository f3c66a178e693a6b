/** Acts of people on a sweep: whether one is taken, why not, and what it changes at once. Pure. */
import type { Act, ActResult, TrialAct } from '../domain/messages.js';
import type { ActName } from '../domain/record-event.js';
import { isLive, isWithoutJob } from '../domain/trial-moves.js';
import type { KeyedEvent } from './sweep-events.js';
import { changeTrial, findTrial } from './sweep-state.js';
import type { SweepState } from './sweep-state.js';
import type { RunningTrial } from './trial-state.js';

/** What an act leads to; a refused one changes nothing. */
export interface Taken extends ActResult {
  readonly state: SweepState;
}

export const actEvent = (number: number, act: ActName, what: Act & Partial<TrialAct>): KeyedEvent => {
  const { by, reason, trial } = what;
  const named = trial === undefined ? {} : { trial };
  return {
    key: `act:${number}`,
    event: { type: 'act', act, ...named, by, ...(reason === undefined ? {} : { reason }) },
  };
};

const taken = (state: SweepState, change: Partial<SweepState>, reason: string): Taken => ({
  accepted: true,
  reason,
  state: { ...state, ...change, acts: state.acts + 1 },
});

const refused = (state: SweepState, reason: string): Taken => ({ accepted: false, reason, state });

export const pauseAct = (state: SweepState, what: Act): Taken => {
  const { pause, cancel } = state;
  if (cancel !== null) return refused(state, `the sweep is being cancelled by ${cancel.by}`);
  if (pause !== null) return refused(state, `the sweep is paused already, by ${pause.by}`);
  return taken(state, { pause: what }, 'no new trial starts; trials in flight go on');
};

export const resumeAct = (state: SweepState): Taken => {
  if (state.pause === null) return refused(state, 'the sweep is not paused');
  return taken(state, { pause: null, failuresInARow: 0, nothingToBuyAt: null }, 'the sweep goes on');
};

export const cancelAct = (state: SweepState, what: Act): Taken => {
  const { cancel, running } = state;
  if (cancel !== null) return refused(state, `the sweep is being cancelled already, by ${cancel.by}`);
  return taken(state, { cancel: what }, `${running.length} trials in flight are being stopped`);
};

/** Refuses acts on trials that are not in flight, and on sweeps that are being cancelled. */
const trialOrRefusal = (state: SweepState, { trial }: TrialAct): RunningTrial | Taken => {
  if (state.cancel !== null) return refused(state, `the sweep is being cancelled by ${state.cancel.by}`);
  const found = findTrial(state, trial);
  if (found !== undefined) return found;
  const names = state.running.map((one) => one.trial).join(', ');
  return refused(state, `no trial ${trial} is in flight; in flight: ${names === '' ? 'none' : names}`);
};

/** Runs a parked trial once more. */
export const retryAct = (state: SweepState, what: TrialAct): Taken => {
  const found = trialOrRefusal(state, what);
  if ('accepted' in found) return found;
  const { trial, retrying, abandoned, job } = found;
  if (abandoned !== undefined) return refused(state, `trial ${trial} was abandoned by ${abandoned.by}`);
  if (retrying === true) return refused(state, `trial ${trial} is being retried already`);
  if (found.state !== 'parked') return refused(state, `trial ${trial} is ${found.state}; only a parked one is retried`);
  const { running } = changeTrial(state, trial, (one) => ({ ...one, retrying: true }));
  const when = state.pause === null ? '' : ' when the sweep is resumed';
  return taken(
    state,
    { running },
    `generation ${job.generation} of ${trial} runs${when}, at a cost of up to ${job.cost}`,
  );
};

/** Gives a trial up for ever: its job is stopped, and it never runs again. */
export const abandonAct = (state: SweepState, what: TrialAct): Taken => {
  const found = trialOrRefusal(state, what);
  if ('accepted' in found) return found;
  const { trial, abandoned } = found;
  if (abandoned !== undefined) return refused(state, `trial ${trial} was abandoned already, by ${abandoned.by}`);
  const act: Act = { by: what.by, ...(what.reason === undefined ? {} : { reason: what.reason }) };
  const { running } = changeTrial(state, trial, (one) => ({ ...one, abandoned: act }));
  const doing = isWithoutJob(found.state) ? 'it never runs again' : 'its job is being stopped and never runs again';
  return taken(state, { running }, `trial ${trial}: ${doing}`);
};

/** Is its job to be stopped, and can its workflow be told? */
export const isToStop = ({ cancel }: SweepState, { state, abandoned }: RunningTrial): boolean =>
  isLive(state) && (cancel !== null || abandoned !== undefined);
