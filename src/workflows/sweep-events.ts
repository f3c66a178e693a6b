/** The events that a sweep states, each with the key that names it for ever. */
import type { ProposeOutput, RecommendOutput } from '../activities/decision-activities.js';
import { costOf } from '../domain/cost.js';
import type { Explanation } from '../domain/decision.js';
import type { RecordEvent } from '../domain/record-event.js';
import type { Sweep } from '../domain/sweep.js';
import { trialName } from './job-spec.js';
import type { Confirming, PinnedRun, SweepState } from './sweep-state.js';
import { committedBy } from './sweep-state.js';

export interface KeyedEvent {
  readonly key: string;
  readonly event: RecordEvent;
}

/** A search decision, from what the policy proposed. */
export const decidedEvent = (decision: number, seed: number, output: ProposeOutput): KeyedEvent | null => {
  const { proposal, resume, sawDigest, sawObservations, software } = output;
  if (proposal === null) return null;
  const { mixture, scale, steps, cost, continues, explanation } = proposal;
  const event: RecordEvent = {
    type: 'decided',
    decision,
    trial: trialName(decision),
    purpose: 'search',
    mixture,
    scale,
    steps,
    ...(continues === undefined ? {} : { continues }),
    ...(resume === null ? {} : { resume }),
    cost,
    seed,
    sawDigest,
    sawObservations,
    sawPending: output.sawPending,
    explanation,
    ...(software === undefined ? {} : { software }),
  };
  return { key: `decided:${decision}`, event };
};

/** The decision to make the run that a person pinned; no policy was asked. */
export const pinnedEvent = (sweep: Sweep, state: SweepState, pinned: PinnedRun, seed: number): KeyedEvent => {
  const decision = state.decisions + 1;
  const { mixture, scale, steps, cost, by, reason } = pinned;
  const event: RecordEvent = {
    type: 'decided',
    decision,
    trial: trialName(decision),
    purpose: 'search',
    origin: 'person',
    mixture,
    scale,
    steps,
    cost,
    seed,
    sawDigest: '',
    sawObservations: state.observations,
    sawPending: state.running.map(({ trial }) => trial),
    explanation: {
      policy: sweep.policy.name,
      reason: `${by} pinned this run${reason === undefined ? '' : `: ${reason}`}`,
      phase: 'search',
      committed: state.spent + committedBy(state) - cost,
      hyperparameters: {},
      trust: [],
      considered: [],
      excluded: [],
    },
  };
  return { key: `decided:${decision}`, event };
};

/** The recommendation that is to be confirmed, as what was believed best at that time, and what a run of it is expected to report. */
const believedOf = ({ recommendation }: SweepState): Pick<Explanation, 'expected' | 'incumbent'> => {
  if (recommendation === null) return {};
  const { mixture, mean, sd, expected } = recommendation;
  return { ...(expected === undefined ? {} : { expected }), incumbent: { mixture, mean, sd } };
};

/** The decision to run the recommended mixture at the target once more than the search did. */
export const confirmationEvent = (
  sweep: Sweep,
  state: SweepState,
  { mixture, sawDigest, sawObservations }: Confirming,
  seed: number,
): KeyedEvent => {
  const decision = state.decisions + 1;
  const { scale, steps } = sweep.target;
  const reason = `The search is over (${state.searchOver ?? 'no reason recorded'}); this run measures the recommended mixture at ${scale}, ${steps} steps, as the sweep asks (confirm: ${sweep.confirm}).`;
  const event: RecordEvent = {
    type: 'decided',
    decision,
    trial: trialName(decision),
    purpose: 'confirm',
    mixture,
    ...sweep.target,
    cost: costOf(sweep, sweep.target),
    seed,
    sawDigest,
    sawObservations,
    sawPending: state.running.map(({ trial }) => trial),
    explanation: {
      policy: sweep.policy.name,
      reason,
      phase: 'test-recommendation',
      committed: state.spent + committedBy(state),
      hyperparameters: {},
      trust: state.recommendation?.trust ?? [],
      considered: [],
      excluded: [],
      ...believedOf(state),
    },
  };
  return { key: `decided:${decision}`, event };
};

/** A recommendation, after a search (the first, or one that was opened again) or at the end. */
export const recommendedEvent = (
  when: 'search' | 'final',
  { sawObservations, recommendation, software }: RecommendOutput,
  search = 1,
): KeyedEvent => ({
  key: when === 'search' && search > 1 ? `recommended:${when}:${search}` : `recommended:${when}`,
  event: {
    type: 'recommended',
    observations: sawObservations,
    recommendation,
    ...(software === undefined ? {} : { software }),
  },
});

export const endedEvent = (status: 'completed' | 'cancelled', spent: number, reason: string): KeyedEvent => ({
  key: 'ended',
  event: { type: 'ended', status, spent, reason },
});
