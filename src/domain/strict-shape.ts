import { z } from 'zod';

/** Refuses unknown keys; the message lists the known ones, for `zod-problems.ts` to suggest from. */
export const strict = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z.strictObject(shape, {
    error: ({ code }) => (code === 'unrecognized_keys' ? Object.keys(shape).join(', ') : undefined),
  });
