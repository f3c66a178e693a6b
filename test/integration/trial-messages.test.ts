/** What trials tell their sweep, and what the record makes of it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { trialWorkflowId } from '../../src/domain/messages.js';
import { toySweep } from '../workflows/toy-sweep.js';
import { withServer } from './real-server.js';
import { ScriptedLauncher, ScriptedProposer, small, startScripted, type StartedSweep } from './scripted-sweep.js';

const server = withServer();

/** How often a trial told its sweep something. */
const countMessages = async ({ sweepId }: StartedSweep, trial: string): Promise<number> => {
  const handle = server().client.workflow.getHandle(trialWorkflowId(sweepId, trial));
  const { events } = await handle.fetchHistory();
  return (events ?? []).filter((event) => event.signalExternalWorkflowExecutionInitiatedEventAttributes).length;
};

const launchesAndEnds = async (sweep: StartedSweep): Promise<string[]> =>
  (await sweep.record()).map(({ key }) => key).filter((key) => /^(launched|observed):/.test(key));

describe('a trial', () => {
  it('tells the launch of a job that ends at once together with its end, and both are recorded in order', async () => {
    const setup = { sweep: toySweep({ parallel: 1 }), proposer: new ScriptedProposer(small(2)) };
    const sweep = await startScripted(server(), { ...setup, launcher: new ScriptedLauncher() });
    await sweep.result();
    expect(await countMessages(sweep, 't0001')).toBe(1);
    const { sweepId } = sweep;
    expect(await launchesAndEnds(sweep)).toEqual([
      `launched:${sweepId}.t0001.g1`,
      'observed:t0001',
      `launched:${sweepId}.t0002.g1`,
      'observed:t0002',
    ]);
    await sweep.stopWorker();
  });

  it('tells the launch of a job that goes on while it runs, and its end later', async () => {
    const launcher = new ScriptedLauncher(() => null);
    const setup = { sweep: toySweep({ parallel: 1 }), proposer: new ScriptedProposer(small(1)) };
    const sweep = await startScripted(server(), { ...setup, launcher });
    const key = `${sweep.sweepId}.t0001.g1`;
    for (const end = Date.now() + 60_000; (await launchesAndEnds(sweep).catch(() => [])).length < 1; await sleep(50)) {
      if (Date.now() > end) throw new Error('waited 60 s in vain for the launch to be recorded');
    }
    expect(launcher.running()).toEqual([key]);
    launcher.end(key);
    await sweep.result();
    expect(await countMessages(sweep, 't0001')).toBe(2);
    expect(await launchesAndEnds(sweep)).toEqual([`launched:${key}`, 'observed:t0001']);
    await sweep.stopWorker();
  });

  it('is stopped within its first moments as well', async () => {
    const launcher = new ScriptedLauncher(() => null);
    const setup = { sweep: toySweep({ parallel: 1 }), proposer: new ScriptedProposer(small(3)) };
    const sweep = await startScripted(server(), { ...setup, launcher });
    for (const end = Date.now() + 60_000; launcher.started.length < 1; await sleep(5)) {
      if (Date.now() > end) throw new Error('waited 60 s in vain for the launch');
    }
    await sweep.handle.executeUpdate('cancel', { args: [{ by: 'ada', reason: 'a test' }] });
    expect(await sweep.result()).toMatchObject({ status: 'cancelled', trials: 1 });
    expect(launcher.stopped).toEqual([`${sweep.sweepId}.t0001.g1`]);
    expect(await launchesAndEnds(sweep)).toEqual([`launched:${sweep.sweepId}.t0001.g1`, 'observed:t0001']);
    await sweep.stopWorker();
  });
});
