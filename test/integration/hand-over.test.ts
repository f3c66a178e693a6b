/** A run of a sweep's workflow that grows long while the sweep itself stands still, and what comes in at its very end. */
import { describe, expect, it } from 'vitest';
import { NumericalError } from '../../src/domain/errors.js';
import type { ActResult } from '../../src/domain/messages.js';
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

describe('a sweep that tells people before it ends', () => {
  const start = scriptedSweeps(server);

  it('has every act in its record that it answered meanwhile (invariant 18)', async () => {
    const launcher = new ScriptedLauncher((job) => (job.trial === 't0001' ? {} : null));
    const sweep = await start({
      sweep: toySweep({ parallel: 1, budget: 22, notify: [{ command: ['tell'] }] }),
      proposer: new ScriptedProposer([...small(1), { scale: 'big', steps: 20 }]),
      launcher,
    });
    await until('its last job runs', () => launcher.running().length === 1);
    const answers: ActResult[] = [await sweep.handle.executeUpdate('finish', { args: [{ by: 'ada' }] })];
    const ask = async (): Promise<void> => {
      const what = { by: 'bob', trial: 't0001', reason: `number ${answers.length}` };
      const answer = await sweep.handle
        .executeUpdate<ActResult, [object]>('retract', { args: [what] })
        .catch(() => undefined); // the sweep has ended
      if (answer === undefined) return;
      answers.push(answer);
      await ask();
    };
    const asking = [ask(), ask(), ask(), ask()];
    launcher.end(`${sweep.sweepId}.t0002.g1`); // most of the budget is spent then, which is told
    await sweep.result();
    await Promise.all(asking);
    const owed = answers.filter(({ reason }) => reason !== 'the sweep is ending');
    const acts = (await sweep.record()).filter(({ key }) => key.startsWith('act'));
    expect(owed.length).toBeGreaterThan(2);
    expect(acts).toHaveLength(owed.length);
  });
});
