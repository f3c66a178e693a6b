/** Contrasts: mixtures run at two scales, on which it shows whether the smaller one can be believed; and mixtures far apart at the target's. */
import type { FeasibleSet } from '../domain/feasible-set.js';
import { isSameFidelity, type Fidelity } from '../domain/fidelity.js';
import { massMoved, massMovedBetween, mixtureOf, type Mixture } from '../domain/mixture.js';
import { minimizedValue } from '../domain/objective.js';
import type { Observation } from '../domain/observation.js';
import type { Sweep } from '../domain/sweep.js';
import type { Situation } from './policy.js';
import { spreadCorners } from './pool.js';

/** What contrasts are drawn from. */
export type Evidence = Pick<Situation, 'sweep' | 'feasible' | 'observations'>;

/** The same, with what is in flight. */
export type Known = Evidence & Pick<Situation, 'pending'>;

const SAME_MASS = 1e-6; // a run of the opening, written to the record and read again

/** Is this a run of that mixture? */
const isOf = ({ mixture }: Pick<Observation, 'mixture'>, wanted: Mixture): boolean =>
  massMoved(mixture, wanted) <= SAME_MASS;

/** What completed runs reported of mixtures at a fidelity, at their end or on the way, less is better; NaN where there is none. */
const reportsAt = (
  { sweep, feasible, observations }: Evidence,
  mixtures: readonly Float64Array[],
  { scale, steps }: Fidelity,
): number[] => {
  const reports = observations.flatMap((run) => {
    if (run.status !== 'completed' || run.scale !== scale) return [];
    const metrics = run.steps === steps ? run.metrics : run.curve?.find((point) => point.steps === steps)?.metrics;
    return metrics === undefined ? [] : [{ mixture: run.mixture, metrics }];
  });
  return mixtures.map((shares) => {
    const wanted = mixtureOf(shares, feasible.domains);
    const report = reports.find((candidate) => isOf(candidate, wanted));
    return report === undefined ? Number.NaN : minimizedValue(sweep.objective, report.metrics);
  });
};

const STRAGGLERS = 0.25; // of such runs: so few that are late do not hold up the rest

/** Is it too early to go by these runs: are more than a quarter of them in flight? */
export const isAwaited = (
  { feasible, pending }: Pick<Situation, 'feasible' | 'pending'>,
  mixtures: readonly Float64Array[],
  fidelity: Fidelity,
): boolean => {
  const inFlight = pending.filter((run) => isSameFidelity(run, fidelity));
  const late = mixtures.filter((shares) => inFlight.some((run) => isOf(run, mixtureOf(shares, feasible.domains))));
  return late.length > STRAGGLERS * mixtures.length;
};

/** Members of a list at even distances, the first and the last among them. */
const evenly = <T>(list: readonly T[], count: number): T[] =>
  Array.from({ length: count }, (_, i) => list[Math.round((i * (list.length - 1)) / (count - 1))]!);

/**
 * So many corners, the centre, which comes first, counted: those at even ranks of a fidelity, best to worst; what has no rank yet
 * comes last. All, if there are no more.
 */
export const contrastsOf = (
  evidence: Evidence,
  corners: readonly Float64Array[],
  fidelity: Fidelity,
  count: number,
): readonly Float64Array[] => {
  const [centre, ...others] = corners;
  if (centre === undefined || corners.length <= count) return corners;
  const values = reportsAt(evidence, others, fidelity);
  const ranked = others
    .map((shares, i) => ({ shares, value: values[i]! }))
    .sort((a, b) => Number(Number.isNaN(a.value)) - Number(Number.isNaN(b.value)) || a.value - b.value || 0);
  return [centre, ...evenly(ranked, count - 1).map(({ shares }) => shares)];
};

/** Mixtures that two fidelities are compared on at the least: of two points a correlation says nothing. */
export const FEWEST_COMPARED = 3;

/** Pearson's correlation of what two fidelities reported of the same mixtures; undefined while fewer than three are known at both. */
export const agreementOf = (
  evidence: Evidence,
  mixtures: readonly Float64Array[],
  one: Fidelity,
  other: Fidelity,
): number | undefined => {
  const [at, above] = [reportsAt(evidence, mixtures, one), reportsAt(evidence, mixtures, other)];
  const pairs = at.map((value, i) => [value, above[i]!] as const).filter(([a, b]) => !Number.isNaN(a + b));
  if (pairs.length < FEWEST_COMPARED) return undefined;
  const mean = (side: 0 | 1): number => pairs.reduce((sum, pair) => sum + pair[side], 0) / pairs.length;
  const [meanA, meanB] = [mean(0), mean(1)];
  const sum = (term: (a: number, b: number) => number): number =>
    pairs.reduce((total, [a, b]) => total + term(a - meanA, b - meanB), 0);
  const spread = Math.sqrt(sum((a) => a * a) * sum((_, b) => b * b));
  return spread > 0 ? sum((a, b) => a * b) / spread : undefined;
};

const FAR = 0.3; // of the widest way between corners, in mass moved

const widestWay = (feasible: FeasibleSet): number => {
  const corners = spreadCorners(feasible);
  return Math.max(...corners.flatMap((a) => corners.map((b) => massMovedBetween(a, b))));
};

const areFarApart = (mixtures: readonly Mixture[], far: number): boolean =>
  mixtures.some((a) => mixtures.some((b) => massMoved(a, b) >= far));

/** Is a mixture far from every other one? */
type IsFar = (mixture: Mixture) => boolean;

/**
 * While all runs at the target's scale, those in flight included, are of one mixture or of neighbours, they say nothing about how the target
 * ranks mixtures, however well smaller scales agree with each other. Returns what lies far from all of them; undefined when two
 * of them are far apart, or none was made.
 */
export const missingContrast = ({ sweep, feasible, observations, pending }: Known): IsFar | undefined => {
  const made = [...observations.filter(({ status }) => status === 'completed'), ...pending];
  const mixtures = made.filter(({ scale }) => scale === sweep.target.scale).map(({ mixture }) => mixture);
  if (mixtures.length === 0) return undefined;
  const far = FAR * widestWay(feasible);
  return areFarApart(mixtures, far)
    ? undefined
    : (mixture) => mixtures.every((other) => massMoved(mixture, other) >= far);
};

/** Scales that completed runs were made at of mixtures that lie far apart: those that have said how they rank mixtures. */
export const contrastedScales = (
  { scales }: Sweep,
  feasible: FeasibleSet,
  completed: readonly Observation[],
): readonly string[] => {
  const far = FAR * widestWay(feasible);
  const runAt = (name: string): Mixture[] =>
    completed.filter(({ scale }) => scale === name).map(({ mixture }) => mixture);
  return scales.map(({ name }) => name).filter((name) => areFarApart(runAt(name), far));
};
