/** Trials that are run again, parked, retried and abandoned, on a real server with scripted jobs. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { RefusedError } from '../../src/domain/errors.js';
import type { ActResult } from '../../src/domain/messages.js';
import type { JobRef, JobResult, JobSpec } from '../../src/domain/ports.js';
import type { Retries } from '../../src/domain/retries.js';
import { DEFAULT_LIMITS } from '../../src/domain/retries.js';
import type { Sweep } from '../../src/domain/sweep.js';
import type { SweepState } from '../../src/workflows/sweep-state.js';
import { toySweep } from '../workflows/toy-sweep.js';
import { withServer } from './real-server.js';
import { ScriptedLauncher, ScriptedProposer, scriptedSweeps, small } from './scripted-sweep.js';
import type { StartedSweep } from './scripted-sweep.js';
import { until } from './until.js';

const server = withServer();

const retrying = (change: Partial<Retries> = {}, sweep: Partial<Sweep> = {}): Sweep =>
  toySweep({
    parallel: 1,
    retries: { ...DEFAULT_LIMITS, backoff: { firstSeconds: 0, longestSeconds: 0 }, parkAbove: 15, ...change },
    ...sweep,
  });

const failed = (job: JobSpec): Partial<JobResult> => ({
  status: 'failed',
  metrics: {},
  curve: [],
  stepsReached: job.resume?.steps ?? 0,
  detail: 'exit status 3',
});

const big = { scale: 'big', steps: 20 };

/** What the runs of a sweep workflow handed over to the next ones. */
const carriedStates = async ({ handle }: StartedSweep): Promise<SweepState[]> => {
  const states: SweepState[] = [];
  const { client } = server();
  for await (const { runId } of client.workflow.list({ query: `WorkflowId = "${handle.workflowId}"` })) {
    const { events } = await client.workflow.getHandle(handle.workflowId, runId).fetchHistory();
    const data = events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads?.[1]?.data;
    if (data != null) states.push(JSON.parse(Buffer.from(data).toString()) as SweepState);
  }
  return states;
};

