import { cp, mkdtemp, readFile, rename, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { identifySelf } from '../../src/host/process-identity.js';
import { reviveServer, serverStatus, startServer, stopServer } from '../../src/temporal/embedded-server.js';
import { homeAt, openHome, type Home } from '../../src/temporal/home.js';
import { writeJsonFile, type ServerRecord } from '../../src/temporal/server-record.js';
import { workerFiles, type WorkerRecord, type WorkerTarget } from '../../src/temporal/worker-files.js';
import { ensureWorker, stopWorker, workerStatus } from '../../src/temporal/worker-process.js';

const TARGET: WorkerTarget = { kind: 'embedded', address: '', namespace: 'default', taskQueue: 'titrate-x' };
const NOBODY_CAN_TELL = /nobody can tell from here .* another container of this machine/;

let home: Home;
beforeEach(async () => {
  home = homeAt(await mkdtemp(join(tmpdir(), 'titrate-unknown-')));
  await openHome(home);
});
afterEach(() => rm(home.root, { recursive: true, force: true }));

/** This very process, as another container would have recorded it: to signal it would end the test. */
const inAnotherContainer = async () => ({ ...(await identifySelf()), pidNamespace: 'pid:[1]' });

const writeServer = async (wanted: ServerRecord['wanted'], here?: Partial<ServerRecord>): Promise<string> => {
  await writeJsonFile(home.server.record, {
    ...(await inAnotherContainer()),
    wanted,
    address: '127.0.0.1:1',
    uiAddress: 'http://127.0.0.1:2',
    port: 1,
    uiPort: 2,
    cli: { route: 'PATH', path: '/temporal', cliVersion: '1', serverVersion: '1' },
    startedAt: '2026-01-01T00:00:00.000Z',
    prepared: true,
    ...here,
  } satisfies ServerRecord);
  return readFile(home.server.record, 'utf8');
};

const writeWorker = async (here?: Partial<WorkerRecord>): Promise<string> => {
  const { record } = workerFiles(home, TARGET);
  await writeJsonFile(record, {
    ...(await inAnotherContainer()),
    taskQueue: TARGET.taskQueue,
    address: '127.0.0.1:1',
    namespace: TARGET.namespace,
    code: 'other code than ours',
    state: 'polling',
    startedAt: '2026-01-01T00:00:00.000Z',
    ...here,
  } satisfies WorkerRecord);
  return readFile(record, 'utf8');
};

describe('a server that cannot be judged from here', () => {
  it('is neither started again, nor stopped, nor called dead', async () => {
    const text = await writeServer('running');
    expect(await serverStatus(home)).toMatchObject({ state: 'elsewhere', reason: expect.any(String) });
    await expect(startServer(home)).rejects.toThrow(NOBODY_CAN_TELL);
    await expect(reviveServer(home)).rejects.toThrow(NOBODY_CAN_TELL);
    await expect(stopServer(home)).rejects.toMatchObject({ hint: expect.stringContaining(home.server.record) });
    expect(await readFile(home.server.record, 'utf8')).toBe(text);
  });

  it('stays stopped when it was stopped by a person, and is sent no signal', async () => {
    await writeServer('stopped');
    expect((await serverStatus(home)).state).toBe('stopped');
    expect(await reviveServer(home)).toBeUndefined();
    expect(await stopServer(home)).toBe(false);
  });
});

describe('a worker that cannot be judged from here', () => {
  it('is neither replaced, nor ended, nor called dead', async () => {
    const text = await writeWorker();
    await expect(workerStatus(home, TARGET)).rejects.toThrow(NOBODY_CAN_TELL);
    await expect(ensureWorker(home, TARGET)).rejects.toThrow(NOBODY_CAN_TELL);
    await expect(stopWorker(home, TARGET)).rejects.toThrow(NOBODY_CAN_TELL);
    expect(await readFile(workerFiles(home, TARGET).record, 'utf8')).toBe(text);
  });
});

describe('a home that was copied while it was worked for', () => {
  let copy: Home;
  beforeEach(async () => {
    const living = { ...(await identifySelf()), home: home.root }; // this very process: to signal it would end the test
    await writeServer('running', living);
    await writeWorker(living);
    copy = homeAt(`${home.root}-copy`);
  });
  afterEach(() => rm(copy.root, { recursive: true, force: true }));

  const NOT_ITS_OWN = /is not its own: it works for .*titrate-unknown-\w+, which this home is a copy of/;

  it('takes neither server nor worker of the other one for its own, and stops neither', async () => {
    await cp(home.root, copy.root, { recursive: true });
    expect(await serverStatus(copy)).toMatchObject({ state: 'elsewhere', copyOf: home.root });
    for (const act of [startServer, reviveServer, stopServer]) await expect(act(copy)).rejects.toThrow(NOT_ITS_OWN);
    for (const act of [workerStatus, ensureWorker, stopWorker])
      await expect(act(copy, TARGET)).rejects.toThrow(NOT_ITS_OWN);
    expect((await serverStatus(home)).state).toBe('unresponsive'); // nothing listens at its port
    expect((await workerStatus(home, TARGET)).state).toBe('polling');
  });

  it('is the same home by whatever path', async () => {
    await symlink(home.root, copy.root);
    expect((await serverStatus(copy)).state).toBe('unresponsive');
    expect((await workerStatus(copy, TARGET)).state).toBe('polling');
  });

  it('is the same home when it was moved, also where another stands in its old place', async () => {
    await rename(home.root, copy.root);
    expect((await workerStatus(copy, TARGET)).state).toBe('polling');
    await openHome(home);
    expect((await workerStatus(copy, TARGET)).state).toBe('polling');
  });
});
