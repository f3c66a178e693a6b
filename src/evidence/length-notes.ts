import type { Sweep } from '../domain/sweep.js';
import { formatCount, plural } from '../reports/format.js';
import type { ImportedRun } from './known-runs.js';

const FAR = 10; // times longer or shorter than any run of the sweep: no ladder of one team spans that by the way

type Lengths = Pick<ImportedRun, 'scale' | 'status' | 'steps'>;

/** Says so where imported runs have lengths that are hardly steps: tokens are some hundred thousand times as many, thousands of steps or epochs far fewer. */
export const lengthNotes = ({ scales }: Pick<Sweep, 'scales'>, runs: readonly Lengths[]): string[] =>
  scales.flatMap(({ name, steps }) => {
    const lengths = runs
      .filter(({ scale, status }) => scale === name && status === 'completed')
      .map((run) => run.steps);
    const [shortest, longest] = [Math.min(...steps), Math.max(...steps)];
    const long = lengths.filter((length) => length >= FAR * longest);
    const short = lengths.filter((length) => length * FAR <= shortest);
    const told = (some: readonly number[], than: string): string =>
      `${plural(some.length, 'run')} at ${name} of ${formatCount(Math.max(...some))} steps${some.length > 1 ? ' at most' : ''}, where ${than}`;
    return [
      ...(long.length === 0
        ? []
        : [
            `${told(long, `the longest of the sweep has ${formatCount(longest)}`)}: if these are tokens, a mapping says so (columns.tokens)`,
          ]),
      ...(short.length === 0
        ? []
        : [
            `${told(short, `the shortest of the sweep has ${formatCount(shortest)}`)}: are these thousands of steps, or epochs?`,
          ]),
    ];
  });
