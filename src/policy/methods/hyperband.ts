import type { Sweep } from '../../domain/sweep.js';
import { HalvingOptions, proposeByHalving, rungsOf } from './halving.js';
import { parseOptions } from '../policy-options.js';
import type { Policy } from '../policy.js';

/**
 * Hyperband (Li et al. 2018, arXiv 1603.06560): successive halving from every rung at once, as nobody knows how early a
 * run can be judged. Bracket with s rungs below the top gets ceil((s_max + 1) / (s + 1) eta^s) new mixtures a round
 * (algorithm 1). Differs from it: brackets fill side by side and promotions do not wait, so that no worker idles.
 */
export const createHyperband = (sweep: Sweep): Policy => {
  const ladder = rungsOf(sweep, parseOptions(sweep, HalvingOptions));
  const { rungs, eta } = ladder;
  const brackets = rungs.map((_, start) => {
    const climbs = rungs.length - 1 - start;
    return { start, weight: Math.ceil((rungs.length / (climbs + 1)) * eta ** climbs) };
  });
  const plan = { policy: 'hyperband', ...ladder, brackets };
  return { recommendsBy: 'best-run', propose: (situation) => proposeByHalving(situation, plan) };
};
