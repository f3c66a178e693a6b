/**
 * Successive halving over the steps of one scale, asynchronously (ASHA: Li et al. 2020, arXiv 1810.05934): a run goes on
 * to the next rung as soon as it is among the best 1/eta of its rung; otherwise a new mixture starts. All state is read
 * off the runs: a run that continues another is its promotion, and where the first of a line started is its bracket.
 */
import { z } from 'zod';
import { costOf } from '../../domain/cost.js';
import type { Fidelity } from '../../domain/fidelity.js';
import type { Observation, PendingTrial } from '../../domain/observation.js';
import type { Proposal } from '../../domain/decision.js';
import { sharesOf } from '../../domain/mixture.js';
import { minimizedValue } from '../../domain/objective.js';
import type { Sweep } from '../../domain/sweep.js';
import { costText, fidelityText } from '../explain.js';
import { plainProposal } from './plain-proposal.js';
import type { Situation } from '../policy.js';
import { chosenFidelity } from '../policy-options.js';
import { drawUntried } from './random-search.js';

export interface HalvingPlan {
  readonly policy: string;
  readonly scale: string;
  /** Ascending steps of the rungs. */
  readonly rungs: readonly number[];
  readonly eta: number;
  /** Rung that each bracket starts from, with the share of new mixtures that it gets. */
  readonly brackets: readonly { readonly start: number; readonly weight: number }[];
}

/** What all kinds of halving are told. */
export const HalvingOptions = z.strictObject({
  /** Where rungs are climbed; the target's scale when absent. */
  scale: z.string().optional(),
  /** One in so many goes on. */
  eta: z.number().min(2).default(3),
});

/** Picks rungs of a scale that grow by `eta` at least, ending with the longest run; ascending. */
export const rungsOf = (
  sweep: Sweep,
  { eta, scale }: z.output<typeof HalvingOptions>,
): Pick<HalvingPlan, 'scale' | 'rungs' | 'eta'> => {
  const top = chosenFidelity(sweep, { scale });
  const steps = sweep.scales.find(({ name }) => name === top.scale)!.steps.filter((count) => count <= top.steps);
  const rungs: number[] = [];
  for (const step of steps.toReversed()) {
    const above = rungs[0];
    if (above === undefined || step * eta <= above * (1 + 1e-9)) rungs.unshift(step);
  }
  return { scale: top.scale, rungs, eta };
};

/** Steps at which the line of a run began. */
const startOf = (run: PendingTrial, byTrial: ReadonlyMap<string, Observation>): number => {
  let first: PendingTrial = run;
  const seen = new Set<string>();
  while (first.continues !== undefined && !seen.has(first.continues)) {
    seen.add(first.continues);
    const earlier = byTrial.get(first.continues);
    if (earlier === undefined) break;
    first = earlier;
  }
  return first.steps;
};

/** A run that is to go on, and where to. */
interface Promotion extends Fidelity {
  readonly run: Observation;
  readonly shares: number[];
}

/** The best run that has earned its promotion and not had it, highest rung first; not where its mixture may not be run, or was. */
const promotable = (situation: Situation, plan: HalvingPlan): Promotion | undefined => {
  const { sweep, feasible, history, observations } = situation;
  const byTrial = new Map(observations.map((run) => [run.trial, run]));
  const promoted = new Set(history.made.flatMap(({ continues }) => continues ?? []));
  const value = ({ metrics }: Observation): number => minimizedValue(sweep.objective, metrics);
  for (const [at, steps] of [...plan.rungs.entries()].slice(1).toReversed()) {
    const rung = plan.rungs[at - 1];
    for (const { start } of plan.brackets) {
      const peers = observations
        .filter((run) => run.status === 'completed' && run.scale === plan.scale && run.steps === rung)
        .filter((run) => plan.brackets.length === 1 || startOf(run, byTrial) === plan.rungs[start]);
      const winners = peers.sort((a, b) => value(a) - value(b)).slice(0, Math.floor(peers.length / plan.eta));
      const next = winners
        .filter(({ trial }) => !promoted.has(trial))
        .map((run) => ({ run, scale: plan.scale, steps, shares: sharesOf(run.mixture, feasible.domains) }))
        .find((promotion) => feasible.contains(promotion.shares) && !history.isTaken(promotion.shares, promotion));
      if (next !== undefined) return next;
    }
  }
  return undefined;
};

/** Carries a run on; of an imported one, which has no checkpoint here, its mixture is run from the start. */
const promote = (situation: Situation, plan: HalvingPlan, { run, shares, ...to }: Promotion): Proposal | undefined => {
  const { sweep, history } = situation;
  const offer = history.offer(shares, to);
  if (offer.cost > history.available) return undefined;
  const goesOn = offer.continues === undefined ? `the mixture of ${run.trial} is run anew` : `${run.trial} goes on`;
  const reason = `Among the best 1/${plan.eta} of its rung: ${goesOn} to ${fidelityText(to)} for ${costText(sweep, offer.cost)}.`;
  return plainProposal(situation, to, shares, offer, { policy: plan.policy, phase: 'search', reason });
};

/** The bracket that is furthest behind its share of new mixtures. */
const bracketFor = ({ history }: Situation, plan: HalvingPlan): number => {
  const begun = history.made.filter(({ continues }) => continues === undefined);
  const load = plan.brackets.map(
    ({ start, weight }) => (begun.filter(({ steps }) => steps === plan.rungs[start]).length + 1) / weight,
  );
  return plan.brackets[load.indexOf(Math.min(...load))]!.start;
};

const startNew = (situation: Situation, plan: HalvingPlan): Proposal | null => {
  const steps = plan.rungs[bracketFor(situation, plan)]!;
  const fidelity = { scale: plan.scale, steps };
  const shares = drawUntried(situation, fidelity, 1);
  const cost = costOf(situation.sweep, fidelity);
  if (shares === undefined || cost > situation.history.available) return null;
  const reason = `No run has earned its promotion: a new mixture starts at ${fidelityText(fidelity)} for ${costText(situation.sweep, cost)}.`;
  return plainProposal(situation, fidelity, shares, { cost }, { policy: plan.policy, phase: 'search', reason });
};

/** Promotes the best run that has earned it; else starts a new mixture; null when neither can be paid for. */
export const proposeByHalving = (situation: Situation, plan: HalvingPlan): Proposal | null => {
  const promotion = promotable(situation, plan);
  return (promotion === undefined ? undefined : promote(situation, plan, promotion)) ?? startNew(situation, plan);
};
