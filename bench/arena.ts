/** What a benchmark plays on: a world with its noise-free self, the sweep over it, and what one of its mixtures is worth. */
import type { Proposal } from '../src/domain/decision.js';
import type { Scale } from '../src/domain/fidelity.js';
import type { Mixture } from '../src/domain/mixture.js';
import { objectiveSign, objectiveValue } from '../src/domain/objective.js';
import type { Observation } from '../src/domain/observation.js';
import type { World } from '../src/domain/ports.js';
import type { Objective, Sweep } from '../src/domain/sweep.js';
import type { Extremes } from '../src/evidence/extremes.js';

/** What a sweep allows, where that is not every mixture. */
export type Allowed = Partial<Pick<Sweep, 'domains' | 'groups' | 'maxEpochs' | 'mixtures' | 'runs'>>;

/** A world, and its noise-free self for scoring. */
export interface Arena {
  readonly noisy: World;
  readonly exact: World;
  readonly domains: readonly string[];
  /** Cheap to costly; the target is the longest run of the last. */
  readonly scales: readonly Scale[];
  /** Cost of one step by scale. */
  readonly perStep: Readonly<Record<string, number>>;
  /** Metrics where more is better. */
  readonly accuracies: readonly string[];
  readonly allowed?: Allowed;
}

/** One question asked of a world. */
export interface Problem {
  readonly name: string;
  /** Problems that are reported together. */
  readonly family: string;
  readonly arena: Arena;
  readonly objective: Objective;
  readonly extremes: Extremes;
  /** The most that a sweep may spend, where the problem is one of little money. */
  readonly budget?: number;
  /** Value at the target, less is better; NaN where the world does not know it. */
  truth(mixture: Mixture): number;
}

const TOKENS_PER_STEP = 524288; // nothing here is charged by tokens
export const scaleName = (parameters: number): string => `${parameters / 1e6}M`;

/** Makes scales of the same steps and tokens a step. */
export const scalesOf = (sizes: readonly number[], steps: readonly number[]): Scale[] =>
  sizes.map((parameters) => ({ name: scaleName(parameters), parameters, tokensPerStep: TOKENS_PER_STEP, steps }));

export const costsOf = (sizes: readonly number[], cost: (parameters: number) => number): Record<string, number> =>
  Object.fromEntries(sizes.map((parameters) => [scaleName(parameters), cost(parameters)]));

/** Cost of a run to the target. */
export const targetCostOf = ({ scales, perStep }: Arena): number => {
  const { name, steps } = scales.at(-1)!;
  return perStep[name]! * steps.at(-1)!;
};

/** Makes the sweep that a policy is run on. */
export const sweepOf = (
  arena: Arena,
  objective: Objective,
  options: { readonly policy: string; readonly budget: number; readonly seed: number; readonly parallel?: number },
): Sweep => ({
  name: 'bench',
  objective,
  domains: Object.fromEntries(arena.domains.map((domain) => [domain, { min: 0, max: 1 }])),
  groups: [],
  ...arena.allowed,
  scales: arena.scales,
  target: { scale: arena.scales.at(-1)!.name, steps: arena.scales.at(-1)!.steps.at(-1)! },
  cost: { kind: 'table', unit: 'units', perStep: arena.perStep },
  budget: options.budget,
  parallel: options.parallel ?? 1,
  policy: { name: options.policy },
  launcher: { kind: 'simulator', world: arena.noisy.name, secondsPerUnit: 0 },
  confirm: 0,
  seed: options.seed,
});

/** Runs a proposal in the world. */
export const observe = (arena: Arena, sweep: Sweep, proposal: Proposal, trial: string): Observation => {
  const { mixture, steps, cost, continues } = proposal;
  const scale = sweep.scales.find(({ name }) => name === proposal.scale)!;
  const checkpoints = scale.steps.filter((count) => count <= steps);
  const { parameters } = scale;
  const curve = arena.noisy.train({ mixture, scale: scale.name, parameters, steps, checkpoints, seed: sweep.seed });
  return {
    trial,
    mixture,
    scale: scale.name,
    steps,
    status: 'completed',
    metrics: curve.at(-1)!.metrics,
    curve,
    cost,
    ...(continues === undefined ? {} : { continues }),
  };
};

/** Returns the function from a mixture to its noise-free value at the target, less is better. */
export const truthOf = (arena: Arena, objective: Objective): ((mixture: Mixture) => number) => {
  const { parameters, name, steps } = arena.scales.at(-1)!;
  const last = steps.at(-1)!;
  const unknown = Object.keys(objective.weights).filter((metric) => !arena.exact.metrics.includes(metric));
  if (unknown.length > 0) throw new Error(`no metric ${unknown.join()}; known are ${arena.exact.metrics.join(', ')}`);
  return (mixture) => {
    const job = { mixture, scale: name, parameters, steps: last, checkpoints: [last], seed: 1 };
    return objectiveSign(objective) * objectiveValue(objective, arena.exact.train(job).at(-1)!.metrics);
  };
};

/** Makes the objective of one metric. */
export const singleOf = (arena: Arena, metric: string): Objective => ({
  direction: arena.accuracies.includes(metric) ? 'maximize' : 'minimize',
  weights: { [metric]: 1 },
});

/** Makes the mean of metrics, each in units of its spread from best to median. */
export const compositeOf = (extremes: ReadonlyMap<string, Extremes>): Objective => ({
  direction: 'minimize',
  weights: Object.fromEntries(
    [...extremes].map(([name, { best, median }]) => [name, 1 / (extremes.size * (median - best))]),
  ),
});

/** (value - best) / (median - best): 0 is the best mixture, 1 a random one. */
export const regretOf = ({ truth, extremes }: Problem, mixture: Mixture): number =>
  (truth(mixture) - extremes.best) / (extremes.median - extremes.best);
