import { z } from 'zod';
import { LONGEST_WAIT_SECONDS } from './longest-wait.js';
import { strict } from './strict-shape.js';

const share = z.number().min(0).max(1);

/** `approval` of a sweep file. */
export const ApprovalSection = strict({
  above: z.number().min(0).describe('Runs that cost more than this, in units of cost.').optional(),
  scales: z.array(z.string().min(1)).min(1).describe('Runs at these scales.').optional(),
  target: z.boolean().describe('Runs to the target, confirmation runs included (default false).').optional(),
  outside: z
    .record(z.string().min(1), z.tuple([share, share]))
    .describe('Domain to [smallest, largest] share: runs of mixtures outside.')
    .optional(),
  timeoutSeconds: z
    .number()
    .positive()
    .max(LONGEST_WAIT_SECONDS)
    .describe('How long a request waits for an answer (default: for ever).')
    .optional(),
  onTimeout: z
    .enum(['refuse', 'approve', 'wait'])
    .describe('What titrate answers itself when the time is over (default refuse).')
    .optional(),
})
  .refine(
    ({ above, scales, target, outside }) =>
      above !== undefined || scales !== undefined || target === true || Object.keys(outside ?? {}).length > 0,
    { error: 'at least one of above, scales, target: true, outside' },
  )
  .refine(({ timeoutSeconds, onTimeout = 'wait' }) => timeoutSeconds !== undefined || onTimeout === 'wait', {
    path: ['timeoutSeconds'],
    error: 'the seconds after which onTimeout is the answer; without them a request waits for ever',
  })
  .describe('Runs that any of these conditions names wait for a person (docs/acts.md).');
