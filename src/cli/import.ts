import { existsSync } from 'node:fs';
import { basename, extname } from 'node:path';
import { InputError } from '../domain/errors.js';
import type { ActResult } from '../domain/messages.js';
import type { Sweep } from '../domain/sweep.js';
import { importsOf, type Imports } from '../evidence/imports.js';
import { knownRuns, type KnownRuns } from '../evidence/known-runs.js';
import { lengthNotes } from '../evidence/length-notes.js';
import { whatCounts } from '../evidence/what-counts.js';
import { formatCount, plural } from '../reports/format.js';
import { plainText } from '../reports/plain-text.js';
import { resolveHome, sweepPaths, type Home } from '../temporal/home.js';
import { reasonFlag } from './act-flags.js';
import { claimSweep } from './claim-sweep.js';
import { textFlag, type Invocation, type Outcome } from './command.js';
import { EXIT } from './exit-codes.js';
import { findSweep } from './find-sweep.js';
import { injectRuns, keepRuns, keptRuns } from './inject-runs.js';
import { leftOutLines } from './left-out-lines.js';
import { openPastTable } from './past-table.js';
import { identify } from './identity.js';
import { readSweep } from './sweep-record.js';
import { readSweepSource, type SweepSource } from './sweep-source.js';

/** What is imported into, and the sweep as far as evidence is concerned. */
interface Destination {
  readonly sweep: Sweep;
  /** A file whose sweep has not started; its folder is made when something is kept there. */
  readonly source?: SweepSource;
  readonly sweepId: string;
  /** What was imported into it before. */
  readonly known: KnownRuns;
}

const isFile = (text: string): boolean => ['.yaml', '.yml'].includes(extname(text).toLowerCase());

const knownTo = async (home: Home, sweepId: string): Promise<KnownRuns> => {
  const recorded = await readSweep(home, sweepId);
  return recorded === undefined ? keptRuns(home, sweepId) : knownRuns(recorded.lines);
};

const destinationOf = async (home: Home, wanted: string, id: string | undefined): Promise<Destination> => {
  if (isFile(wanted)) {
    const source = await readSweepSource(wanted);
    const sweepId = id ?? source.id;
    return { sweep: source.sweep, source, sweepId, known: await knownTo(home, sweepId) };
  }
  if (id !== undefined)
    throw new InputError('this command line cannot be used', [
      { path: '--id', expected: 'with a sweep file only', found: wanted },
    ]);
  const sweepId = await findSweep(home, wanted, 'unique');
  const recorded = await readSweep(home, sweepId);
  if (recorded !== undefined) return { sweep: recorded.view.sweep, sweepId, known: knownRuns(recorded.lines) };
  const source = await readSweepSource(sweepPaths(home, sweepId).sweepFile);
  return { sweep: source.sweep, sweepId, known: await keptRuns(home, sweepId) };
};

/** Brings the runs to where the sweep takes them: into the running one, or beside the record that is not there yet. */
const deliver = async (home: Home, at: Destination, { runs }: Imports, invocation: Invocation): Promise<ActResult> => {
  const recorded = existsSync(sweepPaths(home, at.sweepId).record) ? await readSweep(home, at.sweepId) : undefined;
  const status = recorded?.view.end?.status;
  if (status !== undefined) {
    const then = 'titrate what-if shows what these runs would have changed; a new sweep takes them';
    return { accepted: false, reason: `the sweep has ended (${status}): its record takes no more; ${then}` };
  }
  const given = reasonFlag(invocation);
  const who = { ...(await identify()), ...(given === undefined ? {} : { reason: given }) };
  if (recorded !== undefined) {
    const known = new Set(recorded.view.imports.map(({ trial }) => trial));
    const fresh = runs.filter(({ trial }) => !known.has(trial));
    if (fresh.length === 0) return { accepted: true, reason: 'no run; the sweep has all of them already' };
    return injectRuns(home, at.sweepId, fresh, who);
  }
  if (at.source !== undefined) await claimSweep(home, at.source, { id: textFlag(invocation, 'id'), fresh: false });
  const fresh = await keepRuns(home, at.sweepId, runs, who);
  return { accepted: true, reason: `${plural(fresh, 'new run')} kept for its start` };
};

/** Says what the runs are, before or after they are taken. */
const summaryText = (sweep: Sweep, sweepId: string, file: string, sha256: string, imports: Imports): string => {
  const scales = new Map<string, number>();
  for (const { scale } of imports.runs) scales.set(scale, (scales.get(scale) ?? 0) + 1);
  const perScale = [...scales].map(([scale, count]) => `${formatCount(count)} at ${plainText(scale)}`).join(', ');
  const changed = [...new Set(imports.runs.flatMap((run) => run.changed ?? []))];
  const changes =
    changed.length === 0
      ? []
      : [
          `Domains: ${changed
            .slice(0, 5)
            .map((text) => plainText(text))
            .join('; ')}${changed.length > 5 ? '; ...' : ''}.`,
        ];
  const counted = whatCounts(sweep);
  return [
    `${sweepId}: ${plural(imports.runs.length, 'run')} of ${plainText(file)} (SHA-256 ${sha256.slice(0, 12)}...)${perScale === '' ? '' : `: ${perScale}`}.`,
    ...changes,
    ...(counted === undefined ? [] : [counted]),
  ].join('\n');
};

/** `titrate import SWEEP --from CSV`. */
export const importRuns = async (invocation: Invocation): Promise<Outcome> => {
  const { positionals, io, flags } = invocation;
  const from = textFlag(invocation, 'from');
  if (from === undefined) {
    throw new InputError('this command line cannot be used', [
      { path: '--from', expected: 'a table of earlier runs (.csv)', found: 'none' },
    ]);
  }
  const home = resolveHome({ flag: textFlag(invocation, 'home') });
  const destination = await destinationOf(home, positionals[0] ?? '', textFlag(invocation, 'id'));
  const { sweep, sweepId, known } = destination;
  const past = await openPastTable(from, textFlag(invocation, 'mapping'), sweep);
  const imports = importsOf(sweep, past, basename(from), known);
  for (const line of leftOutLines(imports)) io.note(line);
  for (const note of lengthNotes(sweep, imports.runs)) io.note(`note: ${plainText(note)}`);
  const text = summaryText(sweep, sweepId, basename(from), past.sha256, imports);
  const json = {
    sweep: sweepId,
    file: basename(from),
    sha256: past.sha256,
    runs: imports.runs,
    leftOut: imports.leftOut,
  };
  if (flags['dry-run'] === true) {
    return { exitCode: EXIT.ok, json: { ...json, dryRun: true }, text: `${text}\nNothing was imported (--dry-run).` };
  }
  const { accepted, reason } = await deliver(home, destination, imports, invocation);
  const verdict = accepted ? `Imported: ${reason}.` : `Not imported: ${reason}.`;
  return {
    exitCode: accepted ? EXIT.ok : EXIT.sweep,
    json: { ...json, accepted, reason },
    text: `${text}\n${verdict}`,
  };
};
