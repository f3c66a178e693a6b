/** `launcher: { kind: local }` of the sweep file: its schema, and what is made of it. */
import { z } from 'zod';
import { readCommand } from './job-command.js';
import { JobSecrets } from './secret-section.js';
import { strict } from './strict-shape.js';
import type { LauncherChoice } from './sweep.js';

type LocalChoice = Extract<LauncherChoice, { kind: 'local' }>;

/** The variable by which CUDA and ROCm programs are told which GPUs are theirs. */
export const GPU_VARIABLE = 'CUDA_VISIBLE_DEVICES';

const MOST_GPUS = 1024; // no machine has as many: a slip of the pen

const text = z.string().min(1);
const count = z.int().positive();

const Gpu = z.union([z.int().min(0), z.string().regex(/^[A-Za-z0-9-]+$/, 'an index or a UUID')], {
  error: 'an index or a UUID',
});

const Gpus = z.union(
  [
    count.max(MOST_GPUS),
    z
      .array(Gpu)
      .min(1)
      .refine((gpus) => new Set(gpus.map(String)).size === gpus.length, 'each GPU once'),
  ],
  { error: 'how many GPUs, or a list of their indices or UUIDs' },
);

const JobGpus = count.describe('How many of the GPUs each job gets to itself (default 1).').optional();

/** The keys of the launcher in the sweep file. */
export const LocalSection = strict({
  kind: z.literal('local'),
  command: z
    .array(text)
    .min(1)
    .describe('Program and arguments; there is no shell. ./ and ../ are relative to this file.'),
  cwd: text.describe("Working folder, relative to this file (default: the job's own).").optional(),
  env: z
    .record(text, z.union([z.string(), z.number(), z.boolean()], { error: 'text' }))
    .describe('Extra environment variables.')
    .optional(),
  secrets: JobSecrets.optional(),
  timeoutSeconds: z.number().positive().describe('A run is stopped after this many seconds.').optional(),
  gpus: Gpus.describe(
    `GPUs of this machine that jobs divide among themselves: how many, or their indices or UUIDs; a job learns its own from ${GPU_VARIABLE} (default: they are not divided).`,
  ).optional(),
  gpusPerJob: JobGpus,
  scales: z
    .record(text, strict({ gpusPerJob: JobGpus }))
    .describe('Scale name to what its jobs get instead.')
    .optional(),
}).describe('Runs a command of yours on this machine (docs/job-contract.md).');

type LocalSection = z.infer<typeof LocalSection>;

const readGpus = ({
  gpus,
  gpusPerJob = 1,
  scales = {},
}: LocalSection): Pick<LocalChoice, 'gpus' | 'gpusPerJob' | 'scales'> => {
  if (gpus === undefined) return {};
  const own = Object.entries(scales).map(([name, scale]) => [name, { gpusPerJob: scale.gpusPerJob ?? gpusPerJob }]);
  return {
    gpus: typeof gpus === 'number' ? gpus : gpus.map(String),
    gpusPerJob,
    ...(own.length === 0 ? {} : { scales: Object.fromEntries(own) }),
  };
};

/** Fills in the defaults; environment values become text. */
export const readLocal = (section: LocalSection): LocalChoice => ({
  kind: 'local',
  ...readCommand(section),
  ...readGpus(section),
});

/** How many GPUs a launcher has to divide. */
export const gpuCount = (gpus: number | readonly unknown[]): number => (typeof gpus === 'number' ? gpus : gpus.length);

/** How many GPUs a job of this scale gets to itself; none when the sweep does not divide them. */
export const gpusPerJobOf = ({ gpus, gpusPerJob = 1, scales = {} }: LocalChoice, scale: string): number =>
  gpus === undefined ? 0 : (scales[scale]?.gpusPerJob ?? gpusPerJob);

interface LocalProblem {
  /** Below `launcher`. */
  readonly path: readonly string[];
  readonly expected: string;
  readonly found: string;
}

/** What its keys say against each other. */
export const localProblems = ({
  gpus,
  gpusPerJob,
  scales = {},
  env = {},
  secrets = {},
}: LocalSection): LocalProblem[] => {
  const asked: (readonly [readonly string[], number | undefined])[] = [
    [['gpusPerJob'], gpusPerJob],
    ...Object.entries(scales).map(([name, scale]) => [['scales', name, 'gpusPerJob'], scale.gpusPerJob] as const),
  ];
  const isGiven = asked.flatMap(([path, wanted]) => (wanted === undefined ? [] : [{ path, wanted }]));
  if (gpus === undefined) {
    return isGiven.map(({ path }) => ({
      path,
      expected: 'launcher.gpus beside it: what there is to divide',
      found: 'none',
    }));
  }
  const known = gpuCount(gpus);
  const tooMany = isGiven
    .filter(({ wanted }) => wanted > known)
    .map(({ path, wanted }) => ({ path, expected: `at most the ${known} of launcher.gpus`, found: String(wanted) }));
  const twice = [['env', env] as const, ['secrets', secrets] as const]
    .filter(([, variables]) => Object.hasOwn(variables, GPU_VARIABLE))
    .map(([section]) => ({
      path: [section, GPU_VARIABLE],
      expected: 'that launcher.gpus alone sets it',
      found: 'both',
    }));
  return [...tooMany, ...twice];
};
