/** What a sweep's command names and is not there when it is started. Notes only: a worker may have another PATH, a script write a file yet. */
import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname, isAbsolute, resolve } from 'node:path';
import { findProgram } from '../temporal/find-program.js';
import type { SweepSource } from './sweep-source.js';

const isFile = (path: string): Promise<boolean> =>
  stat(path).then(
    (info) => info.isFile(),
    () => false,
  );

/** Why a part will not be found as the file says it and as it was placed; undefined when it may be. */
const partNote = async (part: string, placed: string, cwd: string | undefined, folder: string) => {
  if (placed !== part) return existsSync(placed) ? undefined : `${part} is not there (${placed})`;
  if (isAbsolute(part) || !(await isFile(resolve(folder, part)))) return undefined;
  if (cwd !== undefined && existsSync(resolve(cwd, part))) return undefined;
  const where = cwd === undefined ? 'the job’s own folder' : 'launcher.cwd';
  return `${part} is looked for in ${where}; the one beside the sweep file is ./${part}`;
};

const programNote = async (program: string, env: Readonly<Record<string, string>>): Promise<string | undefined> => {
  if (program.includes('/') || (await findProgram(program, { ...process.env, ...env })) !== undefined) return undefined;
  return `no program ${program} is on the PATH here; every job fails unless the worker has another PATH`;
};

/** Says what of the command of a local or Slurm launcher will hardly be found when its jobs are started. */
export const commandNotes = async ({ file, sweep, placed: { launcher } }: SweepSource): Promise<string[]> => {
  const { launcher: written } = sweep;
  if ((written.kind !== 'local' && written.kind !== 'slurm') || launcher.kind !== written.kind) return [];
  const notes = written.command.map(async (part, i) => {
    const isOurs = i === 0 && launcher.kind === 'local'; // a node of a cluster has programs of its own
    const note = isOurs
      ? await programNote(part, launcher.env)
      : await partNote(part, launcher.command[i] ?? part, launcher.cwd, dirname(file));
    return note === undefined ? [] : [`launcher.command[${i}]: ${note}`];
  });
  return (await Promise.all(notes)).flat();
};
