import type { Explanation, Proposal } from '../../domain/decision.js';
import type { Fidelity } from '../../domain/fidelity.js';
import { mixtureOf } from '../../domain/mixture.js';
import type { Situation } from '../policy.js';
import type { Offer } from '../history.js';

/** A proposal of a policy that compares no values: the reason is all there is to say. */
export const plainProposal = (
  { history, feasible }: Situation,
  fidelity: Fidelity,
  shares: ArrayLike<number>,
  offer: Offer,
  words: Pick<Explanation, 'policy' | 'reason' | 'phase'>,
): Proposal => ({
  mixture: offer.mixture ?? mixtureOf(shares, feasible.domains),
  scale: fidelity.scale,
  steps: fidelity.steps,
  cost: offer.cost,
  ...(offer.continues === undefined ? {} : { continues: offer.continues }),
  explanation: {
    ...words,
    committed: history.spent + history.pendingCost,
    hyperparameters: {},
    trust: [],
    considered: [],
    excluded: [],
  },
});
