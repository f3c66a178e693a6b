import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { InputError } from '../domain/errors.js';
import { nearestWord } from '../domain/nearest-word.js';
import { sectionOf } from '../domain/sweep-draft.js';
import { isMissing } from '../host/disk-errors.js';
import { sweepFolders, sweepPaths, type Home } from '../temporal/home.js';
import { nameInId } from './sweep-source.js';
import { parseYaml } from './yaml-file.js';

interface Folder {
  readonly id: string;
  /** When its record was last written (ms since the epoch). */
  readonly touched: number;
}

/** Undefined when the folder holds no sweep; one that may not be looked into is listed, as the oldest. */
const touchedAt = async (home: Home, id: string): Promise<number | undefined> => {
  const { record, sweepFile } = sweepPaths(home, id);
  for (const file of [record, sweepFile]) {
    try {
      return (await stat(file)).mtimeMs;
    } catch (error) {
      if (!isMissing(error)) return 0;
    }
  }
  return undefined;
};

/**
 * Lists the sweeps of a home, the one that moved last first; none when there is no home yet.
 * @throws StateError when the home may not be looked into.
 */
export const listSweeps = async (home: Home): Promise<string[]> => {
  const names = await sweepFolders(home);
  const folders: Folder[] = [];
  for (const id of names) {
    const touched = await touchedAt(home, id);
    if (touched !== undefined) folders.push({ id, touched });
  }
  return folders.sort((a, b) => b.touched - a.touched).map(({ id }) => id);
};

const HASH = /-[0-9a-f]{8}(-\d+)?$/; // what an id has beside the sweep's name

const notFound = (home: Home, wanted: string, known: readonly string[]): InputError => {
  const nearest = nearestWord(wanted, [...known, ...known.map((id) => id.replace(HASH, ''))]);
  const list = known.length === 0 ? 'none is here yet' : known.slice(0, 8).join(', ');
  const expected = `a sweep of ${home.root}: ${list}${nearest === undefined ? '' : ` (did you mean ${nearest}?)`}`;
  return new InputError('no such sweep', [{ path: 'SWEEP', expected, found: JSON.stringify(wanted) }], {
    hint: 'titrate status lists them; --home decides where it looks',
  });
};

/** The name in the copy of a sweep's file. */
const writtenName = async (home: Home, id: string): Promise<unknown> => {
  try {
    const { sweepFile } = sweepPaths(home, id);
    return sectionOf(parseYaml(await readFile(sweepFile, 'utf8'), sweepFile), 'name');
  } catch {
    return undefined; // a sweep that a team's own workflow started has no file, and one that cannot be read names none
  }
};

/** The sweeps of a name. Where an id cannot hold the name as it is, others may look alike: the name itself is compared. */
const namedSo = async (home: Home, known: readonly string[], name: string): Promise<string[]> => {
  const inId = nameInId(name);
  const alike = known.filter((id) => id.replace(HASH, '') === inId);
  if (inId === name) return alike;
  const names = await Promise.all(alike.map((id) => writtenName(home, id)));
  return alike.filter((_, i) => names[i] === name);
};

const ambiguous = (wanted: string, matching: readonly string[]): InputError =>
  new InputError('which sweep?', [
    {
      path: 'SWEEP',
      expected: `one of ${matching.join(', ')}`,
      found: `${JSON.stringify(wanted)}, which fits all of them`,
    },
  ]);

/** What to do with a name that several sweeps bear: look at the latest, or refuse. */
export type Choosing = 'latest' | 'unique';

/**
 * Finds a sweep by its id, the beginning of it, its name, or `latest` (also when nothing is given).
 * @throws InputError when there is none, or several and one must be meant.
 */
export const findSweep = async (
  home: Home,
  wanted: string | undefined,
  choosing: Choosing = 'latest',
): Promise<string> => {
  const known = await listSweeps(home);
  const [latest] = known;
  if (wanted === undefined || wanted === 'latest') {
    if (latest === undefined) throw notFound(home, 'latest', known);
    return latest;
  }
  if (known.includes(wanted)) return wanted;
  const named = await namedSo(home, known, wanted);
  if (named[0] !== undefined && (choosing === 'latest' || named.length === 1)) return named[0];
  const matching = known.filter((id) => id.startsWith(wanted));
  if (matching.length > 1) throw ambiguous(wanted, matching);
  const [only] = matching;
  if (only === undefined) throw notFound(home, wanted, known);
  return only;
};

/** The record in a sweep's folder, which may be a copy outside every home. */
export const recordIn = (folder: string): string => join(folder, 'record.jsonl');

/** Is it the path of a folder with a record? A name without a slash may be one too. */
export const holdsRecord = (path: string): boolean => existsSync(recordIn(path));

/**
 * Finds a recorded sweep: the folder of one, such as a copy, wherever it lies, whose parent then stands for the home's folder of sweeps; else
 * a sweep of the home, as `findSweep` does.
 */
export const findRecorded = async (
  home: Home,
  wanted: string | undefined,
): Promise<{ readonly home: Home; readonly sweepId: string }> => {
  if (wanted === undefined || !holdsRecord(wanted)) return { home, sweepId: await findSweep(home, wanted) };
  const folder = resolve(wanted);
  return { home: { ...home, sweeps: dirname(folder) }, sweepId: basename(folder) };
};
