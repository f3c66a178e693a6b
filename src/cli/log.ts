import { StateError } from '../domain/errors.js';
import { readRecord } from '../ledger/record-file.js';
import { actLog, renderLog } from '../reports/act-log.js';
import { resolveHome, sweepPaths } from '../temporal/home.js';
import { textFlag, type Run } from './command.js';
import { EXIT } from './exit-codes.js';
import { findRecorded } from './find-sweep.js';

/** `titrate log [SWEEP|FOLDER]`. */
export const log: Run = async (invocation) => {
  const { positionals, io } = invocation;
  const here = resolveHome({ flag: textFlag(invocation, 'home') });
  const { home, sweepId } = await findRecorded(here, positionals[0]);
  const { lines, warnings } = await readRecord(sweepPaths(home, sweepId).record);
  if (lines.length === 0) throw new StateError(`the record of ${sweepId} is empty`, { hint: 'titrate status' });
  for (const warning of warnings) io.note(`note: ${warning}`);
  const entries = actLog(lines);
  const text = entries.length === 0 ? [`${sweepId}: nobody has done anything yet.`] : renderLog(entries);
  return { exitCode: EXIT.ok, json: { sweep: sweepId, entries }, text: text.join('\n') };
};
