/** A run of a sweep's workflow that grows long while the sweep itself stands still. */
import { describe, expect, it } from 'vitest';
import { NumericalError } from '../../src/domain/errors.js';
import { toySweep } from '../workflows/toy-sweep.js';
import { withServer } from './real-server.js';
import { ScriptedLauncher, ScriptedProposer, scriptedSweeps, small, type StartedSweep } from './scripted-sweep.js';
import { until } from './until.js';

const server = withServer();

const LONG = 'x'.repeat(1_500_000); // three of them are more history (4 MiB) than the server wants of one run

const runOf = async ({ handle }: StartedSweep): Promise<string> => (await handle.describe()).runId;

/** Sends what changes nothing of the sweep and lies in its history all the same. */
const fill = async (sweep: StartedSweep): Promise<void> => {
  for (let i = 0; i < 4; i++) await sweep.handle.executeUpdate('attach', { args: [LONG] });
};

/** Fails at its recommendations until it is mended. */
class FailingProposer extends ScriptedProposer {
  isMended = false;

  override recommend(...args: Parameters<ScriptedProposer['recommend']>) {
    if (!this.isMended) throw new NumericalError('it cannot be told');
    return super.recommend(...args);
  }
}

describe('a sweep that waits', () => {
  const start = scriptedSweeps(server);

  it('for a person to resume it hands over to a next run before the server would end it (invariant 6)', async () => {
    const proposer = new ScriptedProposer(small(1));
    const launcher = new ScriptedLauncher();
    const sweep = await start({ sweep: toySweep({ parallel: 1 }), proposer, launcher, isAsleep: true });
    const paused = sweep.handle.executeUpdate('pause', { args: [{ by: 'ada' }] });
    await sweep.startWorker(); // it finds the pause before it can decide anything
    await paused;
    const before = await runOf(sweep);
    await fill(sweep);
    await until('another run has taken over', async () => (await runOf(sweep)) !== before);
    expect(proposer.tasks).toEqual([]);
    await sweep.handle.executeUpdate('resume', { args: [{ by: 'ada' }] });
    expect(await sweep.result()).toMatchObject({ status: 'completed', trials: 1 });
  });

  it('for somebody to mend its end hands over, too', async () => {
    const proposer = new FailingProposer(small(1));
    const sweep = await start({ sweep: toySweep({ parallel: 1 }), proposer, launcher: new ScriptedLauncher() });
    await sweep.handle.executeUpdate('finish', { args: [{ by: 'ada' }] });
    await until('it waits', async () => (await sweep.progress()).pause !== null);
    const before = await runOf(sweep);
    await fill(sweep);
    await until('another run has taken over', async () => (await runOf(sweep)) !== before);
    proposer.isMended = true;
    await sweep.handle.executeUpdate('resume', { args: [{ by: 'ada' }] });
    expect((await sweep.result()).status).toBe('completed');
  });
});
