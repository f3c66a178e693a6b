import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { canonicalJson } from '../domain/canonical-json.js';
import { LauncherError, StateError } from '../domain/errors.js';
import { MetricsLine } from '../domain/job-contract.js';
import type { CurvePoint } from '../domain/observation.js';
import type { JobProgress, JobRef, JobResult, JobSpec, JobState, Launcher, World } from '../domain/ports.js';
import { createOnce, isThere, makeFolder } from '../host/atomic-files.js';
import { JOB_FOLDER_MODE, checkKey, jobFiles, type JobFiles } from './job-folder.js';
import { readJobRecord } from './job-records.js';
import { readResult, STOPPED_BEFORE_START } from './job-result.js';
import { listFolders } from './list-jobs.js';

/** What the launcher needs. */
export interface SimulatorLauncherOptions {
  readonly world: World;
  /** Folder that holds one folder per job. */
  readonly jobsFolder: string;
  /** Simulated wall time per unit of a job's cost (s). */
  readonly secondsPerUnit: number;
  /** The clock (ms since the epoch). */
  readonly now: () => number;
}

/** `job.json`: the spec, and when the simulated run began and how long it takes. */
const SimulatedJob = z.looseObject({
  key: z.string(),
  sweep: z.string(),
  trial: z.string(),
  generation: z.number(),
  mixture: z.record(z.string(), z.number()),
  scale: z.string(),
  steps: z.number(),
  parameters: z.number(),
  tokensPerStep: z.number(),
  checkpoints: z.array(z.number()),
  seed: z.number(),
  cost: z.number(),
  resume: z.object({ key: z.string(), trial: z.string(), steps: z.number() }).exactOptional(),
  simulated: z.object({ startedAt: z.number(), milliseconds: z.number() }),
});
type SimulatedJob = z.infer<typeof SimulatedJob>;

const StopRecord = z.object({ at: z.number() });

/** Where a job is in simulated time. */
interface Standing {
  readonly job: SimulatedJob;
  readonly files: JobFiles;
  readonly state: 'running' | 'completed' | 'cancelled';
  readonly stepsReached: number;
}

const specOf = ({ simulated: _, ...spec }: SimulatedJob): JobSpec => spec;

const stepsAt = (job: SimulatedJob, at: number): number => {
  const { startedAt, milliseconds } = job.simulated;
  const elapsed = Math.max(0, at - startedAt); // a clock that was set back must not undo a start
  if (elapsed >= milliseconds) return job.steps;
  const from = job.resume?.steps ?? 0;
  return from + Math.floor(((job.steps - from) * elapsed) / milliseconds);
};

const lineOf = (job: SimulatedJob, { steps, metrics }: CurvePoint): MetricsLine => {
  const tokens = steps * job.tokensPerStep;
  const domainTokens = Object.entries(job.mixture).map(([domain, share]) => [domain, share * tokens]);
  return { step: steps, tokens, metrics: { ...metrics }, domainTokens: Object.fromEntries(domainTokens) };
};

const parseCurve = (text: string): CurvePoint[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => MetricsLine.parse(JSON.parse(line)))
    .map(({ step, metrics }) => ({
      steps: step,
      metrics: Object.fromEntries(
        Object.entries(metrics).filter((entry): entry is [string, number] => typeof entry[1] === 'number'),
      ),
    }));

const filesOf = ({ jobsFolder }: SimulatorLauncherOptions, key: string): JobFiles => {
  checkKey(key);
  return jobFiles(join(resolve(jobsFolder), key));
};

const refuseUnknown = (key: string, file: string): never => {
  throw new LauncherError(`no job of the key ${key} is known here: expected ${file}; found no such file`, {
    hint: 'launch the job first, or check that the home folder is the one it was launched in',
  });
};

const findStanding = async (options: SimulatorLauncherOptions, key: string): Promise<Standing | undefined> => {
  const files = filesOf(options, key);
  const job = await readJobRecord(files.spec, SimulatedJob);
  if (job === undefined) return undefined;
  const stopped = await readJobRecord(files.stopped, StopRecord);
  const isTooLate = stopped !== undefined && stopped.at < job.simulated.startedAt;
  const stepsReached = isTooLate ? (job.resume?.steps ?? 0) : stepsAt(job, stopped?.at ?? options.now());
  const state = stepsReached >= job.steps ? 'completed' : stopped === undefined ? 'running' : 'cancelled';
  return { job, files, state, stepsReached };
};

