/** What a person can ask about the jobs that no trial owns: look now, and stop them. */
import { errorText, isTitrateError } from '../domain/errors.js';
import type { ReconcileReport } from '../activities/reconcile-activities.js';
import { changeQuarantine, foldQuarantine, readQuarantine, type Orphan } from '../ledger/quarantine.js';
import { RecordFile } from '../ledger/record-file.js';
import { connect } from './client.js';
import { sweepPaths, type Home } from './home.js';
import { createLaunchers } from './launchers.js';
import { createReconciler } from './reconcile-home.js';
import { openSweepFolder } from './sweep-folder.js';

export interface LookOptions {
  readonly home: Home;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** What a look found, and why the server could not be asked if so. */
export type Look = ReconcileReport & { readonly noServer?: string };

/** Looks at the whole home now, as the schedule does. Starts no server: trials in flight stay unjudged without one. */
export const lookForOrphans = async ({ home, env = process.env }: LookOptions): Promise<Look> => {
  const recordFor = (sweepId: string): RecordFile => new RecordFile(sweepPaths(home, sweepId).record);
  const look = createReconciler({ home, launcherFor: createLaunchers(home), recordFor });
  const on = await connect({ home, env, onlyRunning: true }).catch((error: unknown) => {
    if (isTitrateError(error)) return errorText(error);
    throw error;
  });
  if (typeof on === 'string') return { ...(await look(null)), noServer: on };
  try {
    return await look(on.client);
  } finally {
    await on.close();
  }
};

/** What became of a stop. */
export interface Stopped {
  readonly key: string;
  readonly stopped: boolean;
  /** Why not. */
  readonly why?: string;
}

const stopOne = async (home: Home, { key, sweep, native, cause, folder }: Orphan): Promise<Stopped> => {
  if (cause === 'unknown-sweep') {
    return { key, stopped: false, why: 'another home may own it: stop it by the backend’s own command' };
  }
  try {
    const found = await openSweepFolder(home, sweep);
    if (found === undefined) return { key, stopped: false, why: 'its sweep’s folder is gone' };
    const launcher = await createLaunchers(home)(sweep, found.launcher);
    await launcher.stop({ key, launcher: launcher.kind, folder, native });
    return { key, stopped: true };
  } catch (error) {
    return { key, stopped: false, why: errorText(error) };
  }
};

/** Stops jobs in quarantine, one after the other, naming each first; a job that cannot be stopped stays in quarantine. */
export const stopOrphans = async (
  home: Home,
  orphans: readonly Orphan[],
  by: string,
  tell: (orphan: Orphan) => void,
): Promise<Stopped[]> => {
  const done: Stopped[] = [];
  for (const orphan of orphans) {
    tell(orphan);
    const result = await stopOne(home, orphan);
    done.push(result);
    if (!result.stopped) continue;
    const at = new Date().toISOString();
    await changeQuarantine(home.quarantine, at, () => [{ act: 'stopped', key: orphan.key, by }]);
  }
  return done;
};

/** Counts the jobs in quarantine as of the last look. */
export const countOrphans = async (home: Home): Promise<number> =>
  foldQuarantine(await readQuarantine(home.quarantine)).size;