describe('a trial whose job ended badly', () => {
  const start = scriptedSweeps(server);
  const act = (sweep: StartedSweep, name: 'retry' | 'abandon', trial: string): Promise<ActResult> =>
    sweep.handle.executeUpdate<ActResult, [object]>(name, { args: [{ by: 'ada', reason: 'a test', trial }] });
  const isParked = (sweep: StartedSweep) => async (): Promise<boolean> =>
    (await sweep.progress()).inFlight.some(({ state }) => state === 'parked');

  it('runs again exactly as often as its kind allows, each time recorded first, and is failed then (invariants 12 and 13)', async () => {
    const launcher = new ScriptedLauncher(failed);
    const sweep = await start({ sweep: retrying({ failed: 2 }), proposer: new ScriptedProposer(small(1)), launcher });
    // Three generations of one unit each, since each may have trained up to its first checkpoint.
    expect(await sweep.result()).toMatchObject({
      status: 'completed',
      trials: 1,
      spent: 3,
      spentByScale: { small: 3 },
    });
    expect(launcher.started.map(({ key }) => key.split('.').at(-1))).toEqual(['g1', 'g2', 'g3']);
    expect((await sweep.events('attempted')).map(({ generation, ending, cost }) => [generation, ending, cost])).toEqual(
      [
        [1, 'failed', 1],
        [2, 'failed', 1],
      ],
    );
    const [observed] = await sweep.events('observed');
    expect(observed).toMatchObject({ status: 'failed', key: launcher.started[2]?.key });
    expect(observed?.detail).toContain('exit status 3; not run again: all 2 retries after failed are used up');
    const keys = (await sweep.record()).map(({ key }) => key);
    for (const { key } of launcher.started.slice(1)) {
      expect(keys.indexOf(`rerun:${key}`)).toBeGreaterThan(0);
      expect(keys.indexOf(`rerun:${key}`)).toBeLessThan(keys.indexOf(`launched:${key}`));
    }
  });

  it('goes on from its last checkpoint after a preemption, which burns no attempt (invariants 13 and 14)', async () => {
    const metrics = { loss: 2 };
    const launcher = new ScriptedLauncher((job) => {
      const preempted = { status: 'preempted', metrics: {}, detail: 'evicted' } as const;
      if (job.generation === 1) return { ...preempted, stepsReached: 14, curve: [{ steps: 10, metrics }] };
      if (job.generation === 2) return { ...preempted, stepsReached: 0, curve: [] };
      return job.generation === 3 ? failed(job) : {};
    });
    const sweep = await start({
      sweep: retrying({}, { budget: 100 }),
      proposer: new ScriptedProposer([big]),
      launcher,
    });
    expect(await sweep.result()).toMatchObject({ status: 'completed', trials: 1, spent: 50 });
    const resume = { key: `${sweep.sweepId}.t0001.g1`, trial: 't0001', steps: 10 };
    expect(launcher.started.map((job) => [job.generation, job.resume, job.cost])).toEqual([
      [1, undefined, 20],
      [2, resume, 10],
      [3, resume, 10],
      [4, resume, 10],
    ]);
    expect((await sweep.events('attempted')).map(({ ending }) => ending)).toEqual(['preempted', 'preempted', 'failed']);
    expect(await sweep.events('observed')).toMatchObject([{ status: 'completed', cost: 10 }]);
  });

  it('is never run again when it was refused (invariant 13)', async () => {
    class Refusing extends ScriptedLauncher {
      override async launch(job: JobSpec): Promise<JobRef> {
        if (job.trial === 't0001') throw new RefusedError('the partition gpu99 does not exist');
        return super.launch(job);
      }
    }
    const launcher = new Refusing();
    const sweep = await start({
      sweep: retrying({ parkAbove: 0 }),
      proposer: new ScriptedProposer(small(2)),
      launcher,
    });
    expect(await sweep.result()).toMatchObject({ status: 'completed', trials: 2, spent: 1 });
    const [observed] = await sweep.events('observed');
    expect(observed).toMatchObject({ status: 'refused', cost: 0, detail: expect.stringContaining('gpu99') as string });
    expect(await sweep.events('rerun')).toEqual([]);
    expect(launcher.started.map(({ trial }) => trial)).toEqual(['t0002']);
  });

  it('parks when it is costly, while others go on; a person has it run again (invariant 15)', async () => {
    const launcher = new ScriptedLauncher((job) => (job.trial === 't0001' && job.generation < 3 ? failed(job) : {}));
    const proposer = new ScriptedProposer([big, ...small(2)]);
    const sweep = await start({ sweep: retrying({}, { budget: 100 }), proposer, launcher });
    await until('it waits for a person', async () => (await sweep.progress()).waitsFor !== null);
    const waiting = await sweep.progress();
    expect(waiting).toMatchObject({ status: 'running', observations: 2, spent: 22, committed: 20 });
    expect(waiting.waitsFor).toBe('nothing else can be done: retry or abandon t0001');
    expect(waiting.inFlight).toMatchObject([{ trial: 't0001', state: 'parked', generation: 3 }]);
    expect(proposer.tasks.at(-1)?.pending).toMatchObject([{ trial: 't0001', cost: 40 }]);
    expect(await act(sweep, 'retry', 't0002')).toMatchObject({ accepted: false });
    expect(await act(sweep, 'retry', 't0001')).toMatchObject({ accepted: true });
    expect(await sweep.result()).toMatchObject({ status: 'completed', trials: 3, spent: 42 });
    expect(launcher.started.filter(({ trial }) => trial === 't0001').map(({ generation }) => generation)).toEqual([
      1, 2, 3,
    ]);
    expect(await sweep.events('act')).toMatchObject([{ act: 'retry', trial: 't0001', by: 'ada', reason: 'a test' }]);
    expect((await sweep.events('rerun')).at(-1)).toMatchObject({
      generation: 3,
      reason: expect.stringContaining('ada'),
    });
  });

  it('is abandoned for ever by a person, parked or running (invariants 13 and 15)', async () => {
    const launcher = new ScriptedLauncher((job) => (job.trial === 't0001' ? failed(job) : null));
    const proposer = new ScriptedProposer([big, ...small(1)]);
    const sweep = await start({ sweep: retrying({ failed: 0 }, { budget: 100 }), proposer, launcher });
    await until('one is parked', isParked(sweep));
    await until('the other runs', () => launcher.running().length === 1);
    expect(await act(sweep, 'abandon', 't0001')).toMatchObject({ accepted: true });
    expect(await act(sweep, 'abandon', 't0002')).toMatchObject({ accepted: true });
    expect(await sweep.result()).toMatchObject({ status: 'completed', trials: 2 });
    expect(launcher.stopped).toEqual([`${sweep.sweepId}.t0002.g1`]);
    expect(launcher.started.map(({ generation }) => generation)).toEqual([1, 1]);
    const observed = await sweep.events('observed');
    expect(observed.map(({ trial, status }) => `${trial} ${status}`).sort()).toEqual([
      't0001 abandoned',
      't0002 abandoned',
    ]);
    expect(observed[0]?.detail).toContain('abandoned by ada (a test)');
  });

  it('ends as it stands when the budget does not allow another run, and says so (invariants 3 and 12)', async () => {
    const launcher = new ScriptedLauncher(failed);
    const sweep = await start({
      sweep: retrying({ failed: 5 }, { budget: 35 }),
      proposer: new ScriptedProposer([big]),
      launcher,
    });
    // Charged 10 each: a third run of 20 would make 40 of 35.
    expect(await sweep.result()).toMatchObject({ status: 'completed', spent: 20 });
    expect(launcher.started).toHaveLength(2);
    const [observed] = await sweep.events('observed');
    expect(observed?.detail).toContain('the budget does not allow another run, which may cost 20 units');
  });

  it('waits out its back-off over continue-as-new, and keeps its place meanwhile (invariants 4, 6 and 12)', async () => {
    const launcher = new ScriptedLauncher((job) => (job.trial === 't0003' && job.generation === 1 ? failed(job) : {}));
    const backoff = { firstSeconds: 8, longestSeconds: 8 };
    const sweep = await start({
      sweep: retrying({ backoff }),
      proposer: new ScriptedProposer(small(5)),
      launcher,
      continueAfterEvents: 5,
    });
    await until('it backs off', async () => (await sweep.progress()).inFlight[0]?.state === 'backing-off');
    const [before] = (await sweep.progress()).inFlight;
    expect(launcher.started).toHaveLength(3);
    expect(await sweep.result()).toMatchObject({ status: 'completed', trials: 5, spent: 6 });
    const [again] = (await sweep.record()).filter(({ key }) => key === `launched:${sweep.sweepId}.t0003.g2`);
    expect(Date.parse(again?.at ?? '')).toBeGreaterThanOrEqual(before?.notBefore ?? Infinity);
    expect((await carriedStates(sweep)).some(({ running }) => running[0]?.state === 'backing-off')).toBe(true);
    expect(launcher.started.map(({ trial, generation }) => `${trial}.${generation}`)).toEqual([
      't0001.1',
      't0002.1',
      't0003.1',
      't0003.2',
      't0004.1',
      't0005.1',
    ]);
  });

  it('starts its next generation once when the worker dies between the decision and the launch (invariant 12)', async () => {
    const launcher = new ScriptedLauncher((job) => (job.generation === 1 ? failed(job) : {}));
    const setup = {
      sweep: retrying({ backoff: { firstSeconds: 4, longestSeconds: 4 } }),
      proposer: new ScriptedProposer(small(1)),
      launcher,
    };
    const sweep = await start(setup);
    await until('it backs off', async () => (await sweep.progress()).inFlight[0]?.state === 'backing-off');
    expect(await sweep.events('rerun')).toHaveLength(1);
    await sweep.stopWorker();
    expect(launcher.started).toHaveLength(1);
    await sleep(4_000); // the back-off ends with nobody there
    await sweep.startWorker();
    expect(await sweep.result()).toMatchObject({ status: 'completed', trials: 1 });
    expect(launcher.started.map(({ generation }) => generation)).toEqual([1, 2]);
    expect((await sweep.record()).filter(({ key }) => key.includes('.g2')).map(({ key }) => key.split(':')[0])).toEqual(
      ['rerun', 'launched'],
    );
  });
});
