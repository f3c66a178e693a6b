/** Worlds with known truth as problems for the benchmarks: sweeps over a world, and the regret of a mixture in it. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Proposal } from '../src/domain/decision.js';
import { feasibleSet } from '../src/domain/feasible-set.js';
import type { Scale } from '../src/domain/fidelity.js';
import { mixtureOf, type Mixture } from '../src/domain/mixture.js';
import { objectiveSign, objectiveValue } from '../src/domain/objective.js';
import type { Observation } from '../src/domain/observation.js';
import type { World } from '../src/domain/ports.js';
import { createRng } from '../src/domain/rng.js';
import type { Objective, Sweep } from '../src/domain/sweep.js';
import { createEmulatorWorld } from '../src/simulators/emulator.js';
import { createSlimpajamaWorld, SLIMPAJAMA_DOMAINS } from '../src/simulators/slimpajama-law.js';
import {
  createSyntheticWorld,
  syntheticDomains,
  SYNTHETIC_SIZES,
  SYNTHETIC_STEPS,
  type SmallScales,
} from '../src/simulators/synthetic-law.js';

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
}

/** The value of the best mixture at the target, and the median over Dirichlet(1) mixtures (less is better). */
export interface Extremes {
  readonly best: number;
  readonly median: number;
}

/** One question asked of a world. */
export interface Problem {
  readonly name: string;
  readonly family: string;
  readonly isComposite: boolean;
  readonly arena: Arena;
  readonly objective: Objective;
  readonly extremes: Extremes;
  /** Value at the target, less is better. */
  truth(mixture: Mixture): number;
}

const EMULATOR_STEPS = [2000, 6000, 12000, 19600];
const TOKENS_PER_STEP = 524288; // nothing here is charged by tokens
const scaleName = (parameters: number): string => `${parameters / 1e6}M`;

const scalesOf = (sizes: readonly number[], steps: readonly number[]): Scale[] =>
  sizes.map((parameters) => ({ name: scaleName(parameters), parameters, tokensPerStep: TOKENS_PER_STEP, steps }));

const costsOf = (sizes: readonly number[], cost: (parameters: number) => number): Record<string, number> =>
  Object.fromEntries(sizes.map((parameters) => [scaleName(parameters), cost(parameters)]));

const readJson = (folder: string | undefined, ...path: string[]): unknown => {
  if (folder === undefined) throw new Error('this problem needs --reference DIR, the folder of reference data');
  const file = join(folder, ...path);
  if (!existsSync(file)) throw new Error(`no file at ${file}; --reference must name the folder of reference data`);
  return JSON.parse(readFileSync(file, 'utf8'));
};

const referenceArena = (reference: string | undefined, noise: number): Arena => {
  const json = readJson(reference, 'slimpajama-simulator', 'mlp.json');
  const exact = createEmulatorWorld(json);
  const { emulator } = exact;
  return {
    noisy: createEmulatorWorld(json, { noise }),
    exact,
    domains: emulator.domains,
    scales: scalesOf(emulator.sizes, EMULATOR_STEPS),
    perStep: costsOf(emulator.sizes, (parameters) => emulator.costPerStep(parameters)),
    accuracies: emulator.outputs.filter(({ direction }) => direction === 'maximize').map(({ name }) => name),
  };
};

/** Cost of 100 steps by millions of parameters, in units of 100 steps at 1B: FLOP as the built-in world's sizes have them. */
const BUILT_IN_SIZES = [20e6, 60e6, 150e6, 300e6, 500e6, 700e6, 1e9];

const builtInArena = (noise: number): Arena => ({
  noisy: createSlimpajamaWorld({ noise }),
  exact: createSlimpajamaWorld({ noise: 0 }),
  domains: SLIMPAJAMA_DOMAINS,
  scales: scalesOf(BUILT_IN_SIZES, EMULATOR_STEPS),
  perStep: costsOf(BUILT_IN_SIZES, (parameters) => parameters / 1e11),
  accuracies: createSlimpajamaWorld().metrics.filter((metric) => !/ce$|loss$/.test(metric)),
});

