import { describe, expect, it } from 'vitest';
import { feasibleSet } from '../../src/domain/feasible-set.js';
import { mixtureOf } from '../../src/domain/mixture.js';
import type { Metrics, Observation } from '../../src/domain/observation.js';
import { createRng } from '../../src/domain/rng.js';
import { formBelief } from '../../src/surrogate/form-belief.js';
import { lossOf, makeSweep } from '../policy/sweeps.js';

const sweep = makeSweep();
const feasible = feasibleSet(sweep);

/** What is reported beside the loss, of a mixture at a step of a scale; `chance` is normal, the same for all of a run or drawn anew. */
type Beside = (at: {
  readonly mixture: Readonly<Record<string, number>>;
  readonly steps: number;
  readonly size: number;
  readonly ofRun: number;
  readonly chance: () => number;
}) => Metrics;

const observe = (beside: Beside): Observation[] => {
  const mixtures = createRng(7);
  const chances = createRng(8);
  return Array.from({ length: 14 }, (_, i): Observation => {
    const mixture = mixtureOf(feasible.sample(mixtures, 1), feasible.domains);
    const [scale, size] = i < 9 ? ['S', 1] : ['M', 10];
    const ofRun = chances.normal();
    const curve = [300, 1000].map((steps) => {
      const loss = lossOf(mixture, scale) + 1 / steps;
      return { steps, metrics: { loss, ...beside({ mixture, steps, size, ofRun, chance: () => chances.normal() }) } };
    });
    return { trial: `t${i}`, mixture, scale, steps: 1000, status: 'completed', metrics: curve[1]!.metrics, curve };
  });
};

const thetaWith = (beside: Beside) => Array.from(formBelief(sweep, observe(beside), [])!.fit.theta);
const alone = thetaWith(() => ({}));

describe('metrics beside the objective', () => {
  it.each<[string, Beside]>([
    ['a learning rate', ({ steps }) => ({ lr: 3e-4 * (1 - steps / 2000) })],
    ['throughput, unlike at every checkpoint', ({ size, chance }) => ({ tps: (1e5 / size) * (1 + 0.03 * chance()) })],
    ['throughput of slow and fast machines', ({ size, ofRun }) => ({ tps: (1e5 / size) * (1 + 0.03 * ofRun) })],
    ['a norm of gradients', ({ chance }) => ({ norm: Math.exp(0.3 * chance()) })],
  ])('teach nothing when mixtures hardly move them: %s', (_, beside) => {
    expect(thetaWith(beside)).toEqual(alone);
  });

  it('teach what they share with those when mixtures move them', () => {
    const theta = thetaWith(({ mixture, steps }) => ({ other: (mixture['code']! - 0.2) ** 2 + 2 / steps }));
    expect(theta).not.toEqual(alone);
  });
});
