import { stat } from 'node:fs/promises';
import type { RecordLine } from '../domain/record-event.js';
import { diskError, isMissing } from '../host/disk-errors.js';
import { readRecord } from '../ledger/record-file.js';
import { foldRecord, type SweepView } from '../reports/sweep-view.js';
import { sweepPaths, type Home } from '../temporal/home.js';

/** A sweep as its record tells it, with what was odd about the file. */
export interface RecordedSweep {
  readonly lines: readonly RecordLine[];
  readonly view: SweepView;
  readonly warnings: readonly string[];
}

const isThere = async (record: string): Promise<boolean> => {
  try {
    await stat(record);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw diskError(error, 'read the record', record);
  }
};

/** Reads a sweep's record; undefined while it has none. @throws StateError when it is broken or may not be read. */
export const readSweep = async (home: Home, sweepId: string): Promise<RecordedSweep | undefined> => {
  const { record } = sweepPaths(home, sweepId);
  if (!(await isThere(record))) return undefined;
  const { lines, warnings } = await readRecord(record);
  return lines.length === 0 ? undefined : { lines, view: foldRecord(lines), warnings };
};
