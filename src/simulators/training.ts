import { InputError, type Problem } from '../domain/errors.js';
import { PUBLISHED } from '../domain/limits.js';
import { sharesOf, type Mixture } from '../domain/mixture.js';
import { knownWords } from '../domain/nearest-word.js';
import type { World } from '../domain/ports.js';
import { pathText } from '../domain/zod-problems.js';

/** What a world is asked to train. */
export type Training = Parameters<World['train']>[0];

const ROUNDING = 1e-9; // mixtures are feasible to this accuracy: 1 may come as 1 + 2e-16

/**
 * Returns the mixture's shares in the world's order `(D)`; a domain it does not name has share 0.
 * @throws InputError for a domain that the world does not know, a share outside [0, 1], or a sum that is not 1.
 */
export const alignShares = (mixture: Mixture, domains: readonly string[]): readonly number[] => {
  const problems: Problem[] = [];
  for (const [domain, share] of Object.entries(mixture)) {
    const path = pathText(['mixture', domain]);
    if (!domains.includes(domain))
      problems.push({ path, expected: knownWords(domain, domains), found: JSON.stringify(domain) });
    if (!(share >= -ROUNDING && share <= 1 + ROUNDING))
      problems.push({ path, expected: 'a share in [0, 1]', found: String(share) });
  }
  const shares = sharesOf(mixture, domains);
  const total = shares.reduce((sum, share) => sum + share, 0);
  if (problems.length === 0 && !(Math.abs(total - 1) <= PUBLISHED)) {
    problems.push({ path: 'mixture', expected: 'shares that sum to 1', found: String(total) });
  }
  if (problems.length === 0) return shares;
  throw new InputError('the world cannot train this mixture', problems, {
    hint: 'the domains of the sweep file must be those of the world',
  });
};

/** Checks size and checkpoints. @throws InputError for a size outside the world's range (parameters) or steps below 1. */
export const checkTraining = (job: Training, range: { readonly min: number; readonly max: number }): void => {
  const problems: Problem[] = [];
  if (!(job.parameters >= range.min && job.parameters <= range.max)) {
    const expected = `${range.min} to ${range.max} parameters`;
    problems.push({ path: pathText(['scales', job.scale, 'parameters']), expected, found: String(job.parameters) });
  }
  if (!job.checkpoints.every((steps) => steps >= 1)) {
    problems.push({ path: 'checkpoints', expected: 'steps from 1 on', found: job.checkpoints.join(', ') });
  }
  if (problems.length > 0) throw new InputError('the world cannot train at this scale', problems);
};
