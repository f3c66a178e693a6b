/** The files of a Slurm job's folder, beside those of docs/job-contract.md, and what is in them. */
import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { errnoOf } from '../../host/disk-errors.js';
import { jobFiles, type JobFiles } from '../job-folder.js';
import { LockRecord, readJobRecord } from '../job-records.js';

/** `submit-<n>.json`: whoever created it may call sbatch once. */
export const SubmitRecord = z.object({
  token: z.string().min(1),
  /** When it was made (ms since the epoch). */
  at: z.number(),
  host: z.string(),
  pid: z.number(),
});
export type SubmitRecord = z.infer<typeof SubmitRecord>;

/** `lock`: the submission whose job may run the command. Written by the batch script. */
const OwnerRecord = z.object({ ...LockRecord.pick({ token: true }).shape, job: z.string() });
export type OwnerRecord = z.infer<typeof OwnerRecord>;

/** `exit-<n>.json`: how the command's n-th start ended. Written by the batch script. */
const RunExit = z.object({
  code: z.number().int(),
  /** `own`: by itself. `time`: its time was up. `signal`: it was told to end, by Slurm or by a stop. */
  why: z.enum(['own', 'time', 'signal']),
});
export type RunExit = z.infer<typeof RunExit>;

/** `ended.json`: what is held to be the job's end, for ever; a batch script that finds it does not start. */
export const EndRecord = z.object({
  /** `slurm`: its last state. `exited`: the script's word alone. `gone`: nobody knows it any more. */
  kind: z.enum(['slurm', 'exited', 'gone', 'stopped-before-start', 'refused']),
  /** Slurm's state; empty when it has none. */
  state: z.string(),
  /** Slurm's reason or message, for people. */
  words: z.string(),
  exit: RunExit.nullable(),
  /** Of a cancelled job, where the accounting tells: did a user ask for it? */
  byUser: z.boolean().optional(),
  /** How often the command was started. */
  starts: z.number(),
  at: z.number(),
});
export type EndRecord = z.infer<typeof EndRecord>;

export interface SlurmFiles extends JobFiles {
  readonly ended: string;
  readonly beat: string;
  submit(n: number): string;
  /** The answer to that submission was surely no. */
  unsent(n: number): string;
  batch(n: number): string;
}

export const slurmFiles = (folder: string): SlurmFiles => ({
  ...jobFiles(folder),
  ended: join(folder, 'ended.json'),
  beat: join(folder, 'beat'),
  submit: (n) => join(folder, `submit-${n}.json`),
  unsent: (n) => join(folder, `unsent-${n}`),
  batch: (n) => join(folder, `batch-${n}.sh`),
});

const LONGEST_NAME = 120; // Slurm takes 200; squeue's readers are people
const FOLDER_DIGITS = 8; // of its hash: tells apart equal keys of different homes on one cluster

/** Names the Slurm job of a key: the same for ever, and no other folder's. */
export const slurmName = (key: string, folder: string): string => {
  const plain = key.replace(/[^A-Za-z0-9._-]/g, '_').slice(0, LONGEST_NAME);
  return `${plain}.${createHash('sha256').update(folder).digest('hex').slice(0, FOLDER_DIGITS)}`;
};

const NATIVE = 'slurm job ';

/** What a reference calls a job of this number. */
export const nativeName = (id: string): string => `${NATIVE}${id}`;

/** Does a reference name a job of Slurm? One that was never submitted has other words there. */
export const isNativeName = (native: string): boolean => native.startsWith(NATIVE);

/** What the folder alone says about a job. */
export interface FolderEvidence {
  readonly isSpecified: boolean;
  readonly isStopped: boolean;
  readonly isDeclaredLost: boolean;
  readonly submissions: number;
  /** Submissions that may have reached the controller. */
  readonly uncertain: number;
  /** Was it launched, as far as a launch said so? */
  readonly isReferred: boolean;
  readonly owner: OwnerRecord | undefined;
  readonly starts: number;
  /** Of the last start; undefined while it runs, or when it could not be written. */
  readonly exit: RunExit | undefined;
  readonly end: EndRecord | undefined;
}

/** Lists a folder. To open it makes a network file system look again for files that were not there a moment ago. */
const namesIn = async (folder: string): Promise<ReadonlySet<string>> => {
  try {
    return new Set(await readdir(folder));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return new Set();
    throw error;
  }
};

const countUp = (names: ReadonlySet<string>, nameOf: (n: number) => string): number => {
  let n = 0;
  while (names.has(nameOf(n + 1))) n += 1;
  return n;
};

const has = async <T>(names: ReadonlySet<string>, name: string, folder: string, schema: z.ZodType<T>) =>
  names.has(name) ? readJobRecord(join(folder, name), schema) : undefined;

/** Reads what the folder says. @throws StateError when a record is not ours */
export const readEvidence = async ({ folder }: SlurmFiles): Promise<FolderEvidence> => {
  const names = await namesIn(folder);
  const submissions = countUp(names, (n) => `submit-${n}.json`);
  const starts = countUp(names, (n) => `start-${n}.json`);
  const unsent = [...names].filter((name) => /^unsent-\d+$/.test(name)).length;
  return {
    isSpecified: names.has('job.json'),
    isStopped: names.has('stopped'),
    isDeclaredLost: names.has('lost'),
    submissions,
    uncertain: submissions - unsent,
    isReferred: names.has('ref.json'),
    owner: await has(names, 'lock', folder, OwnerRecord),
    starts,
    exit: await has(names, `exit-${starts}.json`, folder, RunExit),
    end: await has(names, 'ended.json', folder, EndRecord),
  };
};
