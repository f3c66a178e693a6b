/** The names of a job's folder and files. */
import { join } from 'node:path';
import { InputError, StateError } from '../domain/errors.js';
import { readTail } from '../host/atomic-files.js';
import { staysInside } from '../host/confined-files.js';

/** Job folders of one user are nobody else's: specs, outputs and metrics may tell what a team trains. */
export const JOB_FOLDER_MODE = 0o700;

export interface JobFiles {
  readonly folder: string;
  /** The intent: the job's spec. */
  readonly spec: string;
  /** The wrapper that has the job, for ever; the last defence against a second start. */
  readonly lock: string;
  /** The command's own process. */
  readonly child: string;
  /** How the command ended. */
  readonly exit: string;
  /** What `launch` gave back. */
  readonly reference: string;
  /** A stop was asked for. */
  readonly stopped: string;
  /** A person says that the job's machine is gone. */
  readonly lost: string;
  readonly metrics: string;
  readonly stdout: string;
  readonly stderr: string;
  readonly wrapperLog: string;
}

/** Names the files of the job folder: those of docs/job-contract.md, and ours. */
export const jobFiles = (folder: string): JobFiles => ({
  folder,
  spec: join(folder, 'job.json'),
  lock: join(folder, 'lock'),
  child: join(folder, 'child.json'),
  exit: join(folder, 'exit.json'),
  reference: join(folder, 'ref.json'),
  stopped: join(folder, 'stopped'),
  lost: join(folder, 'lost'),
  metrics: join(folder, 'metrics.jsonl'),
  stdout: join(folder, 'stdout.log'),
  stderr: join(folder, 'stderr.log'),
  wrapperLog: join(folder, 'wrapper.log'),
});

const LONGEST_KEY = 200; // file systems allow names of 255 bytes; temporary names are no longer than the rest
const LARGEST_RECORD = 1 << 20; // bytes; our own records are under 10 KB, but a job can write to its folder

// Separators, control characters, and what Unicode calls line ends.
const FORBIDDEN_IN_KEY = /[/\\\p{Cc}\u2028\u2029]/u;

/** Refuses a key that would not name a folder directly inside the jobs folder. @throws InputError */
export const checkKey = (key: string, path = 'key'): void => {
  const isShort = Buffer.byteLength(key) <= LONGEST_KEY;
  if (isShort && key.trim() !== '' && !/^\.+$/.test(key) && !FORBIDDEN_IN_KEY.test(key)) return;
  throw new InputError('a job key must be a plain file name', [
    {
      path,
      expected: `1 to ${LONGEST_KEY} bytes without separators and control characters, not dots only`,
      found: JSON.stringify(key.slice(0, LONGEST_KEY)),
    },
  ]);
};

/** Reads a record's text; undefined when there is none. @throws StateError when it is a link that leads elsewhere. */
export const readRecord = async (file: string): Promise<string | undefined> => {
  if (await staysInside(file)) return readTail(file, LARGEST_RECORD);
  throw new StateError(
    `expected a record of titrate's own; found a link that leads out of the job's folder (${file})`,
    {
      hint: 'something else put it there; remove it once you know what',
      values: { file },
    },
  );
};
