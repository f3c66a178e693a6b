import { z } from 'zod';
import { InputError } from '../../domain/errors.js';
import type { Fidelity } from '../../domain/fidelity.js';
import type { Sweep } from '../../domain/sweep.js';
import { costText, fidelityText } from '../explain.js';
import { plainProposal } from './plain-proposal.js';
import { chosenFidelity, parseOptions } from '../policy-options.js';
import type { Policy, Situation } from '../policy.js';
import { hasSobolMixtures, MOST_SOBOL_DOMAINS, quasiRandomMixtures } from './quasi-random.js';

const Options = z.strictObject({
  /** Where every run is made; the target when absent. */
  scale: z.string().optional(),
  steps: z.number().int().positive().optional(),
});

/** Finds the first mixture of the sequence that was not run at the fidelity; undefined when there is none. */
export const nextQuasiRandom = (
  { sweep, feasible, history }: Pick<Situation, 'sweep' | 'feasible' | 'history'>,
  fidelity: Fidelity,
): Float64Array | undefined => {
  // The sweep's own seed, not the decision's: a sequence is even only as a whole.
  for (const shares of quasiRandomMixtures(sweep, feasible, sweep.seed)) {
    if (!history.isTaken(shares, fidelity)) return shares;
  }
  return undefined;
};

const refuseTooMany = (sweep: Sweep): void => {
  if (hasSobolMixtures(sweep)) return;
  const found = `${Object.keys(sweep.domains).length}`;
  const expected = `at most ${MOST_SOBOL_DOMAINS} domains whose share may vary`;
  throw new InputError('the policy sobol', [{ path: 'domains', expected, found }], {
    hint: 'use the policy random, or fix the shares of some domains',
  });
};

/** Quasi-random search: every run at one fidelity, mixtures spread evenly over what is allowed. */
export const createSobol = (sweep: Sweep): Policy => {
  const fidelity = chosenFidelity(sweep, parseOptions(sweep, Options));
  refuseTooMany(sweep);
  return {
    recommendsBy: 'best-run',
    propose: (situation) => {
      const shares = nextQuasiRandom(situation, fidelity);
      if (shares === undefined) return null;
      const offer = situation.history.offer(shares, fidelity);
      if (offer.cost > situation.history.available) return null;
      const reason = `The next mixture of a scrambled Sobol sequence, at ${fidelityText(fidelity)} for ${costText(sweep, offer.cost)}; it compares no scales.`;
      return plainProposal(situation, fidelity, shares, offer, { policy: 'sobol', phase: 'search', reason });
    },
  };
};
