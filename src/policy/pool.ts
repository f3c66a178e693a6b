import type { FeasibleSet } from '../domain/feasible-set.js';
import { sharesOf } from '../domain/mixture.js';
import type { Observation } from '../domain/observation.js';
import { createRng, seedOf, type Rng } from '../domain/rng.js';
import type { Sweep } from '../domain/sweep.js';

const MAX_EXTREMES = 24; // corners looked at; all of them up to two dozen domains
const EVEN_DRAWS = 100;
const FACE_DRAWS = 100;
const LOCAL_DRAWS = 100;
const FACE_CONCENTRATION = 0.3; // a Dirichlet that favours faces: optima often lie on them
const LOCAL_CONCENTRATION = 0.4;

const TYPICAL_DRAWS = 400; // the mean is then known to a fiftieth of a share's range
const EVEN = 1e-9; // shares that differ by less are even

const typical = new WeakMap<FeasibleSet, Float64Array>();

const meanOfDraws = (feasible: FeasibleSet): Float64Array => {
  const { centre } = feasible;
  if (feasible.list !== undefined || Math.max(...centre) - Math.min(...centre) < EVEN) return centre;
  const rng = createRng(seedOf(1, 'typical'));
  const mean = new Float64Array(centre.length);
  for (let draw = 0; draw < TYPICAL_DRAWS; draw++) {
    feasible.sample(rng, 1).forEach((share, i) => (mean[i] = mean[i]! + share / TYPICAL_DRAWS));
  }
  return feasible.contains(mean) ? mean : feasible.project(mean);
};

/**
 * The mixture to stay with while nothing is known: the mean of random allowed ones, which a convex loss puts below their
 * median. Without limits it is even shares. Under limits a geometric centre may lie far out, as the widest bounds rule it.
 */
export const typicalMixture = (feasible: FeasibleSet): Float64Array => {
  const known = typical.get(feasible) ?? meanOfDraws(feasible);
  typical.set(feasible, known);
  return known;
};

/** Corners that lie far apart, one a domain and two at the least. */
export const spreadCorners = (feasible: FeasibleSet): readonly Float64Array[] =>
  feasible.extremePoints(Math.max(feasible.domains.length, 2));

/** The mixtures of past runs that are still allowed. */
export const triedMixtures = (
  sweep: Sweep,
  feasible: FeasibleSet,
  observations: readonly Pick<Observation, 'mixture'>[],
): Float64Array[] => {
  const tried = new Map<string, Float64Array>();
  for (const { mixture } of observations) {
    const shares = Float64Array.from(sharesOf(mixture, Object.keys(sweep.domains)));
    if (feasible.contains(shares)) tried.set(shares.join(), shares);
  }
  return [...tried.values()];
};

/** A broad pool of allowed mixtures: corners, centre and random draws. Of a finite list: the list. */
export const broadPool = (feasible: FeasibleSet, seed: number): Float64Array[] => {
  if (feasible.list !== undefined) return [...feasible.list];
  const rng = createRng(seedOf(seed, 'pool'));
  return [
    ...feasible.extremePoints(MAX_EXTREMES),
    typicalMixture(feasible),
    ...Array.from({ length: EVEN_DRAWS }, () => feasible.sample(rng, 1)),
    ...Array.from({ length: FACE_DRAWS }, () => feasible.sample(rng, FACE_CONCENTRATION)),
  ];
};

const blend = (a: Float64Array, b: Float64Array, t: number): Float64Array => a.map((x, i) => (1 - t) * x + t * b[i]!);

const localDraw = (feasible: FeasibleSet, around: Float64Array, rng: Rng): Float64Array => {
  const t = 0.5 * rng.uniform() ** 2; // mostly near, at most half-way out
  const drawn = blend(around, feasible.sample(rng, LOCAL_CONCENTRATION), t);
  if (rng.integer(3) > 0) return drawn; // a third with one domain left out: optima lie on faces
  const dropped = drawn.slice();
  dropped[rng.integer(drawn.length)] = 0;
  const total = dropped.reduce((sum, share) => sum + share, 0);
  if (!(total > 0)) return drawn;
  const scaled = dropped.map((share) => share / total);
  return feasible.contains(scaled) ? scaled : feasible.project(scaled);
};

/** Allowed mixtures around one. Of a finite list: none. */
export const localPool = (feasible: FeasibleSet, around: Float64Array, seed: number): Float64Array[] => {
  if (feasible.list !== undefined) return [];
  const rng = createRng(seedOf(seed, 'local'));
  return Array.from({ length: LOCAL_DRAWS }, () => localDraw(feasible, around, rng));
};

const TRUST_DRAWS = 24; // mixtures that scales are compared over

/** A fixed set of allowed mixtures, spread evenly, over which scales are compared. */
export const trustPool = (sweep: Sweep, feasible: FeasibleSet): Float64Array[] => {
  const rng = createRng(seedOf(sweep.seed, 'trust'));
  return Array.from({ length: TRUST_DRAWS }, () => feasible.sample(rng, 1));
};
