/** Opens the benchmark's problems by name. A name may end in what narrows it (`NARROWINGS`), one or more of them. */
import { drawDirichlet } from '../src/domain/dirichlet.js';
import type { Scale } from '../src/domain/fidelity.js';
import { mixtureOf } from '../src/domain/mixture.js';
import { createRng, seedOf } from '../src/domain/rng.js';
import { listExtremes } from '../src/evidence/extremes.js';
import { targetCostOf, type Problem } from './arena.js';
import { builtInProblem, EMULATOR_NAMES, emulatorProblem, emulatorSumProblem } from './emulator-problems.js';
import { judgingProblem } from './judging-problems.js';
import { regmixProblem } from './regmix-problems.js';
import { syntheticProblem } from './synthetic-problems.js';

export interface ProblemOptions {
  /** Folder of the reference data; needed for its problems alone. */
  readonly reference?: string;
  /** Which instance of a synthetic world. */
  readonly seed: number;
  /** Standard deviation as a share of each metric's spread; a replayed table has its own. */
  readonly noise: number;
}

const PREFIXED = /^(built-in:|regmix-|regmix60-)(.+)$/;

/** RegMix's problems by prefix: which scale is the target. */
const REGMIX_TARGETS: Readonly<Record<string, string>> = { 'regmix-': '1B', 'regmix60-': '60M' };

const prefixOf = (name: string): string => PREFIXED.exec(name)?.[1] ?? '';

/** Another sum of the emulator's metrics for every seed. */
const EMULATOR_SUM = 'emulator-sum';

/** A problem's name without what narrows it. */
const wholeName = (name: string): string => name.split('+')[0]!;

/** Is a problem made of the reference data? */
export const needsReference = (name: string): boolean =>
  prefixOf(name) in REGMIX_TARGETS || [EMULATOR_SUM, ...EMULATOR_NAMES].includes(wholeName(name));

const openWhole = (name: string, { reference, seed, noise }: ProblemOptions): Problem => {
  const prefix = prefixOf(name);
  const metric = name.slice(prefix.length);
  const target = REGMIX_TARGETS[prefix];
  if (prefix === 'built-in:') return builtInProblem(name, metric, noise);
  if (target !== undefined) return regmixProblem(name, metric, reference, target);
  if (name === EMULATOR_SUM) return emulatorSumProblem(name, reference, seed, noise);
  if (EMULATOR_NAMES.includes(name)) return emulatorProblem(name, reference, noise);
  const problem = syntheticProblem(name, seed, noise) ?? judgingProblem(name, seed, noise);
  if (problem === undefined) throw new Error(`no problem ${name}; choice-settings.json lists those that are known`);
  return problem;
};

const TINY = 0.1; // of a target run
const LISTED = 64; // mixtures, as many as RegMix has at its target

const withScales = (problem: Problem, change: (scales: readonly Scale[]) => readonly Scale[]): Problem => ({
  ...problem,
  arena: { ...problem.arena, scales: change(problem.arena.scales) },
});

/** Some members of a list, by their place; the last one, which is the target's, among them. */
const members = <T>(list: readonly T[], places: readonly number[]): T[] => places.map((place) => list.at(place)!);

/** Every scale for steps in proportion to its size, as compute-optimal runs are; at least one. */
const withOwnLengths = (scales: readonly Scale[]): Scale[] =>
  scales.map((scale) => {
    const part = scale.parameters / scales.at(-1)!.parameters;
    return { ...scale, steps: [...new Set(scale.steps.map((steps) => Math.max(1, Math.round(part * steps))))] };
  });

/** Nothing but so many mixtures may be run. */
const withList = (problem: Problem): Problem => {
  const { arena, truth } = problem;
  const rng = createRng(seedOf(problem.name, 'listed'));
  const mixtures = Array.from({ length: LISTED }, () =>
    mixtureOf(drawDirichlet(rng, arena.domains.length, 1), arena.domains),
  );
  const extremes = listExtremes(mixtures.map((mixture) => truth(mixture)));
  return { ...problem, arena: { ...arena, allowed: { ...arena.allowed, mixtures } }, extremes };
};

/** What a suffix makes of a problem. */
const NARROWINGS: Readonly<Record<string, (problem: Problem) => Problem>> = {
  /** Only the target's scale can be trained. */
  'one-scale': (problem) => withScales(problem, (scales) => scales.slice(-1)),
  /** Only the smallest scale and the target's. */
  'two-scales': (problem) => withScales(problem, (scales) => members(scales, [0, -1])),
  /** Only the smallest scale, the one in the middle and the target's. */
  'three-scales': (problem) => withScales(problem, (scales) => members(scales, [0, scales.length >> 1, -1])),
  /** Only the target's scale and the two below it. */
  'near-scales': (problem) => withScales(problem, (scales) => members(scales, [-3, -2, -1])),
  /** Only the target's scale and the one below it. */
  'near-two': (problem) => withScales(problem, (scales) => members(scales, [-2, -1])),
  /** One length a scale, so no learning curves. */
  ends: (problem) =>
    withScales(problem, (scales) => scales.map((scale) => ({ ...scale, steps: scale.steps.slice(-1) }))),
  'own-lengths': (problem) => withScales(problem, withOwnLengths),
  listed: withList,
  /** A tenth of a target run may be spent. */
  tiny: (problem) => ({ ...problem, budget: TINY * targetCostOf(problem.arena) }),
};

const narrow = (problem: Problem, suffix: string): Problem => {
  const narrowing = NARROWINGS[suffix];
  if (narrowing === undefined)
    throw new Error(`${problem.name}+${suffix}: the suffixes are +${Object.keys(NARROWINGS).join(', +')}`);
  const name = `${problem.name}+${suffix}`;
  return { ...narrowing(problem), name, family: `${problem.family}+${suffix}` };
};

/** Problems opened in this process: finding what is best takes seconds where there are many domains. */
const opened = new Map<string, Problem>();

const openOnce = (name: string, options: ProblemOptions): Problem => {
  const isSeeded = !needsReference(name) || name === EMULATOR_SUM; // else one instance for all seeds
  const key = JSON.stringify([name, isSeeded ? options : { ...options, seed: 0 }]);
  const problem = opened.get(key) ?? openWhole(name, options);
  opened.set(key, problem);
  return problem;
};

/** Opens a problem by its name; synthetic worlds are another instance for every seed. */
export const openProblem = (name: string, options: ProblemOptions): Problem => {
  const [whole = '', ...suffixes] = name.split('+');
  return suffixes.reduce(narrow, openOnce(whole, options));
};
