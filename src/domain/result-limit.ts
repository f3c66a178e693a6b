/** How much of what a job measured goes into its result, which travels in histories and records; its folder keeps the rest. */
import type { CurvePoint, Metrics } from './observation.js';
import type { JobResult } from './ports.js';

// As JSON, in UTF-16 units of up to three bytes: a result must stay well under the 2 MiB that a payload may have.
const LARGEST_CURVE = 250_000;
const LARGEST_METRICS = 100_000; // 200 metrics with names of 470
const MOST_WARNINGS = 100;

const sizeOf = (value: unknown): number => JSON.stringify(value).length;

const pick = (metrics: Metrics, names: ReadonlySet<string>): Metrics =>
  Object.fromEntries(Object.entries(metrics).filter(([name]) => names.has(name)));

/** How many units each metric takes, over all points. */
const sizesOf = (points: readonly Metrics[]): Map<string, number> => {
  const sizes = new Map<string, number>();
  for (const metrics of points) {
    for (const [name, value] of Object.entries(metrics))
      sizes.set(name, (sizes.get(name) ?? 0) + sizeOf(name) + sizeOf(value) + 2);
  }
  return sizes;
};

/** The metrics that are needed, and of the others as many as there is room for, in their order. */
const chosen = (points: readonly Metrics[], needed: readonly string[], room: number): ReadonlySet<string> => {
  const sizes = sizesOf(points);
  const names = new Set(needed);
  let left = room - needed.reduce((sum, name) => sum + (sizes.get(name) ?? 0), 0);
  for (const [name, size] of sizes) {
    if (names.has(name) || size > left) continue;
    names.add(name);
    left -= size;
  }
  return names;
};

/** Final metrics, those that the sweep needs before others. */
export const limitedMetrics = (metrics: Metrics, needed: readonly string[]): Metrics =>
  sizeOf(metrics) <= LARGEST_METRICS ? metrics : pick(metrics, chosen([metrics], needed, LARGEST_METRICS));

/** Every k-th point, counted from the last one, which a job can go on from. */
const everyNth = (curve: readonly CurvePoint[], k: number): CurvePoint[] =>
  curve.filter((_, i) => (curve.length - 1 - i) % k === 0);

/** As many checkpoints as there is room for, evenly thinned. */
const thinned = (curve: readonly CurvePoint[]): readonly CurvePoint[] => {
  let kept = curve;
  for (let k = 2; sizeOf(kept) > LARGEST_CURVE && kept.length > 1; k += 1) kept = everyNth(curve, k);
  return kept;
};

/** A curve: the metrics that the sweep needs before others, and fewer checkpoints where even those are too many. */
export const limitedCurve = (curve: readonly CurvePoint[], needed: readonly string[]): readonly CurvePoint[] => {
  if (sizeOf(curve) <= LARGEST_CURVE) return curve;
  const bare = sizeOf(curve.map(({ steps }) => ({ steps, metrics: {} })));
  const all = curve.map(({ metrics }) => metrics);
  const names = chosen(all, needed, LARGEST_CURVE - bare);
  return thinned(curve.map(({ steps, metrics }) => ({ steps, metrics: pick(metrics, names) })));
};

const counted = (kept: number, all: number, what: string): string => (kept === all ? '' : `${kept} of ${all} ${what}`);

const warningOf = (before: JobResult, after: Pick<JobResult, 'metrics' | 'curve'>): string[] => {
  const names = (points: readonly CurvePoint[]): number => sizesOf(points.map(({ metrics }) => metrics)).size;
  const parts = [
    counted(Object.keys(after.metrics).length, Object.keys(before.metrics).length, 'final metrics'),
    counted(names(after.curve), names(before.curve), 'metrics at the checkpoints'),
    counted(after.curve.length, before.curve.length, 'checkpoints'),
  ].filter((part) => part !== '');
  return parts.length === 0
    ? []
    : [`too large to be kept whole: ${parts.join(', ')} are kept; metrics.jsonl has the rest`];
};

const limitedWarnings = (warnings: readonly string[]): readonly string[] =>
  warnings.length <= MOST_WARNINGS
    ? warnings
    : [...warnings.slice(0, MOST_WARNINGS), `and ${warnings.length - MOST_WARNINGS} more like these`];

/** What of a result is kept, with a warning where that is not all of it. `needed`: the metrics that the sweep learns from. */
export const limitedResult = (result: JobResult, needed: readonly string[]): JobResult => {
  const metrics = limitedMetrics(result.metrics, needed);
  const curve = limitedCurve(result.curve, needed);
  const warnings = limitedWarnings(result.warnings);
  return { ...result, metrics, curve, warnings: [...warningOf(result, { metrics, curve }), ...warnings] };
};
