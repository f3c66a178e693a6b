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

/** The same of every mixture, to rounding. */
const ownDoubt = (observations: readonly Observation[], leadDoubt: number): number => {
  const [first, ...others] = ownDoubts(observations, leadDoubt);
  for (const other of others) expect(other).toBeCloseTo(first!, 9);
  return first!;
};

describe('what a recommendation goes by', () => {
  it('is mostly the mean and the doubt of the lead over the typical mixture while all mixtures are guesses alike', () => {
    for (const own of [ownDoubt(observe('S'), 0.25), ownDoubt(observe('S', 'M'), 0.15)]) {
      expect(own).toBeGreaterThanOrEqual(-1e-9);
      expect(own).toBeLessThan(0.1);
    }
  });

  it('trusts smaller sizes no more for one run at another, which says nothing of how that ranks mixtures', () => {
    const [run, other] = observe('L');
    expect(ownDoubt([...observe('S'), run!], 0.25)).toBeCloseTo(0, 9);
    expect(ownDoubt([...observe('S'), run!, other!], 0.15)).toBeGreaterThan(0.2);
  });

  it("counts each mixture's own doubt once one is known at the target, so that it is not left for little", () => {
    const [run] = observe('L');
    const own = ownDoubt([...observe('S', 'M'), run!], 0.15);
    expect(own).toBeGreaterThan(0.27);
    expect(own).toBeLessThanOrEqual(0.3);
  });
});
