import { z } from 'zod';
import { InputError, type Problem } from '../domain/errors.js';
import { fixed, isFixed } from '../domain/fixed.js';
import { PUBLISHED } from '../domain/limits.js';
import type { Mixture } from '../domain/mixture.js';
import { neededMetrics } from '../domain/objective.js';
import { ENDINGS, endingOf } from '../domain/ending.js';
import { RETRACTED, retractedRun, type Metrics, type Observation, type PendingTrial } from '../domain/observation.js';
import type { Sweep } from '../domain/sweep.js';
import { zodProblems } from '../domain/zod-problems.js';

const metrics = z.record(z.string(), z.unknown());
const trial = { mixture: z.record(z.string(), z.number()), scale: z.string(), steps: z.number().positive() };

const LooseObservation = z.object({
  trial: z.string(),
  ...trial,
  status: z.string(),
  metrics: metrics.nullish(),
  curve: z.array(z.object({ steps: z.number().positive(), metrics })).nullish(),
  continues: z.string().nullish(),
  cost: z.number().nonnegative().nullish(),
  imported: z.boolean().nullish(),
});
type LooseObservation = z.infer<typeof LooseObservation>;

const LoosePending = z.object({
  trial: z.string().nullish(),
  ...trial,
  continues: z.string().nullish(),
  cost: z.number().nonnegative().nullish(),
});

/** What a value is, for an error message. */
const shown = (value: unknown): string =>
  typeof value === 'number' || value === undefined
    ? String(value)
    : (JSON.stringify(value) ?? typeof value).slice(0, 80);

/** Checks and renormalises a mixture. */
export const parseMixture = (sweep: Sweep, mixture: Mixture, at: string, problems: Problem[]): Mixture => {
  const domains = Object.keys(sweep.domains);
  for (const [name, share] of Object.entries(mixture)) {
    if (!domains.includes(name))
      problems.push({ path: `${at}.${name}`, expected: `a domain of the sweep (${domains.join(', ')})`, found: name });
    if (share < -PUBLISHED)
      problems.push({ path: `${at}.${name}`, expected: 'a share of at least 0', found: shown(share) });
  }
  const total = domains.reduce((sum, domain) => sum + Math.max(0, mixture[domain] ?? 0), 0);
  if (Math.abs(total - 1) > PUBLISHED) {
    problems.push({
      path: at,
      expected: `shares that sum to 1 (within ${PUBLISHED})`,
      found: `a sum of ${total}`,
    });
  }
  // Sums that are 1 but for rounding are left as they are, so that a mixture keeps its identity on the way in.
  const scale = Math.abs(total - 1) < 1e-9 || total === 0 ? 1 : 1 / total;
  return Object.fromEntries(domains.map((domain) => [domain, Math.max(0, mixture[domain] ?? 0) * scale]));
};

const checkScale = (sweep: Sweep, scale: string, at: string, problems: Problem[]): void => {
  const names = sweep.scales.map(({ name }) => name);
  if (!names.includes(scale))
    problems.push({ path: `${at}.scale`, expected: `one of ${names.join(', ')}`, found: shown(scale) });
};

const isFiniteNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);

/** Beyond it squares, and sums of them, are no numbers any more: a perplexity of e^400 is a loss that exploded. */
const EXPLODED = 1e100;

const isExploded = (value: unknown): boolean => isFiniteNumber(value) && Math.abs(value) > EXPLODED;

/** Keeps the finite metrics that have not exploded; what is not finite is a problem of a completed run and expected of any other. */
const parseMetrics = (input: Record<string, unknown>, status: string, at: string, problems: Problem[]): Metrics => {
  const kept: Record<string, number> = {};
  for (const [name, value] of Object.entries(input)) {
    if (isFiniteNumber(value) && !isExploded(value)) kept[name] = value;
    else if (status === 'completed' && !isExploded(value))
      problems.push({ path: `${at}.${name}`, expected: 'a finite number', found: shown(value) });
  }
  return kept;
};

const checkNeeded = (sweep: Sweep, found: Metrics, at: string, problems: Problem[]): void => {
  for (const metric of neededMetrics(sweep)) {
    if (metric in found) continue;
    const names = Object.keys(found).join(', ') || 'no metric';
    problems.push({
      path: `${at}.metrics.${metric}`,
      expected: `the metric of ${metric in sweep.objective.weights ? 'the objective' : 'a guard'}, a finite number`,
      found: names,
    });
  }
};

const present = <K extends string, V>(key: K, value: V | null | undefined): { readonly [key in K]?: V } =>
  value === null || value === undefined ? {} : ({ [key]: value } as { readonly [key in K]?: V });

/** How a run ended: one that reports to have come to its end with a metric that exploded diverged. */
const statusIn = (sweep: Sweep, { status, metrics: reported }: LooseObservation): Observation['status'] | undefined => {
  if (status === RETRACTED) return RETRACTED;
  const ending = endingOf(status);
  const hasExploded = (): boolean => neededMetrics(sweep).some((metric) => isExploded(reported?.[metric]));
  return ending === 'completed' && hasExploded() ? 'diverged' : ending;
};

