/**
 * One home under fire. Sweeps run through the real command, one after the other or at once; what is killed is brought back
 * as a user or a service manager would: the command is run again, and a worker that is gone is started by the command.
 */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseSweep } from '../../src/domain/parse-sweep.js';
import { homeAt, sweepPaths, type Home } from '../../src/temporal/home.js';
import { start } from '../../src/temporal/sweeps.js';
import { AccountBook } from './account.js';
import { readEvidence, type SweepEvidence } from './evidence.js';
import type { InstalledCopy } from './installed-copy.js';
import type { ChaosPlace } from './place.js';
import type { LanePlan } from './plan.js';
import { Scene } from './scene.js';
import { SmallDisk } from './small-disk.js';
import type { Struck } from './strike.js';
import { Striker, type Battlefield } from './striker.js';
import { sweepFile, type SweepFileName } from './sweep-files.js';
import { TitrateHome } from './titrate-home.js';

const GUARD_MS = 250;
const PATIENCE_MS = 200; // before the first strike
const FILL_EVERY_MS = 9_000;
const FULL_MS = 4_000;
const STUCK_MS = 300_000; // a sweep writes a line every second; on a machine under heavy load, every minute
const SETTLE_MS = 300;
const RETRY_MS = 500;
const EXIT_SWEEP = 1; // src/cli/exit-codes.ts: the sweep has paused itself, or was cancelled

export interface LaneOptions {
  readonly plan: LanePlan;
  readonly place: ChaosPlace;
  readonly copy: InstalledCopy;
  /** A folder of the lane's own. */
  readonly root: string;
  readonly say: (line: string) => void;
  /** What has been struck so far, by all lanes: a place may be shared. */
  readonly struck: Struck[];
}

export interface LaneReport {
  readonly name: string;
  readonly sweeps: readonly SweepEvidence[];
  /** How often the disk was filled. */
  readonly fills: number;
  /** What kept the lane from its end, such as a sweep that did not end. */
  readonly troubles: readonly string[];
}

interface Running {
  readonly scene: Scene;
  readonly name: SweepFileName;
  command: ChildProcess | undefined;
}

const JOB = join(import.meta.dirname, 'jobs/chaos-job.sh');

export class Lane implements Battlefield {
  readonly lane: string;
  readonly titrate: TitrateHome;
  readonly place: ChaosPlace;
  readonly #home: Home;
  readonly #account: AccountBook;
  readonly #running: Running[] = [];
  readonly #troubles: string[] = [];
  readonly #disk: SmallDisk | undefined;
  readonly #aborted = new AbortController();
  #patienceMs = PATIENCE_MS;
  #mayStart = true;
  #started = 0;
  #fills = 0;

