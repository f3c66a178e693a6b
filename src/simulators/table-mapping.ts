/** How a team's own table of past runs is read: which column says what. As YAML, beside the table. */
import { z } from 'zod';
import { ENDINGS } from '../domain/ending.js';
import { InputError } from '../domain/errors.js';
import { strict } from '../domain/strict-shape.js';
import { zodProblems } from '../domain/zod-problems.js';

const text = z.string().min(1);
const share = z.number().min(0).max(1);

const Prefixed = strict({
  prefix: z.string().describe('Columns that begin so; the rest of the name is the name of the domain or metric.'),
  suffix: z.string().describe('And that end so (default nothing).').optional(),
});
const byName = (about: string) => z.record(text, z.union([text, z.array(text).min(1)])).describe(about);

const Columns = strict({
  run: text.describe('Names the run that a row belongs to. Without it, rows of one mixture and scale are one run.'),
  mixture: z.union([Prefixed, byName('Domain to its column, or to several that are added up.')], {
    error: '{ prefix: ... }, or a map of domain to column',
  }),
  scale: text,
  steps: text,
  tokens: text.describe('Instead of steps: tokens seen, divided by the tokens of a step at the scale.'),
  metrics: z.union([Prefixed, z.record(text, text).describe('Metric to its column.')], {
    error: '{ prefix: ... }, or a map of metric to column',
  }),
  continues: text.describe('Names the run from whose last checkpoint this one went on; empty where there is none.'),
  status: text.describe('How the run ended. Without it, every run of the table is complete.'),
  cost: text.describe('What the run cost, in the units of the sweep file; else its cost model is used.'),
}).partial();

/** What became of the domains since the runs were made; each rule keeps the old runs as evidence. */
export const DomainChanges = strict({
  split: z
    .record(text, z.record(text, share))
    .describe('Old domain to new ones with the share that each had of it: its old weight is divided so.')
    .optional(),
  joined: z
    .record(text, z.array(text).min(1))
    .describe('New domain to the old ones it is made of: weights add up.')
    .optional(),
  added: z.array(text).describe('Domains that there were none of: they have weight 0 in the old runs.').optional(),
  dropped: z
    .record(text, share)
    .describe(
      'Old domain to the largest share of it that is overlooked: the others are scaled up; a run with more is left out.',
    )
    .optional(),
});
export type DomainChanges = z.infer<typeof DomainChanges>;

/** A mapping file; every key has a default, which is the format of docs/worlds.md. */
export const TableMapping = strict({
  delimiter: text.describe('Between fields (default a comma; "\\t" for a tab).').optional(),
  columns: Columns.optional(),
  weights: z
    .enum(['shares', 'any'])
    .describe('shares: each row sums to 1 within 0.01 (default); any: percent, tokens or other weights, normalised.')
    .optional(),
  scale: text.describe('The scale of every row, where no column says it.').optional(),
  scales: z.record(text, text).describe('What the table calls a scale, to its name in the sweep file.').optional(),
  statuses: z
    .record(text, z.enum(ENDINGS))
    .describe('What the table calls a status, to how the run ended. Usual words need no entry.')
    .optional(),
  domains: DomainChanges.optional(),
});
export type TableMapping = z.infer<typeof TableMapping>;

/** Checks a mapping as read from YAML; `file` is named in what is wrong. @throws InputError with every problem. */
export const parseMapping = (input: unknown, file: string): TableMapping => {
  const parsed = TableMapping.safeParse(input ?? {});
  if (parsed.success) return parsed.data;
  const problems = zodProblems(parsed.error, [], input).map((one) => ({ ...one, path: `${file}: ${one.path}` }));
  throw new InputError('the mapping cannot be used', problems, { hint: 'docs/evidence.md shows every key' });
};
