import { userInfo } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { LauncherError } from '../../domain/errors.js';
import type { JobRef } from '../../domain/ports.js';
import { createOnce, isThere, makeFolder } from '../../host/atomic-files.js';
import { JOB_FOLDER_MODE } from '../job-folder.js';
import { conclude } from './conclude-job.js';
import { examineSlurmJob } from './examine-slurm-job.js';
import { unanswered } from './slurm-calls.js';
import type { SlurmContext } from './slurm-context.js';
import { isNativeName, readEvidence, slurmName, type SlurmFiles } from './slurm-files.js';
import { meaningOf } from './slurm-states.js';

const LOOK_MS = 300;
const LONGEST_LOOK_MS = 3_000; // controllers dislike to be asked often, and many jobs may be stopped at once
const LAST_WAIT_MS = 90_000; // Slurm itself gives a killed job a minute to leave its node

/** Everything of one stop. */
class Stop {
  readonly #name: string;

  constructor(
    private readonly context: SlurmContext,
    private readonly files: SlurmFiles,
    private readonly key: string,
  ) {
    this.#name = slurmName(key, files.folder);
  }

  async #states(): Promise<string[]> {
    const jobs = (await this.context.queue.lookNow()).named(this.#name);
    return jobs.map(({ state }) => state).filter((state) => meaningOf(state) !== 'final');
  }

  /** By name, not by number: a number may be another job's by now. */
  async #cancel(...options: readonly string[]): Promise<void> {
    const args = [...options, `--name=${this.#name}`, `--user=${userInfo().username}`];
    const answer = await this.context.calls.ask('scancel', args);
    // Jobs that have ended meanwhile, or cannot take a signal now, are no failure: the queue is asked anyway.
    if (answer.kind === 'unreachable') throw unanswered(`stop the job ${this.key}`, answer.text);
  }

  /** Waits until the queue knows no such job as alive; false when it still does after `timeoutMs`. */
  async #isGone(timeoutMs: number): Promise<boolean> {
    const end = performance.now() + timeoutMs;
    for (let pause = LOOK_MS; ; pause = Math.min(2 * pause, LONGEST_LOOK_MS)) {
      if ((await this.#states()).length === 0) return true;
      const left = end - performance.now();
      if (left <= 0) return false;
      await sleep(Math.min(pause, left));
    }
  }

  /** Ends what the queue knows of the job; gives back what it was there. */
  async #endQueued(): Promise<readonly string[]> {
    const states = await this.#states();
    if (states.length === 0) return states;
    const { graceSeconds } = this.context.choice;
    if (states.includes('RUNNING')) {
      await this.#cancel('--batch', '--signal=TERM', '--state=RUNNING');
      if (await this.#isGone(graceSeconds * 1000)) return states;
    }
    await this.#cancel();
    if (await this.#isGone(LAST_WAIT_MS)) return states;
    throw new LauncherError(`the job ${this.key} does not leave Slurm's queue: ${(await this.#states()).join(', ')}`, {
      hint: 'look at its node: the kernel may hold its processes, or the node is gone; stop it again later',
      values: { key: this.key, name: this.#name },
    });
  }

  /** Waits for the end to be known; what Slurm does not know any more finds the mark by itself. */
  async #conclude(): Promise<void> {
    const end = performance.now() + this.context.choice.graceSeconds * 1000 + this.context.patienceMs + LAST_WAIT_MS;
    for (let pause = LOOK_MS; ; pause = Math.min(2 * pause, LONGEST_LOOK_MS)) {
      const standing = await examineSlurmJob(this.context, this.files, this.key);
      if (standing.state === 'ended' || standing.state === 'absent' || standing.state === 'not-submitted') return;
      if (performance.now() > end) {
        throw new LauncherError(`cannot tell whether the job ${this.key} has ended: it is ${standing.state}`, {
          hint: 'the mark in its folder ends it within seconds, wherever it runs; stop it again later',
          values: { key: this.key, standing },
        });
      }
      await sleep(pause);
    }
  }

  async run(): Promise<void> {
    await this.#endQueued();
    await this.#conclude();
  }

  /** Of a job whose folder says nothing any more, Slurm alone knows. */
  async runWithoutFolder(): Promise<void> {
    const states = await this.#endQueued();
    if (states.length === 0) return;
    const words = `${states.join(', ')}, stopped; its folder had been removed`;
    await conclude(this.context, this.files, {
      kind: 'gone',
      words,
      hasRun: states.some((state) => state !== 'PENDING'),
    });
  }
}

/** Was it launched, and is everything of it gone from its folder? */
const isBereft = async (files: SlurmFiles, { native }: JobRef): Promise<boolean> =>
  isNativeName(native) && !(await readEvidence(files)).isSpecified;

/**
 * Stops the job, or prevents its start for ever, and waits until Slurm says that it is gone. Its command gets SIGTERM and
 * the grace time first. @throws LauncherError when Slurm does not answer or the job does not go
 */
export const stopSlurmJob = async (context: SlurmContext, files: SlurmFiles, ref: JobRef): Promise<void> => {
  const { key } = ref;
  if ((await examineSlurmJob(context, files, key)).state === 'ended') return;
  const hasNoFolder = await isBereft(files, ref);
  await makeFolder(files.folder, JOB_FOLDER_MODE);
  // Before anything else: a batch script that starts from now on sees it, and one that runs ends by itself.
  if (!(await isThere(files.stopped))) {
    await createOnce(files.stopped, `${JSON.stringify({ at: context.now() })}\n`);
  }
  const stop = new Stop(context, files, key);
  if (hasNoFolder) await stop.runWithoutFolder();
  // What was never submitted will not be: Slurm, which may not answer, need not be asked.
  if ((await examineSlurmJob(context, files, key)).state === 'ended') return;
  await stop.run();
};
