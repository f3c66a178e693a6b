/**
 * When places are left free: what is in flight will say what the next run should be. A run that is bought before then is bought blindly, and
 * with many places so is most of a small budget.
 */
import { costOf } from '../domain/cost.js';
import { isAwaited } from './contrasts.js';
import type { Tier } from './opening.js';
import type { Situation } from './policy.js';

/** What is in flight may cost so many times what was seen before nothing more is started. Measured: docs/tried.md. */
const IN_FLIGHT = 4;

/** What was spent, and what imported runs would have cost: they taught as much, and are charged nothing. */
export const costSeen = ({ sweep, observations, history }: Situation): number =>
  observations.reduce((sum, run) => (run.imported === undefined ? sum : sum + costOf(sweep, run)), history.spent);

/** Is it too early for a search run: is a part of the opening still to report, or is more at stake than what is known is worth? */
export const awaitsResults = (situation: Situation, tiers: readonly Tier[]): boolean => {
  if (situation.pending.length === 0) return false;
  if (situation.history.pendingCost >= IN_FLIGHT * costSeen(situation)) return true;
  return tiers.some((tier) => isAwaited(situation, tier.mixtures, tier));
};
