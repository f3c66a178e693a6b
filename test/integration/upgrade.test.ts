/** A worker of another version: it goes on with what is open, or it takes no work at all. */
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { NativeConnection, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SWEEP_SIGNALS, sweepWorkflowId } from '../../src/domain/messages.js';
import { progress, start } from '../../src/temporal/sweeps.js';
import { connect, type TitrateConnection } from '../../src/temporal/client.js';
import { checkReplay, lastBundleFile } from '../../src/temporal/replay-check.js';
import { createWorker } from '../../src/temporal/worker.js';
import { ensureWorker, stopWorker } from '../../src/temporal/worker-process.js';
import { withServer } from './real-server.js';
import { workflowBundle } from './scripted-sweep.js';
import { smallSweep } from './small-sweep.js';
import { until } from './until.js';

const server = withServer();
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('TEMPORAL_')));

/** The workflows as another version would have them: the same name, another story. */
const strangeBundle = async (): Promise<{ code: string }> => {
  const { code } = await workflowBundle();
  return { code: code.replaceAll('titrateOpenRecord', 'titrateOpenLedger') };
};

/** The same story from other bytes. */
const likeBundle = async (): Promise<{ code: string }> => ({
  // Before the code: behind it comes its source map, which ends with the file.
  code: `// built again\n${(await workflowBundle()).code}`,
});

describe('a home with a sweep that runs', () => {
  let on: TitrateConnection;
  beforeAll(async () => {
    const { home } = server();
    on = await connect({ home, env });
    await ensureWorker(home, on, { env });
    // Its jobs take minutes: the sweep is open during all of this.
    await start(on, { sweepId: 'long', sweep: smallSweep({ secondsPerUnit: 10, parallel: 2 }) });
    for (const end = Date.now() + 90_000; (await progress(on, 'long')).inFlight.length < 2; await sleep(100)) {
      if (Date.now() > end) throw new Error('waited 90 s in vain for two trials');
    }
    await stopWorker(home, on);
  });
  afterAll(async () => {
    await stopWorker(server().home, on);
    await on.close();
  });

  const check = (bundle: { code: string }): Promise<void> => {
    const { home, client, namespace, taskQueue } = server();
    return checkReplay({ home, client, namespace, taskQueue, bundle });
  };
  const lastDigest = async (): Promise<string> => {
    const { home, namespace, taskQueue } = server();
    const text = await readFile(lastBundleFile(home, namespace, taskQueue), 'utf8');
    return (JSON.parse(text) as { digest: string }).digest;
  };

  it('refuses a worker that cannot replay it, with what to do, and the worker takes no work', async () => {
    const { home, address, namespace, taskQueue } = server();
    const before = await lastDigest();
    await expect(check(await strangeBundle())).rejects.toMatchObject({
      code: 'StateError',
      message: expect.stringMatching(/cannot go on with what is open.*titrate\/long/) as string,
      hint: expect.stringContaining('work on with titrate') as string,
    });
    const connection = await NativeConnection.connect({ address });
    const strange = await strangeBundle();
    const worker = await createWorker({ home, connection, namespace, taskQueue, workflowBundle: strange });
    await expect(worker.run()).rejects.toThrow('cannot go on with what is open');
    // A worker that never ran holds its connection for as long as the process lives.
    expect(await lastDigest()).toBe(before);
  });

  it('lets a worker of another build go on with it, after looking once', async () => {
    const before = await lastDigest();
    await check(await likeBundle());
    const after = await lastDigest();
    expect(after).not.toBe(before);
    await check(await likeBundle());
    expect(await lastDigest()).toBe(after);
  });

  it('lets it go on with a history that is longer than what a call takes by default', async () => {
    const handle = server().client.workflow.getHandle(sweepWorkflowId('long'));
    const filling = 'x'.repeat(1_500_000);
    for (let i = 0; i < 3; i++) await handle.signal(SWEEP_SIGNALS.reconcile, filling);
    const { home, namespace, taskQueue } = server();
    const { code } = await likeBundle();
    const bundle = { code: `// and again\n${code}` };
    await checkReplay({ home, client: on.client, namespace, taskQueue, bundle });
  });

  it('says that it stands still while a worker without that check fails at it', async () => {
    const { address, namespace, taskQueue, client } = server();
    const connection = await NativeConnection.connect({ address });
    const activities = { nothing: () => Promise.resolve() };
    const worker = await Worker.create({
      connection,
      namespace,
      taskQueue,
      workflowBundle: await strangeBundle(),
      activities,
    });
    const running = worker.run();
    const handle = client.workflow.getHandle(sweepWorkflowId('long'));
    await handle.signal(SWEEP_SIGNALS.reconcile);
    const attempt = async (): Promise<number> => (await handle.describe()).raw.pendingWorkflowTask?.attempt ?? 0;
    await until('its task has failed twice', async () => (await attempt()) > 2);
    await expect(progress(on, 'long', { timeoutMs: 2000 })).rejects.toMatchObject({
      code: 'StateError',
      message: expect.stringMatching(/^sweep long stands still: its workflow failed \d+ times in a row$/) as string,
      hint: expect.stringContaining('docs/operations.md') as string,
    });
    worker.shutdown();
    await running;
    await connection.close();
  });

  it('goes on with the worker that it had', async () => {
    const { home } = server();
    await ensureWorker(home, on, { env });
    const inFlight = async (): Promise<number> =>
      (await progress(on, 'long').catch(() => undefined))?.inFlight.length ?? 0; // its task is tried again after a while
    await until('both trials are there', async () => (await inFlight()) === 2);
  });
});
