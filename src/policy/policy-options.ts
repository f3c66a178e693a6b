import type { z } from 'zod';
import { InputError } from '../domain/errors.js';
import type { Fidelity } from '../domain/fidelity.js';
import type { Sweep } from '../domain/sweep.js';
import { zodProblems } from '../domain/zod-problems.js';

/**
 * Checks a policy's own options.
 *
 * @throws InputError for unknown or wrong ones.
 */
export const parseOptions = <T>(sweep: Sweep, schema: z.ZodType<T>): T => {
  const { name, ...options } = sweep.policy;
  const parsed = schema.safeParse(options);
  if (parsed.success) return parsed.data;
  const expected = 'only options that the policy knows';
  const problems = parsed.error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? [{ path: 'policy', expected, found: issue.keys.join(', ') }]
      : zodProblems({ issues: [issue] }, ['policy'], { policy: options }),
  );
  const hint = 'docs/methods.md lists every policy with its options';
  throw new InputError(`options of policy ${name}`, problems, { hint });
};

/**
 * Finds the fidelity that options name; the target's scale, and the scale's longest run, when they name none.
 *
 * @throws InputError for a scale or step count that the sweep does not have.
 */
export const chosenFidelity = (
  sweep: Sweep,
  options: { scale?: string | undefined; steps?: number | undefined },
): Fidelity => {
  const name = options.scale ?? sweep.target.scale;
  const scale = sweep.scales.find((candidate) => candidate.name === name);
  if (scale === undefined) {
    const expected = sweep.scales.map((candidate) => candidate.name).join(', ');
    throw new InputError('options of the policy', [
      { path: 'policy.scale', expected: `one of ${expected}`, found: name },
    ]);
  }
  const steps = options.steps ?? (name === sweep.target.scale ? sweep.target.steps : scale.steps.at(-1)!);
  if (!scale.steps.includes(steps)) {
    const expected = `one of ${scale.steps.join(', ')}`;
    throw new InputError('options of the policy', [{ path: 'policy.steps', expected, found: String(steps) }]);
  }
  return { scale: name, steps };
};
