import { z } from 'zod';
import { InputError } from '../../domain/errors.js';
import type { Sweep } from '../../domain/sweep.js';
import { HalvingOptions, proposeByHalving, rungsOf } from './halving.js';
import { parseOptions } from '../policy-options.js';
import type { Policy } from '../policy.js';

const Options = HalvingOptions.extend({
  /** One in so many goes on; the paper's experiments use 4. */
  eta: z.number().min(2).default(4),
  /** The paper's early-stopping rate s: so many of the lowest rungs are left out, for losses that say nothing so early. */
  skip: z.number().int().nonnegative().default(0),
});

const refuseSkip = (skip: number, rungs: readonly number[]): void => {
  if (skip < rungs.length) return;
  throw new InputError('options of policy asha', [
    { path: 'policy.skip', expected: `less than the number of rungs (${rungs.join(', ')} steps)`, found: String(skip) },
  ]);
};

/**
 * Asynchronous successive halving (Li et al. 2020, arXiv 1810.05934, algorithm 2) with the paper's settings: whenever a job
 * can start, the best unpromoted run within the best 1/eta of the highest rung that has one goes on; else a new mixture
 * starts at the bottom. `successive-halving` promotes alike with the eta of 3 that is usual for the synchronous method.
 *
 * Differs from algorithm 2: rungs are those checkpoints of the scale that lie a factor of eta or more apart, counted down from
 * the longest run; a promoted run goes on from its checkpoint at the price of the difference; where a promotion cannot be
 * paid for, a new mixture may start; runs that failed or diverged are not counted in their rung.
 */
export const createAsha = (sweep: Sweep): Policy => {
  const { skip, ...options } = parseOptions(sweep, Options);
  const ladder = rungsOf(sweep, options);
  refuseSkip(skip, ladder.rungs);
  const brackets = [{ start: 0, weight: 1 }];
  const plan = { policy: 'asha', ...ladder, rungs: ladder.rungs.slice(skip), brackets };
  return { recommendsBy: 'best-run', propose: (situation) => proposeByHalving(situation, plan) };
};
