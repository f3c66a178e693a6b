/**
 * Random worlds of saturating mixing laws, for judging methods where the truth is known and no real run is behind it.
 *
 * | name | meaning                                                              | shape | unit |
 * |------|----------------------------------------------------------------------|-------|------|
 * | w, g | shares, and saturating shares                                        | (D)   | 1    |
 * | u    | log size below the target: 0 there, 1 at the smallest size           |       | 1    |
 * | T    | strengths at the target: -1.2 Gamma(1), one own domain 2 less        | (D)   | 1    |
 * | d    | drift of the strengths with size, .8 N(0, 1)                         | (D)   | 1    |
 * | c, A | floor ~ U(1, 2.5) and amplitude ~ U(.5, 1.5)                         |       | nats |
 *
 *     loss = c + A (m / 1e9)^-.12 (z / 20 000)^-.15 (.5 + exp(.6 t . w + .6 t . g / max(1, D / 6))),   t = T + .3 u d
 *
 * In the exponential manner of Ye et al. 2024 (arXiv 2403.16952, equation 1); the constants are ours, of the size that
 * published scaling laws have.
 */
import { drawDirichlet } from '../domain/dirichlet.js';
import type { World } from '../domain/ports.js';
import { createRng, seedOf, type Rng } from '../domain/rng.js';
import { saturate } from './mixing-law.js';
import { deviation, noiseOf } from './noise.js';
import { alignShares, checkTraining } from './training.js';

/** How the smaller half of the sizes ranks mixtures: nearly as the target, by strengths of its own, or the other way round. */
export type SmallScales = 'guide' | 'useless' | 'mislead';

export interface SyntheticLawOptions {
  readonly domains: number;
  readonly seed: number;
  readonly smallScales?: SmallScales;
  /** Standard deviation of the noise as a share of each metric's spread at the target; 0 by default. */
  readonly noise?: number;
}

/** Sizes (parameters) and steps that the laws are meant for; the last of both is the target. */
export const SYNTHETIC_SIZES = [25e6, 50e6, 100e6, 250e6, 500e6, 1e9] as const;
export const SYNTHETIC_STEPS = [2500, 5000, 10_000, 20_000] as const;

const OUTPUTS = 6; // enough for a composite with conflicts
const LEAST = SYNTHETIC_SIZES[0];
const MOST = 1e9; // the target's size
const SMALLER_HALF = Math.sqrt(LEAST * MOST); // three sizes below it, three above
const TARGET_STEPS = 20_000;
const SPREAD_DRAWS = 512; // the spread is then known to 3 %, which is enough for a noise level

interface Law {
  readonly metric: string;
  readonly floor: number;
  readonly amplitude: number;
  readonly strengths: Float64Array;
  /** Strengths of the smaller half of the sizes. */
  readonly smallStrengths: Float64Array;
  readonly drift: Float64Array;
}

const drawStrengths = (rng: Rng, domains: number): Float64Array => {
  const strengths = Float64Array.from({ length: domains }, () => 1.2 * Math.log(1 - rng.uniform()));
  const own = rng.integer(domains);
  strengths[own] = strengths[own]! - 2;
  return strengths;
};

const reflect = (strengths: Float64Array): Float64Array => {
  const mean = strengths.reduce((sum, value) => sum + value, 0) / strengths.length;
  return strengths.map((value) => 2 * mean - value);
};

const drawLaw = (rng: Rng, output: number, domains: number, small: SmallScales): Law => {
  const strengths = drawStrengths(rng, domains);
  const others = drawStrengths(rng, domains); // drawn always, so that the kinds of worlds agree at the target
  const smallStrengths = small === 'guide' ? strengths : small === 'useless' ? others : reflect(strengths);
  return {
    metric: `o${output}`,
    floor: 1 + 1.5 * rng.uniform(),
    amplitude: 0.5 + rng.uniform(),
    strengths,
    smallStrengths,
    drift: Float64Array.from({ length: domains }, () => 0.8 * rng.normal()),
  };
};

const evaluate = (law: Law, shares: ArrayLike<number>, parameters: number, steps: number): number => {
  const domains = law.drift.length;
  const below = Math.log(MOST / parameters) / Math.log(MOST / LEAST);
  const strengths = parameters < SMALLER_HALF ? law.smallStrengths : law.strengths;
  let exponent = 0;
  for (let i = 0; i < domains; i++) {
    const strength = strengths[i]! + 0.3 * below * law.drift[i]!;
    exponent += 0.6 * strength * (shares[i]! + saturate(shares[i]!) / Math.max(1, domains / 6));
  }
  const scale = (parameters / MOST) ** -0.12 * (steps / TARGET_STEPS) ** -0.15;
  return law.floor + law.amplitude * scale * (0.5 + Math.exp(exponent));
};

const spreadOf = (law: Law, seed: number): number => {
  const rng = createRng(seedOf(seed, 'spread'));
  const draws = Array.from({ length: SPREAD_DRAWS }, () => drawDirichlet(rng, law.drift.length, 1));
  return deviation(draws.map((shares) => evaluate(law, shares, MOST, TARGET_STEPS)));
};

/** Names the domains of a synthetic world. */
export const syntheticDomains = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, i) => `domain${i + 1}`);

/**
 * Draws a world of six losses, `o0` to `o5`. Worlds of one seed agree at the target whatever their small scales do. Its
 * `train` throws InputError for a mixture or size that the laws do not hold for.
 */
export const createSyntheticWorld = (options: SyntheticLawOptions): World => {
  const { domains: count, seed, smallScales = 'guide', noise = 0 } = options;
  const rng = createRng(seedOf(seed, 'synthetic-law', count));
  const laws = Array.from({ length: OUTPUTS }, (_, output) => drawLaw(rng, output, count, smallScales));
  const spreads = laws.map((law) => (noise > 0 ? spreadOf(law, seed) : 0));
  const domains = syntheticDomains(count);
  return {
    name: `synthetic-${smallScales}-${count}-${seed}`,
    metrics: laws.map(({ metric }) => metric),
    train: (job) => {
      const shares = alignShares(job.mixture, domains);
      checkTraining(job, { min: LEAST, max: MOST });
      const origin = { seed: job.seed, shares, parameters: job.parameters };
      return job.checkpoints.map((steps) => {
        const metrics = laws.map((law, o) => {
          const truth = evaluate(law, shares, job.parameters, steps);
          return [law.metric, truth + noiseOf(noise * spreads[o]!, origin, law.metric, steps)];
        });
        return { steps, metrics: Object.fromEntries(metrics) };
      });
    },
  };
};
