import { spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { chmod, mkdir, readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { missingSearchAttributes, visibilityReady } from '../../src/temporal/namespace.js';
import { serverStatus, startServer, stopServer } from '../../src/temporal/embedded-server.js';
import { freePorts } from '../../src/temporal/free-port.js';
import { waitUntilGone } from '../../src/host/detached-process.js';
import type { Home } from '../../src/temporal/home.js';
import { removeHome, temporaryHome, withServer } from './real-server.js';

describe('a server that runs', () => {
  const server = withServer();

  it('has the search attributes, and keeps closed workflows for 90 days', async () => {
    const { connection, namespace } = server();
    expect(await missingSearchAttributes(connection, namespace)).toEqual([]);
    expect(await visibilityReady(connection, namespace)).toBe(true);
    const { config } = await connection.workflowService.describeNamespace({ namespace });
    expect(Number(config?.workflowExecutionRetentionTtl?.seconds)).toBe(90 * 24 * 3600);
  });

  it('is found again, not started twice', async () => {
    const { home, address } = server();
    const before = await serverStatus(home);
    const again = await startServer(home);
    expect(again.address).toBe(address);
    expect(before).toMatchObject({ state: 'running', record: { pid: again.pid } });
  });

  it('refuses a demand for another port', async () => {
    await expect(startServer(server().home, { port: 1 })).rejects.toThrow(
      /expected the server on port 1; it runs already on/,
    );
  });

  it('says that an unknown search attribute is not there', async () => {
    const { connection } = server();
    await expect(
      connection.workflowService.countWorkflowExecutions({ namespace: 'default', query: "NoSuchAttribute = 'x'" }),
    ).rejects.toThrow(/INVALID_ARGUMENT/);
  });
});

describe('a home of its own', () => {
  const homes: Home[] = [];
  const newHome = async (): Promise<Home> => {
    const home = await temporaryHome();
    homes.push(home);
    return home;
  };
  afterEach(async () => {
    for (const home of homes.splice(0)) await removeHome(home);
  });

  it('gives one server to two starts at once', async () => {
    const home = await newHome();
    const [a, b] = await Promise.all([startServer(home), startServer(home)]);
    expect(a.pid).toBe(b.pid);
    expect((await stat(home.root)).mode & 0o777).toBe(0o700);
  });

  it('starts a killed server again on the same file and port', async () => {
    const home = await newHome();
    const first = await startServer(home);
    process.kill(first.pid, 'SIGKILL');
    expect(await waitUntilGone(first, 5000)).toBe(true);
    expect((await serverStatus(home)).state).toBe('crashed');
    const second = await startServer(home);
    expect(second.pid).not.toBe(first.pid);
    expect(second.port).toBe(first.port);
    expect(await stopServer(home)).toBe(true);
    expect((await serverStatus(home)).state).toBe('stopped');
    expect(await stopServer(home)).toBe(false);
  });

  it('makes its database anew when the first start was cut short, and keeps what there was', async () => {
    const home = await newHome();
    await mkdir(home.server.folder, { recursive: true });
    await writeFile(home.server.database, ''); // as a server leaves it that is killed before it made its tables
    const said: string[] = [];
    const { address } = await startServer(home, { log: (line) => said.push(line) });
    expect(await serverStatus(home)).toMatchObject({ state: 'running', record: { address } });
    expect(said.join('\n')).toContain('never finished');
    const isAside = (name: string): boolean => name.startsWith('temporal.db.unfinished-');
    expect((await readdir(home.server.folder)).filter(isAside)).toHaveLength(1);
    await stopServer(home);
    await startServer(home); // a database that was whole once stays
    expect((await readdir(home.server.folder)).filter(isAside)).toHaveLength(1);
  });

  it('takes another port when its last one is taken, and refuses a demanded port that is taken', async () => {
    const home = await newHome();
    const first = await startServer(home);
    await stopServer(home);
    const thief = createServer();
    await new Promise<void>((done) => thief.listen(first.port, '127.0.0.1', done));
    try {
      await expect(startServer(home, { port: first.port })).rejects.toThrow(`port ${first.port} on 127.0.0.1 is taken`);
      const second = await startServer(home);
      expect(second.port).not.toBe(first.port);
    } finally {
      thief.close();
    }
  });

  it('uses a demanded port', async () => {
    const home = await newHome();
    const [port = 0, uiPort = 0] = await freePorts(2);
    expect(await startServer(home, { port, uiPort })).toMatchObject({ port, uiPort, address: `127.0.0.1:${port}` });
  });

  it('refuses a database of another server version, and says what to do', async () => {
    const home = await newHome();
    await startServer(home);
    await stopServer(home);
    const text = await readFile(home.server.version, 'utf8');
    await writeFile(home.server.version, text.replace(/"serverVersion": "[^"]+"/, '"serverVersion": "1.0.0"'));
    const failed = startServer(home);
    await expect(failed).rejects.toThrow(/was written by Temporal server 1\.0\.0/);
    await expect(failed).rejects.toMatchObject({
      code: 'StateError',
      hint: expect.stringContaining('TITRATE_TEMPORAL_CLI'),
    });
  });

  it('says so when the disk is full', async (context) => {
    const home = await newHome();
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', home.root]);
    if (mounted.status !== 0) context.skip('needs leave to mount a small file system');
    try {
      await expect(startServer(home)).rejects.toThrow(/the disk is full/);
    } finally {
      spawnSync('umount', [home.root]);
    }
  });

  it('takes no failure of an earlier start, which its log still tells, for that of this one', async () => {
    const home = await newHome();
    const cli = join(home.root, 'temporal');
    const says = 'temporal version 1.5.1 (Server 1.29.1, UI 2.0.0)';
    await writeFile(cli, `#!/bin/sh\n[ "$1" = --version ] && exec echo '${says}'\necho 'unknown flag' >&2; exit 1\n`);
    await chmod(cli, 0o700);
    await mkdir(home.server.folder, { recursive: true });
    await writeFile(home.server.log, 'no space left on device\n');
    const failed = startServer(home, { env: { ...process.env, TITRATE_TEMPORAL_CLI: cli } });
    await expect(failed).rejects.toThrow(/unknown flag/);
    await expect(failed).rejects.not.toThrow(/disk is full|no space left/);
  });

  it('says so when the folder is read-only', async (context) => {
    const home = await newHome();
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'ro,size=1m', 'tmpfs', home.root]);
    if (mounted.status !== 0) context.skip('needs leave to mount a read-only file system');
    try {
      await expect(startServer(home)).rejects.toThrow(/cannot make the folder: the file system is read-only/);
    } finally {
      spawnSync('umount', [home.root]);
    }
  });
});
