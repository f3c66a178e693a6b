import { MetricsLine } from '../domain/job-contract.js';
import type { Metrics } from '../domain/observation.js';
import { zodProblems } from '../domain/zod-problems.js';

/** What one line of `metrics.jsonl` says. */
export interface ReadLine {
  readonly step: number;
  /** The finite ones. */
  readonly metrics: Metrics;
  /** Names of metrics that are NaN, infinite or null. */
  readonly nonFinite: readonly string[];
  /** How many metrics are left out for being too many. */
  readonly leftOut: number;
}

/**
 * Names the metrics of a line that are not finite and tell of a run that diverged: the needed ones; any, where the line has
 * none of them, as one of the training loss alone, or none is named as needed.
 */
export const brokenIn = ({ nonFinite, metrics }: ReadLine, needed: readonly string[] = []): readonly string[] => {
  const broken = nonFinite.filter((name) => needed.includes(name));
  return broken.length > 0 || needed.some((name) => Object.hasOwn(metrics, name)) ? broken : nonFinite;
};

type ParsedLine = { readonly line: ReadLine } | { readonly malformed: string };

const MOST_METRICS = 200; // of a line: curves travel in histories, where a payload must stay under 2 MiB

// Strings are matched so that they can be left alone; the closing quote is optional so that the match never backtracks.
const BARE_NUMBERS = /"(?:[^"\\]+|\\.)*"?|-?\b(?:NaN|Infinity)\b/g;

const quoteBareNumbers = (text: string): string =>
  text.replace(BARE_NUMBERS, (found) => (found.startsWith('"') ? found : `"${found}"`));

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!/NaN|Infinity/.test(text)) throw error;
    return JSON.parse(quoteBareNumbers(text)); // what Python's json module writes
  }
};

/** What of a line is read. What else it says is for people: a run of days is not lost for a count of tokens that is null. */
const CountedLine = MetricsLine.pick({ step: true, metrics: true });
type CountedLine = Pick<MetricsLine, 'step' | 'metrics'>;

/** JSON's 1e999 is read as Infinity, which the schema takes only as a word. */
const nameInfinities = (value: unknown): unknown => {
  const metrics = (value as { metrics?: unknown } | null)?.metrics;
  if (typeof metrics !== 'object' || metrics === null || Array.isArray(metrics)) return value;
  const named = Object.entries(metrics).map(([name, item]) => [
    name,
    typeof item === 'number' && !Number.isFinite(item) ? String(item) : (item as unknown),
  ]);
  return { ...(value as object), metrics: Object.fromEntries(named) as unknown };
};

const split = ({ step, metrics }: CountedLine): ReadLine => {
  const finite: [string, number][] = [];
  const nonFinite: string[] = [];
  const all = Object.entries(metrics);
  for (const [name, value] of all.slice(0, MOST_METRICS)) {
    if (typeof value === 'number') finite.push([name, value]);
    else nonFinite.push(name);
  }
  return { step, metrics: Object.fromEntries(finite), nonFinite, leftOut: Math.max(0, all.length - MOST_METRICS) };
};

/** Reads one line, without its newline; never throws. */
export const parseMetricsLine = (text: string): ParsedLine => {
  let value: unknown;
  try {
    value = parseJson(text);
  } catch {
    return { malformed: 'not JSON' };
  }
  const first = CountedLine.safeParse(value);
  const parsed = first.success ? first : CountedLine.safeParse(nameInfinities(value));
  if (parsed.success) return { line: split(parsed.data) };
  const [problem] = zodProblems(parsed.error, [], value);
  if (problem === undefined) return { malformed: 'not a metrics line' };
  const { path, expected, found } = problem;
  return { malformed: `${path === '' ? 'line' : path.slice(0, 80)}: expected ${expected}; found ${found}` };
};
