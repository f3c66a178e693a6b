import { stat } from 'node:fs/promises';
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
