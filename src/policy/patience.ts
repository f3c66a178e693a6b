/**
 * When places are left free: what is in flight will say what the next run should be. A run that is bought before then is bought blindly, and
 * with many places so is most of a small budget.
 */
import { isAwaited } from './contrasts.js';
import type { Tier } from './opening.js';
import type { Situation } from './policy.js';

/** What is in flight may cost so many times what was seen before nothing more is started. Measured: docs/tried.md. */
const IN_FLIGHT = 4;

/** Is it too early for a search run: is a part of the opening still to report, or is more at stake than what is known is worth? */
export const awaitsResults = (situation: Situation, tiers: readonly Tier[]): boolean => {
  if (situation.pending.length === 0) return false;
  if (situation.history.pendingCost >= IN_FLIGHT * situation.history.seen) return true;
  return tiers.some((tier) => isAwaited(situation, tier.mixtures, tier));
};
