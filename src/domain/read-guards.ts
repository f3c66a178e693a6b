import type { Problem } from './errors.js';
import type { Guard } from './sweep.js';
import type { SweepFile } from './sweep-file.js';
import type { Reading } from './sweep-readers.js';

type Written = NonNullable<SweepFile['guards']>[number];

const CONFIDENCE = 0.84; // one standard deviation on the right side of the limit (0.8413), as people write it

const readGuard = ({ metric, atMost, atLeast, confidence = CONFIDENCE }: Written): Guard => ({
  metric,
  ...(atMost === undefined ? {} : { atMost }),
  ...(atLeast === undefined ? {} : { atLeast }),
  confidence,
});

const problemsOf = ({ metric, atMost, atLeast }: Written, i: number, guards: readonly Written[]): Problem[] => {
  const path = `guards[${i}]`;
  const problems: Problem[] = [];
  if (guards.findIndex((other) => other.metric === metric) < i)
    problems.push({ path: `${path}.metric`, expected: 'each metric once', found: JSON.stringify(metric) });
  if (atMost === undefined && atLeast === undefined)
    problems.push({ path, expected: 'a limit: atMost, atLeast or both', found: 'neither' });
  if (atMost !== undefined && atLeast !== undefined && atLeast > atMost)
    problems.push({ path: `${path}.atLeast`, expected: `no more than atMost, ${atMost}`, found: String(atLeast) });
  return problems;
};

/** Reads the guards; no value when there are none. */
export const readGuards = (guards: readonly Written[]): Reading<readonly Guard[]> => {
  const problems = guards.flatMap(problemsOf);
  return guards.length === 0 ? { problems } : { value: guards.map(readGuard), problems };
};
