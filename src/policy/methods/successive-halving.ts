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

/** Successive halving: many short runs, the best 1/eta of which go on. */
export const createSuccessiveHalving = (sweep: Sweep): Policy => {
  const { eta, scale } = parseOptions(sweep, Options);
  const top = chosenFidelity(sweep, { scale });
  const steps = sweep.scales.find(({ name }) => name === top.scale)!.steps.filter((count) => count <= top.steps);
  const plan = {
    policy: 'successive-halving',
    scale: top.scale,
    rungs: rungsOf(steps, eta),
    eta,
    brackets: [{ start: 0, weight: 1 }],
  };
  return { recommendsBy: 'best-run', propose: (situation) => proposeByHalving(situation, plan) };
};
