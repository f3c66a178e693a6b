import { z } from 'zod';
import { StateError } from '../domain/errors.js';
import { ProcessRecord } from '../host/process-record.js';
import { readRecord } from './job-folder.js';

/** What `collect` needs of `job.json`, which a job could have written over. */
export const SpecRecord = z.object({
  steps: z.number().int().positive(),
  checkpoints: z.array(z.number().int().positive()),
});

/** `lock`: the one wrapper that has the job. */
export const LockRecord = z.object({
  ...ProcessRecord.shape,
  /** In the environment of the wrapper and of everything it starts, so that these can be found. */
  token: z.string().min(1),
  /** When it was taken (ms since the epoch). */
  at: z.number(),
});
export type LockRecord = z.infer<typeof LockRecord>;

/** `child.json`: the process of the command; the leader of its own session and process group. */
export const ChildRecord = ProcessRecord;
export type ChildRecord = z.infer<typeof ChildRecord>;

/** `exit.json`: how it ended, as the wrapper saw it. Times in ms since the epoch. */
export const ExitRecord = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('exited'),
    code: z.number().int().nullable(),
    signal: z.string().nullable(),
    /** The wrapper ended it after its longest allowed time. */
    timedOut: z.boolean(),
    /** The wrapper was asked by a signal to end it. */
    terminated: z.boolean(),
    startedAt: z.number(),
    endedAt: z.number(),
  }),
  z.object({ kind: z.literal('not-spawned'), message: z.string(), at: z.number() }),
  z.object({ kind: z.literal('stopped-before-start'), at: z.number() }),
]);
export type ExitRecord = z.infer<typeof ExitRecord>;

/** Reads a record of ours; undefined when there is none. @throws StateError when it is not what we write. */
export const readJobRecord = async <T>(file: string, schema: z.ZodType<T>): Promise<T | undefined> => {
  const text = await readRecord(file);
  if (text === undefined) return undefined;
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    throw new StateError(
      `cannot read ${file}: expected a record of titrate's own; found ${JSON.stringify(text.slice(0, 80))}`,
      {
        hint: 'something else wrote to this file; see docs/job-contract.md for the files that are not the job’s',
        values: { file },
        cause: error,
      },
    );
  }
};
