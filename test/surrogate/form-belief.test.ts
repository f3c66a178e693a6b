import { describe, expect, it } from 'vitest';
import { feasibleSet } from '../../src/domain/feasible-set.js';
import { mixtureOf } from '../../src/domain/mixture.js';
import type { Observation } from '../../src/domain/observation.js';
import { createRng } from '../../src/domain/rng.js';
import { formBelief } from '../../src/surrogate/form-belief.js';
import { lossOf, makeSweep } from '../policy/sweeps.js';

const sweep = makeSweep();
const feasible = feasibleSet(sweep);

const observe = (count: number): Observation[] => {
  const rng = createRng(5);
  return Array.from({ length: count }, (_, i) => {
    const mixture = mixtureOf(feasible.sample(rng, 1), feasible.domains);
    const metrics = { loss: lossOf(mixture, 'S'), other: mixture['code']! ** 2 };
    return { trial: `t${i}`, mixture, scale: 'S', steps: 1000, status: 'completed', metrics };
  });
};

const about = (metric: string) =>
  ({ ...sweep, objective: { direction: 'minimize', weights: { [metric]: 1 } } }) as const;

describe('hyper-parameters', () => {
  const runs = observe(9);

  it("are those of the sweep's own objective for a belief about another, whichever is formed first", () => {
    const first = formBelief(about('other'), runs, [], undefined, sweep)!;
    const own = formBelief(sweep, runs, [])!;
    expect(first.fit.theta).toEqual(own.fit.theta);
    const later = observe(10);
    const ownFirst = formBelief(sweep, later, [])!;
    const second = formBelief(about('other'), later, [], undefined, sweep)!;
    expect(second.fit.theta).toEqual(ownFirst.fit.theta);
    expect(second.fit.theta).not.toEqual(first.fit.theta);
  });

  it('leave the belief about another metric its own values', () => {
    const belief = formBelief(about('other'), runs, [], undefined, sweep)!;
    const shares = [0.1, 0.8, 0.1];
    const near = belief.predictAt([shares], { scale: 'S', steps: 1000 })[0]!;
    expect(Math.abs(near.mean - 0.64)).toBeLessThan(0.1);
    const alone = formBelief(about('other'), runs, [])!.predictAt([shares], { scale: 'S', steps: 1000 })[0]!;
    expect(near.mean).toBeCloseTo(alone.mean, 1);
  });

  it('do not depend on what is pending', () => {
    const pending = [{ mixture: runs[0]!.mixture, scale: 'L', steps: 1000 }];
    expect(formBelief(sweep, runs, pending)!.fit.theta).toEqual(formBelief(sweep, runs, [])!.fit.theta);
  });

  it("are fitted to the other metric itself where no run has reported the sweep's own", () => {
    const silent = runs.map((run) => ({ ...run, metrics: { other: run.metrics['other']! } }));
    expect(formBelief(sweep, silent, [])).toBeNull();
    expect(formBelief(about('other'), silent, [], undefined, sweep)!.fit.theta).toEqual(
      formBelief(about('other'), silent, [])!.fit.theta,
    );
  });
});
