import { GPU_VARIABLE, gpuCount, gpusPerJobOf } from '../domain/local-choice.js';
import type { Sweep } from '../domain/sweep.js';

/** Says when local jobs will wait for each other's GPUs, or get into each other's way on them. `hasGpus`: does this machine have some? */
export const gpuNotes = ({ launcher, parallel, scales }: Sweep, hasGpus: boolean): string[] => {
  if (launcher.kind !== 'local' || parallel === 1) return [];
  const { gpus, env, secrets = {} } = launcher;
  if (gpus === undefined) {
    if (!hasGpus || Object.hasOwn(env, GPU_VARIABLE) || Object.hasOwn(secrets, GPU_VARIABLE)) return [];
    return [`${parallel} jobs run at a time and each sees all GPUs of this machine; launcher.gpus divides them`];
  }
  const count = gpuCount(gpus);
  const waiting = scales.flatMap(({ name }) => {
    const fit = Math.floor(count / gpusPerJobOf(launcher, name));
    return fit < parallel ? [`${fit} of ${name}`] : [];
  });
  if (waiting.length === 0) return [];
  return [
    `parallel is ${parallel}, and of ${count} GPUs there is enough for at most ${waiting.join(', ')} at a time; the others wait`,
  ];
};
