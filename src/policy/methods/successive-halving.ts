import type { Sweep } from '../../domain/sweep.js';
import { HalvingOptions, proposeByHalving, rungsOf } from './halving.js';
import { parseOptions } from '../policy-options.js';
import type { Policy } from '../policy.js';

/** Successive halving: many short runs, the best 1/eta of which go on. */
export const createSuccessiveHalving = (sweep: Sweep): Policy => {
  const ladder = rungsOf(sweep, parseOptions(sweep, HalvingOptions));
  const plan = { policy: 'successive-halving', ...ladder, brackets: [{ start: 0, weight: 1 }] };
  return { recommendsBy: 'best-run', propose: (situation) => proposeByHalving(situation, plan) };
};