const parseObservation = (sweep: Sweep, loose: LooseObservation, at: string, problems: Problem[]): Observation => {
  const status = statusIn(sweep, loose);
  if (status === undefined) {
    problems.push({
      path: `${at}.status`,
      expected: `one of ${[...ENDINGS, RETRACTED].join(', ')}`,
      found: shown(loose.status),
    });
  }
  checkScale(sweep, loose.scale, at, problems);
  const mixture = parseMixture(sweep, loose.mixture, `${at}.mixture`, problems);
  const before = problems.length;
  const found = parseMetrics(loose.metrics ?? {}, status ?? 'failed', `${at}.metrics`, problems);
  if (status === 'completed' && problems.length === before) checkNeeded(sweep, found, at, problems);
  const curve = loose.curve?.map((point, i) => ({
    steps: point.steps,
    metrics: parseMetrics(point.metrics, status ?? 'failed', `${at}.curve[${i}].metrics`, problems),
  }));
  const observation: Observation = {
    trial: loose.trial,
    mixture,
    scale: loose.scale,
    steps: loose.steps,
    status: status ?? 'failed',
    metrics: found,
    ...present('curve', curve),
    ...present('continues', loose.continues),
    ...present('cost', loose.imported === true ? (loose.cost ?? 0) : loose.cost), // made outside the sweep: it has paid nothing
    ...(loose.imported === true ? { imported: true } : {}),
  };
  return status === RETRACTED ? retractedRun(observation) : observation;
};

const refuse = (what: string, problems: readonly Problem[]): void => {
  if (problems.length === 0) return;
  throw new InputError(what, problems, {
    hint: 'a run whose loss is not finite is reported with status diverged; see the README for the shape of an observation',
  });
};

type Named = { readonly trial?: string };

/** Each trial is one run and charged once: an id that is given again is no second one. */
const repeatProblems = (runs: readonly Named[], list: string, ended: readonly Named[] = []): Problem[] => {
  const placeOf = new Map(ended.map((run, i) => [run.trial, `observations[${i}]`]));
  return runs.flatMap((run, i) => {
    const id = run.trial;
    const first = id === undefined ? undefined : placeOf.get(id);
    if (first === undefined) {
      placeOf.set(id, `${list}[${i}]`);
      return [];
    }
    const expected = 'a trial of its own, not one that is given already';
    return [{ path: `${list}[${i}].trial`, expected, found: `${shown(id)}, as in ${first}` }];
  });
};

/** A run goes on from a shorter one at its scale, and costs the difference: a negative price would pay for other runs. */
const continuedProblems = (runs: readonly PendingTrial[], list: string, ended: readonly Observation[]): Problem[] => {
  const byTrial = new Map(ended.map((run) => [run.trial, run]));
  return runs.flatMap(({ continues, scale, steps }, i) => {
    const from = continues === undefined ? undefined : byTrial.get(continues);
    if (from === undefined || (from.scale === scale && from.steps < steps)) return [];
    const expected = `a run at ${scale} of less than ${steps} steps`;
    return [{ path: `${list}[${i}].continues`, expected, found: `${from.trial}, of ${from.steps} at ${from.scale}` }];
  });
};

/** What observations that cannot change any more were parsed to: a long sweep comes with the same ones again and again. */
const parsedBefore = new WeakMap<object, { readonly sweep: Sweep; readonly observation: Observation }>();

const rememberParsed = (sweep: Sweep, input: readonly unknown[], observations: readonly Observation[]): void => {
  for (const [i, entry] of input.entries()) {
    const observation = observations[i];
    if (observation === undefined || parsedBefore.get(entry as object)?.sweep === sweep || !isFixed(entry)) continue;
    parsedBefore.set(entry as object, { sweep, observation: fixed(observation) });
  }
};

/**
 * Checks what a sweep's trials are said to have taught.
 *
 * @throws InputError naming every problem found.
 */
export const parseObservations = (sweep: Sweep, input: unknown): Observation[] => {
  const problems: Problem[] = [];
  if (!Array.isArray(input))
    refuse('observations', [{ path: 'observations', expected: 'an array', found: shown(input) }]);
  const observations = (input as unknown[]).flatMap((entry, i) => {
    const before = parsedBefore.get(entry as object);
    if (before?.sweep === sweep) return [before.observation];
    const at = `observations[${i}]`;
    const parsed = LooseObservation.safeParse(entry);
    if (!parsed.success) problems.push(...zodProblems(parsed.error, ['observations', i], { observations: input }));
    return parsed.success ? [parseObservation(sweep, parsed.data, at, problems)] : [];
  });
  // With problems some may be left out, and places would be wrong.
  if (problems.length === 0) {
    problems.push(...repeatProblems(observations, 'observations'));
    problems.push(...continuedProblems(observations, 'observations', observations));
  }
  refuse('observations do not fit the sweep', problems);
  if (observations.length === (input as unknown[]).length) rememberParsed(sweep, input as unknown[], observations);
  return observations;
};

/**
 * Checks trials that were proposed and have not ended; `ended` are those that have.
 *
 * @throws InputError naming every problem found.
 */
export const parsePending = (sweep: Sweep, input: unknown, ended: readonly Observation[]): PendingTrial[] => {
  const problems: Problem[] = [];
  if (!Array.isArray(input)) refuse('pending trials', [{ path: 'pending', expected: 'an array', found: shown(input) }]);
  const pending = (input as unknown[]).flatMap((entry, i): PendingTrial[] => {
    const at = `pending[${i}]`;
    const parsed = LoosePending.safeParse(entry);
    if (!parsed.success) problems.push(...zodProblems(parsed.error, ['pending', i], { pending: input }));
    if (!parsed.success) return [];
    const { data } = parsed;
    checkScale(sweep, data.scale, at, problems);
    return [
      {
        mixture: parseMixture(sweep, data.mixture, `${at}.mixture`, problems),
        scale: data.scale,
        steps: data.steps,
        ...present('trial', data.trial),
        ...present('continues', data.continues),
        ...present('cost', data.cost),
      },
    ];
  });
  if (problems.length === 0)
    problems.push(...repeatProblems(pending, 'pending', ended), ...continuedProblems(pending, 'pending', ended));
  refuse('pending trials do not fit the sweep', problems);
  return pending;
};
