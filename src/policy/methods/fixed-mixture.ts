/** Policies that name one mixture without looking at any run: it is run once, where it is meant for, and recommended. */
import { InputError } from '../../domain/errors.js';
import { feasibleSet, type FeasibleSet } from '../../domain/feasible-set.js';
import type { Fidelity } from '../../domain/fidelity.js';
import { sharesOf } from '../../domain/mixture.js';
import type { Sweep } from '../../domain/sweep.js';
import { costText, fidelityText } from '../explain.js';
import { historyOf } from '../history.js';
import { plainProposal } from './plain-proposal.js';
import type { Policy, Situation } from '../policy.js';

export interface FixedMixture {
  readonly policy: string;
  /** Where its one run is made. */
  readonly fidelity: Fidelity;
  /** What the mixture is, for people: completes `Runs ...`. */
  readonly description: string;
  mixtureIn(feasible: FeasibleSet): ArrayLike<number>;
}

/**
 * Reads how many tokens there are of each domain, in the order of the sweep's domains.
 *
 * @throws InputError naming each domain that does not say.
 */
export const tokensOf = (sweep: Sweep): number[] => {
  const domains = Object.entries(sweep.domains);
  const missing = domains.filter(([, { tokens }]) => tokens === undefined);
  if (missing.length > 0) {
    const problems = missing.map(([name]) => ({
      path: `domains.${name}.tokens`,
      expected: 'how many tokens there are of it (count)',
      found: 'nothing',
    }));
    const hint = `${sweep.policy.name} mixes domains by their sizes: give every domain its tokens, or choose another policy`;
    throw new InputError(`the policy ${sweep.policy.name} needs the size of every domain`, problems, { hint });
  }
  return domains.map(([, { tokens }]) => tokens!);
};

/** The members of a finite list that can be run at the fidelity; undefined when there are none. Any other set as it is. */
export const runnableAt = ({ sweep, feasible }: Situation, fidelity: Fidelity): FeasibleSet | undefined => {
  if (sweep.mixtures === undefined) return feasible;
  const untouched = historyOf(sweep, [], []); // before any run, what is taken is what cannot be run
  const mixtures = sweep.mixtures.filter(
    (mixture) => !untouched.isTaken(sharesOf(mixture, feasible.domains), fidelity),
  );
  return mixtures.length === 0 ? undefined : feasibleSet({ ...sweep, mixtures });
};

const proposeOnce = (situation: Situation, { policy, fidelity, description, mixtureIn }: FixedMixture) => {
  const { sweep, history } = situation;
  const runnable = runnableAt(situation, fidelity);
  if (runnable === undefined) return null;
  const shares = mixtureIn(runnable);
  if (history.isTaken(shares, fidelity)) return null;
  const offer = history.offer(shares, fidelity);
  if (offer.cost > history.available) return null;
  const reason = `Runs ${description}, the only mixture that ${policy} asks for: ${fidelityText(fidelity)} for ${costText(sweep, offer.cost)}.`;
  return plainProposal(situation, fidelity, shares, offer, { policy, phase: 'test-recommendation', reason });
};

/** Makes the policy of a mixture that is known beforehand. */
export const createFixedMixture = (fixed: FixedMixture): Policy => ({
  recommendsBy: ({ feasible }) => fixed.mixtureIn(feasible),
  propose: (situation) => proposeOnce(situation, fixed),
});
