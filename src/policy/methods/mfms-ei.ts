/**
 * The rule released with MFMS (arXiv 2503.21023): expected improvement per cost^alpha at the candidate's own fidelity,
 * under a Gaussian process with a product of squared exponentials, whose hyper-parameters are fitted to the first short
 * runs and never again; final values alone; the incumbent is the best value at any fidelity.
 *
 * Differs from the released code: values are standardised with a constant mean (theirs are raw, with a linear mean);
 * candidates are drawn instead of climbed to, as their gradient leaves out the Jacobian of its softmax; a scale's place counts
 * tokens, and steps as a part of its longest run (theirs: size and steps); the mixture is recommended by titrate's belief,
 * which flatters this policy.
 */
import { z } from 'zod';
import { costOf } from '../../domain/cost.js';
import type { Candidate, Proposal } from '../../domain/decision.js';
import { createRng, seedOf } from '../../domain/rng.js';
import type { Sweep } from '../../domain/sweep.js';
import type { Belief } from '../../surrogate/belief.js';
import { formBelief, hyperparametersOf, type BeliefOptions } from '../../surrogate/form-belief.js';
import { TRENDLESS_PRIOR } from '../../surrogate/hyperparameters.js';
import { minimizedValue } from '../../domain/objective.js';
import { bestPerFidelity, costText, fidelityText, figure, fitQualityOf, runnersUp } from '../explain.js';
import { expectedImprovement } from '../normal.js';
import { plainProposal } from './plain-proposal.js';
import { parseOptions } from '../policy-options.js';
import type { Policy, Situation } from '../policy.js';
import { allFidelities } from '../run-lengths.js';
import { drawUntried } from './random-search.js';

const Options = z.strictObject({
  /** Short random runs at the cheapest fidelity before the search. */
  initial: z.number().int().positive().default(20),
  /** Exponent of the cost at the first search run, and its factor for each run after. */
  alpha: z.number().nonnegative().default(1),
  decay: z.number().positive().max(1).default(0.99),
});
type Options = z.infer<typeof Options>;

const MIXTURES = 100; // candidates drawn for each decision, tried at every fidelity
const INITIAL_SHARE = 0.4; // of the budget, at most, for the first runs

const beliefOptions = (initial: number): BeliefOptions => ({
  shape: { embedding: 'share', radial: 'rbf', trend: 0, linear: false, slope: 0 },
  prior: TRENDLESS_PRIOR,
  warps: ['none'],
  curves: false,
  maxRows: 400,
  fitToFirstRuns: initial,
});

const initialRun = (situation: Situation, { initial }: Options): Proposal | undefined => {
  const { sweep, history } = situation;
  const fidelities = sweep.scales.map(({ name, steps }) => ({ scale: name, steps: steps[0]! }));
  const cheapest = fidelities.reduce((a, b) => (costOf(sweep, b) < costOf(sweep, a) ? b : a));
  const cost = costOf(sweep, cheapest);
  const runs = Math.min(initial, Math.floor((INITIAL_SHARE * sweep.budget) / cost));
  if (history.made.length >= runs) return undefined;
  const shares = drawUntried(situation, cheapest, 1);
  if (shares === undefined || cost > history.available) return undefined;
  const reason = `One of ${runs} short random runs that hyper-parameters are fitted to: ${fidelityText(cheapest)} for ${costText(sweep, cost)}.`;
  return plainProposal(situation, cheapest, shares, { cost }, { policy: 'mfms-ei', phase: 'opening', reason });
};

const valuedCandidates = (situation: Situation, belief: Belief, exponent: number): (Candidate & { rank: number })[] => {
  const { sweep, feasible, observations, pending, seed, history } = situation;
  const rng = createRng(seedOf(seed, 'mfms', observations.length + pending.length));
  const mixtures = feasible.list ?? [
    feasible.centre,
    ...Array.from({ length: MIXTURES }, () => feasible.sample(rng, 1)),
  ];
  const completed = observations.filter(({ status }) => status === 'completed');
  const best = Math.min(...completed.map(({ metrics }) => minimizedValue(sweep.objective, metrics)));
  return allFidelities(sweep).flatMap((fidelity) => {
    const open = mixtures.filter(
      (shares) => !history.isTaken(shares, fidelity) && history.offer(shares, fidelity).cost <= history.available,
    );
    return belief.predictAt(open, fidelity).map(({ mean, sd }, i) => {
      const { cost, ...offer } = history.offer(open[i]!, fidelity);
      const value = expectedImprovement(mean, sd, best);
      const mixture = Object.fromEntries(feasible.domains.map((domain, d) => [domain, open[i]![d]!]));
      return {
        ...fidelity,
        mixture,
        ...offer,
        cost,
        value,
        valuePerCost: value / cost,
        rank: value / cost ** exponent,
      };
    });
  });
};

const search = (situation: Situation, options: Options): Proposal | null => {
  const { sweep, observations, pending } = situation;
  const belief = formBelief(sweep, observations, pending, beliefOptions(options.initial));
  if (belief === null) return null;
  const turn = Math.max(0, observations.length + pending.length - options.initial);
  const candidates = valuedCandidates(situation, belief, options.alpha * options.decay ** turn);
  if (candidates.length === 0) return null;
  const { rank: _rank, ...chosen } = candidates.reduce((a, b) => (b.rank > a.rank ? b : a));
  const considered = bestPerFidelity(candidates.map(({ rank: _, ...candidate }) => candidate));
  const reason =
    `Largest expected improvement on the best value seen at any fidelity (${figure(chosen.value)}) per cost to the power of ` +
    `${figure(options.alpha * options.decay ** turn)}: ${fidelityText(chosen)} for ${costText(sweep, chosen.cost)}; it does not ask what is learnt about the target.`;
  const shares = Object.values(chosen.mixture);
  const plain = plainProposal(situation, chosen, shares, chosen, { policy: 'mfms-ei', phase: 'search', reason });
  return {
    ...plain,
    explanation: {
      ...plain.explanation,
      hyperparameters: hyperparametersOf(belief),
      fit: fitQualityOf(belief),
      considered,
      ...runnersUp(sweep, considered, chosen),
    },
  };
};

/** Makes the policy of the released MFMS rule. */
export const createMfmsEi = (sweep: Sweep): Policy => {
  const options = parseOptions(sweep, Options);
  return {
    recommendsBy: 'belief',
    propose: (situation) => initialRun(situation, options) ?? search(situation, options),
  };
};
