import { InputError, type Problem } from '../domain/errors.js';
import type { LauncherChoice, Sweep } from '../domain/sweep.js';
import { pathText } from '../domain/zod-problems.js';
import { inSweepFile, type SweepSource } from './sweep-source.js';

type Variables = readonly (readonly [path: readonly string[], value: string])[];

const variablesOf = (launcher: LauncherChoice): Variables => {
  if (!('env' in launcher) && launcher.kind !== 'kubernetes') return [];
  const scales = launcher.kind === 'kubernetes' ? (launcher.scales ?? {}) : {};
  const sets = [
    [['launcher', 'env'], launcher.env] as const,
    ...Object.entries(scales).map(([scale, { env }]) => [['launcher', 'scales', scale, 'env'], env] as const),
  ];
  return sets.flatMap(([path, env]) => Object.entries(env ?? {}).map(([name, value]) => [[...path, name], value]));
};

/** Variables that YAML takes for a number or a truth value and that would reach the job in other characters: 1.10 as 1.1. */
const rewrittenProblems = ({ sweep, yaml }: SweepSource): Problem[] =>
  variablesOf(sweep.launcher).flatMap(([path, value]) => {
    const written = yaml.writtenAt(path);
    if (written === undefined || written === value) return [];
    const expected = `text in quotes, ${JSON.stringify(written)}: without them it is ${value}`;
    return [{ path: pathText(path), expected, found: written }];
  });

/**
 * Checks a sweep file that is to be started, or planned, as far as it can be told before; returns the sweep as its world limits it.
 * @throws InputError with the place of every problem in the file.
 */
export const checkStart = (source: SweepSource): Promise<Sweep> =>
  inSweepFile(source, async () => {
    const problems = rewrittenProblems(source);
    if (problems.length > 0) throw new InputError('variables of the jobs would be changed', problems);
    const { checkRunnable } = await import('../temporal/check-runnable.js');
    return checkRunnable(source.placed);
  });
