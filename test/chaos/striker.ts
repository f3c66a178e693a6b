/**
 * Lets strikes fall. Production code has no part in it: the moment is found by what files and the server show, the victim
 * is stopped, and only if the moment still lasts then, the blow falls; else the victim goes on and the next moment is
 * waited for.
 */
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { sweepWorkflowId } from '../../src/domain/messages.js';
import { signalProcess, waitUntilGone } from '../../src/host/detached-process.js';
import { sweepPaths } from '../../src/temporal/home.js';
import type { ChaosPlace, JobSite, Target } from './place.js';
import type { Scene } from './scene.js';
import { OWN_VICTIMS, type Point, type Strike, type Struck } from './strike.js';
import { identityOf, type TitrateHome } from './titrate-home.js';
import { Wake } from './wake.js';
import type { ChildProcess } from 'node:child_process';

const AIM_MS = 12_000; // a moment that does not come within so long is given up: the strike falls anyhow
const FIND_MS = 300_000; // a victim is back within seconds; on a machine under heavy load, within minutes
const HEARTBEAT_TIMEOUT_MS = 20_000; // src/workflows/activity-options.ts
const FREEZE_MS = HEARTBEAT_TIMEOUT_MS + 3_000;
const BOTH_MS = 2_000; // the thawed worker beside the second one
const GONE_MS = 10_000;
const LOOK_MS = 25;
const FRESH_RUN_EVENTS = 4; // a run of a workflow that has done nothing yet: started, task scheduled, begun, and a signal
const APPEND = new Set(['titrateAppend', 'titrateOpenRecord']);

/** What a striker needs of its lane. */
export interface Battlefield {
  readonly lane: string;
  readonly titrate: TitrateHome;
  readonly place: ChaosPlace;
  /** Sweeps that have not ended. */
  scenes(): readonly Scene[];
  /** The command that watches a sweep. */
  command(sweepId: string): ChildProcess | undefined;
}

interface Moment {
  readonly scene: Scene;
  readonly job?: JobSite;
  /** Does it last? Asked when the victim stands still. */
  lasts(): Promise<boolean>;
}

interface Run {
  readonly id: string;
  readonly events: number;
  readonly activities: readonly string[];
}

export class Striker {
  readonly #wake = new Wake();
  readonly #runs = new Map<string, string>();

  constructor(readonly field: Battlefield) {}

  close(): void {
    this.#wake.close();
  }

  /** Carries out a strike. @throws when its victim does not show up */
  async strike(strike: Strike): Promise<Struck> {
    if (!strike.isHasty) await this.#untilWell();
    if (strike.point === 'any' || strike.point === 'mid-run') await sleep(strike.delayMs);
    if (strike.act === 'upset') return this.#upset(strike);
    const aimed = strike.point === 'any' ? undefined : await this.#aim(strike);
    if (aimed !== undefined) return aimed;
    const target = await this.#findAnyhow(strike);
    await signalProcess(target.process, 'SIGSTOP');
    return this.#blow(strike, target, strike.point === 'any');
  }

