import { z } from 'zod';
import { InputError, type Problem } from '../domain/errors.js';
import type { Fidelity } from '../domain/fidelity.js';
import { knownWords } from '../domain/nearest-word.js';
import type { Sweep } from '../domain/sweep.js';
import { pathText, zodProblems } from '../domain/zod-problems.js';

/** Names of the options that a schema knows. */
const namesIn = (schema: z.ZodType): readonly string[] =>
  schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];

const HINT = 'docs/methods.md lists every policy with its options';

const refuse = ({ policy }: Sweep, problems: readonly Problem[]): never => {
  throw new InputError(`policy ${policy.name} cannot take these options`, problems, { hint: HINT });
};

/**
 * Checks a policy's own options.
 *
 * @throws InputError for unknown or wrong ones.
 */
export const parseOptions = <T>(sweep: Sweep, schema: z.ZodType<T>): T => {
  const { name: _, ...options } = sweep.policy;
  const parsed = schema.safeParse(options);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => ({
          path: pathText(['policy', ...issue.path, key]),
          expected: knownWords(key, namesIn(schema)),
          found: 'an unknown option',
        }))
      : zodProblems({ issues: [issue] }, ['policy'], { policy: options }),
  );
  return refuse(sweep, problems);
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
    const names = sweep.scales.map((candidate) => candidate.name);
    return refuse(sweep, [{ path: 'policy.scale', expected: knownWords(name, names), found: JSON.stringify(name) }]);
  }
  const steps = options.steps ?? (name === sweep.target.scale ? sweep.target.steps : scale.steps.at(-1)!);
  if (!scale.steps.includes(steps)) {
    const expected = `one of ${scale.steps.join(', ')}`;
    return refuse(sweep, [{ path: 'policy.steps', expected, found: String(steps) }]);
  }
  return { scale: name, steps };
};
