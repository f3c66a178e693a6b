/** Makes evidence for a sweep of a team's earlier runs. */
import { canonicalJson } from '../domain/canonical-json.js';
import { InputError, type Problem } from '../domain/errors.js';
import { observationProblem } from '../domain/injected.js';
import type { Sweep } from '../domain/sweep.js';
import { isStandIn, type PastRuns } from '../simulators/past-runs.js';
import {
  earlierTellings,
  ownTelling,
  retractedTelling,
  withNames,
  type ImportedRun,
  type KnownRuns,
} from './known-runs.js';
import type { PastTable } from './past-table.js';

export interface Imports {
  readonly runs: readonly ImportedRun[];
  readonly leftOut: PastRuns['leftOut'];
}

const domainProblems = (sweep: Sweep, before: readonly string[]): Problem[] => {
  const domains = Object.keys(sweep.domains);
  const list = (names: readonly string[]): string => names.join(', ');
  const missing = domains.filter((domain) => !before.includes(domain));
  const strange = before.filter((domain) => !domains.includes(domain));
  return [
    ...missing.map((domain) => ({
      path: `domains.${domain}`,
      expected: 'a column, or a rule in the mapping: domains.added, or a domain that was split into it',
      found: `the table’s domains ${list(before)}`,
    })),
    ...strange.map((domain) => ({
      path: `the table’s ${domain}`,
      expected: `a domain of the sweep (${list(domains)}), or a rule in the mapping: domains.dropped, joined or split`,
      found: 'none',
    })),
  ];
};

const howToldBefore = ({ steps, metrics, source }: ImportedRun, run: ImportedRun): string => {
  if (steps !== run.steps) return `at ${steps} steps`;
  const isSame = canonicalJson(metrics) === canonicalJson(run.metrics);
  if (isSame && !isStandIn(source.run) && source.run !== run.source.run) return `under the name ${source.run}`;
  return isSame ? 'with shares in other digits, or another ending' : 'with other metrics';
};

const tellingText = (before: ImportedRun, run: ImportedRun): string =>
  `it was imported before, as ${before.trial}, ${howToldBefore(before, run)}: what decisions were made from stays as it is`;

const UNKNOWN: KnownRuns = { runs: [], own: [], retracted: new Set() };

/** What the sweep has a run as already, for people; undefined of one that it does not know. */
const knownAs = (run: ImportedRun, before: ImportedRun | undefined, known: KnownRuns): string | undefined => {
  const own = ownTelling(run, known)?.trial;
  if (own !== undefined)
    return `the sweep made it itself, as ${own}${known.retracted.has(own) ? ', and its result was retracted' : ''}`;
  const retracted = retractedTelling(run, known);
  if (retracted !== undefined) return `it was imported before, as ${retracted}, and its result was retracted`;
  return before === undefined ? undefined : tellingText(before, run);
};

/**
 * Makes imported runs of a table; what the sweep cannot learn from is left out with its reason, and so is a run that it knows
 * (`known`) as one of its own or from another state of the table, unless its result was taken back. One that it knows just so is among the runs under the name that it has.
 * @throws InputError when the domains differ and no rule says what became of them, or nothing is left.
 */
export const importsOf = (sweep: Sweep, past: PastTable, file: string, known: KnownRuns = UNKNOWN): Imports => {
  const problems = domainProblems(sweep, past.domains);
  if (problems.length > 0)
    throw new InputError('the domains of the sweep and of its table differ', problems, {
      hint: 'docs/evidence.md tells the rules for domains that changed',
    });
  const all = withNames(
    past.runs.map(({ mixture, scale, steps, status, metrics, curve, changed, lines, run }) => {
      const source = { file, sha256: past.sha256, lines, run };
      return { mixture, scale, steps, status, metrics, curve, source, ...(changed.length === 0 ? {} : { changed }) };
    }),
    known.runs,
  );
  const earlier = earlierTellings(all, known);
  const runs: ImportedRun[] = [];
  const leftOut = [...past.leftOut];
  let isKnown = false;
  for (const one of all) {
    const as = knownAs(one, earlier.get(one.trial), known);
    const reason = as ?? observationProblem(sweep, one);
    isKnown ||= as !== undefined;
    if (reason === undefined) runs.push(one);
    else leftOut.push({ run: one.source.run, lines: one.source.lines, reason });
  }
  if (runs.length > 0 || isKnown) return { runs, leftOut };
  const [first] = leftOut;
  const found =
    first === undefined ? 'none' : `${leftOut.length} runs that cannot be used, such as ${first.run}: ${first.reason}`;
  throw new InputError('nothing can be imported', [
    { path: file, expected: 'a run that the sweep can learn from', found },
  ]);
};
