/**
 * Opens the benchmark's problems by name. A name may end in what narrows it: `+one-scale` (only the target's scale can be trained),
 * `+tiny` (a tenth of a target run may be spent).
 */
import { targetCostOf, type Problem } from './arena.js';
import { builtInProblem, EMULATOR_NAMES, emulatorProblem } from './emulator-problems.js';
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

const PREFIXED = /^(built-in:|regmix-)(.+)$/;

/** Is a problem made of the reference data? */
export const needsReference = (name: string): boolean =>
  name.startsWith('regmix-') || EMULATOR_NAMES.includes(name.split('+')[0]!);

const openWhole = (name: string, { reference, seed, noise }: ProblemOptions): Problem => {
  const [, prefix, metric = ''] = PREFIXED.exec(name) ?? [];
  if (prefix === 'built-in:') return builtInProblem(name, metric, noise);
  if (prefix === 'regmix-') return regmixProblem(name, metric, reference);
  if (EMULATOR_NAMES.includes(name)) return emulatorProblem(name, reference, noise);
  const problem = syntheticProblem(name, seed, noise) ?? judgingProblem(name, seed, noise);
  if (problem === undefined) throw new Error(`no problem ${name}; choice-settings.json lists those that are known`);
  return problem;
};

const TINY = 0.1; // of a target run

/** What a suffix makes of a problem. */
const NARROWINGS: Readonly<Record<string, (problem: Problem) => Problem>> = {
  'one-scale': (problem) => ({ ...problem, arena: { ...problem.arena, scales: problem.arena.scales.slice(-1) } }),
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
  const key = JSON.stringify([name, needsReference(name) ? { ...options, seed: 0 } : options]); // one instance for all seeds
  const problem = opened.get(key) ?? openWhole(name, options);
  opened.set(key, problem);
  return problem;
};

/** Opens a problem by its name; synthetic worlds are another instance for every seed. */
export const openProblem = (name: string, options: ProblemOptions): Problem => {
  const [whole = '', ...suffixes] = name.split('+');
  return suffixes.reduce(narrow, openOnce(whole, options));
};
