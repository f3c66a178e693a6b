import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { InputError } from '../domain/errors.js';
import { parseSweep } from '../domain/parse-sweep.js';
import { createOnce } from '../host/atomic-files.js';
import { diskError, errnoOf, onDisk } from '../host/disk-errors.js';
import { makePrivateFolder, sweepPaths, type Home } from '../temporal/home.js';
import { checkStart } from './check-start.js';
import { checkImportsOf } from './inject-runs.js';
import { sweepDigest, type SweepSource } from './sweep-source.js';
import { parseYaml } from './yaml-file.js';

export interface Claim {
  /** An id that the caller has chosen. */
  readonly id?: string | undefined;
  /** Never attach: take the next free id. */
  readonly fresh: boolean;
}

/** Makes the folder of an id; false when it is there already. */
const makeFolder = async (home: Home, sweepId: string): Promise<boolean> => {
  const { folder } = sweepPaths(home, sweepId);
  await makePrivateFolder(home.sweeps);
  try {
    await mkdir(folder, { mode: 0o700 });
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    throw diskError(error, 'make the folder', folder);
  }
};

/** Takes `id`, `id-2`, `id-3`, ...: making the folder is the claim, so two at once get two. */
const nextFree = async (home: Home, id: string): Promise<string> => {
  for (let n = 1; ; n++) {
    const candidate = n === 1 ? id : `${id}-${n}`;
    if (await makeFolder(home, candidate)) return candidate;
  }
};

/** Keeps a copy of the file beside the record. @throws InputError when another sweep bears this id. */
const keepFile = async (home: Home, sweepId: string, source: SweepSource): Promise<void> => {
  const { sweepFile } = sweepPaths(home, sweepId);
  if (await onDisk('keep a copy of the sweep', sweepFile, () => createOnce(sweepFile, source.text, 0o600))) return;
  const kept = parseSweep(parseYaml(await readFile(sweepFile, 'utf8'), sweepFile));
  if (sweepDigest(kept) === sweepDigest(source.sweep)) return;
  const found = `an id whose sweep has another content (${sweepFile})`;
  throw new InputError('this id is taken', [
    { path: '--id', expected: 'an id that is free, or that of the same sweep', found },
  ]);
};

const checkId = (id: string): void => {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(id)) return;
  const expected = 'letters, digits, dots, dashes and underscores, at most 100, beginning with a letter or digit';
  throw new InputError('this id cannot be used', [{ path: '--id', expected, found: JSON.stringify(id) }]);
};

/**
 * Decides which sweep a file means and makes its folder with a copy of the file; returns the id.
 * @throws InputError, before there is a folder, when a sweep that has not begun cannot be run.
 */
export const claimSweep = async (home: Home, source: SweepSource, claim: Claim): Promise<string> => {
  const wanted = claim.id ?? source.id;
  checkId(wanted);
  if (claim.fresh || !existsSync(sweepPaths(home, wanted).record)) {
    await checkStart(source);
    await checkImportsOf(source);
  }
  const sweepId = claim.fresh ? await nextFree(home, wanted) : wanted;
  if (!claim.fresh) await makeFolder(home, sweepId);
  await keepFile(home, sweepId, source);
  return sweepId;
};
