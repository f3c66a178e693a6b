import { basename, resolve } from 'node:path';
import { auditFolder, type AuditOptions } from '../audit/audit.js';
import { auditText } from '../audit/audit-text.js';
import { recomputeInThreads } from '../audit/recompute.js';
import { InputError } from '../domain/errors.js';
import { readPublicKey } from '../ledger/signing-key.js';
import { packageVersion } from '../temporal/package-version.js';
import { readAnchors } from './anchors.js';
import { textFlag, type Invocation, type Outcome } from './command.js';
import { EXIT } from './exit-codes.js';
import type { Io } from './io.js';
import { namesFolder, recordFolder } from './record-folder.js';

const TELL_EVERY_MS = 2_000; // a person wants to see that it moves, and no more

const refuse = (path: string, expected: string, found: string): never => {
  throw new InputError('this command line cannot be used', [{ path, expected, found: JSON.stringify(found) }]);
};

/** Reads `N` or `N..M`. */
const rangeOf = (text: string): readonly [number, number] => {
  const [, from, , to] = /^(\d+)(\.\.(\d+))?$/.exec(text) ?? refuse('--decisions', 'N or N..M', text);
  const first = Number(from);
  const last = to === undefined ? first : Number(to);
  return first <= last ? [first, last] : refuse('--decisions', 'a range that goes up', text);
};

const progressOn = (io: Io): ((done: number, total: number) => void) => {
  let toldAt = Date.now();
  return (done, total) => {
    if (Date.now() - toldAt < TELL_EVERY_MS) return;
    toldAt = Date.now();
    io.note(`decided ${done} of ${total} again`);
  };
};

const optionsOf = async (invocation: Invocation, folder: string): Promise<AuditOptions> => {
  const { flags, io } = invocation;
  const range = textFlag(invocation, 'decisions');
  const key = textFlag(invocation, 'public-key');
  return {
    withoutJobs: flags['without-jobs'] === true,
    anchors: await readAnchors(invocation, folder),
    version: packageVersion(),
    node: process.version,
    progress: progressOn(io),
    // A copy may have any name; a sweep of the home is found by the name that its record must have.
    ...(namesFolder(invocation.positionals[0]) ? {} : { sweepId: basename(folder) }),
    ...(range === undefined ? {} : { range: rangeOf(range) }),
    ...(flags['no-recompute'] === true ? {} : { recompute: recomputeInThreads }),
    ...(key === undefined ? {} : { publicKey: await readPublicKey(resolve(key)) }),
  };
};

/** `titrate verify [SWEEP|FOLDER]`. */
export const verify = async (invocation: Invocation): Promise<Outcome> => {
  const folder = await recordFolder(invocation);
  const audit = await auditFolder(folder, await optionsOf(invocation, folder));
  return { exitCode: audit.holds ? EXIT.ok : EXIT.sweep, json: { ...audit }, text: auditText(audit) };
};
