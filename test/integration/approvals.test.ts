/** A person in charge: approvals and acts, on a real server with scripted jobs. */
import { describe, expect, it } from 'vitest';
import { auditFolder } from '../../src/audit/audit.js';
import { LONGEST_WAIT_SECONDS } from '../../src/domain/longest-wait.js';
import { noticeWorkflowId, type ActResult } from '../../src/domain/messages.js';
import type { Notice } from '../../src/domain/notices.js';
import { DEFAULT_LIMITS } from '../../src/domain/retries.js';
import { toySweep } from '../workflows/toy-sweep.js';
import { withServer } from './real-server.js';
import { ScriptedLauncher, ScriptedProposer, scriptedSweeps, small } from './scripted-sweep.js';
import type { StartedSweep } from './scripted-sweep.js';
import { until } from './until.js';

const server = withServer();
const big = { scale: 'big', steps: 20 };
const who = { by: 'ada', authenticated: 'os-user' } as const;

describe('a person in charge', () => {
  const start = scriptedSweeps(server);
  const act = (sweep: StartedSweep, name: string, what: object = {}, updateId?: string): Promise<ActResult> =>
    sweep.handle.executeUpdate<ActResult, [object]>(name, {
      args: [{ ...who, ...what }],
      ...(updateId === undefined ? {} : { updateId }),
    });
  const waitsFor = (sweep: StartedSweep, text: string): Promise<void> =>
    until(`it waits for ${text}`, async () => (await sweep.progress()).waitsFor?.includes(text) === true);

  it('approves, changes and refuses; nothing of it starts before, and others go on (invariants 17 and 18)', async () => {
    const launcher = new ScriptedLauncher();
    const notices: Notice[] = [];
    const sweep = await start({
      sweep: toySweep({
        budget: 100,
        parallel: 1,
        approval: { above: 15 },
        notify: [{ command: ['tell'] }],
      }),
      proposer: new ScriptedProposer([big, ...small(2), big, big]),
      launcher,
      notify: async (_channel, notice) => void notices.push(notice),
    });
    await waitsFor(sweep, 'approve or refuse t0001');
    expect(launcher.started.map(({ trial }) => trial)).toEqual(['t0002', 't0003']);
    expect(await sweep.progress()).toMatchObject({ committed: 20, observations: 2 });
    expect(await sweep.events('approval-requested')).toMatchObject([
      { trial: 't0001', cost: 20, reasons: ['it may cost 20, more than 15'], why: 'number 1 of the plan' },
    ]);
    expect(await act(sweep, 'approve', { trial: 't0002' })).toMatchObject({ accepted: false });
    const change = { steps: 10, mixture: { a: 0.25, b: 0.75 } };
    expect(await act(sweep, 'approve', { trial: 't0001', change: { steps: 11 } })).toMatchObject({
      accepted: false,
      reason: 'trial t0001 cannot run so: the steps of big are 10, 20; found 11',
    });
    expect(await act(sweep, 'approve', { trial: 't0001', change }, 'key-1')).toMatchObject({ accepted: true });
    expect(await act(sweep, 'approve', { trial: 't0001', change }, 'key-1')).toMatchObject({ accepted: true });
    expect(await act(sweep, 'approve', { trial: 't0001' })).toMatchObject({ accepted: false });
    await waitsFor(sweep, 'approve or refuse t0004');
    expect(launcher.started.at(-1)).toMatchObject({ ...change, trial: 't0001', scale: 'big', cost: 10 });
    expect(await act(sweep, 'refuse', { trial: 't0004', reason: 'no' })).toMatchObject({ accepted: true });
    await waitsFor(sweep, 'approve or refuse t0005');
    expect(await act(sweep, 'refuse', { trial: 't0005', reason: 'no' })).toMatchObject({ accepted: true });
    expect(await sweep.result()).toMatchObject({ status: 'completed', trials: 5, spent: 12 });
    const observed = await sweep.events('observed');
    expect(observed.find(({ trial }) => trial === 't0001')).toMatchObject({ ...change, status: 'completed', cost: 10 });
    expect(observed.find(({ trial }) => trial === 't0004')).toMatchObject({ status: 'refused-by-person', cost: 0 });
    expect(await sweep.events('act')).toMatchObject([
      { act: 'approve', ...who, trial: 't0001', id: 'key-1', run: { ...change, scale: 'big', cost: 10 } },
      { act: 'refuse', trial: 't0004', reason: 'no' },
      { act: 'refuse', trial: 't0005' },
    ]);
    expect((await sweep.events('act-refused')).map(({ act: name, trial }) => `${name} ${trial}`)).toEqual([
      'approve t0002',
      'approve t0001',
      'approve t0001',
    ]);
    await until('all were told', () => notices.some(({ kind }) => kind === 'sweep-finished'));
    expect(notices.filter(({ kind }) => kind === 'approval-needed').map(({ about }) => about)).toEqual([
      't0001',
      't0004',
      't0005',
    ]);
    expect((await sweep.events('notified')).every(({ sent }) => sent)).toBe(true);
    expect((await sweep.record()).at(-1)?.event.type).toBe('ended');
  });

  it('is told by tries and not for a time, which would pass without a worker too', async () => {
    const sweep = await start({
      sweep: toySweep({ parallel: 1, approval: { above: 0 }, notify: [{ command: ['tell'] }] }),
      proposer: new ScriptedProposer(small(1)),
      launcher: new ScriptedLauncher(),
      notify: async () => {
        throw new Error('no way out');
      },
    });
    await waitsFor(sweep, 'approve or refuse t0001');
    const id = noticeWorkflowId(sweep.sweepId, 'approval-needed', 't0001', '1 (command)');
    const notice = server().client.workflow.getHandle(id);
    const pending = async () => (await notice.describe()).raw.pendingActivities?.[0];
    await until('it was tried twice', async () => ((await pending())?.attempt ?? 0) > 2);
    const found = await pending();
    expect(found?.maximumAttempts).toBe(20);
    expect(found?.expirationTime ?? null).toBeNull();
    await notice.terminate();
  });

  it('answers itself when nobody does, remembers keys over continue-as-new, and verifies with its pin (invariants 6, 17 and 18)', async () => {
    const launcher = new ScriptedLauncher();
    const sweep = await start({
      sweep: toySweep({ budget: 100, parallel: 1, approval: { target: true, timeoutSeconds: 2 } }),
      proposer: new ScriptedProposer([...small(3), big, ...small(3)]),
      launcher,
      continueAfterEvents: 5,
    });
    const pinned = { mixture: { a: 0.125, b: 0.875 }, scale: 'small', steps: 20 };
    const first = await act(sweep, 'pin', pinned, 'pin-1');
    expect(first).toMatchObject({ accepted: true });
    const requests = () => sweep.events('approval-requested').catch(() => []); // the record may not be there yet
    await until('a request is there', async () => (await requests()).length > 0);
    const runs: string[] = [];
    const { client } = server();
    for await (const { runId } of client.workflow.list({ query: `WorkflowId = "${sweep.handle.workflowId}"` }))
      runs.push(runId);
    expect(runs.length).toBeGreaterThan(1);
    expect(await act(sweep, 'pin', pinned, 'pin-1')).toEqual(first);
    expect(await act(sweep, 'pin', { ...pinned, steps: 10 }, 'pin-1')).toEqual(first);
    expect(await sweep.result()).toMatchObject({ status: 'completed' });
    expect(await sweep.events('act')).toMatchObject([
      { act: 'pin', id: 'pin-1', run: { ...pinned, cost: 2 } },
      { act: 'refuse', by: 'titrate', authenticated: 'titrate', reason: 'nobody answered within 2 s' },
    ]);
    const decided = await sweep.events('decided');
    expect(decided.map(({ decision }) => decision)).toEqual(decided.map((_, i) => i + 1));
    expect(decided.filter(({ origin }) => origin === 'person')).toMatchObject([pinned]);
    expect(launcher.started.some(({ scale }) => scale === 'big')).toBe(false);
    const audit = await auditFolder(sweep.folder, {
      withoutJobs: true,
      anchors: [],
      version: '0.0.0-test',
      node: process.version,
    });
    expect(audit.checks.flatMap(({ faults }) => faults)).toEqual([]);
    expect(audit.holds).toBe(true);
  });

  it.each([1e12, 1e13])(
    'goes on with a time-out that no date can tell, of an earlier version: %d s',
    async (seconds) => {
      const approval = { above: 0, timeoutSeconds: seconds, onTimeout: 'refuse' } as const;
      const proposer = new ScriptedProposer(small(1));
      const sweep = await start({
        sweep: toySweep({ approval, parallel: 1 }),
        proposer,
        launcher: new ScriptedLauncher(),
      });
      const waits = async () => (await sweep.progress()).inFlight.some(({ state }) => state === 'awaiting-approval');
      await until('its request waits', waits);
      const [request] = await sweep.events('approval-requested');
      const leftSeconds = (Date.parse(request?.until ?? '') - Date.now()) / 1000;
      expect(leftSeconds).toBeLessThanOrEqual(LONGEST_WAIT_SECONDS);
      expect(leftSeconds).toBeGreaterThan(LONGEST_WAIT_SECONDS - 300);
      expect(await act(sweep, 'approve', { trial: 't0001' })).toMatchObject({ accepted: true });
      expect((await sweep.result()).status).toBe('completed');
    },
  );

  it('makes no pinned run that a later veto forbids (invariant 19)', async () => {
    const launcher = new ScriptedLauncher(({ trial }) => (trial === 't0001' ? null : {}));
    const proposer = new ScriptedProposer(small(1));
    const sweep = await start({ sweep: toySweep({ parallel: 1 }), proposer, launcher, maxCachedWorkflows: 0 });
    await until('its first job runs', () => launcher.running().length === 1);
    const pinned = { mixture: { a: 0.9, b: 0.1 }, scale: 'small', steps: 10 };
    expect(await act(sweep, 'pin', pinned)).toMatchObject({ accepted: true });
    expect((await act(sweep, 'veto', { bounds: { a: { max: 0.5 } } })).reason).toContain('pinned is not made');
    launcher.end(`${sweep.sweepId}.t0001.g1`);
    expect(await sweep.result()).toMatchObject({ status: 'completed', trials: 1 });
    const acts = await sweep.events('act');
    expect(acts).toMatchObject([{ act: 'pin' }, { act: 'veto', unpinned: [{ ...pinned, cost: 1 }] }]);
  });

  it('changes budget and bounds, takes evidence in, and finishes; decisions see it from the record (invariant 19)', async () => {
    const launcher = new ScriptedLauncher(({ trial }) => (trial === 't0002' || trial === 't0003' ? null : {}));
    const proposer = new ScriptedProposer(small(30));
    const sweep = await start({ sweep: toySweep({ budget: 30, parallel: 2 }), proposer, launcher });
    await until('two run', () => launcher.running().length === 2);
    expect(await act(sweep, 'lower-budget', { to: 2 })).toMatchObject({
      accepted: false,
      reason: '1 are spent and 2 committed: the budget cannot be below 3',
    });
    expect(await act(sweep, 'lower-budget', { change: 10 })).toMatchObject({ accepted: true });
    expect(await act(sweep, 'extend-budget', { to: 40 })).toMatchObject({ accepted: true });
    expect(await act(sweep, 'veto', { bounds: { a: { max: 0.2 }, b: { max: 0.5 } } })).toMatchObject({
      accepted: false,
      reason: expect.stringContaining('no mixture would be left') as string,
    });
    expect(await act(sweep, 'veto', { bounds: { a: { min: 0.25 } } })).toMatchObject({ accepted: true });
    expect(await act(sweep, 'veto', { bounds: { a: { min: 0 } } })).toMatchObject({ accepted: false });
    const run = {
      trial: 'earlier-1',
      mixture: { a: 0.5, b: 0.5 },
      scale: 'small',
      steps: 10,
      status: 'completed',
      metrics: { loss: 2 },
      curve: [],
      source: { file: 'runs.csv', sha256: 'a'.repeat(64), lines: [2], run: '1' },
    };
    expect(await act(sweep, 'inject', { observations: [{ ...run, metrics: {} }] })).toMatchObject({ accepted: false });
    expect(await act(sweep, 'inject', { observations: [run] })).toMatchObject({ accepted: true });
    await expect(act(sweep, 'extend-budget', { to: 50, change: 5 })).rejects.toThrow();
    launcher.end(`${sweep.sweepId}.t0002.g1`);
    await until('it was decided anew', () => proposer.tasks.at(-1)?.sweep.budget === 40);
    const seen = proposer.tasks.at(-1);
    expect(seen?.sweep.domains['a']).toEqual({ min: 0.25, max: 1 });
    expect(seen?.observations.map(({ trial }) => trial)).toContain('earlier-1');
    expect(await act(sweep, 'finish', { stop: true, reason: 'enough' })).toMatchObject({ accepted: true });
    const result = await sweep.result();
    expect(result).toMatchObject({ status: 'completed', reason: 'finished by ada: enough' });
    expect(launcher.stopped).toContain(`${sweep.sweepId}.t0003.g1`);
    expect((await sweep.record()).at(-1)?.event.type).toBe('ended');
  });

  it('approves by itself when the sweep file says so and nobody answers, and says who did (invariant 17)', async () => {
    const sweep = await start({
      sweep: toySweep({ budget: 25, parallel: 1, approval: { target: true, timeoutSeconds: 1, onTimeout: 'approve' } }),
      proposer: new ScriptedProposer([big]),
      launcher: new ScriptedLauncher(),
    });
    expect(await sweep.result()).toMatchObject({ status: 'completed', spent: 20 });
    expect(await sweep.events('act')).toMatchObject([
      { act: 'approve', trial: 't0001', authenticated: 'titrate', reason: 'nobody answered within 1 s' },
    ]);
  });

  it('pauses after five requests in a row that nobody answered, and tells people (invariants 17 and 20)', async () => {
    const launcher = new ScriptedLauncher();
    const notices: Notice[] = [];
    const notify = [{ command: ['tell'], on: ['sweep-paused' as const] }];
    const sweep = await start({
      sweep: toySweep({ budget: 400, parallel: 1, approval: { target: true, timeoutSeconds: 1 }, notify }),
      proposer: new ScriptedProposer(Array.from({ length: 12 }, () => big)),
      launcher,
      notify: async (_, notice) => void notices.push(notice),
    });
    await until('it has paused itself', async () => (await sweep.progress()).pause !== null);
    expect((await sweep.progress()).pause).toMatchObject({
      by: 'titrate',
      reason: 'nobody answered 5 requests for approval in a row',
    });
    expect((await sweep.events('act')).filter(({ act: name }) => name === 'refuse')).toHaveLength(5);
    expect(launcher.started).toEqual([]);
    await until('the pause was told', () => notices.length > 0);
    const text = 'The sweep has paused itself: nobody answered 5 requests for approval in a row.';
    expect(notices).toMatchObject([{ kind: 'sweep-paused', text, command: `titrate resume ${sweep.sweepId}` }]);
    expect(await act(sweep, 'resume', {})).toMatchObject({ accepted: true });
    await until('the next pause was told too', () => notices.length > 1);
  });

  it('tells people of a parked trial and of a budget that is nearly spent; a deaf ear holds nothing up (invariant 20)', async () => {
    const notices: Notice[] = [];
    const launcher = new ScriptedLauncher(({ trial, generation }) =>
      trial === 't0002' && generation === 1 ? { status: 'failed', metrics: {} } : {},
    );
    const backoff = { firstSeconds: 0, longestSeconds: 0 };
    const sweep = await start({
      sweep: toySweep({
        budget: 61,
        parallel: 1,
        notify: [{ command: ['tell'] }, { command: ['deaf'], on: ['trial-parked'] }],
        retries: { ...DEFAULT_LIMITS, failed: 0, backoff, parkAbove: 15 },
      }),
      proposer: new ScriptedProposer([big, big]),
      launcher,
      notify: async (channel, notice) => {
        if ('command' in channel && channel.command[0] === 'deaf') throw new Error('nobody listens');
        notices.push(notice);
      },
    });
    await waitsFor(sweep, 't0002');
    await until('the parking was told', () => notices.some(({ kind }) => kind === 'trial-parked'));
    expect(await act(sweep, 'retry', { trial: 't0002' })).toMatchObject({ accepted: true });
    expect(await sweep.result()).toMatchObject({ status: 'completed', spent: 60 });
    await until('the end was told', () => notices.some(({ kind }) => kind === 'sweep-finished'));
    expect(notices.map(({ kind, about }) => `${kind} ${about}`).sort()).toEqual([
      'budget-80 61',
      'sweep-finished completed',
      'trial-parked t0002.g2',
    ]);
  });
});
