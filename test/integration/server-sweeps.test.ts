import { spawn } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { connect, type TitrateConnection } from '../../src/temporal/client.js';
import { serverStatus, startServer, stopServer } from '../../src/temporal/embedded-server.js';
import { examine } from '../../src/temporal/doctor.js';
import type { Home } from '../../src/temporal/home.js';
import { waitUntilGone } from '../../src/host/detached-process.js';
import * as sweeps from '../../src/temporal/sweeps.js';
import { clockAhead, isWorkerPolling } from '../../src/temporal/task-queue.js';
import { pendingWork } from '../../src/temporal/pending-work.js';
import { ensureWorker, stopWorker, workerStatus } from '../../src/temporal/worker-process.js';
import { removeHome, temporaryHome } from './real-server.js';
import { smallSweep } from './small-sweep.js';
import { until } from './until.js';

// The embedded server, whatever the shell that runs the tests is set to.
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('TEMPORAL_')));
const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));
let home: Home;
let on: TitrateConnection;
beforeAll(async () => {
  home = await temporaryHome();
  on = await connect({ home, env });
});
afterAll(async () => {
  await stopWorker(home, on);
  await on.close();
  await removeHome(home);
});

describe('before there is a worker', () => {
  it('the doctor finds all well: none is needed while no sweep is open, unless a team is to run it', async () => {
    const checks = await examine({ home, env });
    expect(checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(checks.at(-1)?.detail).toMatch(/none polls task queue .*: none is needed while no sweep is open/);
    const named = await examine({ home, env: { ...env, TITRATE_TASK_QUEUE: 'models' } });
    expect(named.filter(({ ok }) => !ok).map(({ name, mend }) => [name, mend])).toEqual([
      ['worker', 'start the one of yours that works for it'],
    ]);
    expect(checks.map(({ name }) => name)).toEqual([
      'node',
      'home',
      'disk',
      'privacy',
      'orphans',
      'server',
      'namespace',
      'search attributes',
      'worker',
    ]);
  });

  it('a sweep is created and waits, and asking it anything says that no worker polls', async () => {
    const started = await sweeps.start(on, { sweepId: 'waits', sweep: smallSweep(), timeoutMs: 1500 });
    expect(started).toEqual({ outcome: 'created', workflowId: 'titrate/waits', taken: false });
    // Whenever the deadline strikes: now and then the call ends as cancelled and not as late.
    for (let timeoutMs = 1500; timeoutMs > 10; timeoutMs /= 1.25) {
      await expect(sweeps.progress(on, 'waits', { timeoutMs })).rejects.toThrow(
        `no worker is polling task queue ${on.taskQueue}`,
      );
    }
    const missed = (await examine({ home, env })).filter(({ ok }) => !ok);
    expect(missed).toMatchObject([{ name: 'worker', mend: expect.stringContaining('titrate worker') as string }]);
    const asked = { timeoutMs: 1500, updateId: 'go-on' };
    await expect(sweeps.act(on, 'waits', 'resume', { by: 'test' }, asked)).rejects.toMatchObject({
      code: 'StateError',
      hint: expect.stringContaining('ask again with --idempotency-key go-on, and it is done once') as string,
    });
    expect(await sweeps.standing(on, 'waits')).toBe('open');
  });

  it('a sweep that was never started is not there', async () => {
    await expect(sweeps.act(on, 'absent', 'pause', { by: 'test' })).rejects.toThrow(/found no sweep "absent"/);
    await expect(sweeps.result(on, 'absent')).rejects.toThrow(/found no sweep "absent"/);
    expect(await sweeps.standing(on, 'absent')).toBe('none');
  });

  it('an id that would leave its folder is refused', async () => {
    await expect(sweeps.start(on, { sweepId: '../x', sweep: smallSweep() })).rejects.toMatchObject({
      code: 'InputError',
    });
  });
});

describe('with a worker process', () => {
  it('two at once start one, and it takes up the sweep that waits', async () => {
    const [a, b] = await Promise.all([ensureWorker(home, on, { env }), ensureWorker(home, on, { env })]);
    expect(a.pid).toBe(b.pid);
    expect([a.started, b.started].filter(Boolean)).toHaveLength(1);
    expect(await isWorkerPolling(on)).toBe(true);
    const result = await sweeps.result(on, 'waits');
    expect(result).toMatchObject({ sweep: 'waits', status: 'completed' });
    expect(result.spent).toBeLessThanOrEqual(400);
  });

  it.each([-600, 120])('a team’s server whose clock is another is found out (%i s), and its worker seen', async (s) => {
    expect(Math.abs((await clockAhead(on)) ?? Infinity)).toBeLessThan(1000);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 1000 * s });
    try {
      const theirs = { ...on, kind: 'own' } as const;
      expect(Math.abs(((await clockAhead(theirs)) ?? Infinity) - 1000 * s)).toBeLessThan(2000);
      expect(await isWorkerPolling(theirs)).toBe(true);
      expect(await isWorkerPolling({ ...theirs, taskQueue: 'nobody-works-for-it' })).toBe(false);
      const checks = await examine({ home, env: { ...env, TEMPORAL_ADDRESS: on.address } });
      const said = `its clock is ${Math.abs(s)} s ${s > 0 ? 'ahead of' : 'behind'} this machine’s`;
      expect(checks.find(({ name }) => name === 'server')?.detail).toContain(said);
      expect(checks.find(({ name }) => name === 'worker')).toMatchObject({ ok: true });
    } finally {
      vi.useRealTimers();
    }
  });

  it('an id that has ended never runs again', async () => {
    expect(await sweeps.start(on, { sweepId: 'waits', sweep: smallSweep() })).toMatchObject({
      outcome: 'already-ended',
    });
    const late = { accepted: false, reason: 'the sweep has ended' };
    expect(await sweeps.act(on, 'waits', 'pause', { by: 'ada' })).toEqual(late);
  });

  it('two starts of one id at once make one sweep', async () => {
    const request = { sweepId: 'twice', sweep: smallSweep() };
    const outcomes = await Promise.all([sweeps.start(on, request), sweeps.start(on, request)]);
    expect(outcomes.map(({ outcome }) => outcome).sort()).toEqual(['attached', 'created']);
    await sweeps.result(on, 'twice');
  });

  it('a sweep shows its progress and that of its trials, and is paused, resumed and cancelled', async () => {
    await sweeps.start(on, { sweepId: 'slow', sweep: smallSweep({ secondsPerUnit: 1 }) });
    await until('a trial has begun', async () => (await sweeps.progress(on, 'slow')).inFlight.length === 2);
    const { inFlight } = await sweeps.progress(on, 'slow');
    await until('a trial says how far it is', async () => {
      const seen = (await Promise.all(inFlight.map(({ workflowId }) => pendingWork(on, workflowId)))).map(
        ({ progress }) => progress,
      );
      return seen.some((progress) => progress !== undefined && progress.steps > 0);
    });
    const paused = await sweeps.act(on, 'slow', 'pause', { by: 'test', reason: 'lunch' }, { updateId: 'pause-1' });
    expect(paused.accepted).toBe(true);
    expect(await sweeps.act(on, 'slow', 'pause', { by: 'test', reason: 'lunch' }, { updateId: 'pause-1' })).toEqual(
      paused,
    );
    expect((await sweeps.progress(on, 'slow')).status).toBe('paused');
    expect((await sweeps.act(on, 'slow', 'resume', { by: 'test' })).accepted).toBe(true);
    expect((await sweeps.act(on, 'slow', 'cancel', { by: 'test' })).accepted).toBe(true);
    expect((await sweeps.result(on, 'slow')).status).toBe('cancelled');
  });

  it('sweeps are listed and found by their search attributes', async () => {
    await until('all are listed', async () => (await sweeps.list(on)).length === 3);
    const found = await sweeps.list(on);
    expect(found.map(({ sweepId }) => sweepId).sort()).toEqual(['slow', 'twice', 'waits']);
    expect(found.every(({ taskQueue }) => taskQueue === on.taskQueue)).toBe(true);
    expect((await on.client.workflow.count("TitrateSweep = 'twice'")).count).toBeGreaterThan(0);
  });

  it('starts a killed server again by itself, and its sweep goes on', async () => {
    const before = await startServer(home, { env });
    await sweeps.start(on, { sweepId: 'survives', sweep: smallSweep({ secondsPerUnit: 0.02 }) });
    process.kill(before.pid, 'SIGKILL');
    expect(await waitUntilGone(before, 10_000)).toBe(true);
    await until('another runs', async () => {
      const status = await serverStatus(home);
      return status.state === 'running' && status.record.pid !== before.pid && status.record.address === before.address;
    });
    expect(await sweeps.result(on, 'survives')).toMatchObject({ status: 'completed' });
  });

  it('leaves a server that a person has stopped', async () => {
    await stopServer(home);
    await pause(3500);

    expect((await serverStatus(home)).state).toBe('stopped');
    await startServer(home, { env });
  });

  it('ends when told to, and one that has long had nothing to do ends by itself', async () => {
    const first = await workerStatus(home, on);
    // The server began anew in the test before, and the worker may not have found it again yet.
    await until('the server counts the worker', () => isWorkerPolling(on));
    expect(await stopWorker(home, on)).toBe(true);
    expect(await stopWorker(home, on)).toBe(false);
    // The server still counts it; the doctor knows better of a worker of this home.
    expect(await isWorkerPolling(on)).toBe(true);
    const checks = await examine({ home, env });
    expect(checks.find(({ name }) => name === 'worker')?.detail).toMatch(/^none polls task queue/);
    const second = await ensureWorker(home, on, { env, idleExitMs: 1000 });
    expect(first.state === 'polling' && first.record.pid).not.toBe(second.pid);
    await until('it has ended', async () => (await workerStatus(home, on)).state === 'none', 20_000);
  });

  it('outlives the process that started it', async () => {
    const script = `
      import { ensureWorker } from '${process.cwd()}/dist/temporal/worker-process.js';
      import { homeAt } from '${process.cwd()}/dist/temporal/home.js';
      const { kind, address, namespace, taskQueue } = JSON.parse(process.argv[1]);
      const { pid } = await ensureWorker(homeAt('${home.root}'), { kind, address, namespace, taskQueue });
      console.log(pid);`;
    const { kind, address, namespace, taskQueue } = on;
    const target = JSON.stringify({ kind, address, namespace, taskQueue });
    const child = spawn(process.execPath, ['--input-type=module', '-e', script, target], { env });
    let out = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    await new Promise((done) => child.once('close', done));
    const status = await workerStatus(home, on);
    expect(status).toMatchObject({ state: 'polling', record: { pid: Number(out.trim()) } });
  });
});
