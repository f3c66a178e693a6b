import { resolve } from 'node:path';
import { StateError } from '../domain/errors.js';
import { resolveHome } from '../temporal/home.js';
import { textFlag, type Invocation, type Outcome } from './command.js';
import { sweepJson, writeReport } from './conclude.js';
import { EXIT } from './exit-codes.js';
import { findRecorded } from './find-sweep.js';
import { readSweep } from './sweep-record.js';

/** `titrate report [SWEEP|FOLDER]`. */
export const report = async (invocation: Invocation): Promise<Outcome> => {
  const here = resolveHome({ flag: textFlag(invocation, 'home') });
  const { home, sweepId } = await findRecorded(here, invocation.positionals[0]);
  const recorded = await readSweep(home, sweepId);
  if (recorded === undefined) {
    throw new StateError(`sweep ${sweepId} has no record yet`, { hint: `titrate status ${sweepId}` });
  }
  for (const warning of recorded.warnings) invocation.io.note(`note: ${warning}`);
  const out = textFlag(invocation, 'out');
  const file = await writeReport(home, sweepId, recorded, out === undefined ? undefined : resolve(out));
  return { exitCode: EXIT.ok, json: { ...sweepJson(home, sweepId, recorded.view), report: file }, text: file };
};
