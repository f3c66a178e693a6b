import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { identify } from '../../src/host/process-identity.js';
import { homeAt, openHome, type Home } from '../../src/temporal/home.js';
import { writeJsonFile } from '../../src/temporal/server-record.js';
import { workerFiles, type WorkerRecord, type WorkerTarget } from '../../src/temporal/worker-files.js';
import { ensureWorker } from '../../src/temporal/worker-process.js';

const NOBODY = { ...process.env, TEMPORAL_CONFIG_FILE: '/dev/null', TEMPORAL_ADDRESS: '127.0.0.1:1' };
const TARGET: WorkerTarget = { kind: 'own', address: '127.0.0.1:1', namespace: 'default', taskQueue: 'titrate-x' };

let home: Home;
beforeEach(async () => {
  home = homeAt(await mkdtemp(join(tmpdir(), 'titrate-versions-')));
  await openHome(home);
});
afterEach(() => rm(home.root, { recursive: true, force: true }));

it('is left alone by who only brings back one that is missing: two who watch would end each other’s for ever', async () => {
  const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  try {
    await once(other, 'spawn');
    const { pid = 0 } = other;
    const identity = await identify(pid);
    if (identity === undefined) throw new Error('the process has ended');
    await writeJsonFile(workerFiles(home, TARGET).record, {
      ...identity,
      taskQueue: TARGET.taskQueue,
      address: TARGET.address,
      namespace: TARGET.namespace,
      code: 'other code than ours',
      state: 'polling',
      startedAt: '2026-01-01T00:00:00.000Z',
    } satisfies WorkerRecord);
    const found = await ensureWorker(home, TARGET, { env: NOBODY, onlyIfNone: true });
    expect(found).toMatchObject({ pid, started: false });
    expect(other.exitCode ?? other.signalCode).toBeNull();
  } finally {
    other.kill('SIGKILL');
  }
});
