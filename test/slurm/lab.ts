/**
 * A real Slurm cluster in a scratch folder: controller, two nodes, and if wanted accounting with a database. It needs no
 * systemd, no root and nothing outside its folder. Its parts can be killed, frozen and started again.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { startDetached } from '../../src/host/detached-process.js';
import { freePorts } from './free-ports.js';
import { labFiles, labPaths, type LabSettings } from './lab-config.js';

export interface LabOptions {
  readonly accounting?: boolean;
  readonly nodes?: number;
  readonly messageTimeoutSeconds?: number;
  readonly nodeTimeoutSeconds?: number;
  readonly minJobAgeSeconds?: number;
}

/** A process of the cluster: `slurmctld`, `slurmdbd`, `mariadbd`, `munged`, or a node by its name. */
type Part = string;

const SBIN = '/usr/sbin:/sbin'; // an ordinary user's PATH may lack it
const FIRST_ANSWER_MS = 60_000; // the database's first start takes 8 s on a slow disk
const LOOK_MS = 50;

/** Asks until the answer is yes; a question that fails counts as no. */
export const until = async (
  what: string,
  ask: () => Promise<boolean> | boolean,
  timeoutMs = FIRST_ANSWER_MS,
): Promise<void> => {
  const end = performance.now() + timeoutMs;
  let trouble: unknown;
  const isTrue = async (): Promise<boolean> => {
    try {
      return await ask();
    } catch (error) {
      trouble = error;
      return false;
    }
  };
  while (!(await isTrue())) {
    if (performance.now() > end) throw new Error(`waited ${timeoutMs} ms in vain: ${what}`, { cause: trouble });
    await sleep(LOOK_MS);
  }
};

const isAlive = (pid: number): boolean => {
  try {
    const state = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.[0];
    return state !== 'Z' && state !== 'X';
  } catch {
    return false;
  }
};

export class SlurmLab {
  readonly paths: ReturnType<typeof labPaths>;
  /** What a process needs to talk to this cluster. */
  readonly env: Readonly<Record<string, string>>;
  readonly nodes: readonly string[];
  readonly #pids = new Map<Part, number>();

  constructor(readonly settings: LabSettings) {
    this.paths = labPaths(settings.folder);
    this.env = { SLURM_CONF: this.paths.config, PATH: `${process.env['PATH'] ?? ''}:${SBIN}` };
    this.nodes = settings.ports.nodes.map((_, i) => `n${i + 1}`);
  }

  /** Runs a Slurm command; gives back what it printed. @throws when it fails */
  async run(program: string, ...args: readonly string[]): Promise<string> {
    const { stdout } = await execa(program, args, { env: this.env, timeout: 60_000, stdin: 'ignore' });
    return stdout;
  }

  async answers(program: string, ...args: readonly string[]): Promise<boolean> {
    const { exitCode } = await execa(program, args, { env: this.env, timeout: 60_000, stdin: 'ignore', reject: false });
    return exitCode === 0;
  }

