import { stat } from 'node:fs/promises';
import { StateError } from '../domain/errors.js';
import { homeAt, readHomeId, type Home } from './home.js';

/** Names a folder whatever path leads to it; undefined when there is none. */
const placeOf = (path: string): Promise<string | undefined> =>
  stat(path).then(
    ({ dev, ino }) => `${dev}:${ino}`,
    () => undefined,
  );

/**
 * A process that a file of this home names may work for another home: the one that this is a copy of, file and all. Returns that
 * home's folder; undefined when the process is this home's, moved or reached by another path though it may be. `recorded` is the
 * home's folder as the process was started with (absent from records of version 0.1.0).
 */
export const copiedFrom = async (home: Home, recorded: string | undefined): Promise<string | undefined> => {
  if (recorded === undefined || recorded === home.root) return undefined;
  const [there, here] = await Promise.all([placeOf(recorded), placeOf(home.root)]);
  if (there === undefined || there === here) return undefined;
  const [theirs, ours] = await Promise.all(
    [homeAt(recorded), home].map((each) => readHomeId(each).catch(() => undefined)),
  );
  return theirs === ours ? recorded : undefined; // else a new home stands where this one was before it was moved
};

/** In words, for a process of the home that this one is a copy of. */
export const worksFor = (original: string): string => `it works for ${original}, which this home is a copy of`;

/** Why a process is left alone that works for another home: `what` it is, and the command that `stops` it there. */
export const notItsOwn = (what: string, home: Home, original: string, stops: string): StateError =>
  new StateError(`the ${what} of ${home.root} is not its own: ${worksFor(original)}`, {
    hint: `use --home ${original}; to go on here instead, first ${stops} --home ${original}, and never run both: each would launch the jobs of the same sweeps`,
    values: { original },
  });
