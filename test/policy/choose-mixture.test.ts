import { describe, expect, it } from 'vitest';
import { feasibleSet } from '../../src/domain/feasible-set.js';
import { mixtureOf } from '../../src/domain/mixture.js';
import type { Observation } from '../../src/domain/observation.js';
import { createRng } from '../../src/domain/rng.js';
import { cautiousScore } from '../../src/policy/choose-mixture.js';
import { formBelief } from '../../src/surrogate/form-belief.js';
import { lossOf, makeSweep } from './sweeps.js';

const sweep = makeSweep();
const feasible = feasibleSet(sweep);

/** One run each of a few mixtures at some scales. */
const observe = (...scales: readonly string[]): Observation[] => {
  const rng = createRng(5);
  const mixtures = Array.from({ length: 5 }, () => mixtureOf(feasible.sample(rng, 1), feasible.domains));
  return scales.flatMap((scale) =>
    mixtures.map((mixture, i): Observation => ({
      trial: `${scale}${i}`,
      mixture,
      scale,
      steps: 1000,
      status: 'completed',
      metrics: { loss: lossOf(mixture, scale) },
    })),
  );
};

/** By how much the score of mixtures exceeds mean and doubt of the lead, in sds of their own. */
const ownDoubts = (observations: readonly Observation[], leadDoubt: number): number[] => {
  const belief = formBelief(sweep, observations, [])!;
  const score = cautiousScore(belief, sweep, feasible, observations);
  const doubt = belief.doubtOfLead(belief.predict([1 / 3, 1 / 3, 1 / 3]));
  const mixtures = [
    [0.7, 0.2, 0.1],
    [0, 0, 1],
    [0.1, 0.8, 0.1],
  ];
  const points = mixtures.map((shares) => belief.predict(shares));
  return points.map((point) => (score(point) - point.mean - leadDoubt * doubt(point)) / point.sd);
};

describe('what a recommendation goes by', () => {
  it('is the mean and the doubt of the lead over the typical mixture while the target has no run', () => {
    for (const own of ownDoubts(observe('S'), 0.35)) expect(own).toBeCloseTo(0, 9);
    for (const own of ownDoubts(observe('S', 'M'), 0.15)) expect(own).toBeCloseTo(0, 9);
  });

  it("also counts each mixture's own doubt once the target's scale was run, so that what is known is not left for little", () => {
    for (const own of ownDoubts(observe('S', 'L'), 0.15)) expect(own).toBeCloseTo(0.3, 9);
    for (const own of ownDoubts(observe('L'), 0.35)) expect(own).toBeCloseTo(0, 9);
  });
});
