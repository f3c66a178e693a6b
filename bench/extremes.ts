import { feasibleSet } from '../src/domain/feasible-set.js';
import { mixtureOf } from '../src/domain/mixture.js';
import type { Objective } from '../src/domain/sweep.js';
import { searchExtremes, type Extremes } from '../src/evidence/extremes.js';
import { sweepOf, truthOf, type Arena } from './arena.js';

/** Finds the best and the median value of an objective over what an arena allows. */
export const extremesOf = (arena: Arena, objective: Objective): Extremes => {
  const truth = truthOf(arena, objective);
  const feasible = feasibleSet(sweepOf(arena, objective, { policy: 'random', budget: 1, seed: 1 }));
  return searchExtremes(feasible, (shares) => truth(mixtureOf(shares, arena.domains)));
};
