import { basename } from 'node:path';
import type { Sweep } from '../domain/sweep.js';
import { readPastTable, type PastTable } from '../evidence/past-table.js';
import { readNamedFile, textOf } from './sweep-source.js';
import { parseYaml } from './yaml-file.js';

/** Reads a team's table of past runs, by its mapping if there is one. @throws InputError naming what is wrong where. */
export const openPastTable = async (
  file: string,
  mappingFile: string | undefined,
  sweep: Sweep,
): Promise<PastTable> => {
  const bytes = await readNamedFile(file, 'table of past runs');
  if (mappingFile === undefined) return readPastTable({ name: basename(file), bytes }, sweep);
  const text = textOf(await readNamedFile(mappingFile, 'mapping'), mappingFile, 'mapping');
  const mapping = { name: basename(mappingFile), content: parseYaml(text, mappingFile, 'mapping') };
  return readPastTable({ name: basename(file), bytes, mapping }, sweep);
};

/** Says in a line what of a table is not used, and why; undefined when all of it is. */
export const leftOutText = ({ leftOut }: Pick<PastTable, 'leftOut'>): string | undefined => {
  if (leftOut.length === 0) return undefined;
  const named = leftOut.slice(0, 3).map(({ run, reason }) => `${run} (${reason})`); // the rest is as the first ones
  const more = leftOut.length > named.length ? ` and ${leftOut.length - named.length} more` : '';
  return `left out: ${named.join('; ')}${more}`;
};
