import { createRng, seedOf } from '../domain/rng.js';

/** What a noise draw belongs to: the same origin always gives the same draw. */
export interface NoiseOrigin {
  readonly seed: number;
  /** Shares in the world's own order `(D)`. */
  readonly shares: readonly number[];
  readonly parameters: number;
}

const RUN_PART = Math.SQRT1_2; // half of the variance belongs to the whole run, so checkpoints of one run go together

/**
 * Returns a standard normal draw for one metric at one checkpoint of one run. Two checkpoints of one run correlate at
 * 0.5: neighbouring checkpoints are not independent evidence.
 */
const drawNoise = (origin: NoiseOrigin, metric: string, steps: number): number => {
  const run = [origin.seed, origin.shares.map((share) => share.toFixed(6)).join(','), origin.parameters, metric];
  return RUN_PART * (createRng(seedOf(...run)).normal() + createRng(seedOf(...run, steps)).normal());
};

/** Returns the noise of one metric at one checkpoint of one run, `deviation` being its standard deviation; free where that is 0. */
export const noiseOf = (deviation: number, origin: NoiseOrigin, metric: string, steps: number): number =>
  deviation === 0 ? 0 : deviation * drawNoise(origin, metric, steps);

/** Returns the standard deviation of a sample. */
export const deviation = (values: readonly number[]): number => {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
};
