/**
 * Random worlds for judging only: no setting of any policy was chosen on them, and none may be. Their optimum has a closed form
 * (`optimum`), so that what the benchmark calls the best can be checked.
 *
 * | name    | meaning                                                             | shape   | unit |
 * |---------|---------------------------------------------------------------------|---------|------|
 * | r       | shares                                                              | (D)     | 1    |
 * | m, z    | parameters, and steps                                               |         |      |
 * | u       | log size below the target: 0 there, 1 at the smallest size          |         | 1    |
 * | W       | what each output takes of each domain's loss, Dirichlet(.7)         | (O × D) | 1    |
 *
 * The constants are ours, of the size that published fits have.
 */
import { drawDirichlet } from '../src/domain/dirichlet.js';
import type { World } from '../src/domain/ports.js';
import { createRng, seedOf, type Rng } from '../src/domain/rng.js';
import { deviation, noiseOf } from '../src/simulators/noise.js';
import { SYNTHETIC_SIZES, SYNTHETIC_STEPS, syntheticDomains } from '../src/simulators/synthetic-law.js';
import { alignShares, checkTraining } from '../src/simulators/training.js';

/** Several outputs as functions of mixture, size and steps. */
export interface Outputs {
  readonly count: number;
  /** Values `(O)` for shares `(D)`, parameters (count) and steps (count). */
  evaluate(shares: ArrayLike<number>, parameters: number, steps: number): number[];
  /** The shares `(D)` of least value of an output at a size and steps. */
  optimum(output: number, parameters: number, steps: number): number[];
}

const OUTPUTS = 6; // as the other synthetic worlds have
const TARGET_SIZE = SYNTHETIC_SIZES.at(-1)!;
const TARGET_STEPS = SYNTHETIC_STEPS.at(-1)!;
const SIZE_POWER = -0.08; // of all losses in the size
const TASTES = 0.7; // of the Dirichlet that outputs take domains by: a few count, none alone

const belowTarget = (parameters: number): number =>
  Math.log(TARGET_SIZE / parameters) / Math.log(TARGET_SIZE / SYNTHETIC_SIZES[0]);

const between = (rng: Rng, low: number, high: number): number => low + (high - low) * rng.uniform();

const listOf = (count: number, draw: () => number): number[] => Array.from({ length: count }, draw);

const tastesOf = (rng: Rng, domains: number): number[][] =>
  Array.from({ length: OUTPUTS }, () => Array.from(drawDirichlet(rng, domains, TASTES)));

/** Finds lambda such that shares that fall with it sum to 1, by bisection on its logarithm. */
const sharesAt = (sharesFor: (lambda: number) => number[]): number[] => {
  let [low, high] = [-60, 60]; // of ln lambda: beyond any slope there is
  for (let i = 0; i < 200; i++) {
    const middle = (low + high) / 2;
    const sum = sharesFor(Math.exp(middle)).reduce((a, b) => a + b, 0);
    if (sum > 1) low = middle;
    else high = middle;
  }
  return sharesFor(Math.exp((low + high) / 2));
};

const LEAK = 0.005; // a domain that is left out is learnt a little from the others: losses stay finite at faces

/**
 * BiMix (arXiv 2405.14908, equation 3), with exponents that drift with size:
 *
 *     loss_i = A_i (r_i + leak)^-alpha_i(m) (B_i z^-beta_i + C_i) m^-.08,   alpha_i(m) = alpha_i exp(gamma_i u)
 *
 * Differs from the paper: the leak, the drift, and z in units of the target's steps.
 */
export const bimixOutputs = (domains: number, seed: number): Outputs => {
  const rng = createRng(seedOf(seed, 'bimix', domains));
  const scale = listOf(domains, () => between(rng, 0.7, 1.3));
  const alpha = listOf(domains, () => between(rng, 0.05, 0.25));
  const drift = listOf(domains, () => 0.6 * rng.normal());
  const beta = listOf(domains, () => between(rng, 0.1, 0.5));
  const rest = listOf(domains, () => between(rng, 0.3, 1));
  const floor = listOf(domains, () => between(rng, 1, 2));
  const tastes = tastesOf(rng, domains);
  const alphaAt = (i: number, parameters: number): number => alpha[i]! * Math.exp(drift[i]! * belowTarget(parameters));
  const levelAt = (i: number, parameters: number, steps: number): number =>
    scale[i]! * (rest[i]! * (steps / TARGET_STEPS) ** -beta[i]! + floor[i]!) * (parameters / TARGET_SIZE) ** SIZE_POWER;
  return {
    count: OUTPUTS,
    evaluate: (shares, parameters, steps) => {
      const losses = scale.map(
        (_, i) => levelAt(i, parameters, steps) * (shares[i]! + LEAK) ** -alphaAt(i, parameters),
      );
      return tastes.map((taste) => taste.reduce((sum, weight, i) => sum + weight * losses[i]!, 0));
    },
    // Slopes of all shares above 0 are equal: weight alpha level (r + leak)^(-alpha - 1) = lambda.
    optimum: (output, parameters, steps) =>
      sharesAt((lambda) =>
        scale.map((_, i) => {
          const power = alphaAt(i, parameters);
          const steep = tastes[output]![i]! * power * levelAt(i, parameters, steps);
          return Math.max(0, (steep / lambda) ** (1 / (power + 1)) - LEAK);
        }),
      ),
  };
};

/** Tokens of a run in units of a target run's: larger models see more tokens a step, as teams train them. */
export const autoscaleTokens = (parameters: number, steps: number): number =>
  Math.sqrt(parameters / TARGET_SIZE) * (steps / TARGET_STEPS);

