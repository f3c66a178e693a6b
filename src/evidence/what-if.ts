/** What would be chosen from other evidence, another budget or by another policy. Computes; changes nothing. */
import { costUnit } from '../domain/cost.js';
import type { Proposal, Recommendation } from '../domain/decision.js';
import { InputError } from '../domain/errors.js';
import { isSameFidelity } from '../domain/fidelity.js';
import { isSameMixture, massMoved } from '../domain/mixture.js';
import { retractedRun, type Observation } from '../domain/observation.js';
import { propose } from '../policy/propose.js';
import { recommend } from '../policy/recommend.js';
import {
  formatCost,
  formatFidelity,
  formatFixed,
  formatMixture,
  formatPrediction,
  formatShare,
  plural,
} from '../reports/format.js';
import { plainText } from '../reports/plain-text.js';
import { textTable } from '../reports/text-table.js';
import type { ImportedRun } from './known-runs.js';
import type { Situation } from './situation.js';

/** What is to be otherwise. */
export interface Changes {
  /** Trials whose evidence is left out; what they cost stays spent. */
  readonly drop?: readonly string[];
  /** Runs that are counted in. */
  readonly add?: readonly ImportedRun[];
  /** In the sweep's units. */
  readonly budget?: number;
  readonly policy?: string;
}

/** What a situation leads to. */
export interface Outcome {
  readonly proposal: Proposal | null;
  readonly recommendation: Recommendation;
}

export interface WhatIf {
  readonly actual: Outcome;
  readonly instead: Outcome;
  /** What was changed, each in words. */
  readonly changes: readonly string[];
  /** What is believed otherwise, and so why the choice differs or does not; in words. */
  readonly because: readonly string[];
}

const checkDropped = ({ observations, pending }: Situation, drop: readonly string[]): void => {
  const known = [...observations, ...pending].map(({ trial }) => trial);
  const problems = drop
    .filter((trial) => !known.includes(trial))
    .map((found) => ({ path: '--drop', expected: 'a trial that the decision saw', found }));
  if (problems.length > 0) throw new InputError('the decision did not see this trial', problems);
};

const asObservation = ({ trial, mixture, scale, steps, status, metrics, curve }: ImportedRun): Observation => ({
  trial,
  mixture,
  scale,
  steps,
  status,
  metrics,
  curve,
  cost: 0,
  imported: true,
});

/** The runs that are counted in beside those that the decision saw. */
const freshRuns = ({ observations }: Situation, { add = [] }: Changes): readonly ImportedRun[] => {
  const known = new Set(observations.map(({ trial }) => trial));
  return add.filter(({ trial }) => !known.has(trial));
};

/** Makes the situation as it would be: a run that is dropped, as if its result were taken back. @throws InputError for a trial that the decision did not see. */
export const alter = (situation: Situation, changes: Changes): Situation => {
  const { drop = [], budget, policy } = changes;
  checkDropped(situation, drop);
  const { sweep, observations, pending, prefer: before, ...rest } = situation;
  const isKept = ({ trial }: { readonly trial?: string }): boolean => !drop.includes(trial ?? '');
  const stillSpent = pending.reduce((sum, run) => (isKept(run) ? sum : sum + (run.cost ?? 0)), 0);
  const prefer = observations.every(isKept) ? before : rest.confirmed; // what was recommended with it would not stand
  const fresh = freshRuns(situation, changes).map(asObservation);
  const chosen = policy === undefined || policy === sweep.policy.name ? sweep.policy : { name: policy };
  return {
    ...rest,
    ...(prefer === undefined ? {} : { prefer }),
    sweep: { ...sweep, policy: chosen, budget: (budget ?? sweep.budget) - stillSpent },
    observations: [...observations.map((run) => (isKept(run) ? run : retractedRun(run))), ...fresh],
    pending: pending.filter(isKept),
  };
};

/** Decides and recommends, as the activities do. */
export const outcomeOf = ({ sweep, observations, pending, seed, prefer }: Situation): Outcome => ({
  proposal: propose(sweep, observations, { seed, pending }),
  recommendation: recommend(sweep, observations, { seed: sweep.seed, ...(prefer === undefined ? {} : { prefer }) }),
});

const changesText = (situation: Situation, changes: Changes): string[] => {
  const { sweep } = situation;
  const { drop = [], add, budget, policy } = changes;
  const fresh = freshRuns(situation, changes);
  const added =
    fresh.length === 0
      ? 'with no run that is new'
      : `with ${plural(fresh.length, 'run')} of ${plainText(fresh[0]?.source.file ?? '')}`;
  const unit = costUnit(sweep.cost);
  return [
    ...(drop.length === 0
      ? []
      : [
          `without ${drop.map((trial) => plainText(trial)).join(', ')} (what ${drop.length === 1 ? 'it' : 'they'} cost stays spent)`,
        ]),
    ...(add === undefined ? [] : [added]),
    ...(budget === undefined
      ? []
      : [`with a budget of ${formatCost(budget, unit)} instead of ${formatCost(sweep.budget, unit)}`]),
    ...(policy === undefined ? [] : [`with policy ${policy} instead of ${sweep.policy.name}`]),
  ];
};

type Run = Pick<Proposal, 'mixture' | 'scale' | 'steps'>;