  constructor(readonly options: LaneOptions) {
    const { plan, place, copy, root } = options;
    this.lane = plan.name;
    this.place = place;
    this.#disk = plan.fills > 0 ? SmallDisk.mount(join(root, 'small')) : undefined;
    this.#home = homeAt(join(this.#disk?.folder ?? root, 'home'));
    this.#account = new AccountBook(join(root, 'jobs.log'));
    this.titrate = new TitrateHome(this.#home, copy, place.env(), join(root, 'commands.log'));
  }

  scenes(): readonly Scene[] {
    return this.#running.map(({ scene }) => scene).filter(({ hasEnded }) => !hasEnded);
  }

  command(sweepId: string): ChildProcess | undefined {
    return this.#running.find(({ scene }) => scene.sweepId === sweepId)?.command;
  }

  /** Runs the lane's sweeps under its strikes to their end. */
  async run(): Promise<LaneReport> {
    const guard = this.#guard();
    const filling = this.#fillDisk();
    const sweeping = this.#keepSweeping();
    try {
      await this.#strikeAll();
      this.#mayStart = false;
      await filling;
      await Promise.race([sweeping, this.#untilStuck()]);
      await this.#noteUnended();
    } catch (error) {
      this.#trouble(error);
    } finally {
      await this.end();
      await guard;
    }
    return this.#report();
  }

  #trouble(error: unknown): void {
    const trouble = error instanceof Error ? error.message : String(error);
    this.#troubles.push(trouble);
    this.options.say(`${this.lane}: TROUBLE: ${trouble}`);
  }

  async #strikeAll(): Promise<void> {
    const { plan, say } = this.options;
    const striker = new Striker(this);
    try {
      for (const strike of plan.strikes) {
        this.#patienceMs = strike.patienceMs;
        const struck = await striker.strike(strike);
        this.options.struck.push(struck);
        const { number, victim, act, point } = strike;
        say(`${plan.name}: ${number}. ${act} ${victim} (${point}${struck.landed ? '' : ', missed the moment'})`);
      }
    } finally {
      striker.close();
    }
  }

  /** Starts sweeps as long as there are strikes to come; without strikes, each file once. */
  async #keepSweeping(): Promise<void> {
    const { files, atOnce, strikes } = this.options.plan;
    const work = async (): Promise<void> => {
      while (strikes.length === 0 ? this.#started < files.length : this.#mayStart) {
        await this.#drive(this.#started++);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, work));
  }

  /** Runs one sweep to its end, running its command again whenever it is gone. */
  async #drive(number: number): Promise<void> {
    const { files, continueAfterEvents } = this.options.plan;
    const name = files[number % files.length]!;
    const sweepId = `${name}-${this.lane}-${number + 1}`; // unlike those of other lanes, whose jobs may share a cluster
    const file = await this.#writeFile(name);
    const running: Running = {
      name,
      scene: new Scene(this.#home, sweepId, this.#account, this.place),
      command: undefined,
    };
    this.#running.push(running);
    if (continueAfterEvents !== undefined) await this.#startByLibrary(sweepId, file, continueAfterEvents);
    while (!this.#aborted.signal.aborted) {
      running.command = this.titrate.command('run', file, '--id', sweepId);
      const [code] = (await once(running.command, 'exit')) as [number | null];
      await running.scene.look();
      if (running.scene.hasEnded) return;
      if (code === EXIT_SWEEP) await this.titrate.run('resume', sweepId, '--reason', 'the strikes are over');
      await sleep(this.#patienceMs);
    }
  }

  async #writeFile(name: SweepFileName): Promise<string> {
    const { root, place } = this.options;
    const file = join(root, `${name}.yaml`);
    const env = { TITRATE_CHAOS_LOG: this.#account.file, TITRATE_CHAOS_NODE: process.execPath };
    await mkdir(root, { recursive: true });
    await writeFile(file, sweepFile(name, place.launcherSection([JOB], env, this.#home.root)));
    return file;
  }

  /** Only the library lets a sweep continue as new earlier than the server suggests; the command then attaches to it. */
  async #startByLibrary(sweepId: string, file: string, continueAfterEvents: number): Promise<void> {
    const sweep = parseSweep(JSON.parse(await readFile(file, 'utf8')));
    while (!this.#aborted.signal.aborted) {
      try {
        await this.titrate.run('worker', '--detach');
        await start(await this.titrate.connection(), { sweepId, sweep, continueAfterEvents });
        return;
      } catch {
        await sleep(RETRY_MS); // the server was struck
      }
    }
  }

  /** Brings back a worker, and with it the server, when nobody else has done so for a while. */
  async #guard(): Promise<void> {
    let goneAt: number | undefined;
    while (!this.#aborted.signal.aborted) {
      await sleep(GUARD_MS);
      if (this.scenes().length === 0 || (await this.titrate.worker()) !== undefined) goneAt = undefined;
      else if (goneAt === undefined) goneAt = performance.now();
      else if (performance.now() - goneAt > this.#patienceMs) {
        await this.titrate.run('worker', '--detach');
        goneAt = undefined;
      }
    }
  }

  async #fillDisk(): Promise<void> {
    if (this.#disk === undefined) return;
    for (; this.#fills < this.options.plan.fills && !this.#aborted.signal.aborted; this.#fills++) {
      await sleep(FILL_EVERY_MS);
      this.options.say(`${this.lane}: the disk is full for ${FULL_MS / 1000} s`);
      await this.#disk.fill(FULL_MS);
    }
  }

  /** Resolves when no sweep has moved for long. */
  async #untilStuck(): Promise<void> {
    let lines = 0;
    for (let movedAt = performance.now(); performance.now() - movedAt < STUCK_MS; await sleep(GUARD_MS)) {
      if (this.#aborted.signal.aborted) return;
      for (const scene of this.scenes()) await scene.look();
      const now = this.#running.reduce((sum, { scene }) => sum + scene.lines.length, 0);
      if (now !== lines) movedAt = performance.now();
      lines = now;
    }
  }

  async #noteUnended(): Promise<void> {
    for (const { scene } of this.#running) {
      await scene.look();
      if (scene.hasEnded) continue;
      const said = (await this.titrate.said()).trim().split('\n').slice(-5).join('\n  ');
      this.#trouble(
        `${scene.sweepId} did not end; ${await this.titrate.standing()}; the commands said last:\n  ${said}`,
      );
    }
  }

  /** Ends every process of the lane but its jobs, which end by themselves; no error when it has ended. */
  async end(): Promise<void> {
    this.#mayStart = false;
    this.#aborted.abort();
    for (const { command } of this.#running) command?.kill('SIGKILL');
    await this.titrate.end();
    await sleep(SETTLE_MS);
  }

  async #report(): Promise<LaneReport> {
    const { plan } = this.options;
    await this.#account.refresh();
    const sites = this.#account.keys().map((key) => ({ key, folder: '', pid: this.#account.of(key).starts.at(-1) }));
    const still = new Set(await this.place.stillRunning(sites));
    const where = {
      lane: this.lane,
      home: this.#home,
      account: this.#account,
      struck: this.options.struck,
      isShared: this.place.isShared,
      stillRunning: (key: string) => still.has(key),
    };
    const sweeps = await Promise.all(
      this.#running.map(({ name, scene }) =>
        readEvidence(where, { sweepId: scene.sweepId, file: name, isSequential: plan.isSequential }),
      ),
    );
    return { name: plan.name, sweeps, fills: this.#fills, troubles: this.#troubles };
  }

  /** Gives the small disk back. */
  close(): void {
    this.#disk?.unmount();
  }

  /** Files and folders to look at when something is wrong. */
  get folders(): readonly string[] {
    const { server, worker } = this.#home;
    return [
      ...this.#running.map(({ scene }) => sweepPaths(this.#home, scene.sweepId).folder),
      server.log,
      server.record,
      worker.folder,
    ];
  }
}
