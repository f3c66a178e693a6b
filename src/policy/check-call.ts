import { z } from 'zod';
import { InputError, type Problem } from '../domain/errors.js';
import type { Sweep } from '../domain/sweep.js';
import { valueText, zodProblems } from '../domain/zod-problems.js';
import { parseMixture } from './parse-observations.js';

/** What tells a checked sweep from a file as it was read. */
const CheckedSweep = z.object({
  objective: z.object({ weights: z.record(z.string(), z.number()) }),
  domains: z.record(z.string(), z.object({ min: z.number(), max: z.number() })),
  groups: z.array(z.unknown()),
  scales: z.array(z.object({ name: z.string() })),
  budget: z.number(),
  policy: z.object({ name: z.string() }),
});

/** Of both; a scheduler's own keys may stand beside them. */
const Options = z.object({ seed: z.int(), prefer: z.record(z.string(), z.number()).optional() });

const refuse = (what: string, problems: readonly Problem[], hint: string): void => {
  if (problems.length > 0) throw new InputError(what, problems, { hint });
};

/**
 * Checks what a caller of the library gives beside observations, before anything is made of it.
 *
 * @throws InputError for a sweep that `parseSweep` did not return, and for options that are none.
 */
export const checkCall = (sweep: Sweep, options: unknown): void => {
  const problem = { path: 'sweep', expected: 'a sweep as parseSweep returns it', found: valueText(sweep) };
  const isChecked = CheckedSweep.safeParse(sweep).success;
  refuse('the sweep was not checked', isChecked ? [] : [problem], 'parseSweep takes a sweep file as it was read');
  const parsed = Options.safeParse(options);
  const problems: Problem[] = parsed.success ? [] : zodProblems(parsed.error, ['options'], { options });
  if (parsed.data?.prefer !== undefined) parseMixture(sweep, parsed.data.prefer, 'options.prefer', problems);
  refuse('options', problems, 'a seed, { seed: 7 }, and what the README says can stand beside it');
};
