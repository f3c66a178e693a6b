import type { Problem } from './errors.js';
import type { Scale } from './fidelity.js';
import { readKubernetes } from './kubernetes-choice.js';
import { readLocal } from './local-choice.js';
import { DEFAULT_BACKOFF, DEFAULT_LIMITS, DEFAULT_PARK_TARGET_RUNS, type Retries } from './retries.js';
import { readSlurm } from './slurm-choice.js';
import type { Cost, Domain, Group, LauncherChoice, PolicyChoice } from './sweep.js';
import type { SweepFile } from './sweep-file.js';
import { numberText, pathText } from './zod-problems.js';

/** Something read from the file, with what is wrong with it. */
export interface Reading<T> {
  readonly value?: T;
  readonly problems: readonly Problem[];
}

/** A scale with its place in the file. */
export interface PlacedScale extends Scale {
  readonly path: readonly PropertyKey[];
}

const problem = (path: readonly PropertyKey[], expected: string, found: string): Problem => ({
  path: pathText(path),
  expected,
  found,
});

const readDomain = (name: string, domain: SweepFile['domains'][string]): Reading<Domain> => {
  const { share, min, max, tokens } = domain ?? {};
  const supply = tokens === undefined ? {} : { tokens };
  if (share !== undefined) {
    const value = { min: share, max: share, ...supply };
    if (min === undefined && max === undefined) return { value, problems: [] };
    return { problems: [problem(['domains', name], 'either share, or min and max', 'both')] };
  }
  const value = { min: min ?? 0, max: max ?? 1, ...supply };
  if (value.min <= value.max) return { value, problems: [] };
  return { problems: [problem(['domains', name, 'min'], `at most max, ${value.max}`, String(value.min))] };
};

/** Reads the domains; those with problems are left out. */
export const readDomains = (domains: SweepFile['domains']): Reading<Record<string, Domain>> => {
  const readings = Object.entries(domains).map(([name, domain]) => ({ name, ...readDomain(name, domain) }));
  const problems = readings.flatMap((reading) => reading.problems);
  const value = Object.fromEntries(
    readings.flatMap((reading) => (reading.value === undefined ? [] : [[reading.name, reading.value]])),
  );
  return { value, problems };
};

/** Fills in a group's limits. */
export const readGroup = ({ domains, min = 0, max = 1 }: NonNullable<SweepFile['groups']>[number]): Group => ({
  domains,
  min,
  max,
});

const placed = (
  name: string,
  { parameters, tokensPerStep, steps }: Omit<Scale, 'name'>,
  path: readonly PropertyKey[],
): PlacedScale => ({ name, parameters, tokensPerStep, steps, path });

const stepProblems = ({ path, steps }: PlacedScale): Problem[] =>
  steps.flatMap((step, i) => {
    const before = steps[i - 1];
    if (before === undefined || step > before) return [];
    return [problem([...path, 'steps', i], `more than the ${before} before it (ascending, each once)`, String(step))];
  });

/** Reads the scales in either form; holes of a list are left out. */
export const readScales = (scales: SweepFile['scales']): Reading<PlacedScale[]> => {
  const value: PlacedScale[] = Array.isArray(scales)
    ? scales.flatMap((scale, i) => (scale === undefined ? [] : [placed(scale.name, scale, ['scales', i])]))
    : Object.entries(scales).map(([name, scale]) => placed(name, scale, ['scales', name]));
  const twice = value.filter(({ name }, i) => value.findIndex((other) => other.name === name) < i);
  return {
    value,
    problems: [
      ...value.flatMap(stepProblems),
      ...twice.map(({ name, path }) => problem([...path, 'name'], 'a name of its own', JSON.stringify(name))),
    ],
  };
};

/** Fills in a cost's unit; no cost means FLOP. */
export const readCost = (cost: SweepFile['cost']): Cost => {
  const start = cost?.perJob === undefined ? {} : { perJob: cost.perJob };
  if (cost === undefined || cost.kind === 'flop') return { kind: 'flop', ...start };
  const { perStep } = cost;
  if (cost.kind === 'table') return { kind: 'table', perStep, ...start, unit: cost.unit ?? 'units' };
  return { kind: 'gpu-hours', perStep, ...start, ...(cost.price === undefined ? {} : { price: cost.price }) };
};

/** Reads the budget, in units of cost; `targetCost` is what one run to the target costs, NaN when not known. */
export const readBudget = (budget: SweepFile['budget'], targetCost: number): Reading<number> => {
  if (typeof budget === 'number') return { value: budget, problems: [] };
  const { targetRuns, cost } = budget;
  if ((targetRuns === undefined) === (cost === undefined)) {
    const found = targetRuns === undefined ? 'neither' : 'both';
    return { problems: [problem(['budget'], 'one of targetRuns and cost', found)] };
  }
  const value = cost ?? (targetRuns ?? 0) * targetCost;
  if (Number.isFinite(value)) return { value, problems: [] };
  const isTooMuch = value === Infinity && Number.isFinite(targetCost);
  return { problems: isTooMuch ? [problem(['budget', 'targetRuns'], 'a finite cost', numberText(value))] : [] };
};

/** Reads a policy's name, or its name and options. */
export const readPolicy = (policy: SweepFile['policy']): PolicyChoice =>
  typeof policy === 'object' ? policy : { name: policy ?? 'titrate' };

/** Fills in how often trials are run again; `targetCost` is what one run to the target costs. */
export const readRetries = (retries: SweepFile['retries'], targetCost: number): Retries => {
  const { backoff = {}, parkAbove = DEFAULT_PARK_TARGET_RUNS * targetCost, ...limits } = retries ?? {};
  const given = Object.fromEntries(Object.entries(limits).filter(([, limit]) => limit !== undefined));
  const { firstSeconds = DEFAULT_BACKOFF.firstSeconds, longestSeconds = DEFAULT_BACKOFF.longestSeconds } = backoff;
  return { ...DEFAULT_LIMITS, ...given, backoff: { firstSeconds, longestSeconds }, parkAbove };
};

/** Fills in a launcher's options; environment values become text. */
export const readLauncher = (launcher: SweepFile['launcher']): LauncherChoice => {
  switch (launcher?.kind) {
    case undefined:
    case 'none':
      return { kind: 'none' };
    case 'simulator': {
      const { world, secondsPerUnit = 0, noise } = launcher;
      return { kind: 'simulator', world, secondsPerUnit, ...(noise === undefined ? {} : { noise }) };
    }
    case 'slurm':
      return readSlurm(launcher);
    case 'kubernetes':
      return readKubernetes(launcher);
    case 'local':
      return readLocal(launcher);
  }
};
