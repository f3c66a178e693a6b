import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { StateError } from '../domain/errors.js';
import type { RecordLine } from '../domain/record-event.js';
import { readRecord } from '../ledger/record-file.js';
import { foldRecord, type SweepView } from '../reports/sweep-view.js';
import { sweepPaths, type Home } from '../temporal/home.js';
import { findSweep } from './find-sweep.js';

/** A sweep's record, read and checked. */
export interface RecordedLines {
  readonly sweepId: string;
  readonly lines: readonly RecordLine[];
  readonly view: SweepView;
}

const RECORD = 'record.jsonl';

/** Finds the record: in a folder that was named, such as a copy, else of a sweep of the home. */
const recordOf = async (home: Home, wanted: string | undefined): Promise<{ name: string; file: string }> => {
  if (wanted !== undefined && existsSync(join(wanted, RECORD)))
    return { name: basename(resolve(wanted)), file: join(wanted, RECORD) };
  const name = await findSweep(home, wanted);
  return { name, file: sweepPaths(home, name).record };
};

/** Reads the record of a sweep or of a folder. @throws StateError when there is none yet, or it is broken. */
export const readLines = async (home: Home, wanted: string | undefined): Promise<RecordedLines> => {
  const { name, file } = await recordOf(home, wanted);
  const none = new StateError(`sweep ${name} has no record yet`, { hint: `titrate status ${name}` });
  if (!existsSync(file)) throw none;
  const { lines } = await readRecord(file);
  if (lines.length === 0) throw none;
  const view = foldRecord(lines);
  return { sweepId: view.sweepId, lines, view };
};
