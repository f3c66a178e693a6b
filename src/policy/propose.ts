import type { Proposal } from '../domain/decision.js';
import { feasibleSet } from '../domain/feasible-set.js';
import type { Observation, PendingTrial } from '../domain/observation.js';
import type { Sweep } from '../domain/sweep.js';
import { checkCall } from './check-call.js';
import { historyOf } from './history.js';
import { parseObservations, parsePending } from './parse-observations.js';
import { policyOf } from './policies.js';

export interface ProposeOptions {
  readonly seed: number;
  /** Trials that were proposed and have not ended. */
  readonly pending?: readonly PendingTrial[];
}

/**
 * Proposes the next run to pay for; null when nothing is affordable or worth it, or when it is to be asked again once a pending
 * trial has ended. Pure: the same input gives the same proposal to the last bit.
 *
 * @throws InputError when observations, pending trials or the policy's options do not fit the sweep.
 */
export const propose = (
  sweep: Sweep,
  observations: readonly Observation[],
  options: ProposeOptions,
): Proposal | null => {
  checkCall(sweep, options);
  const policy = policyOf(sweep);
  const parsed = parseObservations(sweep, observations);
  const pending = parsePending(sweep, options.pending ?? [], parsed);
  const history = historyOf(sweep, parsed, pending);
  return policy.propose({
    sweep,
    feasible: feasibleSet(sweep),
    observations: parsed,
    pending,
    seed: options.seed,
    history,
  });
};
