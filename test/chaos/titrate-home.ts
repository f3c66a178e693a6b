/** Titrate's own processes over one home, as a user runs them: the command, and what it starts. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { signalProcess, waitUntilGone } from '../../src/host/detached-process.js';
import { identify, liveness, type ProcessIdentity } from '../../src/host/process-identity.js';
import { connect, type TitrateConnection } from '../../src/temporal/client.js';
import { readHomeId, taskQueueOf, type Home } from '../../src/temporal/home.js';
import { readJsonFile, ServerRecord } from '../../src/temporal/server-record.js';
import { WorkerRecord } from '../../src/temporal/worker-files.js';
import type { InstalledCopy } from './installed-copy.js';

const SECOND_WORKER = join(import.meta.dirname, 'second-worker.mjs');
const GONE_MS = 10_000;

/** Nothing of the caller's Temporal or titrate settings may lead a run elsewhere. */
const cleanEnvironment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(TEMPORAL_|TITRATE_(?!TEMPORAL_CLI$)|NODE_OPTIONS$)/.test(name)),
  );

const alive = async (identity: ProcessIdentity | undefined): Promise<ProcessIdentity | undefined> =>
  identity !== undefined && (await liveness(identity)) === 'alive' ? identity : undefined;

export class TitrateHome {
  readonly env: NodeJS.ProcessEnv;
  #connection: TitrateConnection | undefined;

  constructor(
    readonly home: Home,
    readonly copy: InstalledCopy,
    env: Readonly<Record<string, string>>,
    /** Where the output of every command goes. */
    readonly log: string,
  ) {
    this.env = {
      ...cleanEnvironment(),
      ...env,
      TITRATE_HOME: home.root,
      NO_COLOR: '1',
      TEMPORAL_CONFIG_FILE: '/dev/null',
    };
  }

  /** Starts `titrate ARGS`, in a session of its own, as from another terminal. */
  command(...args: readonly string[]): ChildProcess {
    return this.#spawn([this.copy.main, ...args]);
  }

  /** Runs `titrate ARGS` to its end; returns the exit status, null when it was killed. */
  async run(...args: readonly string[]): Promise<number | null> {
    const [code] = (await once(this.command(...args), 'exit')) as [number | null];
    return code;
  }

  #spawn(args: readonly string[]): ChildProcess {
    const out = openSync(this.log, 'a');
    try {
      return spawn(process.execPath, args, { env: this.env, detached: true, stdio: ['ignore', out, out] });
    } finally {
      closeSync(out);
    }
  }

  /** A worker of the team's own beside titrate's: two at once, as when one is taken for dead. */
  async secondWorker(): Promise<ChildProcess | undefined> {
    const server = await readJsonFile(this.home.server.record, ServerRecord);
    const id = await readHomeId(this.home);
    if (server === undefined || id === undefined) return undefined;
    return this.#spawn([SECOND_WORKER, this.copy.folder, this.home.root, server.address, taskQueueOf(id, {})]);
  }

  async server(): Promise<ProcessIdentity | undefined> {
    return alive(await readJsonFile(this.home.server.record, ServerRecord));
  }

  /** The worker process, and whether it takes work. */
  async worker(): Promise<(ProcessIdentity & { readonly isPolling: boolean }) | undefined> {
    const names = await readdir(this.home.worker.folder).catch(() => [] as string[]);
    for (const name of names.filter((one) => one.endsWith('.json'))) {
      const record = await readJsonFile(join(this.home.worker.folder, name), WorkerRecord);
      if ((await alive(record)) !== undefined) return { ...record!, isPolling: record!.state === 'polling' };
    }
    return undefined;
  }

  /** For people: which processes there are, and whether they run, sleep or stand still (`T`). */
  async standing(): Promise<string> {
    const [worker, server] = await Promise.all([this.worker(), this.server()]);
    const of = async (process: ProcessIdentity | undefined): Promise<string> => {
      if (process === undefined) return 'none';
      const status = await readFile(`/proc/${process.pid}/status`, 'utf8').catch(() => '');
      return `process ${process.pid} (${/^State:\s*(.*)$/m.exec(status)?.[1] ?? 'gone'})`;
    };
    const polls = worker === undefined ? '' : worker.isPolling ? ', polling' : ', not polling';
    return `worker: ${await of(worker)}${polls}; server: ${await of(server)}`;
  }

  /** A connection to the server where it is now. @throws when it does not run */
  async connection(): Promise<TitrateConnection> {
    const server = await readJsonFile(this.home.server.record, ServerRecord);
    if (this.#connection !== undefined && this.#connection.address === server?.address) return this.#connection;
    await this.#connection?.close().catch(() => undefined);
    this.#connection = await connect({ home: this.home, env: {}, onlyRunning: true });
    return this.#connection;
  }

  /** Ends server and worker at once. */
  async end(): Promise<void> {
    await this.#connection?.close().catch(() => undefined);
    for (const identity of [await this.worker(), await this.server()]) {
      if (identity === undefined) continue;
      await signalProcess(identity, 'SIGKILL');
      await waitUntilGone(identity, GONE_MS);
    }
  }

  /** What the command's processes said last. */
  async said(): Promise<string> {
    return (await readFile(this.log, 'utf8').catch(() => '')).slice(-2000);
  }
}

/** Names the process of a child; undefined when it has ended. */
export const identityOf = async (child: ChildProcess): Promise<ProcessIdentity | undefined> =>
  child.pid === undefined || child.exitCode !== null || child.signalCode !== null ? undefined : identify(child.pid);
