/** `launcher: { kind: slurm }` of the sweep file: its schema, and what is made of it. */
import { z } from 'zod';
import { readCommand } from './job-command.js';
import { JobSecrets } from './secret-section.js';
import { strict } from './strict-shape.js';
import type { LauncherChoice, SlurmRequest } from './sweep.js';

/** Options that titrate sets itself, or that would change what it later looks for. */
const OWNED = [
  'array',
  'chdir',
  'clusters',
  'comment',
  'error',
  'job-name',
  'no-requeue',
  'open-mode',
  'output',
  'parsable',
  'requeue',
  'signal',
  'test-only',
  'wait',
  'wrap',
];
const TAKEN = new RegExp(`^--(${OWNED.join('|')})(=|$)`);
const OPTION = /^--[a-z][a-z0-9-]*(=[^\0\n]*)?$/;

/** What sbatch takes as --time: minutes, m:s, h:m:s, d-h, d-h:m, d-h:m:s, or no limit. */
const TIME = /^(\d+(:\d{1,2}){0,2}|\d+-\d{1,2}(:\d{1,2}){0,2}|UNLIMITED|INFINITE)$/i;

const GRACE_SECONDS = 60; // a large checkpoint on a shared file system takes so long

const word = z.string().regex(/^[^\s\0]+$/, 'a word without spaces');

const requestShape = {
  account: word.describe('sbatch --account.').optional(),
  partition: word.describe('sbatch --partition.').optional(),
  time: z
    .union([z.int().positive(), z.string().regex(TIME, 'minutes, hh:mm:ss or days-hh:mm:ss')], {
      error: 'minutes, hh:mm:ss or days-hh:mm:ss',
    })
    .describe('sbatch --time: minutes, hh:mm:ss or days-hh:mm:ss.')
    .optional(),
  gres: word.describe('sbatch --gres, such as gpu:8.').optional(),
  sbatchArgs: z
    .array(
      z
        .string()
        .regex(OPTION, 'an option in one piece: --name or --name=value')
        .refine((arg) => !TAKEN.test(arg), 'an option that titrate does not set itself (docs/slurm.md)'),
    )
    .describe('Further arguments of sbatch, each --option or --option=value.')
    .optional(),
};

const text = z.string().min(1);

/** The keys of the launcher in the sweep file. */
export const SlurmSection = strict({
  kind: z.literal('slurm'),
  command: z
    .array(text)
    .min(1)
    .describe('Program and arguments; there is no shell. ./ and ../ are relative to this file.'),
  cwd: text.describe("Working folder, relative to this file (default: the job's own).").optional(),
  env: z
    .record(
      text.regex(/^[^=\0]+$/, 'a name without ='),
      z.union([z.string(), z.number(), z.boolean()], { error: 'text' }),
    )
    .describe('Extra environment variables.')
    .optional(),
  secrets: JobSecrets.optional(),
  timeoutSeconds: z.number().positive().describe('A run is stopped after this many seconds.').optional(),
  graceSeconds: z
    .int()
    .positive()
    .max(3600)
    .describe('From the signal that announces the end to the end, in seconds (default 60).')
    .optional(),
  requeue: z
    .boolean()
    .describe('Slurm itself may start a preempted job again, which then goes on in its folder (default false).')
    .optional(),
  folder: text
    .describe('Where the folders of jobs are, on a file system shared with the nodes (default: the home folder).')
    .optional(),
  ...requestShape,
  scales: z
    .record(text, strict(requestShape))
    .describe('Scale name to what its jobs ask for instead; sbatchArgs are added to the others.')
    .optional(),
}).describe('Runs a command of yours as jobs of a Slurm cluster (docs/slurm.md).');

type SlurmSection = z.infer<typeof SlurmSection>;
type RequestSection = Pick<SlurmSection, keyof typeof requestShape>;

const readRequest = ({ account, partition, time, gres, sbatchArgs = [] }: RequestSection): SlurmRequest => ({
  ...(account === undefined ? {} : { account }),
  ...(partition === undefined ? {} : { partition }),
  ...(time === undefined ? {} : { time: String(time) }),
  ...(gres === undefined ? {} : { gres }),
  sbatchArgs,
});

/** Fills in the defaults; environment values become text. */
export const readSlurm = (section: SlurmSection): Extract<LauncherChoice, { kind: 'slurm' }> => {
  const { graceSeconds = GRACE_SECONDS, requeue = false, folder } = section;
  return {
    kind: 'slurm',
    ...readCommand(section),
    graceSeconds,
    requeue,
    ...(folder === undefined ? {} : { folder }),
    ...readRequest(section),
    scales: Object.fromEntries(
      Object.entries(section.scales ?? {}).map(([name, request]) => [name, readRequest(request)]),
    ),
  };
};
