/** What a look at a home does about jobs that have ended; those that run are looked at on a real server (test/integration). */
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Client } from '@temporalio/client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FoundJob, Launcher } from '../../src/domain/ports.js';
import type { RecordEvent } from '../../src/domain/record-event.js';
import { foldQuarantine, readQuarantine } from '../../src/ledger/quarantine.js';
import { RecordFile } from '../../src/ledger/record-file.js';
import { homeAt, sweepPaths, type Home } from '../../src/temporal/home.js';
import { createReconciler } from '../../src/temporal/reconcile-home.js';
import { toySweep } from '../workflows/toy-sweep.js';

const KEY = 's.t0001.g1';
const place = { mixture: { a: 0.5, b: 0.5 }, scale: 'small', steps: 10, cost: 1 } as const;
const started: RecordEvent = { type: 'started', sweepId: 's', sweep: toySweep(), version: '0', node: 'v20' };
const decided = {
  type: 'decided',
  decision: 1,
  trial: 't0001',
  ...place,
  seed: 1,
  sawDigest: '',
  sawObservations: 0,
  sawPending: [],
  purpose: 'search',
  explanation: { policy: 'p', reason: '', phase: 'search', committed: 0, hyperparameters: {}, trust: [] },
} as unknown as RecordEvent;
const observed: RecordEvent = {
  type: 'observed',
  trial: 't0001',
  key: KEY,
  ...place,
  status: 'completed',
  metrics: { loss: 1 },
  curve: [],
  digest: '',
  warnings: [],
};

describe('a job that has ended', () => {
  let home: Home;
  const told: string[] = [];
  /** Says of the sweep's workflow that it runs, of the trial's what it is told, and notes signals. */
  const serverWhere = (trial: string): Client => {
    const getHandle = (workflowId: string) => ({
      describe: async () => ({ status: { name: workflowId === 'titrate/s' ? 'RUNNING' : trial } }),
      result: async () => ({}),
      signal: async (name: string) => void told.push(`${workflowId} ${name}`),
    });
    return { workflow: { getHandle } } as unknown as Client;
  };
  const look = async (server: Client, job: FoundJob = { key: KEY, native: '1', state: 'ended' }) => {
    const launcher = {
      kind: 'local',
      list: async () => [job],
      inspect: async () => ({ state: job.state }),
    } as unknown as Launcher;
    const recordFor = (sweepId: string): RecordFile => new RecordFile(sweepPaths(home, sweepId).record);
    return createReconciler({ home, launcherFor: async () => launcher, recordFor })(server);
  };

  beforeEach(async () => {
    told.length = 0;
    home = homeAt(await mkdtemp(path.join(tmpdir(), 'titrate-look-')));
    await new RecordFile(sweepPaths(home, 's').record).append(
      [started, decided].map((event) => ({ key: event.type, at: '2026-01-01T00:00:00.000Z', event })),
    );
  });
  afterEach(() => rm(home.root, { recursive: true, force: true }));

  it('with its trial’s workflow, while the record lacks its end, is asked for by the sweep', async () => {
    expect(await look(serverWhere('COMPLETED'))).toMatchObject({ adopted: [KEY], orphans: [], troubles: [] });
    expect(told).toEqual(['titrate/s reconcile']);
  });

  it('is told of with the server’s reason where its sweep cannot be asked for, or told', async () => {
    const why = new Error('Failed to ask', { cause: new Error('7 PERMISSION_DENIED: read only') });
    const refuses = async (): Promise<never> => Promise.reject(why);
    const sees = (workflowId: string) => serverWhere('COMPLETED').workflow.getHandle(workflowId);
    const readOnly = { workflow: { getHandle: (id: string) => ({ ...sees(id), signal: refuses }) } };
    const closed = { workflow: { getHandle: (id: string) => ({ ...sees(id), describe: refuses }) } };
    for (const server of [readOnly, closed])
      expect(await look(server as unknown as Client)).toMatchObject({
        adopted: [],
        troubles: [{ sweep: 's', trouble: 'Failed to ask: 7 PERMISSION_DENIED: read only' }],
      });
  });

  it('is left alone while its trial’s workflow collects it', async () => {
    expect(await look(serverWhere('RUNNING'))).toMatchObject({ adopted: [], orphans: [], troubles: [] });
    expect(told).toEqual([]);
  });

  it('is left alone when the record has its end', async () => {
    const record = new RecordFile(sweepPaths(home, 's').record);
    await record.append([{ key: 'observed:t0001', at: '2026-01-01T00:00:01.000Z', event: observed }]);
    expect(await look(serverWhere('COMPLETED'))).toMatchObject({ adopted: [], orphans: [], troubles: [] });
    expect(told).toEqual([]);
  });

  it('stays in quarantine while nobody can look into the home', async () => {
    const stray: FoundJob = { key: 's.t0009.g1', native: '1', state: 'running' };
    expect((await look(serverWhere('RUNNING'), stray)).orphans).toMatchObject([{ key: stray.key }]);
    await rename(home.sweeps, `${home.sweeps}.away`);
    await writeFile(home.sweeps, '');
    await expect(look(serverWhere('RUNNING'), stray)).rejects.toThrow(/look for sweeps/);
    expect(foldQuarantine(await readQuarantine(home.quarantine)).size).toBe(1);
  });
});
