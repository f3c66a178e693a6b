/** Acts of people on a sweep: whether one is taken, why not, and what it changes at once. Pure. */
import { SWEEP_ITSELF } from '../domain/messages.js';
import type { Act, ActInputs, ActResult, TrialAct } from '../domain/messages.js';
import type { ActEvent, ActName } from '../domain/record-event.js';
import type { Sweep } from '../domain/sweep.js';
import { isLive, isWithoutJob } from '../domain/trial-moves.js';
import { costText } from './cost-text.js';
import type { KeyedEvent } from './sweep-events.js';
import { changeTrial, findTrial, isClosing } from './sweep-state.js';
import type { SweepState } from './sweep-state.js';
import type { RunningTrial } from './trial-state.js';

/** What the record says of an act beside who, what and why. */
export type ActDetails = Pick<ActEvent, 'budget' | 'bounds' | 'unpinned' | 'run' | 'observations' | 'stop' | 'id'>;

/** What an act leads to; a refused one changes nothing. */
export interface Taken extends ActResult {
  readonly state: SweepState;
  readonly details?: ActDetails;
}

/** Any act's input. */
export type ActInput = ActInputs[ActName];

export const actEvent = (number: number, act: ActName, what: ActInput, details: ActDetails = {}): KeyedEvent => {
  const { by, authenticated, reason } = what;
  return {
    key: `act:${number}`,
    event: {
      type: 'act',
      act,
      ...('trial' in what ? { trial: what.trial } : {}),
      by,
      ...(authenticated === undefined ? {} : { authenticated }),
      ...(reason === undefined ? {} : { reason }),
      ...details,
    },
  };
};

/** An act that was not taken, for the record. */
export const refusalEvent = (
  number: number,
  act: ActName,
  what: ActInput,
  because: string,
  id: string | undefined,
): KeyedEvent => {
  const { by, authenticated, reason } = what;
  return {
    key: `act-refused:${number}`,
    event: {
      type: 'act-refused',
      act,
      ...('trial' in what ? { trial: what.trial } : {}),
      by,
      ...(authenticated === undefined ? {} : { authenticated }),
      ...(reason === undefined ? {} : { reason }),
      ...(id === undefined ? {} : { id }),
      because,
    },
  };
};

export const taken = (
  state: SweepState,
  change: Partial<SweepState>,
  reason: string,
  details: ActDetails = {},
): Taken => ({
  accepted: true,
  reason,
  state: { ...state, ...change, acts: state.acts + 1 },
  details,
});

export const refused = (state: SweepState, reason: string): Taken => ({ accepted: false, reason, state });

/** Why nothing new can be asked of a sweep that is on its way to its end. */
export const closingText = ({ cancel, finish }: SweepState): string =>
  cancel === null
    ? `the sweep is being finished by ${finish?.by ?? 'titrate'}`
    : `the sweep is being cancelled by ${cancel.by}`;

/** Who acts, without what is asked for. */
export const whoOf = ({ by, authenticated, reason }: Act): Act => ({
  by,
  ...(authenticated === undefined ? {} : { authenticated }),
  ...(reason === undefined ? {} : { reason }),
});

export const pauseAct = (state: SweepState, what: Act): Taken => {
  const { pause } = state;
  // What must be mended while a sweep is being finished still pauses it.
  if (state.cancel !== null || (isClosing(state) && what.by !== SWEEP_ITSELF))
    return refused(state, closingText(state));
  if (pause !== null) return refused(state, `the sweep is paused already, by ${pause.by}`);
  return taken(state, { pause: what }, 'no new trial starts; trials in flight go on');
};

/** Lets a paused sweep decide again; one that is being cancelled does not go on, if it `mayRefuse`. */
export const resumeAct = (state: SweepState, mayRefuse: () => boolean): Taken => {
  if (state.pause === null) return refused(state, 'the sweep is not paused');
  if (state.cancel !== null && mayRefuse()) return refused(state, closingText(state));
  const change = { pause: null, failuresInARow: 0, unanswered: 0, nothingToBuyAt: null };
  return taken(state, change, 'the sweep goes on');
};

export const cancelAct = (state: SweepState, what: Act): Taken => {
  const { cancel, running } = state;
  if (cancel !== null) return refused(state, `the sweep is being cancelled already, by ${cancel.by}`);
  return taken(
    state,
    { cancel: what, pinned: [] },
    running.length === 1
      ? 'the trial in flight is being stopped'
      : `${running.length} trials in flight are being stopped`,
  );
};

/** Refuses acts on trials that are not in flight, and on sweeps that are on their way to their end. */
export const trialOrRefusal = (state: SweepState, { trial }: TrialAct): RunningTrial | Taken => {
  if (state.cancel !== null) return refused(state, closingText(state));
  const found = findTrial(state, trial);
  if (found !== undefined) return found;
  const names = state.running.map((one) => one.trial).join(', ');
  return refused(state, `no trial ${trial} is in flight; in flight: ${names === '' ? 'none' : names}`);
};

/** Runs a parked trial once more. */
export const retryAct = (sweep: Sweep, state: SweepState, what: TrialAct): Taken => {
  const found = trialOrRefusal(state, what);
  if ('accepted' in found) return found;
  if (isClosing(state)) return refused(state, closingText(state));
  const { trial, retrying, abandoned, job } = found;
  if (abandoned !== undefined) return refused(state, `trial ${trial} was abandoned by ${abandoned.by}`);
  if (retrying === true) return refused(state, `trial ${trial} is being retried already`);
  if (found.state !== 'parked') return refused(state, `trial ${trial} is ${found.state}; only a parked one is retried`);
  const { running } = changeTrial(state, trial, (one) => ({ ...one, retrying: true }));
  const when = state.pause === null ? '' : ' when the sweep is resumed';
  return taken(
    state,
    { running },
    `generation ${job.generation} of ${trial} runs${when}, at a cost of up to ${costText(sweep, job.cost)}`,
  );
};

/** Gives a trial up for ever: its job is stopped, and it never runs again. */
export const abandonAct = (state: SweepState, what: TrialAct): Taken => {
  const found = trialOrRefusal(state, what);
  if ('accepted' in found) return found;
  const { trial, abandoned } = found;
  if (abandoned !== undefined) return refused(state, `trial ${trial} was abandoned already, by ${abandoned.by}`);
  const { running } = changeTrial(state, trial, (one) => ({ ...one, abandoned: whoOf(what) }));
  const doing = isWithoutJob(found.state) ? 'it never runs again' : 'its job is being stopped and never runs again';
  return taken(state, { running }, `trial ${trial}: ${doing}`);
};

/** Is its job to be stopped, and can its workflow be told? */
export const isToStop = ({ cancel, finish }: SweepState, { state, abandoned }: RunningTrial): boolean =>
  isLive(state) && (cancel !== null || abandoned !== undefined || finish?.stop === true);
