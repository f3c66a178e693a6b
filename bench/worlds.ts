/** Worlds with known truth as problems for the benchmarks: sweeps over a world, and the regret of a mixture in it. */
import { existsSync, readFileSync } from 'node:fs';
import { feasibleSet } from '../src/domain/feasible-set.js';
import { mixtureOf, type Mixture } from '../src/domain/mixture.js';
import type { Observation } from '../src/domain/observation.js';
import type { World } from '../src/domain/ports.js';
import type { Proposal } from '../src/domain/decision.js';
import { createRng } from '../src/domain/rng.js';
import type { Objective, Sweep } from '../src/domain/sweep.js';
import { createEmulatorWorld } from '../src/simulators/emulator.js';
import { objectiveSign, objectiveValue } from '../src/surrogate/objective-value.js';

const STEPS = [2000, 6000, 12000, 19600];
/** Cost of 100 steps by millions of parameters, in units of 100 steps at 1B (the emulator's own table). */
const UNIT_COSTS = { 20: 0.01296, 60: 0.03232, 150: 0.07484, 300: 0.1477, 500: 0.2166, 700: 0.2983, 1000: 1 };

/** A world, and its noise-free self for scoring. */
export interface Arena {
  readonly noisy: World;
  readonly exact: World;
  readonly domains: readonly string[];
  readonly sizes: readonly { readonly parameters: number; readonly costPerStep: number }[];
  /** Metrics where more is better. */
  readonly accuracies: readonly string[];
}

/** One question asked of a world. */
export interface Problem {
  readonly name: string;
  readonly objective: Objective;
  readonly isComposite: boolean;
  /** (value - best) / (median - best) over Dirichlet(1) mixtures at the target. */
  regret(mixture: Mixture): number;
}

/** Opens the built-in world, or an emulator file. */
export const openArena = async (world: string, noise: number): Promise<Arena> => {
  if (world === 'slimpajama') {
    const { createSlimpajamaWorld, SLIMPAJAMA_DOMAINS } = await import('../src/simulators/slimpajama-law.js');
    return {
      noisy: createSlimpajamaWorld({ noise }),
      exact: createSlimpajamaWorld({ noise: 0 }),
      domains: SLIMPAJAMA_DOMAINS,
      sizes: Object.entries(UNIT_COSTS).map(([millions, cost]) => ({
        parameters: Number(millions) * 1e6,
        costPerStep: cost / 100,
      })),
      accuracies: createSlimpajamaWorld().metrics.filter((metric) => !/ce$|loss$/.test(metric)),
    };
  }
  if (!existsSync(world)) throw new Error(`no emulator file at ${world}; give --world slimpajama or the path of one`);
  const json: unknown = JSON.parse(readFileSync(world, 'utf8'));
  const exact = createEmulatorWorld(json);
  const { emulator } = exact;
  return {
    noisy: createEmulatorWorld(json, { noise }),
    exact,
    domains: emulator.domains,
    sizes: emulator.sizes.map((parameters) => ({ parameters, costPerStep: emulator.costPerStep(parameters) })),
    accuracies: emulator.outputs.filter(({ direction }) => direction === 'maximize').map(({ name }) => name),
  };
};

const scaleName = (parameters: number): string => `${parameters / 1e6}M`;

/** Makes the sweep that a policy is run on. */
export const sweepOf = (arena: Arena, objective: Objective, policy: string, budget: number, seed: number): Sweep => ({
  name: 'bench',
  objective,
  domains: Object.fromEntries(arena.domains.map((domain) => [domain, { min: 0, max: 1 }])),
  groups: [],
  scales: arena.sizes.map(({ parameters }) => ({
    name: scaleName(parameters),
    parameters,
    tokensPerStep: 524288,
    steps: STEPS,
  })),
  target: { scale: scaleName(arena.sizes.at(-1)!.parameters), steps: STEPS.at(-1)! },
  cost: {
    kind: 'table',
    unit: 'units',
    perStep: Object.fromEntries(arena.sizes.map(({ parameters, costPerStep }) => [scaleName(parameters), costPerStep])),
  },
  budget,
  parallel: 1,
  policy: { name: policy },
  launcher: { kind: 'simulator', world: arena.noisy.name, secondsPerUnit: 0 },
  confirm: 0,
  seed,
});

