/**
 * Which of a table's runs a sweep has already, though the table has changed since: so that a run counts once.
 * A run with a name of its own is known by name, mixture and scale; one without by what it reported.
 */
import { canonicalJson } from '../domain/canonical-json.js';
import { isSameMixture } from '../domain/mixture.js';
import type { CurvePoint, Metrics, Observation } from '../domain/observation.js';
import type { Imported, RecordLine } from '../domain/record-event.js';
import { digestOf } from '../ledger/chain.js';
import { retractedIn, toldBy } from '../ledger/observations.js';
import { isStandIn } from '../simulators/past-runs.js';

/** An imported run without who imported it. */
export type ImportedRun = Omit<Imported, 'type' | 'by' | 'reason'>;

/** A run that has no name among the sweep's trials yet. */
type Nameless = Omit<ImportedRun, 'trial'>;

/** The runs that a sweep has, and the names of those whose results were taken back. */
export interface KnownRuns {
  /** From tables. */
  readonly runs: readonly ImportedRun[];
  /** Its own ones, as they were reported. */
  readonly own: readonly Observation[];
  readonly retracted: ReadonlySet<string>;
}

/** What a record says of its runs. */
export const knownRuns = (lines: readonly RecordLine[]): KnownRuns => ({
  runs: lines.flatMap(({ event }) => (event.type === 'imported' ? [event] : [])),
  own: toldBy(lines).filter(({ imported }) => imported === undefined),
  retracted: retractedIn(lines),
});

const NAME_DIGITS = 10; // hex: one in a million that two of a thousand runs share a name

const contentOf = ({ mixture, scale, steps, status, metrics }: Nameless) => ({
  mixture,
  scale,
  steps,
  status,
  metrics,
});
const nameFrom = (said: object): string => `i${digestOf(said).slice(0, NAME_DIGITS)}`;

/**
 * Names runs by what they say, so that the same run imported again is the same: with its own name in the table, or, where it
 * has none, by which of several equal ones it is. Runs that are known keep their names: earlier versions named those
 * without one by their line.
 */
export const withNames = (runs: readonly Nameless[], known: readonly ImportedRun[]): ImportedRun[] => {
  const names = new Map<string, string[]>();
  for (const { trial, ...run } of known.filter(({ source }) => isStandIn(source.run))) {
    const content = canonicalJson(contentOf(run));
    names.set(content, [...(names.get(content) ?? []), trial]);
  }
  const repeats = new Map<string, number>();
  return runs.map((run) => {
    if (!isStandIn(run.source.run)) return { trial: nameFrom({ run: run.source.run, ...contentOf(run) }), ...run };
    const content = canonicalJson(contentOf(run));
    const repeat = repeats.get(content) ?? 0;
    repeats.set(content, repeat + 1);
    return { trial: names.get(content)?.[repeat] ?? nameFrom({ ...contentOf(run), repeat }), ...run };
  });
};

/** Do two reports of one checkpoint agree, in all that both of them have? */
const agree = (a: Metrics, b: Metrics): boolean => {
  const common = Object.keys(a).filter((metric) => b[metric] !== undefined);
  return common.length > 0 && common.every((metric) => a[metric] === b[metric]);
};

const at = (curve: readonly CurvePoint[], steps: number): Metrics | undefined =>
  curve.find((point) => point.steps === steps)?.metrics;

/** Does a run come under the name that a sweep gave to the other, as in what that sweep exports? */
const isExportOf = (a: ImportedRun, b: ImportedRun): boolean => a.source.run === b.trial;

/** Are these one run, told at two times? `open`: what is to be said where they tell no checkpoint in common. */
const isSameRun = (a: ImportedRun, b: ImportedRun, open = true): boolean => {
  const areNamed = !isStandIn(a.source.run) && !isStandIn(b.source.run);
  if (areNamed && a.source.run !== b.source.run && !isExportOf(a, b) && !isExportOf(b, a)) return false;
  if (a.scale !== b.scale || !isSameMixture(a.mixture, b.mixture)) return false;
  const [shorter, longer] = a.steps <= b.steps ? [a, b] : [b, a];
  const there = shorter.steps === longer.steps ? longer.metrics : at(longer.curve, shorter.steps);
  return there === undefined ? areNamed && open : agree(there, shorter.metrics);
};

/** The name of the run whose result was taken back and that this one tells again: just so, in other digits, or gone on. */
export const retractedTelling = (run: ImportedRun, { runs, retracted }: KnownRuns): string | undefined => {
  if (retracted.has(run.trial)) return run.trial;
  if (runs.some(({ trial }) => trial === run.trial)) return undefined;
  const tellsAgain = (one: ImportedRun): boolean =>
    retracted.has(one.trial) && one.status === run.status && isSameRun(one, run, false);
  return runs.find(tellsAgain)?.trial;
};

/** The run of the sweep itself that a table tells again, as its export does: in the same digits or, where it reported nothing, by its name. */
export const ownTelling = (run: ImportedRun, { own }: KnownRuns): Observation | undefined =>
  own.find((one) => {
    if (one.scale !== run.scale) return false;
    const isSilent = Object.keys({ ...one.metrics, ...run.metrics }).length === 0;
    const there = one.steps === run.steps ? one.metrics : at(one.curve ?? [], run.steps);
    const isTold = isSilent
      ? run.source.run === one.trial && run.status === one.status
      : agree(there ?? {}, run.metrics);
    return isTold && isSameMixture(one.mixture, run.mixture);
  });

/** For each run that was imported before as it was then, and still counts, what it was imported as. */
export const earlierTellings = (runs: readonly ImportedRun[], known: KnownRuns): ReadonlyMap<string, ImportedRun> => {
  const [now, before] = [runs, known.runs].map((some) => new Set(some.map(({ trial }) => trial)));
  // the others are in the table as they were
  const changed = known.runs.filter(({ trial }) => now?.has(trial) !== true && !known.retracted.has(trial));
  return new Map(
    runs.flatMap((run): [string, ImportedRun][] => {
      const earlier = before?.has(run.trial) === true ? undefined : changed.find((one) => isSameRun(one, run));
      return earlier === undefined ? [] : [[run.trial, earlier]];
    }),
  );
};
