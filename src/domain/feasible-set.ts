import type { Rng } from './rng.js';

/**
 * The mixtures that a sweep allows: the simplex cut by bounds, group limits, fixed shares and epoch caps at the target,
 * or a finite list. Shares are vectors `(D)` in the order of the sweep's domains.
 */
export interface FeasibleSet {
  readonly domains: readonly string[];
  /** The allowed mixtures when they are a finite list, each feasible. */
  readonly list?: readonly Float64Array[];
  /** A point well inside. */
  readonly centre: Float64Array;
  /** Is every limit kept to within `tolerance` (default 1e-9)? */
  contains(shares: ArrayLike<number>, tolerance?: number): boolean;
  /** A feasible point near `shares` (of a list: its nearest member). */
  project(shares: ArrayLike<number>): Float64Array;
  /** The feasible point of least `costs . shares`: an extreme point. */
  minimizeLinear(costs: ArrayLike<number>): Float64Array;
  /** At most `limit` extreme points, spread out, the same ones every time. */
  extremePoints(limit: number): readonly Float64Array[];
  /** A random feasible point; `concentration` as of a Dirichlet: 1 spreads evenly, less than 1 favours faces. */
  sample(rng: Rng, concentration: number): Float64Array;
  /** The largest t in [0, limit] such that `shares + t direction` is feasible; `direction` sums to 0. */
  maxStep(shares: ArrayLike<number>, direction: ArrayLike<number>, limit: number): number;
}
