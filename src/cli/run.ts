import { canonicalJson } from '../domain/canonical-json.js';
import type { LauncherChoice } from '../domain/sweep.js';
import { resolveHome } from '../temporal/home.js';
import { checkStart } from './check-start.js';
import { claimSweep } from './claim-sweep.js';
import { textFlag, type Invocation, type Outcome } from './command.js';
import { conclude } from './conclude.js';
import { keepImportsOf } from './inject-runs.js';
import { startNotes } from './start-notes.js';
import { isRecordAway, readSweep } from './sweep-record.js';
import { readSweepSource } from './sweep-source.js';

/** Keys of a launcher whose paths are relative to the sweep file. */
const PLACED = ['command', 'cwd', 'folder', 'kubeconfig', 'world'] as const;

/** Says what a sweep was started with where its file, the same, lay in another folder: its jobs go on with that. */
const movedNotes = (begun: LauncherChoice, now: LauncherChoice): string[] => {
  const valueOf = (launcher: LauncherChoice, key: string): string => canonicalJson(Reflect.get(launcher, key) ?? null);
  return PLACED.filter((key) => valueOf(begun, key) !== valueOf(now, key)).map(
    (key) => `it was started elsewhere, with ${key} ${valueOf(begun, key)}; with this folder’s own, run --fresh`,
  );
};

/** `titrate run FILE`. */
export const run = async (invocation: Invocation): Promise<Outcome> => {
  const { positionals, flags, io } = invocation;
  const source = await readSweepSource(positionals[0] ?? '');
  const home = resolveHome({ flag: textFlag(invocation, 'home') });
  const sweepId = await claimSweep(home, source, { id: textFlag(invocation, 'id'), fresh: flags['fresh'] === true });
  const isAway = await isRecordAway(home, sweepId); // the sweep itself says so and waits
  const before = isAway ? undefined : await readSweep(home, sweepId);
  for (const note of before === undefined ? [] : movedNotes(before.view.sweep.launcher, source.placed.launcher))
    io.note(`note: ${note}`);
  if (before?.view.end != null) {
    io.note(`${sweepId} has ended already; this is how. --fresh starts another.`);
    return conclude(home, sweepId, io);
  }
  const hasBegun = isAway || before !== undefined;
  if (!hasBegun) {
    for (const note of await startNotes(source, await checkStart(source))) io.note(`note: ${note}`);
    await keepImportsOf(home, sweepId, source, io);
  }
  const { runLive } = await import('./run-live.js');
  return runLive({ home, sweepId, sweep: source.placed, io, hasBegun, detach: flags['detach'] === true });
};
