import { z } from 'zod';
import type { Sweep } from '../../domain/sweep.js';
import { proposeByHalving, rungsOf } from './halving.js';
import { chosenFidelity, parseOptions } from '../policy-options.js';
import type { Policy } from '../policy.js';

const Options = z.strictObject({
  /** Where rungs are climbed; the target's scale when absent. */
  scale: z.string().optional(),
  /** One in so many goes on. */
  eta: z.number().min(2).default(3),
});

/**
 * Hyperband (Li et al. 2018, arXiv 1603.06560): successive halving from every rung at once, as nobody knows how early a
 * run can be judged. Bracket with s rungs below the top gets ceil((s_max + 1) / (s + 1) eta^s) new mixtures a round
 * (algorithm 1). Differs from it: brackets fill side by side and promotions do not wait, so that no worker idles.
 */
export const createHyperband = (sweep: Sweep): Policy => {
  const { eta, scale } = parseOptions(sweep, Options);
  const top = chosenFidelity(sweep, { scale });
  const steps = sweep.scales.find(({ name }) => name === top.scale)!.steps.filter((count) => count <= top.steps);
  const rungs = rungsOf(steps, eta);
  const brackets = rungs.map((_, start) => {
    const climbs = rungs.length - 1 - start;
    return { start, weight: Math.ceil((rungs.length / (climbs + 1)) * eta ** climbs) };
  });
  const plan = { policy: 'hyperband', scale: top.scale, rungs, eta, brackets };
  return { recommendsBy: 'best-run', propose: (situation) => proposeByHalving(situation, plan) };
};
