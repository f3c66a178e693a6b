/**
 * Prints processor seconds per decision on synthetic observations: the recommendation with its fit, the proposal after it (which
 * finds the same belief again), and both.
 *
 *   npm run bench:speed [-- --observations 50,200,1000] [--domains 6] [--repeats 5]
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
    observations: { type: 'string', default: '50,200,1000' },
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

/** Processor time: on a shared machine the clock on the wall measures the neighbours. */
const secondsFor = (work: () => void): number => {
  const start = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1e6;
};

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!;

/** Times decisions, each of a sweep with a seed of its own, so that nothing is remembered from the one before. */
const timesOf = (observations: readonly Observation[]): { recommended: number[]; proposed: number[] } => {
  const recommended: number[] = [];
  const proposed: number[] = [];
  for (let repeat = 0; repeat <= Number(flags.repeats); repeat++) {
    const fresh = { ...sweep, seed: repeat + 1 };
    recommended.push(secondsFor(() => recommend(fresh, observations, { seed: 1 })));
    proposed.push(secondsFor(() => propose(fresh, observations, { seed: 1 })));
  }
  return { recommended: recommended.slice(1), proposed: proposed.slice(1) }; // the first is the compiler's
};

console.log('observations  rows  recommend (s)  propose (s)  both (s)');
for (const count of flags.observations.split(',').map(Number)) {
  const observations = makeObservations(count);
  const { recommended, proposed } = timesOf(observations);
  const both = median(recommended.map((seconds, i) => seconds + proposed[i]!));
  const rows = observations.reduce((sum, { curve }) => sum + curve!.length, 0);
  console.log(
    `${String(count).padStart(12)}${String(rows).padStart(6)}${median(recommended).toFixed(3).padStart(15)}` +
      `${median(proposed).toFixed(3).padStart(13)}${both.toFixed(3).padStart(10)}`,
  );
}
