/** Jobs on a real Slurm cluster of two nodes, whose daemons, steps and nodes are struck. One cluster for all lanes. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isThere } from '../../src/host/atomic-files.js';
import { identify } from '../../src/host/process-identity.js';
import { installSlurm } from '../slurm/install.js';
import { startLab, type SlurmLab } from '../slurm/lab.js';
import { findAbove, findJob, stillRunning } from './job-processes.js';
import type { ChaosPlace, JobSite, Target, Upset } from './place.js';
import type { StrikeKind } from './strike.js';

const STRIKES: readonly StrikeKind[] = [
  { victim: 'job', act: 'kill', point: 'mid-run', weight: 6, hurtsJobs: true },
  { victim: 'job', act: 'kill', point: 'torn-line', weight: 3, hurtsJobs: true },
  { victim: 'slurmctld', act: 'kill', point: 'before-launch', weight: 4, hurtsJobs: true },
  { victim: 'slurmctld', act: 'kill', point: 'after-intent', weight: 4, hurtsJobs: true },
  { victim: 'slurmctld', act: 'kill', point: 'after-submit', weight: 5, hurtsJobs: true },
  { victim: 'slurmctld', act: 'kill', point: 'mid-run', weight: 4, hurtsJobs: true },
  { victim: 'slurmctld', act: 'kill', point: 'after-finish', weight: 4, hurtsJobs: true },
  { victim: 'slurmctld', act: 'freeze', point: 'after-intent', weight: 2, hurtsJobs: false },
  { victim: 'slurmctld', act: 'freeze', point: 'mid-run', weight: 1, hurtsJobs: false },
  { victim: 'slurmd', act: 'kill', point: 'mid-run', weight: 4, hurtsJobs: true },
  { victim: 'slurmd', act: 'freeze', point: 'mid-run', weight: 1, hurtsJobs: true },
  { victim: 'step', act: 'kill', point: 'mid-run', weight: 6, hurtsJobs: true },
  { victim: 'node', act: 'upset', point: 'mid-run', weight: 4, hurtsJobs: true },
  { victim: 'preemption', act: 'upset', point: 'mid-run', weight: 4, hurtsJobs: true },
  { victim: 'requeue', act: 'upset', point: 'mid-run', weight: 4, hurtsJobs: true },
];

const DOWN_MS = 3_000;
const PREEMPTING_SECONDS = 3;
const NODE = 'n1';
const REPAIR_MS = 2_000;

/** Keys of the jobs that the cluster has; a job's comment names its key. */
const keysOnCluster = async (lab: SlurmLab): Promise<string[]> => {
  const comments = await lab.run('squeue', '-h', '-a', '-o', '%k').catch(() => '');
  return [...comments.matchAll(/[\w.-]+\.t\d+\.g\d+/g)].map(([key]) => key);
};

const idOf = async (lab: SlurmLab, key: string): Promise<string | undefined> => {
  const lines = await lab.run('squeue', '-h', '-o', '%i|%k').catch(() => '');
  return lines
    .split('\n')
    .find((line) => line.includes(key))
    ?.split('|')[0];
};

/** Does something to the cluster, and tells which jobs were there before or after it. */
const during = async (lab: SlurmLab, target: string, act: () => Promise<unknown>): Promise<Upset> => {
  const before = await keysOnCluster(lab);
  await act();
  return { hurt: [...new Set([...before, ...(await keysOnCluster(lab))])], target };
};

const upset = async (lab: SlurmLab, victim: string, { key }: JobSite): Promise<Upset | undefined> => {
  if (victim === 'node') {
    return during(lab, `node ${NODE}`, async () => {
      await lab.setNode(NODE, 'down');
      await sleep(DOWN_MS);
      await lab.setNode(NODE, 'resume');
    });
  }
  if (victim === 'preemption') {
    return during(lab, 'by an urgent job', async () => {
      await lab.preempt(PREEMPTING_SECONDS);
      await sleep(1000 * (PREEMPTING_SECONDS + 1));
    });
  }
  const id = await idOf(lab, key);
  if (id === undefined) return undefined;
  // A job that may not be requeued is left alone, with an error: that is for Slurm to say.
  await lab.requeue(id).catch(() => undefined);
  return { hurt: [key], target: `slurm job ${id}` };
};

/**
 * Gives drained nodes back, as an operator would: a killed controller gives job ids out again, and Slurm drains the nodes
 * that still know the old ones ("Duplicate jobid").
 */
const repairNodes = async (lab: SlurmLab): Promise<void> => {
  const drained = await lab.run('sinfo', '-h', '-N', '-p', 'urgent', '-t', 'drain', '-o', '%N').catch(() => '');
  for (const name of drained.split('\n').filter(Boolean)) await lab.setNode(name, 'resume').catch(() => undefined);
};

/** Creates the place of jobs on a Slurm cluster of its own. */
export const createSlurmPlace = (): ChaosPlace => {
  let started: SlurmLab | undefined;
  let operator: NodeJS.Timeout | undefined;
  /** Daemons that are being started again: another lane must not strike them before they are up. */
  const mending = new Set<string>();
  const lab = (): SlurmLab => {
    if (started === undefined) throw new Error('the cluster was not started');
    return started;
  };
  const partOf = (victim: string): string => (victim === 'slurmd' ? NODE : victim);
  const findDaemon = async (victim: string): Promise<Target | undefined> => {
    const part = partOf(victim);
    if (mending.has(victim)) return undefined;
    const process = lab().isAlive(part) ? await identify(lab().pidOf(part)) : undefined;
    // A controller forgets what it has not saved, and the nodes then end those jobs.
    return process && { process, hurt: await keysOnCluster(lab()) };
  };
  return {
    launcher: 'slurm',
    isShared: true,
    strikes: STRIKES,
    start: async (_root, say) => {
      await installSlurm(say);
      started = await startLab({ accounting: true });
      operator = setInterval(() => void repairNodes(lab()), REPAIR_MS);
    },
    launcherSection: (command, env) => ({
      kind: 'slurm',
      command,
      env,
      partition: 'low',
      graceSeconds: 2,
      timeoutSeconds: 300,
    }),
    env: () => lab().env,
    isSubmitted: ({ folder }) => isThere(join(folder, 'submit-1.json')),
    find: async (victim, job) => {
      if (victim === 'slurmctld' || victim === 'slurmd') return findDaemon(victim);
      if (job?.pid === undefined) return undefined;
      const process = victim === 'job' ? await findJob(job) : await findAbove(job.pid, 'slurmstepd');
      return process && { process, hurt: [job.key] };
    },
    upset: async (victim, job) => (job === undefined ? undefined : upset(lab(), victim, job)),
    mend: async (victim) => {
      if (victim !== 'slurmctld' && victim !== 'slurmd') return;
      mending.add(victim);
      try {
        await (victim === 'slurmctld' ? lab().startController() : lab().startNode(NODE));
      } finally {
        mending.delete(victim);
      }
    },
    stillRunning,
    stop: async () => {
      clearInterval(operator);
      await started?.stop();
    },
  };
};