  async #startPart(part: Part, program: string, args: readonly string[]): Promise<void> {
    const log = this.paths.log(`${part}.out`);
    const env = { ...process.env, ...this.env };
    const child = await startDetached({ program, args, cwd: this.settings.folder, env, stdout: log, stderr: log });
    child.unref();
    this.#pids.set(part, child.pid ?? 0);
  }

  pidOf(part: Part): number {
    const pid = this.#pids.get(part);
    if (pid === undefined) throw new Error(`${part} was never started`);
    return pid;
  }

  isAlive(part: Part): boolean {
    const pid = this.#pids.get(part);
    return pid !== undefined && isAlive(pid);
  }

  signal(part: Part, signal: NodeJS.Signals): void {
    process.kill(this.pidOf(part), signal);
  }

  freeze(part: Part): void {
    this.signal(part, 'SIGSTOP');
  }

  thaw(part: Part): void {
    this.signal(part, 'SIGCONT');
  }

  /** Kills a part and waits until it is gone. */
  async kill(part: Part, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (!this.isAlive(part)) return;
    this.signal(part, signal);
    if (signal !== 'SIGKILL') this.signal(part, 'SIGCONT');
    await until(`${part} ends`, () => !this.isAlive(part), 20_000).catch(() => this.signal(part, 'SIGKILL'));
  }

  async startMunge(): Promise<void> {
    const { folder } = this.settings;
    const { mungeSocket, mungeKey } = this.paths;
    const own = ['pid-file', 'log-file', 'seed-file'].map((name) => `--${name}=${join(folder, 'munge', name)}`);
    await this.#startPart('munged', 'munged', ['-F', `--socket=${mungeSocket}`, `--key-file=${mungeKey}`, ...own]);
    await until('munged listens', () => existsSync(mungeSocket));
  }

  async startDatabase(): Promise<void> {
    const { folder, ports } = this.settings;
    const user = `--user=${userInfo().username}`;
    const data = `--datadir=${join(folder, 'db/data')}`;
    if (!existsSync(join(folder, 'db/data/mysql'))) {
      const options = ['--auth-root-authentication-method=normal', '--skip-test-db', '--skip-name-resolve', '--force'];
      await this.run('mariadb-install-db', '--no-defaults', user, data, ...options);
    }
    const pidFile = join(folder, 'run/mariadbd.pid');
    await this.#startPart('mariadbd', 'mariadbd', [
      '--no-defaults',
      user,
      data,
      `--socket=${join(folder, 'db/socket')}`,
      `--port=${ports.database}`,
      '--bind-address=127.0.0.1',
      `--pid-file=${pidFile}`,
      `--init-file=${join(folder, 'db/setup.sql')}`,
      '--innodb-flush-log-at-trx-commit=0', // nobody asks it to survive a power cut
    ]);
    await until('mariadbd is up', () => existsSync(pidFile));
  }

  async startAccounting(): Promise<void> {
    await this.#startPart('slurmdbd', 'slurmdbd', ['-D']);
    await until('slurmdbd answers', () => this.answers('sacctmgr', '-n', 'list', 'cluster'));
  }

  async startController(): Promise<void> {
    await this.#startPart('slurmctld', 'slurmctld', ['-D', '-f', this.paths.config]);
    await until('slurmctld answers', () => this.answers('scontrol', 'ping'));
  }

  async startNode(name: string): Promise<void> {
    await this.#startPart(name, 'slurmd', ['-D', '-f', this.paths.config, '-N', name]);
  }

  async nodesAreIdle(): Promise<boolean> {
    const states = await this.run('sinfo', '-h', '-N', '-o', '%T', '-p', 'urgent').catch(() => 'none');
    return states.split('\n').every((state) => state === 'idle');
  }

  async start(): Promise<void> {
    await this.startMunge();
    if (this.settings.accounting) {
      await this.startDatabase();
      await this.startAccounting();
    }
    await this.startController();
    for (const name of this.nodes) await this.startNode(name);
    await until('all nodes are idle', () => this.nodesAreIdle());
    await this.run('srun', '-n1', 'true'); // the first job after a start waits some seconds more than the others
  }

  /** Waits until the controller has saved its state after now: what is younger dies with it. */
  async stateSaved(): Promise<void> {
    const since = Date.now();
    // It saves when something has changed: a job that never begins.
    await this.run('scancel', await this.run('sbatch', '--parsable', '--hold', '-o', '/dev/null', '--wrap', 'true'));
    const savedAt = async () => (await stat(this.paths.savedState)).mtimeMs;
    await until('the controller saves its state', async () => (await savedAt()) > since, 30_000);
  }

  /** Takes a node out of service, which ends or requeues its jobs at once, or brings it back. */
  async setNode(name: string, state: 'down' | 'resume'): Promise<void> {
    if (state === 'down') {
      await this.run('scontrol', 'update', `nodename=${name}`, 'state=down', 'reason=lab');
      return;
    }
    await this.answers('scontrol', 'update', `nodename=${name}`, 'state=resume'); // no, when it came back by itself
    const isUp = async () => !/down|drain/.test(await this.run('sinfo', '-h', '-n', name, '-o', '%T'));
    await until(`${name} is up`, isUp);
  }

  requeue(jobId: string): Promise<string> {
    return this.run('scontrol', 'requeue', jobId);
  }

  /** Fills the cluster with a job that may take the place of others; gives back its id. */
  preempt(seconds = 5): Promise<string> {
    const size = [`-N${this.nodes.length}`, '--exclusive'];
    return this.run('sbatch', '--parsable', '-p', 'urgent', ...size, '-o', '/dev/null', '--wrap', `sleep ${seconds}`);
  }

  /** Pids of this cluster's job steps (`slurmstepd`), which outlive the daemons. */
  async stepPids(): Promise<number[]> {
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
    return pids.filter((pid) => this.#isStep(pid));
  }

  #isStep(pid: number): boolean {
    try {
      if (readFileSync(`/proc/${pid}/comm`, 'utf8').trim() !== 'slurmstepd') return false;
      return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(`SLURM_CONF=${this.paths.config}`);
    } catch {
      return false;
    }
  }

  /** Processes that run under a job step, the step included. */
  async #killSteps(): Promise<void> {
    for (const pid of await this.stepPids()) {
      const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
      for (const victim of [pid, ...children]) {
        try {
          process.kill(victim, 'SIGKILL');
        } catch {
          // It has ended meanwhile.
        }
      }
    }
  }

  /** Ends every job, every process and the folder. */
  async stop(): Promise<void> {
    if (this.isAlive('slurmctld')) {
      this.thaw('slurmctld');
      await this.answers('scancel', '-u', userInfo().username);
      const isEmpty = async () => (await this.run('squeue', '-h').catch(() => '')) === '';
      await until('no job is left', isEmpty, 10_000).catch(() => undefined);
    }
    for (const name of this.nodes) await this.kill(name, 'SIGTERM');
    await this.#killSteps();
    for (const part of ['slurmctld', 'slurmdbd', 'mariadbd', 'munged']) await this.kill(part, 'SIGTERM');
    await rm(this.settings.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

const writeFiles = async (settings: LabSettings): Promise<void> => {
  const { folder } = settings;
  for (const name of ['etc', 'munge', 'state', 'spool', 'run', 'log', 'db']) await mkdir(join(folder, name));
  for (const [name, text] of Object.entries(labFiles(settings))) {
    const file = join(folder, name);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }
  await writeFile(labPaths(folder).mungeKey, randomBytes(128), { mode: 0o600 });
  await chmod(join(folder, 'etc/slurmdbd.conf'), 0o600);
};

/** Starts a cluster; `stop` ends it. Takes 1 s, with accounting 5 to 10 s. */
export const startLab = async (options: LabOptions = {}): Promise<SlurmLab> => {
  const { accounting = false, nodes = 2 } = options;
  const folder = await mkdtemp('/tmp/titrate-slurm-'); // short: the sockets' paths may have 108 characters
  await chmod(folder, 0o755);
  const [controller = 0, dbd = 0, database = 0, ...nodePorts] = await freePorts(3 + nodes);
  const lab = new SlurmLab({
    folder,
    accounting,
    ports: { controller, accounting: dbd, database, nodes: nodePorts },
    messageTimeoutSeconds: options.messageTimeoutSeconds ?? 5,
    nodeTimeoutSeconds: options.nodeTimeoutSeconds ?? 10,
    minJobAgeSeconds: options.minJobAgeSeconds ?? 300,
  });
  await writeFiles(lab.settings);
  try {
    await lab.start();
    return lab;
  } catch (error) {
    await lab.stop().catch(() => undefined);
    throw error;
  }
};