const standingOf = async (options: SimulatorLauncherOptions, key: string): Promise<Standing> =>
  (await findStanding(options, key)) ?? refuseUnknown(key, filesOf(options, key).spec);

const progressOf = (world: World, { job, stepsReached }: Standing): JobProgress => {
  const last = world.train(specOf(job)).findLast((point) => point.steps <= stepsReached);
  return last === undefined ? { steps: stepsReached } : { steps: stepsReached, metrics: last.metrics };
};

const writeMetrics = async (world: World, { job, files, stepsReached }: Standing): Promise<string> => {
  const points = world.train(specOf(job)).filter((point) => point.steps <= stepsReached);
  const text = points.map((point) => `${JSON.stringify(lineOf(job, point))}\n`).join('');
  await createOnce(files.metrics, text); // there already: an earlier collect wrote it, and it counts
  return readFile(files.metrics, 'utf8');
};

const launchJob = async (options: SimulatorLauncherOptions, job: JobSpec): Promise<JobRef> => {
  const { world, secondsPerUnit, now } = options;
  const files = filesOf(options, job.key);
  world.train(job); // refuses what it does not know before anything is on disk
  const simulated = { startedAt: now(), milliseconds: 1000 * secondsPerUnit * job.cost };
  await makeFolder(files.folder, JOB_FOLDER_MODE);
  await createOnce(files.spec, `${JSON.stringify({ ...job, simulated })}\n`);
  const found = await readJobRecord(files.spec, SimulatedJob);
  if (found !== undefined && canonicalJson(specOf(found)) === canonicalJson(job)) {
    return { key: job.key, launcher: 'simulator', folder: files.folder, native: `simulated ${world.name}` };
  }
  throw new LauncherError(
    `the key ${job.key} is taken by another job: expected its spec to be the same; found another in ${files.spec}`,
    {
      hint: 'a key names one job for ever: run the trial again under the next generation',
      values: { key: job.key, found, wanted: job },
    },
  );
};

/** Was it stopped, and never launched? */
const isPrevented = async (options: SimulatorLauncherOptions, key: string): Promise<boolean> => {
  const { spec, stopped } = filesOf(options, key);
  return (await isThere(stopped)) && !(await isThere(spec));
};

const inspectJob = async (options: SimulatorLauncherOptions, key: string): Promise<JobState> => {
  if (await isPrevented(options, key)) return { state: 'ended' };
  const standing = await standingOf(options, key);
  const progress = progressOf(options.world, standing);
  return { state: standing.state === 'running' ? 'running' : 'ended', progress };
};

const collectJob = async (options: SimulatorLauncherOptions, key: string): Promise<JobResult> => {
  if (await isPrevented(options, key)) return readResult(filesOf(options, key), STOPPED_BEFORE_START, true);
  const standing = await standingOf(options, key);
  const { state, stepsReached, files } = standing;
  if (state === 'running') {
    throw new StateError(`cannot collect ${key}: expected an ended job; found one at step ${stepsReached}`, {
      hint: 'inspect the job until it has ended, or stop it',
    });
  }
  const text = await writeMetrics(options.world, standing);
  const curve = parseCurve(text);
  const digest = createHash('sha256').update(text).digest('hex');
  const metrics = state === 'completed' ? (curve.at(-1)?.metrics ?? {}) : {};
  return { status: state, metrics, curve, digest, folder: files.folder, stepsReached, warnings: [] };
};

const stopJob = async (options: SimulatorLauncherOptions, key: string): Promise<void> => {
  const standing = await findStanding(options, key);
  if (standing !== undefined && standing.state !== 'running') return;
  const { folder, stopped } = filesOf(options, key);
  await makeFolder(folder, JOB_FOLDER_MODE);
  await createOnce(stopped, `${JSON.stringify({ at: options.now() })}\n`);
};

/**
 * Creates a launcher whose jobs live in a world with known truth and take `secondsPerUnit x cost` of wall time. All its
 * state is on disk: a job that was launched runs on, whoever dies, and any launcher over the same folder finds it.
 */
export const createSimulatorLauncher = (options: SimulatorLauncherOptions): Launcher => {
  const launcher: Launcher = {
    kind: 'simulator',
    launch: (job) => launchJob(options, job),
    inspect: (ref) => inspectJob(options, ref.key),
    collect: (ref) => collectJob(options, ref.key),
    stop: (ref) => stopJob(options, ref.key),
    list: () => listFolders(resolve(options.jobsFolder), launcher),
  };
  return launcher;
};
