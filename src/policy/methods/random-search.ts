import { z } from 'zod';
import type { Fidelity } from '../../domain/fidelity.js';
import type { FeasibleSet } from '../../domain/feasible-set.js';
import { createRng, seedOf } from '../../domain/rng.js';
import type { Sweep } from '../../domain/sweep.js';
import { costText, fidelityText } from '../explain.js';
import type { History } from '../history.js';
import { plainProposal } from './plain-proposal.js';
import { chosenFidelity, parseOptions } from '../policy-options.js';
import type { Policy, Situation } from '../policy.js';

const Options = z.strictObject({
  /** Where every run is made; the target when absent. */
  scale: z.string().optional(),
  steps: z.number().int().positive().optional(),
  /** Of the Dirichlet: 1 is even over the allowed mixtures. */
  concentration: z.number().positive().default(1),
});

const MAX_DRAWS = 20; // a draw repeats an earlier run only where few mixtures are allowed

/** Draws an allowed mixture that was not run at the fidelity; undefined when there is none. */
export const drawUntried = (
  {
    feasible,
    history,
    observations,
    pending,
    seed,
  }: Pick<Situation, 'observations' | 'pending' | 'seed'> & {
    readonly feasible: FeasibleSet;
    readonly history: History;
  },
  fidelity: Fidelity,
  concentration: number,
): Float64Array | undefined => {
  const rng = createRng(seedOf(seed, 'draw', observations.length + pending.length));
  if (feasible.list !== undefined) {
    const open = feasible.list.filter((shares) => !history.isTaken(shares, fidelity));
    return open[rng.integer(Math.max(1, open.length))];
  }
  for (let draw = 0; draw < MAX_DRAWS; draw++) {
    const shares = feasible.sample(rng, concentration);
    if (!history.isTaken(shares, fidelity)) return shares;
  }
  return undefined;
};

/** Random search: every run at one fidelity, mixtures drawn from a Dirichlet over what is allowed. */
export const createRandomSearch = (sweep: Sweep): Policy => {
  const options = parseOptions(sweep, Options);
  const fidelity = chosenFidelity(sweep, options);
  return {
    recommendsBy: 'best-run',
    propose: (situation) => {
      const shares = drawUntried(situation, fidelity, options.concentration);
      if (shares === undefined) return null;
      const offer = situation.history.offer(shares, fidelity);
      if (offer.cost > situation.history.available) return null;
      const reason = `Random search runs every mixture at ${fidelityText(fidelity)}, for ${costText(sweep, offer.cost)}; it compares no scales.`;
      return plainProposal(situation, fidelity, shares, offer, { policy: 'random', phase: 'search', reason });
    },
  };
};
