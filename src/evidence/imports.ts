/** Makes evidence for a sweep of a team's earlier runs. */
import { InputError, type Problem } from '../domain/errors.js';
import { observationProblem } from '../domain/injected.js';
import type { Imported } from '../domain/record-event.js';
import type { Sweep } from '../domain/sweep.js';
import { digestOf } from '../ledger/chain.js';
import type { PastRun, PastRuns } from '../simulators/past-runs.js';
import type { PastTable } from './past-table.js';

/** An imported run without who imported it. */
export type ImportedRun = Omit<Imported, 'type' | 'by' | 'reason'>;

export interface Imports {
  readonly runs: readonly ImportedRun[];
  readonly leftOut: PastRuns['leftOut'];
}

const NAME_DIGITS = 10; // hex: one in a million that two of a thousand runs share a name

/** Names a run by what it says, so that the same run imported again, or from a table that has grown, is the same. */
const nameOf = ({ run, mixture, scale, steps, status, metrics }: PastRun): string =>
  `i${digestOf({ run, mixture, scale, steps, status, metrics }).slice(0, NAME_DIGITS)}`;

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

/**
 * Makes imported runs of a table; what the sweep cannot learn from is left out with its reason.
 * @throws InputError when the domains differ and no rule says what became of them, or nothing is left.
 */
export const importsOf = (sweep: Sweep, past: PastTable, file: string): Imports => {
  const problems = domainProblems(sweep, past.domains);
  if (problems.length > 0)
    throw new InputError('the domains of the sweep and of its table differ', problems, {
      hint: 'docs/evidence.md tells the rules for domains that changed',
    });
  const runs: ImportedRun[] = [];
  const leftOut = [...past.leftOut];
  for (const run of past.runs) {
    const { mixture, scale, steps, status, metrics, curve, changed, lines } = run;
    const source = { file, sha256: past.sha256, lines, run: run.run };
    const how = changed.length === 0 ? {} : { changed };
    const one = { trial: nameOf(run), mixture, scale, steps, status, metrics, curve, source, ...how };
    const reason = observationProblem(sweep, one);
    if (reason === undefined) runs.push(one);
    else leftOut.push({ run: run.run, lines, reason });
  }
  if (runs.length > 0) return { runs, leftOut };
  const [first] = leftOut;
  const found =
    first === undefined ? 'none' : `${leftOut.length} runs that cannot be used, such as ${first.run}: ${first.reason}`;
  throw new InputError('nothing can be imported', [
    { path: file, expected: 'a run that the sweep can learn from', found },
  ]);
};
