import { z } from 'zod';
import { InputError } from '../../domain/errors.js';
import { feasibleSet, type FeasibleSet } from '../../domain/feasible-set.js';
import { epochCaps } from '../../domain/limits.js';
import type { Sweep } from '../../domain/sweep.js';
import { createFixedMixture, tokensOf } from './fixed-mixture.js';
import { chosenFidelity, parseOptions } from '../policy-options.js';
import type { Policy } from '../policy.js';

const Options = z.strictObject({
  /** How often a domain's tokens may be seen in a run to the target; the sweep's maxEpochs when absent, and never more. */
  epochs: z.number().positive().optional(),
  /** Where its one run is made; the target when absent. */
  scale: z.string().optional(),
  steps: z.number().int().positive().optional(),
});

const ROUNDING = 1e-9; // caps may miss the sum of 1 by rounding

/**
 * The sweep with the epochs that UniMax is to keep to.
 *
 * @throws InputError when nothing says how many, or when there are too few tokens for a run to the target.
 */
const cappedSweep = (sweep: Sweep, epochs: number | undefined): Sweep => {
  const maxEpochs = Math.min(epochs ?? Number.POSITIVE_INFINITY, sweep.maxEpochs ?? Number.POSITIVE_INFINITY);
  if (maxEpochs === Number.POSITIVE_INFINITY) {
    const problem = { path: 'maxEpochs', expected: "how often a domain's tokens may be seen", found: 'nothing' };
    throw new InputError('the policy unimax needs a limit on repeats', [problem], {
      hint: 'set maxEpochs in the sweep, or the option epochs of the policy',
    });
  }
  const capped = { ...sweep, maxEpochs };
  const most = epochCaps(capped).reduce((a, b) => a + b, 0);
  if (most < 1 - ROUNDING) {
    const expected = `at least ${(maxEpochs / most).toPrecision(3)}: fewer repeats of all tokens do not last for the target`;
    throw new InputError('the policy unimax has too few tokens', [
      { path: 'policy.epochs', expected, found: String(maxEpochs) },
    ]);
  }
  return capped;
};

/** The members of a list whose shares keep the caps. */
const withinCaps = (list: readonly Float64Array[], sweep: Sweep): readonly Float64Array[] => {
  const caps = epochCaps(sweep);
  return list.filter((shares) => shares.every((share, i) => share <= caps[i]! + ROUNDING));
};

/** Refuses limits, or a list, that leave no mixture within the caps. */
const refuseEmpty = (sweep: Sweep): void => {
  const { list } = feasibleSet(sweep);
  if (list === undefined || withinCaps(list, sweep).length > 0) return;
  throw new InputError('the policy unimax allows no mixture', [
    { path: 'mixtures', expected: `one that sees no domain more than ${sweep.maxEpochs} times`, found: 'none' },
  ]);
};

const squareSum = (shares: Float64Array): number => shares.reduce((sum, share) => sum + share * share, 0);

/**
 * The most even mixture within limits and epoch caps. Algorithm 1 of Chung et al. 2023 (arXiv 2304.09151) gives the smallest
 * domains all that their cap allows and shares the rest evenly, so shares are min(cap, level): the nearest point to the even mixture
 * under the caps, which is how it is found here under any limits. On the simplex the nearest is also that of least sum of squares.
 */
const evenMixture = (sweep: Sweep, feasible: FeasibleSet): Float64Array => {
  if (feasible.list !== undefined) {
    const within = withinCaps(feasible.list, sweep);
    // Where only some members can be run, none of those may be within; the most even of them is then the best there is.
    return (within.length > 0 ? within : feasible.list).reduce((a, b) => (squareSum(b) < squareSum(a) ? b : a));
  }
  const count = feasible.domains.length;
  return feasibleSet(sweep).project(new Float64Array(count).fill(1 / count));
};

/**
 * UniMax (arXiv 2304.09151): every domain alike, as far as its tokens last for the allowed number of epochs.
 *
 * Differs from the paper: where all domains at their cap do not last for the target, it normalises what there is; here that is refused.
 *
 * @throws InputError when a domain's tokens or the number of epochs are missing, or when there are too few tokens.
 */
export const createUnimax = (sweep: Sweep): Policy => {
  const options = parseOptions(sweep, Options);
  const fidelity = chosenFidelity(sweep, options);
  tokensOf(sweep);
  const capped = cappedSweep(sweep, options.epochs);
  refuseEmpty(capped);
  return createFixedMixture({
    policy: 'unimax',
    fidelity,
    description: 'the most even mixture within the epoch caps',
    mixtureIn: (feasible) => evenMixture(capped, feasible),
  });
};
