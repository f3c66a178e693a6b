import { StateError } from '../domain/errors.js';
import type { Home } from '../temporal/home.js';
import { findRecorded } from './find-sweep.js';
import type { Io } from './io.js';
import { readSweep, type RecordedSweep } from './sweep-record.js';

/** A sweep's record, read and checked. */
export interface RecordedLines extends RecordedSweep {
  /** As the record says. */
  readonly sweepId: string;
}

/** Reads the record of a sweep or of a folder, and tells what is odd about the file. @throws StateError when there is none yet, or it is broken. */
export const readLines = async (home: Home, wanted: string | undefined, io: Io): Promise<RecordedLines> => {
  const found = await findRecorded(home, wanted);
  const recorded = await readSweep(found.home, found.sweepId);
  for (const warning of recorded?.warnings ?? []) io.note(`note: ${warning}`);
  if (recorded !== undefined) return { ...recorded, sweepId: recorded.view.sweepId };
  throw new StateError(`sweep ${found.sweepId} has no record yet`, { hint: `titrate status ${found.sweepId}` });
};
