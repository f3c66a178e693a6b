/** Approvals: what is asked, and what a person's answer, or silence, leads to. Pure. */
import { approvalReasons } from '../domain/approval.js';
import type { PricedRun } from '../domain/approval.js';
import { checkedRun } from '../domain/checked-run.js';
import { costOf } from '../domain/cost.js';
import type { Candidate } from '../domain/decision.js';
import { LONGEST_WAIT_SECONDS } from '../domain/longest-wait.js';
import { SWEEP_ITSELF } from '../domain/messages.js';
import type { ApproveAct, TrialAct } from '../domain/messages.js';
import type { RecordEvent } from '../domain/record-event.js';
import type { Sweep } from '../domain/sweep.js';
import { costText } from './cost-text.js';
import { closingText, refused, taken, trialOrRefusal, whoOf } from './sweep-acts.js';
import type { Taken } from './sweep-acts.js';
import type { KeyedEvent } from './sweep-events.js';
import { changeTrial, isAffordable, isClosing } from './sweep-state.js';
import type { SweepState } from './sweep-state.js';
import { keptOf } from './trial-state.js';
import type { RunningTrial } from './trial-state.js';

type Decided = Extract<RecordEvent, { type: 'decided' }>;

/** What would be done instead: the best other candidate that the policy looked at. */
const runnerUp = ({ explanation, scale, steps }: Decided): Candidate | undefined =>
  explanation.considered.find((one) => one.scale !== scale || one.steps !== steps) ??
  explanation.runnerUpCheaper ??
  explanation.runnerUpCostlier;

/** The request that a decision leads to; null when it needs no leave. `now` in ms since the epoch. */
export const approvalRequest = (sweep: Sweep, event: Decided, now: number): KeyedEvent | null => {
  const { decision, trial, mixture, scale, steps, cost, explanation, origin } = event;
  const reasons = origin === 'person' ? [] : approvalReasons(sweep, event);
  if (reasons.length === 0) return null;
  const { timeoutSeconds, onTimeout = 'refuse' } = sweep.approval ?? {};
  const instead = runnerUp(event);
  const expected = explanation.expected ?? (event.purpose === 'confirm' ? explanation.incumbent : undefined);
  const isTimed = timeoutSeconds !== undefined && onTimeout !== 'wait';
  const waitsSeconds = Math.min(timeoutSeconds ?? Infinity, LONGEST_WAIT_SECONDS); // earlier versions took any number
  return {
    key: `approval-requested:${decision}`,
    event: {
      type: 'approval-requested',
      decision,
      trial,
      mixture,
      scale,
      steps,
      cost,
      reasons,
      why: explanation.reason,
      ...(expected === undefined ? {} : { expected: { mean: expected.mean, sd: expected.sd } }),
      ...(instead === undefined ? {} : { instead }),
      ...(isTimed ? { until: new Date(now + 1000 * waitsSeconds).toISOString(), onTimeout } : {}),
    },
  };
};

/** Refuses answers on trials that wait for none, or have theirs. */
const waitingOrRefusal = (state: SweepState, what: TrialAct): RunningTrial | Taken => {
  const found = trialOrRefusal(state, what);
  if ('accepted' in found) return found;
  const { trial, answered, abandoned } = found;
  if (isClosing(state)) return refused(state, closingText(state));
  if (abandoned !== undefined) return refused(state, `trial ${trial} was abandoned by ${abandoned.by}`);
  if (answered !== undefined) return refused(state, `trial ${trial} was ${answered.answer} already, by ${answered.by}`);
  if (found.state === 'awaiting-approval') return found;
  return refused(state, `trial ${trial} is ${found.state}; only one that awaits approval is approved or refused`);
};

/** The run that an approval asks for instead; it goes on from the same checkpoint where it still can. */
const changedRun = (
  sweep: Sweep,
  trial: RunningTrial,
  change: NonNullable<ApproveAct['change']>,
): PricedRun | string => {
  const { mixture, scale, steps } = trial;
  const checked = checkedRun(sweep, { mixture, scale, steps, ...change });
  if ('problem' in checked) return checked.problem;
  const { run } = checked;
  return { ...run, cost: costOf(sweep, run, keptOf(trial, run)) };
};

const answer = (
  state: SweepState,
  trial: RunningTrial,
  what: TrialAct,
  given: 'approved' | 'refused',
  cost?: number,
) => {
  const answered = { ...whoOf(what), answer: given };
  const { running } = changeTrial(state, trial.trial, (one) => ({ ...one, answered, cost: cost ?? one.cost }));
  return { running, nothingToBuyAt: null, unanswered: what.by === SWEEP_ITSELF ? state.unanswered + 1 : 0 };
};

/** Lets a trial run that waited for it, as it was decided or changed. */
export const approveAct = (sweep: Sweep, state: SweepState, what: ApproveAct): Taken => {
  const found = waitingOrRefusal(state, what);
  if ('accepted' in found) return found;
  const { trial } = found;
  const run = changedRun(sweep, found, what.change ?? {});
  if (typeof run === 'string') return refused(state, `trial ${trial} cannot run so: ${run}`);
  const others = { ...state, running: state.running.filter((one) => one.trial !== trial) };
  if (!isAffordable(sweep, others, run.cost, found.purpose)) {
    return refused(state, `trial ${trial} may cost ${costText(sweep, run.cost)} so, more than the budget allows`);
  }
  const isChanged = what.change !== undefined;
  const when = state.pause === null ? 'when it has a place' : 'when the sweep is resumed';
  const cost = isChanged ? run.cost : found.cost;
  const change = answer(state, found, what, 'approved', cost);
  return taken(
    state,
    change,
    `trial ${trial} runs ${when}, at a cost of up to ${costText(sweep, cost)}`,
    isChanged ? { run } : {},
  );
};

/** Does not let a trial run: the policy chooses otherwise, and never the same again. */
export const refuseAct = (state: SweepState, what: TrialAct): Taken => {
  const found = waitingOrRefusal(state, what);
  if ('accepted' in found) return found;
  const change = answer(state, found, what, 'refused');
  return taken(state, change, `trial ${found.trial} never runs; nothing like it is proposed again`);
};

/** Requests that nobody answered in time, with what titrate answers itself. */
export const overdue = (state: SweepState, now: number): readonly RunningTrial[] =>
  state.running.filter(
    ({ state: standing, until, answered }) =>
      standing === 'awaiting-approval' && until !== undefined && until <= now && answered === undefined,
  );

/** How many requests wait for an answer? */
export const awaiting = (state: SweepState): number =>
  state.running.filter((trial) => trial.state === 'awaiting-approval').length;