/** Runs a proposal in the world. */
export const observe = (arena: Arena, sweep: Sweep, proposal: Proposal, trial: string): Observation => {
  const scale = sweep.scales.find(({ name }) => name === proposal.scale)!;
  const checkpoints = scale.steps.filter((steps) => steps <= proposal.steps);
  const { mixture, steps, cost, continues } = proposal;
  const curve = arena.noisy.train({
    mixture,
    scale: scale.name,
    parameters: scale.parameters,
    steps,
    checkpoints,
    seed: sweep.seed,
  });
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

const DRAWS = 1000; // the median is then known to a hundredth

/** Value at the target (less is better) of a mixture. */
const truthOf = (arena: Arena, objective: Objective): ((mixture: Mixture) => number) => {
  const sweep = sweepOf(arena, objective, 'random', 1, 1);
  const { parameters, name } = sweep.scales.at(-1)!;
  const { steps } = sweep.target;
  return (mixture) => {
    const job = { mixture, scale: name, parameters, steps, checkpoints: [steps], seed: 1 };
    return objectiveSign(objective) * objectiveValue(objective, arena.exact.train(job).at(-1)!.metrics);
  };
};

/** Finds the best and the median value over the simplex: many draws, the best of them and the corners polished. */
const extremesOf = (arena: Arena, objective: Objective): { best: number; median: number } => {
  const value = truthOf(arena, objective);
  const feasible = feasibleSet(sweepOf(arena, objective, 'random', 1, 1));
  const rng = createRng(1);
  const at = (shares: ArrayLike<number>): number => value(mixtureOf(shares, arena.domains));
  const drawn = Array.from({ length: DRAWS }, () => feasible.sample(rng, 1)).map((shares) => ({
    shares,
    y: at(shares),
  }));
  drawn.sort((a, b) => a.y - b.y);
  const corners = feasible.extremePoints(arena.domains.length).map((shares) => ({ shares, y: at(shares) }));
  let best = Infinity;
  for (const start of [...drawn.slice(0, 3), ...corners]) {
    let { shares, y } = start;
    for (let step = 0.1; step > 1e-4;) {
      let improved = false;
      for (let from = 0; from < shares.length; from++) {
        for (let to = 0; to < shares.length; to++) {
          const t = Math.min(step, shares[from]!);
          if (from === to || t === 0) continue;
          const moved = shares.slice();
          moved[from] = moved[from]! - t;
          moved[to] = moved[to]! + t;
          const candidate = at(moved);
          if (candidate < y) [shares, y, improved] = [moved, candidate, true];
        }
      }
      if (!improved) step /= 2;
    }
    best = Math.min(best, y);
  }
  return { best, median: drawn[DRAWS >> 1]!.y };
};

const problemOf = (arena: Arena, name: string, objective: Objective, isComposite: boolean): Problem => {
  const { best, median } = extremesOf(arena, objective);
  const value = truthOf(arena, objective);
  return { name, objective, isComposite, regret: (mixture) => (value(mixture) - best) / (median - best) };
};

/** Lists a world's problems, or those named: each validation metric alone, and two composites of normalised losses. */
export const problemsOf = (arena: Arena, wanted?: readonly string[]): Problem[] => {
  const metrics = arena.exact.metrics.filter((name) => !name.startsWith('train'));
  const single = (name: string): Objective => ({
    direction: arena.accuracies.includes(name) ? 'maximize' : 'minimize',
    weights: { [name]: 1 },
  });
  const losses = metrics.filter((name) => !arena.accuracies.includes(name));
  const own = losses.filter((name) => arena.domains.some((domain) => name.startsWith(domain)));
  const composite = (names: readonly string[]): Objective => ({
    direction: 'minimize',
    weights: Object.fromEntries(
      names.map((name) => {
        const { best, median } = extremesOf(arena, single(name));
        return [name, 1 / (names.length * (median - best))];
      }),
    ),
  });
  const isWanted = (name: string): boolean => wanted === undefined || wanted.includes(name);
  return [
    ...metrics.filter(isWanted).map((name) => problemOf(arena, name, single(name), false)),
    ...(isWanted('mean-ce') ? [problemOf(arena, 'mean-ce', composite(losses), true)] : []),
    ...(isWanted('mean-domain') ? [problemOf(arena, 'mean-domain', composite(own), true)] : []),
  ];
};