const syntheticArena = (domains: number, smallScales: SmallScales, seed: number, noise: number): Arena => ({
  noisy: createSyntheticWorld({ domains, seed, smallScales, noise }),
  exact: createSyntheticWorld({ domains, seed, smallScales }),
  domains: syntheticDomains(domains),
  scales: scalesOf(SYNTHETIC_SIZES, SYNTHETIC_STEPS),
  perStep: costsOf(SYNTHETIC_SIZES, (parameters) => parameters / 1e9 / 200), // a target run costs 100
  accuracies: [],
});

/** Makes the sweep that a policy is run on. */
export const sweepOf = (
  arena: Arena,
  objective: Objective,
  options: { readonly policy: string; readonly budget: number; readonly seed: number },
): Sweep => ({
  name: 'bench',
  objective,
  domains: Object.fromEntries(arena.domains.map((domain) => [domain, { min: 0, max: 1 }])),
  groups: [],
  scales: arena.scales,
  target: { scale: arena.scales.at(-1)!.name, steps: arena.scales.at(-1)!.steps.at(-1)! },
  cost: { kind: 'table', unit: 'units', perStep: arena.perStep },
  budget: options.budget,
  parallel: 1,
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

const truthOf = (arena: Arena, objective: Objective): ((mixture: Mixture) => number) => {
  const { parameters, name, steps } = arena.scales.at(-1)!;
  const last = steps.at(-1)!;
  return (mixture) => {
    const job = { mixture, scale: name, parameters, steps: last, checkpoints: [last], seed: 1 };
    return objectiveSign(objective) * objectiveValue(objective, arena.exact.train(job).at(-1)!.metrics);
  };
};

const DRAWS = 1000; // the median is then known to a few hundredths of the spread
const POLISHED = 3; // draws polished, with the corners

/** Lowers a value by moving share between pairs of domains, as long as a move of 1e-4 helps. */
const descend = (value: (shares: ArrayLike<number>) => number, start: Float64Array): number => {
  let [shares, y] = [start, value(start)];
  for (let step = 0.1; step > 1e-4;) {
    let improved = false;
    for (let move = 0; move < shares.length ** 2; move++) {
      const [from, to] = [Math.floor(move / shares.length), move % shares.length];
      const t = Math.min(step, shares[from]!);
      if (from === to || t === 0) continue;
      const moved = shares.slice();
      moved[from] = moved[from]! - t;
      moved[to] = moved[to]! + t;
      const candidate = value(moved);
      if (candidate < y) [shares, y, improved] = [moved, candidate, true];
    }
    if (!improved) step /= 2;
  }
  return y;
};

/** Finds the best and the median value over the simplex: many draws, the best of them and the corners polished. */
const extremesOf = (arena: Arena, objective: Objective): Extremes => {
  const truth = truthOf(arena, objective);
  const feasible = feasibleSet(sweepOf(arena, objective, { policy: 'random', budget: 1, seed: 1 }));
  const rng = createRng(1);
  const value = (shares: ArrayLike<number>): number => truth(mixtureOf(shares, arena.domains));
  const drawn = Array.from({ length: DRAWS }, () => feasible.sample(rng, 1)).map((shares) => ({
    shares,
    y: value(shares),
  }));
  drawn.sort((a, b) => a.y - b.y);
  const starts = [
    ...drawn.slice(0, POLISHED).map(({ shares }) => shares),
    ...feasible.extremePoints(arena.domains.length),
    feasible.centre,
  ];
  return { best: Math.min(...starts.map((start) => descend(value, start))), median: drawn[DRAWS >> 1]!.y };
};

const singleOf = (arena: Arena, metric: string): Objective => ({
  direction: arena.accuracies.includes(metric) ? 'maximize' : 'minimize',
  weights: { [metric]: 1 },
});

const compositeOf = (extremes: ReadonlyMap<string, Extremes>): Objective => ({
  direction: 'minimize',
  weights: Object.fromEntries(
    [...extremes].map(([name, { best, median }]) => [name, 1 / (extremes.size * (median - best))]),
  ),
});

interface Truth {
  readonly metrics: Readonly<Record<string, Extremes>>;
}

/** Composites of the reference, as the truth file has them: sums of (value - best) / (median - best); here without the constant. */
const REFERENCE_COMPOSITES: Readonly<Record<string, readonly string[]>> = {
  'mean-ce': ['commoncrawl', 'c4', 'wikipedia', 'stackexchange', 'github', 'arxiv', 'book'],
  'mean-domain': ['wikipedia', 'stackexchange', 'github', 'arxiv', 'book'],
};
const REFERENCE_SINGLES = [...REFERENCE_COMPOSITES['mean-ce']!, 'hellaswag', 'piqa', 'arc_easy'];

const referenceProblem = (name: string, options: ProblemOptions): Problem => {
  const arena = referenceArena(options.reference, options.noise);
  const { metrics } = readJson(options.reference, 'slimpajama-simulator', 'truth.json') as Truth;
  const parts = REFERENCE_COMPOSITES[name];
  const objective =
    parts === undefined ? singleOf(arena, name) : compositeOf(new Map(parts.map((part) => [part, metrics[part]!])));
  const offset = (parts ?? []).reduce((sum, part) => sum + objective.weights[part]! * metrics[part]!.best, 0);
  const { best, median } = metrics[name]!;
  const extremes = { best: best + offset, median: median + offset };
  const family = parts === undefined ? 'reference' : 'reference-composites';
  return {
    name,
    family,
    isComposite: parts !== undefined,
    arena,
    objective,
    extremes,
    truth: truthOf(arena, objective),
  };
};

const SYNTHETIC = /^(law|useless|mislead)(\d+)-(one|mean)$/;
const KINDS: Readonly<Record<string, SmallScales>> = { law: 'guide', useless: 'useless', mislead: 'mislead' };

/** One output, or the mean of all six weighed by the inverse of their spread from best to median. */
const syntheticProblem = (name: string, match: RegExpExecArray, options: ProblemOptions): Problem => {
  const [, kind, count, objectiveName] = match;
  const arena = syntheticArena(Number(count), KINDS[kind!]!, options.seed, options.noise);
  const isComposite = objectiveName === 'mean';
  const spread = (metric: string): Extremes => extremesOf(arena, singleOf(arena, metric));
  const objective = isComposite
    ? compositeOf(new Map(arena.exact.metrics.map((metric) => [metric, spread(metric)])))
    : singleOf(arena, 'o0');
  const extremes = extremesOf(arena, objective);
  return { name, family: name, isComposite, arena, objective, extremes, truth: truthOf(arena, objective) };
};

const builtInProblem = (name: string, metric: string, options: ProblemOptions): Problem => {
  const arena = builtInArena(options.noise);
  const objective = singleOf(arena, metric);
  const extremes = extremesOf(arena, objective);
  return {
    name,
    family: 'built-in',
    isComposite: false,
    arena,
    objective,
    extremes,
    truth: truthOf(arena, objective),
  };
};

export interface ProblemOptions {
  /** Folder of the reference data; needed for its problems alone. */
  readonly reference?: string;
  /** Which instance of a synthetic world. */
  readonly seed: number;
  readonly noise: number;
}

/** Every problem that `--problems` may name; any `built-in:METRIC` besides. */
export const PROBLEM_NAMES: readonly string[] = [
  ...REFERENCE_SINGLES,
  ...Object.keys(REFERENCE_COMPOSITES),
  ...['law5', 'law7', 'law17', 'useless5', 'mislead5'].flatMap((world) => [`${world}-one`, `${world}-mean`]),
];

/** Opens a problem by its name; synthetic worlds are another instance for every seed. */
export const openProblem = (name: string, options: ProblemOptions): Problem => {
  if (name.startsWith('built-in:')) return builtInProblem(name, name.slice('built-in:'.length), options);
  const match = SYNTHETIC.exec(name);
  if (match !== null) return syntheticProblem(name, match, options);
  if (PROBLEM_NAMES.includes(name)) return referenceProblem(name, options);
  throw new Error(`no problem ${name}; known are ${PROBLEM_NAMES.join(', ')} and built-in:METRIC`);
};

/** (value - best) / (median - best): 0 is the best mixture, 1 a random one. */
export const regretOf = ({ truth, extremes }: Problem, mixture: Mixture): number =>
  (truth(mixture) - extremes.best) / (extremes.median - extremes.best);
