/** What would be handed over for a job, to whom; nothing is launched, asked or written. */
import { costOf } from '../domain/cost.js';
import { feasibleSet } from '../domain/feasible-set.js';
import type { Fidelity } from '../domain/fidelity.js';
import { mixtureOf } from '../domain/mixture.js';
import type { JobSpec } from '../domain/ports.js';
import type { Sweep } from '../domain/sweep.js';
import { previewLocalJob } from '../launchers/local-process.js';
import { previewSlurmJob } from '../launchers/slurm.js';
import { typicalMixture } from '../policy/pool.js';
import { jobOf } from '../workflows/job-spec.js';
import { readHomeId, sweepPaths, type Home } from './home.js';
import { gpuDivision, podJobsFolderOf, slurmOptions } from './launchers.js';

export interface JobPreview {
  /** What `job.json` would say. */
  readonly job: JobSpec;
  /** Of the sweep's launcher, in its own words; plain JSON. */
  readonly launch: Readonly<Record<string, unknown>>;
}

const UNOPENED = '0'.repeat(12); // stands for the id that a home gets when it is first used

const launchOf = async (
  home: Home,
  sweepId: string,
  { launcher }: Sweep,
  job: JobSpec,
): Promise<JobPreview['launch']> => {
  switch (launcher.kind) {
    case 'local': {
      const jobsFolder = sweepPaths(home, sweepId).jobs;
      return { ...previewLocalJob({ ...launcher, jobsFolder, gpus: gpuDivision(launcher, home) }, job) };
    }
    case 'slurm': {
      const { options, script } = previewSlurmJob(slurmOptions(launcher, home, sweepId), job);
      const { secrets } = launcher;
      return { sbatch: options, ...(secrets === undefined ? {} : { secrets }), script };
    }
    case 'kubernetes': {
      const { previewKubernetesJob } = await import('../launchers/kubernetes.js');
      const owner = { home: (await readHomeId(home)) ?? UNOPENED, sweep: sweepId };
      return previewKubernetesJob(
        { choice: launcher, owner, podJobsFolder: podJobsFolderOf(launcher, home, sweepId) },
        job,
      );
    }
    case 'simulator':
      return { world: launcher.world };
    case 'none':
      return {};
  }
};

/** Previews the first job of a sweep, as if it were of the typical mixture at a fidelity. */
export const previewJob = async (
  home: Home,
  sweepId: string,
  sweep: Sweep,
  fidelity: Fidelity,
): Promise<JobPreview> => {
  const feasible = feasibleSet(sweep);
  const mixture = mixtureOf(typicalMixture(feasible), feasible.domains);
  const run = { trial: 't0001', mixture, ...fidelity, cost: costOf(sweep, fidelity) };
  const job = jobOf(sweepId, sweep, run);
  return { job, launch: await launchOf(home, sweepId, sweep, job) };
};
