import { InputError } from '../domain/errors.js';
import type { World } from '../domain/ports.js';
import { evaluateLaw, type MixingLaw } from './mixing-law.js';
import { noiseOf } from './noise.js';
import { alignShares, checkTraining } from './training.js';

/** A world made of mixing laws; the place where a synthetic law becomes a world. */
export interface LawWorldOptions {
  readonly name: string;
  /** In the order of the laws' columns. */
  readonly domains: readonly string[];
  readonly laws: readonly MixingLaw[];
  /** Sizes the laws hold for (parameters). */
  readonly sizes: { readonly min: number; readonly max: number };
  /** Steps the laws hold for. */
  readonly steps: { readonly min: number; readonly max: number };
  /** Standard deviation of the noise as a share of each metric's spread. */
  readonly noise: number;
}

const checkSteps = (checkpoints: readonly number[], { min, max }: LawWorldOptions['steps']): void => {
  const outside = checkpoints.filter((steps) => !(steps >= min && steps <= max));
  if (outside.length === 0) return;
  const problem = { path: 'checkpoints', expected: `steps from ${min} to ${max}`, found: outside.join(', ') };
  throw new InputError('the law does not hold for these steps', [problem], {
    hint: 'see docs/worlds.md for its range',
  });
};

/** Creates a world from mixing laws. Its `train` throws InputError for a mixture, size or steps outside the laws. */
export const createLawWorld = ({ name, domains, laws, sizes, steps: range, noise }: LawWorldOptions): World => ({
  name,
  metrics: laws.map(({ metric }) => metric),
  train: (job) => {
    const shares = alignShares(job.mixture, domains);
    checkTraining(job, sizes);
    checkSteps(job.checkpoints, range);
    const origin = { seed: job.seed, shares, parameters: job.parameters };
    return job.checkpoints.map((steps) => {
      const metrics = laws.map((law) => {
        const truth = evaluateLaw(law, shares, job.parameters, steps);
        return [law.metric, truth + noiseOf(noise * law.spread, origin, law.metric, steps)];
      });
      return { steps, metrics: Object.fromEntries(metrics) };
    });
  },
});
