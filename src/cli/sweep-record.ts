import { stat } from 'node:fs/promises';
import { StateError } from '../domain/errors.js';
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

/** Is the record of a sweep out of sight that has begun? What is written beside a record comes after its first line. */
export const isRecordAway = async (home: Home, sweepId: string): Promise<boolean> => {
  const { record, server, jobs } = sweepPaths(home, sweepId);
  return !(await isThere(record)) && ((await isThere(server)) || (await isThere(jobs)));
};

/**
 * Reads a sweep's record; undefined while it has none.
 * @throws StateError when it is broken, may not be read, or is not there though the sweep has begun.
 */
export const readSweep = async (home: Home, sweepId: string): Promise<RecordedSweep | undefined> => {
  const { record } = sweepPaths(home, sweepId);
  if (await isRecordAway(home, sweepId)) {
    throw new StateError(`sweep ${sweepId} has begun, and its record is not there (${record})`, {
      hint: 'mount the home folder, or restore record.jsonl from a backup: a sweep that runs waits for it; titrate run FILE --fresh starts another',
    });
  }
  if (!(await isThere(record))) return undefined;
  const { lines, warnings } = await readRecord(record);
  return lines.length === 0 ? undefined : { lines, view: foldRecord(lines), warnings };
};
