/**
 * The launch protocol. Each step may be the last one of this process; the next launch of the key goes on from the files.
 *
 * 1. The intent (`job.json`) is created once. A job with a reference, a lock or a start is found, never submitted.
 * 2. The name is looked up, in the queue and in the accounting, before any submission. What is there is attached to.
 * 3. `submit-<n>.json` is created exclusively; its maker alone may call sbatch, once.
 * 4. When nobody knows what became of a submission (no answer, a maker that died), the name is looked up until it is found,
 *    or until Slurm has answered for `patienceMs` without it: a frozen controller makes the job later. Only then another
 *    submission is made. Should the first one come after all, the lock of the batch script lets one of them start.
 * 5. The reference is created once, from what was found: every launch gives back the same one.
 */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { LauncherError, RefusedError } from '../../domain/errors.js';
import type { JobRef, JobSpec } from '../../domain/ports.js';
import { createOnce, isThere, makeFolder } from '../../host/atomic-files.js';
import { readJobSecrets } from '../../host/read-secret.js';
import { JOB_FOLDER_MODE } from '../job-folder.js';
import { writeIntent } from '../job-intent.js';
import { readJobRecord } from '../job-records.js';
import { conclude } from './conclude-job.js';
import { askAccounting } from './slurm-accounting.js';
import type { Answer } from './slurm-answers.js';
import { unanswered } from './slurm-calls.js';
import type { SlurmContext } from './slurm-context.js';
import {
  nativeName,
  readEvidence,
  slurmName,
  type FolderEvidence,
  type SlurmFiles,
  type SubmitRecord,
} from './slurm-files.js';
import type { SlurmJob } from './slurm-queue.js';
import { meaningOf } from './slurm-states.js';
import { submitJob } from './submit-job.js';

const LOOK_MS = 500;
const LONGEST_LOOK_MS = 5_000; // a controller that does not answer has enough to do
const NEVER_SUBMITTED = 'stopped before its submission';

const StoredReference = z.object({
  key: z.string(),
  launcher: z.literal('slurm'),
  folder: z.string(),
  native: z.string(),
});

const refused = (key: string, words: string): RefusedError =>
  new RefusedError(`Slurm refuses the job ${key}: ${words}`, {
    hint: 'change account, partition, time, gres or sbatchArgs in the sweep file (docs/slurm.md)',
    values: { key, text: words },
  });

/** The job to attach to: the one with the lock, else one that is at work, else the last. */
const chooseJob = (jobs: readonly SlurmJob[], { owner }: FolderEvidence): SlurmJob | undefined =>
  jobs.find(({ id }) => id === owner?.job) ?? jobs.find(({ state }) => meaningOf(state) === 'active') ?? jobs.at(-1);

const refusedUnseen = ({ state, reason }: SlurmJob): boolean => state === 'FAILED' && reason === 'BadConstraints';

class Launch {
  readonly #name: string;
  /** Since when Slurm answers without a sign of this job (ms of `performance.now`). */
  #quietSince = performance.now();
  #knownSubmissions = 0;
  #unheard = 0;

  constructor(
    private readonly context: SlurmContext,
    private readonly files: SlurmFiles,
    private readonly job: JobSpec,
  ) {
    this.#name = slurmName(job.key, files.folder);
  }

  async reference(): Promise<JobRef | undefined> {
    return readJobRecord(this.files.reference, StoredReference);
  }

