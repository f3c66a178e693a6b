import { feasibleSet, type FeasibleSet } from '../domain/feasible-set.js';
import { isSameFidelity } from '../domain/fidelity.js';
import type { Sweep } from '../domain/sweep.js';

/** Of the allowed mixtures, those that may be recommended: where only some runs can be made, those with one at the target, if any have. */
export const recommendable = (sweep: Sweep, allowed: FeasibleSet): FeasibleSet => {
  const { runs, mixtures, target } = sweep;
  const atTarget = new Set(runs?.filter((run) => isSameFidelity(run, target)).map(({ mixture }) => mixture));
  if (mixtures === undefined || atTarget.size === 0) return allowed;
  return feasibleSet({ ...sweep, mixtures: mixtures.filter((_, i) => atTarget.has(i)) });
};