  async #untilWell(): Promise<void> {
    for (const end = performance.now() + FIND_MS; performance.now() < end; await sleep(LOOK_MS * 4)) {
      const [worker, server] = await Promise.all([this.field.titrate.worker(), this.field.titrate.server()]);
      if (worker?.isPolling !== true || server === undefined) continue;
      for (const scene of this.field.scenes()) {
        await scene.look();
        if (scene.lines.length > 0 && !scene.hasEnded) return;
      }
    }
    throw new Error(`${this.field.lane}: titrate did not come up again within ${FIND_MS / 1000} s`);
  }

  async #find(victim: string, { scene, job }: Pick<Moment, 'scene' | 'job'>): Promise<Target | undefined> {
    const { titrate, place } = this.field;
    const own = async () => {
      if (victim === 'worker') return titrate.worker();
      if (victim === 'server') return titrate.server();
      const command = this.field.command(scene.sweepId);
      return command === undefined ? undefined : identityOf(command);
    };
    if (!OWN_VICTIMS.has(victim)) return place.find(victim, job);
    const process = await own();
    return process === undefined ? undefined : { process, hurt: [] };
  }

  async #findAnyhow(strike: Strike): Promise<Target> {
    for (const end = performance.now() + FIND_MS; performance.now() < end; await sleep(LOOK_MS)) {
      for (const scene of this.field.scenes()) {
        await scene.look();
        const job = await scene.jobAt('mid-run');
        const target = await this.#find(strike.victim, job === undefined ? { scene } : { scene, job });
        if (target !== undefined) return target;
      }
    }
    throw new Error(`${this.field.lane}: no ${strike.victim} to strike within ${FIND_MS / 1000} s`);
  }

  /** Lets the place upset a job that is at the point. @throws when none comes there */
  async #upset(strike: Strike): Promise<Struck> {
    for (const end = performance.now() + FIND_MS; performance.now() < end; await this.#wake.next()) {
      for (const scene of this.field.scenes()) {
        await scene.look();
        const job = await scene.jobAt(strike.point);
        const at = Date.now();
        const upset = job && (await this.field.place.upset(strike.victim, job));
        if (upset !== undefined) return { strike, lane: this.field.lane, at, landed: true, ...upset };
      }
    }
    throw new Error(`${this.field.lane}: nothing for ${strike.victim} to strike within ${FIND_MS / 1000} s`);
  }

  /** Waits for the strike's moment and strikes in it; undefined when it did not come. */
  async #aim(strike: Strike): Promise<Struck | undefined> {
    const before = new Map(this.field.scenes().map((scene) => [scene, scene.lines.length]));
    for (const end = performance.now() + AIM_MS; performance.now() < end; await this.#wake.next()) {
      const moment = await this.#moment(strike, before);
      const target = moment && (await this.#find(strike.victim, moment));
      if (moment === undefined || target === undefined) continue;
      await signalProcess(target.process, 'SIGSTOP');
      if (await moment.lasts()) return this.#blow(strike, target, true);
      await signalProcess(target.process, 'SIGCONT');
    }
    return undefined;
  }

  async #moment({ victim, point }: Strike, before: Map<Scene, number>): Promise<Moment | undefined> {
    for (const scene of this.field.scenes()) {
      const paths = sweepPaths(scene.home, scene.sweepId);
      for (const folder of [paths.folder, paths.jobs, dirname(scene.account.file)]) this.#wake.watch(folder);
      await scene.look();
      const moment =
        point === 'append'
          ? await this.#inAppend(scene, victim, before)
          : point === 'continue-as-new'
            ? await this.#inNewRun(scene, victim)
            : await this.#atJob(scene, point);
      if (moment !== undefined) return moment;
    }
    return undefined;
  }

  async #atJob(scene: Scene, point: Point): Promise<Moment | undefined> {
    const job = await scene.jobAt(point);
    if (job === undefined) return undefined;
    const lasts = async (): Promise<boolean> => {
      await scene.look();
      return scene.isAt(point, job);
    };
    return { scene, job, lasts };
  }

  /** The record has just grown; with the worker standing still, the server says whether the append is still going on. */
  async #inAppend(scene: Scene, victim: string, before: Map<Scene, number>): Promise<Moment | undefined> {
    const known = before.get(scene);
    before.set(scene, scene.lines.length);
    if (known === undefined || known === scene.lines.length) return undefined;
    const isAppending = async (): Promise<boolean> =>
      (await this.#run(scene))?.activities.some((name) => APPEND.has(name)) ?? false;
    return { scene, lasts: victim === 'worker' ? isAppending : async () => true };
  }

  /** A new run of the workflow is there and has done nothing yet. */
  async #inNewRun(scene: Scene, victim: string): Promise<Moment | undefined> {
    const isFresh = async (): Promise<boolean> => {
      const run = await this.#run(scene);
      const known = this.#runs.get(scene.sweepId);
      if (run === undefined) return false;
      if (run.events > FRESH_RUN_EVENTS) this.#runs.set(scene.sweepId, run.id);
      return known !== undefined && run.id !== known && run.events <= FRESH_RUN_EVENTS;
    };
    if (!(await isFresh())) return undefined;
    // A server that stands still cannot be asked.
    return { scene, lasts: victim === 'server' ? async () => true : isFresh };
  }

  async #run({ sweepId }: Scene): Promise<Run | undefined> {
    try {
      const { connection, namespace } = await this.field.titrate.connection();
      const execution = { workflowId: sweepWorkflowId(sweepId) };
      const answer = await connection.withDeadline(Date.now() + 1_000, () =>
        connection.workflowService.describeWorkflowExecution({ namespace, execution }),
      );
      const info = answer.workflowExecutionInfo;
      return {
        id: info?.execution?.runId ?? '',
        events: Number(info?.historyLength ?? 0),
        activities: (answer.pendingActivities ?? []).map(({ activityType }) => activityType?.name ?? ''),
      };
    } catch {
      return undefined; // the server is down
    }
  }

  /** Strikes a victim that stands still already. */
  async #blow(strike: Strike, { process, hurt }: Target, landed: boolean): Promise<Struck> {
    const at = Date.now();
    if (strike.act === 'kill') {
      await signalProcess(process, 'SIGKILL');
      await waitUntilGone(process, GONE_MS);
      await this.field.place.mend(strike.victim);
    } else await this.#freeze(strike, { process, hurt });
    return { strike, lane: this.field.lane, at, landed, hurt, target: `process ${process.pid}` };
  }

  async #freeze({ victim }: Strike, { process }: Target): Promise<void> {
    const second = victim === 'worker' ? await this.field.titrate.secondWorker() : undefined;
    await sleep(FREEZE_MS);
    await signalProcess(process, 'SIGCONT');
    if (second === undefined) return;
    await sleep(BOTH_MS);
    second.kill('SIGKILL');
  }
}
