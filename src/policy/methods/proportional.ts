import { z } from 'zod';
import type { Sweep } from '../../domain/sweep.js';
import { createFixedMixture, tokensOf } from './fixed-mixture.js';
import { chosenFidelity, parseOptions } from '../policy-options.js';
import type { Policy } from '../policy.js';

const Options = z.strictObject({
  /** Where its one run is made; the target when absent. */
  scale: z.string().optional(),
  steps: z.number().int().positive().optional(),
});

/**
 * The natural mixture, each domain in proportion to its tokens, so that all are seen equally often; where the limits forbid it,
 * the nearest allowed one.
 *
 * @throws InputError when a domain does not say how many tokens there are of it.
 */
export const createProportional = (sweep: Sweep): Policy => {
  const fidelity = chosenFidelity(sweep, parseOptions(sweep, Options));
  const tokens = tokensOf(sweep);
  const total = tokens.reduce((a, b) => a + b, 0);
  const natural = tokens.map((count) => count / total);
  return createFixedMixture({
    policy: 'proportional',
    fidelity,
    description: 'the natural mixture',
    mixtureIn: (feasible) => (feasible.contains(natural) ? natural : feasible.project(natural)),
  });
};
