import type { Imports } from '../evidence/imports.js';
import { formatCount } from '../reports/format.js';
import { plainText } from '../reports/plain-text.js';

const NAMED = 50; // as of a table's faults: an earlier table that has grown may hold hundreds of known runs before the new ones

/** Names ascending lines of a file; a run's checkpoints mostly follow each other. */
const rangesOf = (lines: readonly number[]): string => {
  const ranges: [first: number, last: number][] = [];
  for (const line of lines) {
    const range = ranges.at(-1);
    if (range !== undefined && line === range[1] + 1) range[1] = line;
    else ranges.push([line, line]);
  }
  return ranges.map(([first, last]) => (first === last ? `${first}` : `${first} to ${last}`)).join(', ');
};

/** Says run by run what of a table is not imported, and why. */
export const leftOutLines = ({ leftOut }: Pick<Imports, 'leftOut'>): string[] => {
  const named = leftOut
    .slice(0, NAMED)
    .map(({ run, lines, reason }) => `left out: ${plainText(run)} (line ${rangesOf(lines)}): ${plainText(reason)}`);
  const more = leftOut.length - named.length;
  return more > 0 ? [...named, `left out: ${formatCount(more)} more (--json names all)`] : named;
};