/**
 * Losses of token counts with saturation, whose optimum moves far with the tokens (arXiv 2407.20177, equation 4):
 *
 *     loss_i = k_i (n_i + a_i)^-b_i m^-.08 + c_i,   n_i = r_i tokens
 *
 * With few tokens what is steep counts, with many what saturates last.
 */
export const autoscaleOutputs = (domains: number, seed: number): Outputs => {
  const rng = createRng(seedOf(seed, 'autoscale', domains));
  const power = listOf(domains, () => between(rng, 0.1, 0.9));
  const known = listOf(domains, () => Math.exp(between(rng, Math.log(0.002), Math.log(0.1))));
  const weight = power.map((b, i) => between(rng, 0.5, 1.5) * (1 / domains + known[i]!) ** b); // of order 1 at even shares
  const floor = listOf(domains, () => between(rng, 1, 2));
  const tastes = tastesOf(rng, domains);
  const bySize = (parameters: number): number => (parameters / TARGET_SIZE) ** SIZE_POWER;
  return {
    count: OUTPUTS,
    evaluate: (shares, parameters, steps) => {
      const tokens = autoscaleTokens(parameters, steps);
      const losses = power.map(
        (b, i) => weight[i]! * (shares[i]! * tokens + known[i]!) ** -b * bySize(parameters) + floor[i]!,
      );
      return tastes.map((taste) => taste.reduce((sum, part, i) => sum + part * losses[i]!, 0));
    },
    optimum: (output, parameters, steps) => {
      const tokens = autoscaleTokens(parameters, steps);
      return sharesAt((lambda) =>
        power.map((b, i) => {
          const steep = tastes[output]![i]! * weight[i]! * b * bySize(parameters);
          return Math.max(0, (steep / lambda) ** (1 / (b + 1)) - known[i]!) / tokens;
        }),
      );
    },
  };
};

const DRIFT_OF_OPTIMUM = 0.5; // part of the way to another mixture at the smallest size and fewest steps
const STEPS_PART = 0.3; // of that, what the steps are to blame for
const CURVATURE = 0.3; // of every direction, besides what is random

/**
 * Quadratic in square roots of shares, with interactions, its optimum inside and drifting with size and steps:
 *
 *     loss_o = c + A (m / 1e9)^-.1 (z / 20 000)^-.12 (.5 + (q - p)' H (q - p)),   q = sqrt(r),   p = sqrt(best mixture at m, z)
 */
export const quadraticOutputs = (domains: number, seed: number): Outputs => {
  const rng = createRng(seedOf(seed, 'quadratic', domains));
  const laws = Array.from({ length: OUTPUTS }, () => ({
    floor: between(rng, 1, 2.5),
    amplitude: between(rng, 0.5, 1.5),
    best: Array.from(drawDirichlet(rng, domains, 1.5)),
    other: Array.from(drawDirichlet(rng, domains, 1.5)),
    factor: Array.from({ length: domains }, () => listOf(domains, () => rng.normal() / Math.sqrt(domains))),
  }));
  const bestAt = (output: number, parameters: number, steps: number): number[] => {
    const { best, other } = laws[output]!;
    const few = Math.log(TARGET_STEPS / steps) / Math.log(TARGET_STEPS / SYNTHETIC_STEPS[0]);
    const t = DRIFT_OF_OPTIMUM * ((1 - STEPS_PART) * belowTarget(parameters) + STEPS_PART * few);
    return best.map((share, i) => (1 - t) * share + t * other[i]!);
  };
  return {
    count: OUTPUTS,
    evaluate: (shares, parameters, steps) =>
      laws.map(({ floor, amplitude, factor }, o) => {
        const gap = bestAt(o, parameters, steps).map((best, i) => Math.sqrt(shares[i]!) - Math.sqrt(best));
        const plain = gap.reduce((sum, d) => sum + d * d, 0);
        const mixed = factor.reduce((sum, row) => sum + row.reduce((dot, f, i) => dot + f * gap[i]!, 0) ** 2, 0);
        const scale = (parameters / TARGET_SIZE) ** -0.1 * (steps / TARGET_STEPS) ** -0.12;
        return floor + amplitude * scale * (0.5 + CURVATURE * plain + mixed);
      }),
    optimum: bestAt,
  };
};

const SPREAD_DRAWS = 512; // the spread is then known to 3 %, which is enough for a noise level

const spreadsOf = (outputs: Outputs, domains: number): number[] => {
  const rng = createRng(seedOf('spread'));
  const values = Array.from({ length: SPREAD_DRAWS }, () =>
    outputs.evaluate(drawDirichlet(rng, domains, 1), TARGET_SIZE, TARGET_STEPS),
  );
  return Array.from({ length: outputs.count }, (_, o) => deviation(values.map((row) => row[o]!)));
};

/** Makes a world of outputs, `o0` to `o5`; `noise` is a share of each one's spread at the target. */
export const worldOf = (name: string, domainCount: number, outputs: Outputs, noise: number): World => {
  const domains = syntheticDomains(domainCount);
  const spreads = noise > 0 ? spreadsOf(outputs, domainCount) : [];
  const metrics = Array.from({ length: outputs.count }, (_, o) => `o${o}`);
  return {
    name,
    metrics,
    train: (job) => {
      const { seed, parameters } = job;
      const shares = alignShares(job.mixture, domains);
      checkTraining(job, { min: SYNTHETIC_SIZES[0], max: TARGET_SIZE });
      const origin = { seed, shares, parameters };
      return job.checkpoints.map((steps) => {
        const values = outputs.evaluate(shares, parameters, steps);
        return {
          steps,
          metrics: Object.fromEntries(
            metrics.map((metric, o) => [
              metric,
              values[o]! + noiseOf(noise * (spreads[o] ?? 0), origin, metric, steps),
            ]),
          ),
        };
      });
    },
  };
};
