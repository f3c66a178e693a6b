import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/domain/errors.js';
import type { ActResult, SweepProgress } from '../../src/domain/messages.js';
import { trialWorkflowId } from '../../src/domain/messages.js';
import { askJobs } from '../../src/cli/ask-jobs.js';
import type { TitrateConnection } from '../../src/temporal/client.js';
import { sweepPaths } from '../../src/temporal/home.js';
import { pendingWork } from '../../src/temporal/pending-work.js';
import { toySweep } from '../workflows/toy-sweep.js';
import { withServer } from './real-server.js';
import { ScriptedLauncher, ScriptedProposer, scriptedSweeps, small } from './scripted-sweep.js';
import { until } from './until.js';

const server = withServer();

describe('the sweep workflow', () => {
  const start = scriptedSweeps(server);

  it('records a decision before its trial starts, and starts what the record holds (invariant 1)', async () => {
    const launcher = new ScriptedLauncher();
    const sweep = await start({ proposer: new ScriptedProposer(small(6)), launcher });
    const result = await sweep.result();
    expect(result).toMatchObject({ status: 'completed', trials: 6, spent: 6, spentByScale: { small: 6 } });
    const lines = await sweep.record();
    const decisions = await sweep.events('decided');
    for (const { trial, mixture, scale, steps, cost } of decisions) {
      const decidedAt = lines.findIndex(({ event }) => event.type === 'decided' && event.trial === trial);
      const launchedAt = lines.findIndex(({ event }) => event.type === 'launched' && event.trial === trial);
      expect(decidedAt).toBeLessThan(launchedAt);
      const job = launcher.started.find((one) => one.trial === trial);
      expect(job).toMatchObject({ mixture, scale, steps, cost });
    }
  });

  it('numbers decisions without gap or double, over continue-as-new too (invariants 2 and 6)', async () => {
    const launcher = new ScriptedLauncher();
    const proposer = new ScriptedProposer(small(24));
    const sweep = await start({ proposer, launcher, continueAfterEvents: 60 });
    expect(await sweep.result()).toMatchObject({ status: 'completed', trials: 24 });
    const decisions = await sweep.events('decided');
    expect(decisions.map(({ decision }) => decision)).toEqual(Array.from({ length: 24 }, (_, n) => n + 1));
    expect((await sweep.events('observed')).length).toBe(24);
    expect(new Set(launcher.started.map(({ key }) => key)).size).toBe(launcher.started.length);
    const runs = server().client.workflow.list({ query: `WorkflowId = "${sweep.handle.workflowId}"` });
    let count = 0;
    for await (const _ of runs) count += 1;
    expect(count).toBeGreaterThan(2);
  });

  it('stays within the budget, jobs in flight and the confirmation counted (invariant 3)', async () => {
    const plan = [...small(3), ...Array.from({ length: 50 }, () => ({ scale: 'big', steps: 10 }))];
    const launcher = new ScriptedLauncher();
    const toy = toySweep({ budget: 55, confirm: 1, parallel: 3 });
    const sweep = await start({ sweep: toy, proposer: new ScriptedProposer(plan), launcher });
    const result = await sweep.result();
    // 3 small runs, three big ones of 10, and 20 for the confirmation are 53; a fourth big one would make 63.
    expect(result).toMatchObject({ status: 'completed', spent: 53 });
    expect(launcher.started.reduce((sum, { cost }) => sum + cost, 0)).toBe(53);
  });

  it('has no more than `parallel` trials in flight (invariant 4) and tells the policy which', async () => {
    const launcher = new ScriptedLauncher(() => null);
    const proposer = new ScriptedProposer(small(7));
    const sweep = await start({ sweep: toySweep({ parallel: 3 }), proposer, launcher });
    for (let ended = 0; ended < 7; ended += 1) {
      await until('jobs run', () => launcher.running().length >= Math.min(3, 7 - ended));
      launcher.end(launcher.running()[0] ?? '');
    }
    await sweep.result();
    expect(launcher.mostAtOnce).toBe(3);
    expect(Math.max(...proposer.tasks.map(({ pending }) => pending.length))).toBe(2);
  });

  it('counts an end once, however often it is told, and ignores unknown trials (invariant 5)', async () => {
    const launcher = new ScriptedLauncher(() => null);
    const sweep = await start({ proposer: new ScriptedProposer(small(2)), launcher });
    await until('two jobs run', () => launcher.running().length === 2);
    const [first = '', second = ''] = launcher.running();
    launcher.end(first);
    const result = await launcher.collect({ key: first, launcher: 'local', folder: '', native: '' });
    const trial = first.split('.')[1] ?? '';
    for (const name of [trial, trial, 'nobody'])
      await sweep.handle.signal('trialEnded', { trial: name, key: first, result });
    launcher.end(second);
    expect(await sweep.result()).toMatchObject({ trials: 2, spent: 2 });
    expect(await sweep.events('observed')).toHaveLength(2);
  });

  it('carries trials in flight through continue-as-new and hears of their ends (invariant 6)', async () => {
    const launcher = new ScriptedLauncher((job) => (job.trial === 't0001' ? null : {}));
    const proposer = new ScriptedProposer(small(12));
    const sweep = await start({ proposer, launcher, continueAfterEvents: 40 });
    await until('all others have ended', async () => (await sweep.progress()).observations === 11);
    launcher.end(`${sweep.sweepId}.t0001.g1`);
    expect(await sweep.result()).toMatchObject({ trials: 12, spent: 12 });
    expect(launcher.started).toHaveLength(12);
  });

  it('decides nothing while it is paused, and goes on when it is resumed (invariant 7)', async () => {
    const launcher = new ScriptedLauncher(() => null);
    const sweep = await start({ proposer: new ScriptedProposer(small(4)), launcher });
    await until('two jobs run', () => launcher.running().length === 2);
    const act = { by: 'ada', reason: 'looking' };
    expect(await sweep.handle.executeUpdate<ActResult, [object]>('pause', { args: [act] })).toMatchObject({
      accepted: true,
    });
    expect(await sweep.handle.executeUpdate<ActResult, [object]>('pause', { args: [act] })).toMatchObject({
      accepted: false,
      reason: expect.stringContaining('ada') as string,
    });
    for (const key of launcher.running()) launcher.end(key);
    await until('both are observed', async () => (await sweep.progress()).observations === 2);
    await sleep(500);
    expect(await sweep.progress()).toMatchObject({ status: 'paused', decisions: 2, pause: act });
    await sweep.handle.executeUpdate('resume', { args: [{ by: 'ada' }] });
    await until('two more run', () => launcher.running().length === 2);
    for (const key of launcher.running()) launcher.end(key);
    expect(await sweep.result()).toMatchObject({ trials: 4 });
    expect((await sweep.events('act')).map(({ act: kind, by }) => [kind, by])).toEqual([
      ['pause', 'ada'],
      ['resume', 'ada'],
    ]);
  });

  it('starts no trial whose decision was being written when it was paused, before it is resumed (invariant 7)', async () => {
    const launcher = new ScriptedLauncher();
    let pause: () => Promise<unknown> = () => Promise.resolve();
    const sweep = await start({
      sweep: toySweep({ parallel: 1 }),
      proposer: new ScriptedProposer(small(2)),
      launcher,
      around: (activities) => ({
        ...activities,
        titrateAppend: async (input) => {
          if (input.events.some(({ key }) => key === 'decided:2')) await pause();
          return activities.titrateAppend(input);
        },
      }),
    });
    pause = () => sweep.handle.executeUpdate('pause', { args: [{ by: 'ada' }] });
    await until('the pause is recorded', async () => (await sweep.events('act').catch(() => [])).length === 1);
    await sleep(1000);
    expect(await sweep.progress()).toMatchObject({ status: 'paused', decisions: 2 });
    expect(launcher.started.map(({ trial }) => trial)).toEqual(['t0001']);
    pause = () => Promise.resolve();
    await sweep.handle.executeUpdate('resume', { args: [{ by: 'ada' }] });
    expect(await sweep.result()).toMatchObject({ status: 'completed', trials: 2 });
    expect(launcher.started.map(({ trial }) => trial)).toEqual(['t0001', 't0002']);
  });

  it('stops its jobs when it is cancelled, and ends with what they reached (invariants 7 and 9)', async () => {
    const launcher = new ScriptedLauncher(() => null);
    const sweep = await start({ proposer: new ScriptedProposer(small(9)), launcher });
    await until('two jobs run', () => launcher.running().length === 2);
    await sweep.handle.executeUpdate('cancel', { args: [{ by: 'ada', reason: 'no money' }] });
    const result = await sweep.result();
    expect(result).toMatchObject({ status: 'cancelled', trials: 2 });
    expect(result.reason).toContain('no money');
    expect(new Set(launcher.stopped).size).toBe(2);
    expect((await sweep.events('observed')).map(({ status }) => status)).toEqual(['cancelled', 'cancelled']);
    expect((await sweep.record()).at(-1)?.event.type).toBe('ended');
  });

  it('takes a cancelled workflow for a cancelled sweep', async () => {
    const launcher = new ScriptedLauncher(() => null);
    const sweep = await start({ proposer: new ScriptedProposer(small(9)), launcher });
    await until('two jobs run', () => launcher.running().length === 2);
    await sweep.handle.cancel();
    expect(await sweep.result()).toMatchObject({ status: 'cancelled' });
    expect(launcher.stopped).toHaveLength(2);
  });

  it('pauses with the reason when the policy cannot decide, and goes on when that is mended (invariant 8)', async () => {
    const launcher = new ScriptedLauncher();
    const proposer = new ScriptedProposer(small(3));
    proposer.failure = new InputError('the policy cannot read this', [{ path: 'x', expected: 'y', found: 'z' }]);
    const sweep = await start({ proposer, launcher });
    await until('it pauses', async () => (await sweep.progress()).status === 'paused');
    expect((await sweep.progress()).pause).toMatchObject({
      by: 'titrate',
      reason: expect.stringContaining('x: expected y') as string,
    });
    proposer.failure = null;
    await sweep.handle.executeUpdate('resume', { args: [{ by: 'ada' }] });
    expect(await sweep.result()).toMatchObject({ status: 'completed', trials: 3 });
  });

  it('pauses after five failures in a row, with what the last job said (invariant 8)', async () => {
    const launcher = new ScriptedLauncher(() => ({
      status: 'failed',
      metrics: {},
      stepsReached: 0,
      detail: 'no such file',
    }));
    const sweep = await start({
      sweep: toySweep({ parallel: 1 }),
      proposer: new ScriptedProposer(small(20)),
      launcher,
    });
    await until('it pauses', async () => (await sweep.progress()).status === 'paused');
    const progress: SweepProgress = await sweep.progress();
    expect(progress.decisions).toBe(5);
    expect(progress.pause?.reason).toContain('no such file');
  });

  it('confirms the recommendation at the target once the search is over (invariant 10)', async () => {
    const launcher = new ScriptedLauncher();
    const toy = toySweep({ budget: 60, confirm: 2 });
    const sweep = await start({ sweep: toy, proposer: new ScriptedProposer(small(4)), launcher });
    const result = await sweep.result();
    const confirmations = (await sweep.events('decided')).filter(({ purpose }) => purpose === 'confirm');
    expect(confirmations).toHaveLength(2);
    for (const { mixture, scale, steps, explanation } of confirmations) {
      expect({ mixture, scale, steps }).toEqual({ mixture: result.recommendation?.mixture, scale: 'big', steps: 20 });
      expect(explanation).toMatchObject({ incumbent: { mean: 1, sd: 0.1 }, expected: { mean: 1, sd: 0.2 } });
    }
    expect(new Set(launcher.started.map(({ seed }) => seed)).size).toBe(6);
    expect((await sweep.record()).map(({ key }) => key).filter((key) => key.startsWith('recommended'))).toEqual([
      'recommended:search',
      'recommended:final',
    ]);
  });

  it('does not confirm what the search has run at the target (invariant 10)', async () => {
    const plan = [{ scale: 'big', steps: 20 }, ...small(2)];
    const launcher = new ScriptedLauncher();
    const toy = toySweep({ budget: 60, confirm: 1, parallel: 1 });
    const sweep = await start({ sweep: toy, proposer: new ScriptedProposer(plan), launcher });
    expect(await sweep.result()).toMatchObject({ status: 'completed', trials: 3 });
  });

  it('starts a lost trial workflow again under the same job key (invariant 11)', async () => {
    const launcher = new ScriptedLauncher(() => null);
    const sweep = await start({ proposer: new ScriptedProposer(small(2)), launcher });
    await until('two jobs run', () => launcher.running().length === 2);
    const lost = server().client.workflow.getHandle(trialWorkflowId(sweep.sweepId, 't0001'));
    const before = (await lost.describe()).runId;
    await lost.terminate('a test');
    await until('it is started again', async () => (await lost.describe()).runId !== before);
    for (const key of launcher.running()) launcher.end(key);
    expect(await sweep.result()).toMatchObject({ trials: 2, spent: 2 });
    expect(launcher.started).toHaveLength(2);
  });

  it('is told what its jobs wait for, and why nobody can tell where one is', async () => {
    const launcher = new ScriptedLauncher(() => null);
    launcher.inspect = async ({ key }) => {
      if (!launcher.running().includes(key)) return { state: 'ended' };
      return key.includes('t0001') ? { state: 'running', waiting: 'held' } : { state: 'unknown', reason: 'no answer' };
    };
    const sweep = await start({ proposer: new ScriptedProposer(small(2)), launcher });
    const on = { client: server().client } as TitrateConnection;
    await until('it is told', async () => {
      const { jobs, troubles } = await askJobs(on, await sweep.progress());
      const isSaid = troubles.includes('the job of t0002 is unknown: no answer');
      return isSaid && jobs['t0001']?.waiting === 'held';
    });
    for (const key of launcher.running()) launcher.end(key);
    expect(await sweep.result()).toMatchObject({ trials: 2 });
  });

  it('waits while its record is damaged, says so, and goes on when it is restored', async () => {
    const launcher = new ScriptedLauncher(() => null);
    const sweep = await start({ proposer: new ScriptedProposer(small(4)), launcher });
    await until('two jobs run', () => launcher.running().length === 2);
    const { record } = sweepPaths(server().home, sweep.sweepId);
    const good = await readFile(record, 'utf8');
    await writeFile(record, good.replace('"seq":2', '"seq":7'));
    for (const key of launcher.running()) launcher.end(key);
    const on = { client: server().client } as TitrateConnection;
    const trouble = async (): Promise<string> => (await pendingWork(on, sweep.handle.workflowId)).trouble ?? '';
    await until('it says what is wrong', async () => (await trouble()).includes('the record is broken at line 2'));
    await writeFile(record, good);
    await until('it goes on', () => launcher.running().length === 2);
    for (const key of launcher.running()) launcher.end(key);
    expect(await sweep.result()).toMatchObject({ trials: 4, spent: 4 });
    expect(await sweep.events('observed')).toHaveLength(4);
  });

  it('tells the same story when no workflow is ever cached', async () => {
    const launcher = new ScriptedLauncher();
    const proposer = new ScriptedProposer(small(5));
    const sweep = await start({ proposer, launcher, maxCachedWorkflows: 0, continueAfterEvents: 60 });
    expect(await sweep.result()).toMatchObject({ status: 'completed', trials: 5, spent: 5 });
    expect(launcher.started).toHaveLength(5);
  });
});