  /** Creates the reference, or finds the one that another launch has created. */
  async #refer(native: string): Promise<JobRef> {
    const reference: JobRef = { key: this.job.key, launcher: 'slurm', folder: this.files.folder, native };
    if (await createOnce(this.files.reference, `${JSON.stringify(reference)}\n`)) {
      this.context.onStep('reference-written');
      return reference;
    }
    return (await this.reference()) ?? reference;
  }

  async #lookUp(evidence: FolderEvidence): Promise<SlurmJob | undefined> {
    const view = await this.context.queue.lookNow();
    const queued = chooseJob(view.named(this.#name), evidence);
    if (queued !== undefined) return queued;
    const recorded = await askAccounting(this.context.calls, this.#name);
    return chooseJob(recorded ?? [], evidence);
  }

  /** What the folder or Slurm knows of this job already. */
  async #find(evidence: FolderEvidence): Promise<JobRef | undefined> {
    const earlier = await this.reference();
    if (earlier !== undefined) return earlier;
    if (evidence.end?.kind === 'refused') throw refused(this.job.key, evidence.end.words);
    if (evidence.owner !== undefined) return this.#refer(nativeName(evidence.owner.job));
    const found = await this.#lookUp(evidence);
    if (found !== undefined && !refusedUnseen(found)) return this.#refer(nativeName(found.id));
    if (evidence.isStopped || evidence.end !== undefined) return this.#refer(NEVER_SUBMITTED);
    return undefined;
  }

  #maySubmit({ submissions, uncertain }: FolderEvidence): boolean {
    if (uncertain === 0) return true;
    if (submissions !== this.#knownSubmissions) {
      this.#knownSubmissions = submissions;
      this.#quietSince = performance.now();
    }
    return performance.now() - this.#quietSince >= this.context.patienceMs;
  }

  /** Takes the right to call sbatch; undefined when another launch has it. */
  async #claim(n: number): Promise<SubmitRecord | undefined> {
    const record: SubmitRecord = { token: randomUUID(), at: this.context.now(), host: hostname(), pid: process.pid };
    const isOurs = await createOnce(this.files.submit(n), `${JSON.stringify(record)}\n`);
    return isOurs ? record : undefined;
  }

  /** Gives a right back that was surely not made use of. */
  async #voidClaim(n: number): Promise<void> {
    await createOnce(this.files.unsent(n), '');
  }

  async #submit(n: number): Promise<JobRef | undefined> {
    const secrets = await readJobSecrets(this.context.choice.secrets); // first: a claim is a submission, for all that others know
    const asked = performance.now();
    const record = await this.#claim(n);
    if (record === undefined) return undefined;
    this.context.onStep('submission-recorded');
    // Frozen meanwhile? Then others have stopped waiting for us.
    if (performance.now() - asked > this.context.patienceMs / 2 || (await isThere(this.files.stopped))) {
      await this.#voidClaim(n);
      return undefined;
    }
    const answer = await submitJob(this.context, this.files, this.job, n, record, secrets);
    this.context.onStep('submitted');
    return this.#afterSubmission(n, answer);
  }

  async #afterSubmission(n: number, answer: Answer): Promise<JobRef | undefined> {
    this.#quietSince = performance.now();
    if (answer.kind === 'done') {
      const [id = ''] = answer.stdout.trim().split(';');
      await this.context.queue.lookNow().catch(() => undefined);
      return this.#refer(nativeName(id));
    }
    if (answer.kind === 'uncertain') {
      this.#unheard += 1;
      if (this.#unheard === 1) return undefined;
      throw unanswered(`submit the job ${this.job.key}`, answer.text); // not for ever without a word: the next launch goes on from here
    }
    await this.#voidClaim(n);
    if (answer.kind === 'unreachable') throw unanswered(`submit the job ${this.job.key}`, answer.text);
    // A refused submission can leave a job of its name, which has failed; what is at work is none of those.
    const left = await this.#lookUp(await readEvidence(this.files));
    if (left !== undefined && meaningOf(left.state) === 'active') return this.#refer(nativeName(left.id));
    const end = await conclude(this.context, this.files, { kind: 'refused', words: answer.text });
    throw refused(this.job.key, end.words);
  }

  async run(): Promise<JobRef> {
    for (let pause = LOOK_MS; ; pause = Math.min(2 * pause, LONGEST_LOOK_MS)) {
      const evidence = await readEvidence(this.files);
      const found = await this.#find(evidence);
      if (found !== undefined) return found;
      this.context.onStep('looked-up');
      if (this.#maySubmit(evidence)) {
        const submitted = await this.#submit(evidence.submissions + 1);
        if (submitted !== undefined) return submitted;
      } else await sleep(pause);
    }
  }
}

/**
 * Submits the job of this key, or finds it.
 * @throws LauncherError when the key is another job's, or Slurm does not answer; RefusedError when it refuses the job
 */
export const launchSlurmJob = async (context: SlurmContext, files: SlurmFiles, job: JobSpec): Promise<JobRef> => {
  if (/[\n\r]/.test(files.folder)) {
    throw new LauncherError(`a folder of Slurm jobs cannot have a line end in its name (${files.folder})`);
  }
  await makeFolder(files.folder, JOB_FOLDER_MODE);
  await writeIntent(files, job);
  context.onStep('intent-written');
  return new Launch(context, files, job).run();
};
