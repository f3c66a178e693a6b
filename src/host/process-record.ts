import { z } from 'zod';

/** A process identity as our files hold it. Apart from process-identity.ts, so that a job's wrapper loads no zod. */
export const ProcessRecord = z.object({
  pid: z.number().int().positive(),
  startTime: z.string(),
  host: z.string(),
  bootId: z.string(),
  pidNamespace: z.string(),
});
