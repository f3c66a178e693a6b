import { costOf } from '../../src/domain/cost.js';
import type { Proposal } from '../../src/domain/decision.js';
import { feasibleSet, type FeasibleSet } from '../../src/domain/feasible-set.js';
import type { Fidelity } from '../../src/domain/fidelity.js';
import { mixtureOf, sharesOf, type Mixture } from '../../src/domain/mixture.js';
import type { Observation } from '../../src/domain/observation.js';
import { createRng, type Rng } from '../../src/domain/rng.js';
import type { Domain, Sweep } from '../../src/domain/sweep.js';
import { makeSweep } from './sweeps.js';

/** Domains d0, d1, ... with these limits. */
const domainsOf = (limits: readonly Partial<Domain>[]): Sweep['domains'] =>
  Object.fromEntries(limits.map((limit, i) => [`d${i}`, { min: 0, max: 1, ...limit }]));

const free = (count: number): Partial<Domain>[] => Array.from({ length: count }, () => ({}));

const listed = Array.from({ length: 12 }, (_, i): Mixture => {
  const shares = feasibleSet(makeSweep({ domains: domainsOf(free(3)) })).sample(createRng(50 + i), 1);
  return { d0: shares[0]!, d1: shares[1]!, d2: shares[2]! };
});

/** What may be allowed, one of each kind; a run to the target takes 1e8 tokens. */
export const ALLOWED: Readonly<Record<string, Partial<Sweep>>> = {
  simplex: { domains: domainsOf(free(3)) },
  bounds: { domains: domainsOf([{ min: 0.1, max: 0.5 }, { max: 0.3 }, { min: 0.05 }, {}]) },
  groups: {
    domains: domainsOf(free(4)),
    groups: [
      { domains: ['d0', 'd1'], min: 0.2, max: 0.6 },
      { domains: ['d1', 'd2'], min: 0, max: 0.5 },
    ],
  },
  'fixed shares': { domains: domainsOf([{ min: 0.3, max: 0.3 }, { min: 0.2, max: 0.2 }, {}, {}]) },
  'nothing free': {
    domains: domainsOf([
      { min: 0.3, max: 0.3 },
      { min: 0.7, max: 0.7 },
    ]),
  },
  'epoch caps': { domains: domainsOf([{ tokens: 5e8 }, { tokens: 1e7 }, { tokens: 2e7 }]), maxEpochs: 2 },
  list: { domains: domainsOf(free(3)), mixtures: listed },
  'list with runs': {
    domains: domainsOf(free(3)),
    mixtures: listed,
    runs: listed.flatMap((_, mixture) =>
      ['S', 'M', 'L']
        .filter((_scale, k) => mixture % 3 === k || mixture % 2 === 0)
        .map((scale) => ({ mixture, scale, steps: 1000 })),
    ),
  },
  'two domains': { domains: domainsOf(free(2)) },
  'thirty domains': { domains: domainsOf(free(30)) },
};

const scale = (name: string, parameters: number, steps: readonly number[]) => ({
  name,
  parameters,
  tokensPerStep: 1e5,
  steps,
});

const EVERY = [100, 300, 1000];

/** What there may be to run; the target is always L for 1000 steps, at a cost of 100. */
export const LADDERS: Readonly<Record<string, Partial<Sweep>>> = {
  'three scales': {},
  'two scales': { scales: [scale('S', 10e6, EVERY), scale('L', 250e6, EVERY)] },
  'one scale': { scales: [scale('L', 250e6, EVERY)] },
  'one run length': { scales: [scale('L', 250e6, [1000])] },
};

const LAST_COSTS = 0.2; // loss per share of the last domain, which no good mixture has

/** Where the optimum is: most of the first domains, none of the last; drifts with scale. */
const wantedShares = (count: number): number[] => {
  const weights = Array.from({ length: count }, (_, i) => (i < count - 1 ? 0.6 ** i : 0));
  const total = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / total);
};

/** A smooth loss: a bowl around the wanted shares, a trend towards none of the last domain, and power laws of size and steps. */
const bowlLoss = (mixture: Mixture, { scale: name, steps }: Fidelity): number => {
  const shares = sharesOf(mixture, Object.keys(mixture));
  const wanted = wantedShares(shares.length);
  const drift = { S: 0.1, M: 0.05 }[name] ?? 0;
  const bowl = shares.reduce((sum, share, i) => sum + (share - wanted[i]! + (i === 0 ? drift : 0)) ** 2, 0);
  const size = { S: 10, M: 50 }[name] ?? 250;
  return 1 + 2 * size ** -0.2 + 3 * steps ** -0.3 + bowl + LAST_COSTS * shares.at(-1)!;
};

/** Makes a run that ends as planned, with its curve. */
export const ranAs = (
  sweep: Sweep,
  run: Pick<Proposal, 'mixture' | 'scale' | 'steps' | 'cost' | 'continues'>,
  trial: string,
): Observation => {
  const { mixture, scale: name, steps, cost, continues } = run;
  const grid = sweep.scales.find((candidate) => candidate.name === name)!.steps.filter((count) => count <= steps);
  const ended = sweep.runs === undefined ? grid : [steps];
  const curve = ended.map((count) => ({
    steps: count,
    metrics: { loss: bowlLoss(mixture, { scale: name, steps: count }) },
  }));
  const base = { trial, mixture, scale: name, steps, status: 'completed' as const, cost };
  return { ...base, metrics: curve.at(-1)!.metrics, curve, ...(continues === undefined ? {} : { continues }) };
};

/** The best mixture at the target: there the loss is the squared distance to one point, but for a constant. */
export const bestAtTarget = (feasible: FeasibleSet): Float64Array => {
  const wanted = wantedShares(feasible.domains.length);
  return feasible.project(wanted.map((share, i) => (i === wanted.length - 1 ? share - LAST_COSTS / 2 : share)));
};

/** Every run that the sweep lists or, where any can be made, one of a random mixture at a random fidelity. */
const drawRun = (sweep: Sweep, feasible: FeasibleSet, rng: Rng): Fidelity & { mixture: Mixture } => {
  const { runs = [], mixtures = [], scales } = sweep;
  const known = runs.filter((run) => scales.some(({ name }) => name === run.scale));
  if (known.length > 0) {
    const { mixture, scale: name, steps } = known[rng.integer(known.length)]!;
    return { mixture: mixtures[mixture]!, scale: name, steps };
  }
  const { name, steps } = scales[rng.integer(scales.length)]!;
  const mixture = mixtureOf(feasible.sample(rng, 1), feasible.domains);
  return { mixture, scale: name, steps: steps[rng.integer(steps.length)]! };
};

/** Some runs within the budget that nobody proposed, none twice. */
export const earlierRuns = (sweep: Sweep, feasible: FeasibleSet, count: number, seed: number): Observation[] => {
  const rng = createRng(seed);
  const made = new Map<string, Observation>();
  let left = sweep.budget;
  for (let i = 0; i < count; i++) {
    const run = drawRun(sweep, feasible, rng);
    const cost = costOf(sweep, run);
    const key = `${run.scale} ${Object.values(run.mixture).join()}`;
    if (cost > left || made.has(key)) continue;
    left -= cost;
    made.set(key, ranAs(sweep, { ...run, cost }, `e${i}`));
  }
  return [...made.values()];
};
