/**
 * Prints seconds per decision (propose with its fit, and recommend) on synthetic observations.
 *
 *   npm run bench:speed [-- --observations 50,200] [--checkpoints 4]
 */
import { parseArgs } from 'node:util';
import { feasibleSet } from '../src/domain/feasible-set.js';
import { mixtureOf, sharesOf, type Mixture } from '../src/domain/mixture.js';
import type { Observation } from '../src/domain/observation.js';
import { createRng } from '../src/domain/rng.js';
import type { Sweep } from '../src/domain/sweep.js';
import { propose } from '../src/policy/propose.js';
import { recommend } from '../src/policy/recommend.js';

const { values: flags } = parseArgs({
  options: {
    observations: { type: 'string', default: '50,200' },
    domains: { type: 'string', default: '6' },
    repeats: { type: 'string', default: '5' },
  },
});

const STEPS = [2500, 5000, 10000, 20000];
const SIZES = [25, 50, 100, 250, 500, 1000];
const domains = Array.from({ length: Number(flags.domains) }, (_, i) => `domain${i + 1}`);

const sweep: Sweep = {
  name: 'speed',
  objective: { direction: 'minimize', weights: { loss: 1 } },
  domains: Object.fromEntries(domains.map((domain) => [domain, { min: 0, max: 1 }])),
  groups: [],
  scales: SIZES.map((size) => ({ name: `${size}M`, parameters: size * 1e6, tokensPerStep: 524288, steps: STEPS })),
  target: { scale: '1000M', steps: 20000 },
  cost: { kind: 'flop' },
  budget: 1e12,
  parallel: 1,
  policy: { name: 'titrate' },
  launcher: { kind: 'simulator', world: 'none', secondsPerUnit: 0 },
  confirm: 0,
  seed: 1,
};

/** A loss that falls with size and steps, with one optimum inside that moves with size, and a little noise. */
const lossAt = (shares: ArrayLike<number>, size: number, steps: number, noise: number): number => {
  const optimum = 0.2 + 0.3 * (Math.log(size / 25) / Math.log(40));
  return 2 + 3 * (size / 25) ** -0.1 * (steps / 2500) ** -0.15 + (shares[0]! - optimum) ** 2 + noise;
};

const observe = (mixture: Mixture, size: number, steps: number, trial: string, noise: number): Observation => {
  const shares = sharesOf(mixture, domains);
  const curve = STEPS.filter((count) => count <= steps).map((count) => {
    const loss = lossAt(shares, size, count, noise);
    return { steps: count, metrics: { loss, other: 2 * loss + shares[1]!, third: loss - 0.3 * shares[2]! } };
  });
  return { trial, mixture, scale: `${size}M`, steps, status: 'completed', metrics: curve.at(-1)!.metrics, curve };
};

/** The opening's runs first, so that a proposal has a belief to form; then random mixtures over all sizes. */
const makeObservations = (count: number): Observation[] => {
  const rng = createRng(count);
  const feasible = feasibleSet(sweep);
  const observations: Observation[] = [];
  while (observations.length < count) {
    const i = observations.length;
    const proposal = propose(sweep, observations, { seed: 1 });
    if (proposal?.explanation.phase !== 'opening') break;
    observations.push(
      observe(proposal.mixture, Number.parseInt(proposal.scale), proposal.steps, `t${i}`, 1e-3 * rng.normal()),
    );
  }
  while (observations.length < count) {
    const i = observations.length;
    const mixture = mixtureOf(feasible.sample(rng, 1), domains);
    observations.push(observe(mixture, SIZES[i % SIZES.length]!, 20000, `t${i}`, 1e-3 * rng.normal()));
  }
  return observations;
};

const medianSeconds = (work: () => void): number => {
  work(); // once unmeasured, for the compiler
  const times = Array.from({ length: Number(flags.repeats) }, () => {
    const start = performance.now();
    work();
    return (performance.now() - start) / 1000;
  });
  return times.sort((a, b) => a - b)[times.length >> 1]!;
};

console.log('observations  rows  propose (s)  recommend (s)');
for (const count of flags.observations.split(',').map(Number)) {
  const observations = makeObservations(count);
  const proposed = medianSeconds(() => propose(sweep, observations, { seed: 1 }));
  const recommended = medianSeconds(() => recommend(sweep, observations, { seed: 1 }));
  const rows = observations.reduce((sum, { curve }) => sum + curve!.length, 0);
  console.log(
    `${String(count).padStart(12)}${String(rows).padStart(6)}${proposed.toFixed(3).padStart(13)}${recommended.toFixed(3).padStart(15)}`,
  );
}
