/** Problems of the reference emulator, and of the built-in world that needs no file. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { drawDirichlet } from '../src/domain/dirichlet.js';
import { createRng, seedOf } from '../src/domain/rng.js';
import type { Objective } from '../src/domain/sweep.js';
import { createEmulatorWorld } from '../src/simulators/emulator.js';
import { createSlimpajamaWorld, SLIMPAJAMA_DOMAINS } from '../src/simulators/slimpajama-law.js';
import { compositeOf, costsOf, scalesOf, singleOf, truthOf, type Arena, type Problem } from './arena.js';
import type { Extremes } from '../src/evidence/extremes.js';
import { extremesOf } from './extremes.js';
import { shuffled } from './shuffled.js';

const STEPS = [2000, 6000, 12000, 19600];
const FOLDER = 'slimpajama-simulator';

/** Finds a file of the reference data. */
export const referenceFile = (folder: string | undefined, ...path: string[]): string => {
  if (folder === undefined) throw new Error('this problem needs --reference DIR, the folder of reference data');
  const file = join(folder, ...path);
  if (!existsSync(file)) throw new Error(`no file at ${file}; --reference must name the folder of reference data`);
  return file;
};

const readJson = (folder: string | undefined, name: string): unknown =>
  JSON.parse(readFileSync(referenceFile(folder, FOLDER, name), 'utf8'));

const emulatorArena = (reference: string | undefined, noise: number): Arena => {
  const json = readJson(reference, 'mlp.json');
  const exact = createEmulatorWorld(json);
  const { emulator } = exact;
  return {
    noisy: createEmulatorWorld(json, { noise }),
    exact,
    domains: emulator.domains,
    scales: scalesOf(emulator.sizes, STEPS),
    perStep: costsOf(emulator.sizes, (parameters) => emulator.costPerStep(parameters)),
    accuracies: emulator.outputs.filter(({ direction }) => direction === 'maximize').map(({ name }) => name),
  };
};

interface Truth {
  readonly metrics: Readonly<Record<string, Extremes>>;
}

/** Composites, as the truth file has them: sums of (value - best) / (median - best); here without the constant. */
const COMPOSITES: Readonly<Record<string, readonly string[]>> = {
  'mean-ce': ['commoncrawl', 'c4', 'wikipedia', 'stackexchange', 'github', 'arxiv', 'book'],
  'mean-domain': ['wikipedia', 'stackexchange', 'github', 'arxiv', 'book'],
};

const METRICS: readonly string[] = [...COMPOSITES['mean-ce']!, 'hellaswag', 'piqa', 'arc_easy'];

/** The emulator's metrics and composites. */
export const EMULATOR_NAMES: readonly string[] = [...METRICS, ...Object.keys(COMPOSITES)];

/** Opens a problem of the reference emulator; its truth file says what is best and what is random. */
export const emulatorProblem = (name: string, reference: string | undefined, noise: number): Problem => {
  const arena = emulatorArena(reference, noise);
  const { metrics } = readJson(reference, 'truth.json') as Truth;
  const parts = COMPOSITES[name];
  const objective =
    parts === undefined ? singleOf(arena, name) : compositeOf(new Map(parts.map((part) => [part, metrics[part]!])));
  const offset = (parts ?? []).reduce((sum, part) => sum + objective.weights[part]! * metrics[part]!.best, 0);
  const { best, median } = metrics[name]!;
  return {
    name,
    family: parts === undefined ? 'emulator, one metric' : 'emulator, composites',
    arena,
    objective,
    extremes: { best: best + offset, median: median + offset },
    truth: truthOf(arena, objective),
  };
};

const SUMMED = { fewest: 2, most: 5 };

/** Opens a random sum of some metrics, each in units of its spread from best to median; another one for every seed. */
export const emulatorSumProblem = (
  name: string,
  reference: string | undefined,
  seed: number,
  noise: number,
): Problem => {
  const arena = emulatorArena(reference, noise);
  const { metrics } = readJson(reference, 'truth.json') as Truth;
  const rng = createRng(seedOf(seed, 'emulator-sum'));
  const order = shuffled(METRICS, rng);
  const count = SUMMED.fewest + rng.integer(SUMMED.most - SUMMED.fewest + 1);
  const weights = drawDirichlet(rng, count, 1);
  const terms = order.slice(0, count).map((metric, i): readonly [string, number] => {
    const { best, median } = metrics[metric]!;
    const sign = arena.accuracies.includes(metric) ? -1 : 1;
    return [metric, (sign * weights[i]!) / (median - best)];
  });
  const objective: Objective = { direction: 'minimize', weights: Object.fromEntries(terms) };
  const truth = truthOf(arena, objective);
  return { name, family: 'emulator, sums', arena, objective, extremes: extremesOf(arena, objective), truth };
};

const BUILT_IN_SIZES = [20e6, 60e6, 150e6, 300e6, 500e6, 700e6, 1e9];

const builtInArena = (noise: number): Arena => ({
  noisy: createSlimpajamaWorld({ noise }),
  exact: createSlimpajamaWorld({ noise: 0 }),
  domains: SLIMPAJAMA_DOMAINS,
  scales: scalesOf(BUILT_IN_SIZES, STEPS),
  perStep: costsOf(BUILT_IN_SIZES, (parameters) => parameters / 1e11), // 100 steps at 1B cost 1, as the emulator's do
  accuracies: createSlimpajamaWorld().metrics.filter((metric) => !/ce$|loss$/.test(metric)),
});

/** Opens a problem of the built-in world. */
export const builtInProblem = (name: string, metric: string, noise: number): Problem => {
  const arena = builtInArena(noise);
  const objective = singleOf(arena, metric);
  const truth = truthOf(arena, objective);
  return { name, family: 'built-in', arena, objective, extremes: extremesOf(arena, objective), truth };
};
