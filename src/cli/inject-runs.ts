import { basename, dirname, resolve } from 'node:path';
import { inParts } from '../domain/in-parts.js';
import type { Act, ActResult } from '../domain/messages.js';
import { importsOf } from '../evidence/imports.js';
import type { ImportedRun, KnownRuns } from '../evidence/known-runs.js';
import { lengthNotes } from '../evidence/length-notes.js';
import type { PastTable } from '../evidence/past-table.js';
import { digestOf } from '../ledger/chain.js';
import { readStagedImports, stageImports } from '../ledger/staged-imports.js';
import { sweepPaths, type Home } from '../temporal/home.js';
import { identify } from './identity.js';
import type { Io } from './io.js';
import { leftOutText, openPastTable } from './past-table.js';
import type { SweepSource } from './sweep-source.js';
import { takeInParts } from './take-in-parts.js';

type TableOfRuns = NonNullable<SweepSource['sweep']['imports']>[number];

const AT_ONCE = 100; // an answer comes back for each message: a person sees soon what is not taken

/** Asks a running sweep to take runs as evidence. Safe to repeat: a run that it has is not taken twice. */
export const injectRuns = async (
  home: Home,
  sweepId: string,
  runs: readonly ImportedRun[],
  who: Act,
): Promise<ActResult> => {
  const { connect } = await import('../temporal/client.js');
  const { inject } = await import('../temporal/sweeps.js');
  const on = await connect({ home, onlyRunning: true });
  try {
    return await takeInParts(inParts(runs, AT_ONCE), (observations) => {
      const updateId = `import-${digestOf(observations.map(({ trial }) => trial))}`; // the same runs again change nothing
      return inject(on, sweepId, { ...who, observations }, { updateId });
    });
  } finally {
    await on.close();
  }
};

/** Keeps runs for the start of a sweep; returns how many are new. */
export const keepRuns = (home: Home, sweepId: string, runs: readonly ImportedRun[], who: Act): Promise<number> => {
  const { by, reason } = who;
  const why = reason === undefined ? {} : { reason };
  const events = runs.map((run) => ({ type: 'imported' as const, ...run, by, ...why }));
  return stageImports(sweepPaths(home, sweepId).imports, new Date().toISOString(), events);
};

/** The runs that wait for the start of a sweep. */
export const keptRuns = async (home: Home, sweepId: string): Promise<KnownRuns> => ({
  runs: (await readStagedImports(sweepPaths(home, sweepId).imports)).flatMap(({ event }) =>
    event.type === 'imported' ? [event] : [],
  ),
  own: [],
  retracted: new Set(),
});

/** Reads a table that a sweep file names under `imports`. @throws InputError when it cannot be read. */
const openTableOf = ({ file, sweep }: SweepSource, { from, mapping }: TableOfRuns): Promise<PastTable> => {
  const place = (path: string): string => resolve(dirname(file), path);
  return openPastTable(place(from), mapping === undefined ? undefined : place(mapping), sweep);
};

interface OpenedTable {
  readonly from: string;
  readonly past: PastTable;
}

const openTables = async (source: SweepSource): Promise<readonly OpenedTable[]> => {
  const tables: OpenedTable[] = [];
  for (const table of source.sweep.imports ?? [])
    tables.push({ from: table.from, past: await openTableOf(source, table) });
  return tables;
};

const openedBefore = new WeakMap<SweepSource, Promise<readonly OpenedTable[]>>();

/** The tables that a sweep file names under `imports`: a start checks them before it makes a folder, and keeps them in it. */
const tablesOf = (source: SweepSource): Promise<readonly OpenedTable[]> => {
  const tables = openedBefore.get(source) ?? openTables(source);
  openedBefore.set(source, tables);
  return tables;
};

/** @throws InputError when a table that a sweep file names under `imports` cannot be read. */
export const checkImportsOf = async (source: SweepSource): Promise<void> => {
  await tablesOf(source);
};

/**
 * Keeps the runs that a sweep file names under `imports` for its start, and notes what is left out.
 * @throws InputError when one cannot be read.
 */
export const keepImportsOf = async (home: Home, sweepId: string, source: SweepSource, io: Io): Promise<void> => {
  const { sweep } = source;
  const who = sweep.imports === undefined ? { by: '' } : await identify();
  for (const { from, past } of await tablesOf(source)) {
    const imports = importsOf(sweep, past, basename(from), await keptRuns(home, sweepId));
    const leftOut = leftOutText(imports);
    if (leftOut !== undefined) io.note(`${from}: ${leftOut}`);
    for (const note of lengthNotes(sweep, imports.runs)) io.note(`${from}: ${note}`);
    await keepRuns(home, sweepId, imports.runs, { ...who, reason: 'named in the sweep file' });
  }
};