/** Is it the same run? */
export const isSameRun = (a: Run | null, b: Run | null): boolean =>
  a === null || b === null ? a === b : isSameFidelity(a, b) && isSameMixture(a.mixture, b.mixture);

const MOVED = 0.005; // of the mixture: less is below what shares are written to

const recommendationMoves = ({ recommendation: a }: Outcome, { recommendation: b }: Outcome): string => {
  const moved = massMoved(a.mixture, b.mixture);
  const [before, then] = [formatPrediction(a), formatPrediction(b)];
  const believed =
    before === then ? `the prediction for it stays at ${then}` : `the prediction for it goes from ${before} to ${then}`;
  return moved < MOVED
    ? `the recommended mixture stays; ${believed}`
    : `the recommended mixture moves by ${formatShare(moved)}; ${believed}`;
};

/** The scale whose trust changes most, if any does by as much as is written. */
const trustMoves = ({ recommendation: a }: Outcome, { recommendation: b }: Outcome): string[] => {
  const shifts = a.trust.flatMap(({ scale, correlation }) => {
    const other = b.trust.find((item) => item.scale === scale)?.correlation ?? correlation;
    return Math.abs(other - correlation) < 0.01 ? [] : [{ scale, correlation, other }];
  });
  const [most] = shifts.toSorted((x, y) => Math.abs(y.other - y.correlation) - Math.abs(x.other - x.correlation));
  if (most === undefined) return [];
  return [
    `the trust in ${plainText(most.scale)} goes from ${formatFixed(most.correlation, 2)} to ${formatFixed(most.other, 2)}`,
  ];
};

/** What became of the actual choice among what would be considered then. */
const choiceMoves = (actual: Proposal | null, instead: Proposal | null, unit: string): string[] => {
  if (actual === null || instead === null) return [];
  const excluded = instead.explanation.excluded.find((item) => isSameFidelity(item, actual));
  if (excluded !== undefined) return [`${formatFidelity(actual)} would be left out: ${plainText(excluded.reason)}`];
  const worth = ({ explanation }: Proposal) =>
    explanation.considered.find((item) => isSameFidelity(item, actual))?.valuePerCost;
  const [before, after] = [worth(actual), worth(instead)];
  if (before === undefined || after === undefined) return [];
  return [
    `the best run at ${formatFidelity(actual)} would be worth ${formatCost(after)} per ${plainText(unit)} instead of ${formatCost(before)}`,
  ];
};

const becauseOf = (actual: Outcome, instead: Outcome, unit: string): string[] => [
  recommendationMoves(actual, instead),
  ...trustMoves(actual, instead),
  ...choiceMoves(actual.proposal, instead.proposal, unit),
];

/** Compares what a situation leads to with what it would lead to. */
export const whatIf = (situation: Situation, changes: Changes): WhatIf => {
  const actual = outcomeOf(situation);
  const instead = outcomeOf(alter(situation, changes));
  return {
    actual,
    instead,
    changes: changesText(situation, changes),
    because: becauseOf(actual, instead, costUnit(situation.sweep.cost)),
  };
};

const RECORDED_OTHERWISE =
  'Take care: the record has another run here than this version chooses; titrate verify says more.';
const NOTHING = 'nothing: all that is left is beyond the budget or not worth its cost';

const column = ({ proposal, recommendation }: Outcome, unit: string): string[] => [
  proposal === null ? NOTHING : `${formatFidelity(proposal)} for ${formatCost(proposal.cost, unit)}`,
  proposal === null ? '' : formatMixture(proposal.mixture, 4),
  formatMixture(recommendation.mixture, 4),
  formatPrediction(recommendation),
];

const verdictOf = (actual: Outcome['proposal'], instead: Outcome['proposal']): string => {
  if (actual === null && instead === null) return 'No run would be chosen either way';
  if (instead === null) return 'No run would be chosen any more';
  if (actual === null) return 'A run would be chosen, where there is none as it is';
  return isSameRun(actual, instead) ? 'The same run would be chosen' : 'Another run would be chosen';
};

/** Says what would be, beside what is. */
export const whatIfText = (sweepId: string, situation: Situation, result: WhatIf): string => {
  const { decision, recorded, sweep, observations, pending } = situation;
  const unit = costUnit(sweep.cost);
  const { actual, instead, changes, because } = result;
  const [left, right] = [column(actual, unit), column(instead, unit)];
  const rows = ['next run', 'its mixture', 'recommended', 'predicted'].map((title, i) => [
    title,
    left[i] ?? '',
    right[i] ?? '',
  ]);
  const odd = recorded === undefined || isSameRun(recorded, actual.proposal) ? [] : [RECORDED_OTHERWISE];
  const verdict = verdictOf(actual.proposal, instead.proposal);
  const why = [actual, instead].map(({ proposal }) => plainText(proposal?.explanation.reason ?? NOTHING));
  return [
    `${plainText(sweepId)}, decision ${decision}${recorded === undefined ? ' (not made yet)' : ` (${plainText(recorded.trial)})`}: ${plural(observations.length, 'run')} observed, ${pending.length} in flight.`,
    ...odd,
    `What if: ${changes.join('; ')}.`,
    '',
    ...textTable(['', 'as it is', 'then'], rows),
    '',
    `${verdict}: ${because.join('; ')}.`,
    `Why, as it is: ${why[0]}`,
    `Why, then:     ${why[1]}`,
    '',
    'Nothing was changed.',
  ].join('\n');
};
