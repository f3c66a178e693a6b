/** What trials tell their sweep, and what the record makes of it. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { trialWorkflowId } from '../../src/domain/messages.js';
import { toySweep } from '../workflows/toy-sweep.js';
import { withServer } from './real-server.js';
import { ScriptedLauncher, ScriptedProposer, scriptedSweeps, small, type StartedSweep } from './scripted-sweep.js';
import { until } from './until.js';

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
  const start = scriptedSweeps(server);

  it('tells the launch of a job that ends at once together with its end, and both are recorded in order', async () => {
    const setup = { sweep: toySweep({ parallel: 1 }), proposer: new ScriptedProposer(small(2)) };
    const sweep = await start({ ...setup, launcher: new ScriptedLauncher() });
    await sweep.result();
    expect(await countMessages(sweep, 't0001')).toBe(0); // the sweep follows it
    const { sweepId } = sweep;
    expect(await launchesAndEnds(sweep)).toEqual([
      `launched:${sweepId}.t0001.g1`,
      'observed:t0001',
      `launched:${sweepId}.t0002.g1`,
      'observed:t0002',
    ]);
  });

  it('tells the launch of a job that goes on while it runs, and its end later', async () => {
    const launcher = new ScriptedLauncher(() => null);
    const setup = { sweep: toySweep({ parallel: 1 }), proposer: new ScriptedProposer(small(1)) };
    const sweep = await start({ ...setup, launcher });
    const key = `${sweep.sweepId}.t0001.g1`;
    await until('its launch is recorded', async () => (await launchesAndEnds(sweep).catch(() => [])).length > 0);
    expect(launcher.running()).toEqual([key]);
    launcher.end(key);
    await sweep.result();
    expect(await countMessages(sweep, 't0001')).toBe(1);
    expect(await launchesAndEnds(sweep)).toEqual([`launched:${key}`, 'observed:t0001']);
  });

  it('tells its end to a later run of its sweep, which did not start it (invariant 3)', async () => {
    const launcher = new ScriptedLauncher((job) => (job.trial === 't0001' ? null : {}));
    const setup = { sweep: toySweep({ budget: 6 }), proposer: new ScriptedProposer(small(6)), launcher };
    const sweep = await start({ ...setup, continueAfterEvents: 25 });
    await until('all others have ended', async () => (await sweep.progress()).observations === 5);
    launcher.end(`${sweep.sweepId}.t0001.g1`);
    expect(await sweep.result()).toMatchObject({ status: 'completed', trials: 6 });
    expect(await countMessages(sweep, 't0001')).toBe(2);
  });

  it('is heard of, and not run twice, by a sweep that was reset', async () => {
    const launcher = new ScriptedLauncher(() => null);
    const setup = { sweep: toySweep({ parallel: 1 }), proposer: new ScriptedProposer(small(1)), launcher };
    const sweep = await start(setup);
    const key = `${sweep.sweepId}.t0001.g1`;
    await until('its launch is recorded', async () => (await launchesAndEnds(sweep).catch(() => [])).length > 0);
    const { client } = server();
    const { events } = await sweep.handle.fetchHistory();
    const started = (events ?? []).findLast((event) => event.childWorkflowExecutionStartedEventAttributes);
    const task = (events ?? []).find(
      (event) => event.workflowTaskCompletedEventAttributes && Number(event.eventId) > Number(started?.eventId),
    );
    const { runId } = await sweep.handle.describe();
    await client.workflowService.resetWorkflowExecution({
      namespace: client.options.namespace,
      workflowExecution: { workflowId: sweep.handle.workflowId, runId },
      workflowTaskFinishEventId: task?.eventId ?? null,
      requestId: randomUUID(),
      reason: 'a test',
    });
    launcher.end(key);
    const trial = client.workflow.getHandle(trialWorkflowId(sweep.sweepId, 't0001'));
    await trial.result();
    expect(await client.workflow.getHandle(sweep.handle.workflowId).result()).toMatchObject({ trials: 1 });
    expect(launcher.started).toHaveLength(1);
  });

  it('is stopped within its first moments as well', async () => {
    const launcher = new ScriptedLauncher(() => null);
    const setup = { sweep: toySweep({ parallel: 1 }), proposer: new ScriptedProposer(small(3)) };
    const sweep = await start({ ...setup, launcher });
    for (const end = Date.now() + 60_000; launcher.started.length < 1; await sleep(5)) {
      if (Date.now() > end) throw new Error('waited 60 s in vain for the launch');
    }
    await sweep.handle.executeUpdate('cancel', { args: [{ by: 'ada', reason: 'a test' }] });
    expect(await sweep.result()).toMatchObject({ status: 'cancelled', trials: 1 });
    expect(launcher.stopped).toEqual([`${sweep.sweepId}.t0001.g1`]);
    expect(await launchesAndEnds(sweep)).toEqual([`launched:${sweep.sweepId}.t0001.g1`, 'observed:t0001']);
  });
});
