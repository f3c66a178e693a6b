import { basename } from 'node:path';
import { InputError, type Problem } from '../domain/errors.js';
import type { Sweep } from '../domain/sweep.js';
import { utf8Text } from '../domain/utf8-text.js';
import { readPastTable, type PastTable } from '../evidence/past-table.js';
import { readNamedFile } from './sweep-source.js';
import { readYaml, type YamlFile } from './yaml-file.js';

/** A mapping file, as a person named it. */
interface Mapping {
  readonly file: string;
  readonly yaml: YamlFile;
}

/** Says of a problem with the mapping where in its file that lies; one with the table's lines says so itself. */
const placed = (problem: Problem, { file, yaml }: Mapping): Problem => {
  const named = `${basename(file)}: `;
  const isNamed = problem.path.startsWith(named);
  if (!isNamed && !/^columns\.(?!csv: )/.test(problem.path)) return problem;
  const path = isNamed ? problem.path.slice(named.length) : problem.path;
  return { ...problem, path, at: yaml.placeOf(path) ?? file };
};

const readByMapping = (table: { name: string; bytes: Buffer }, mapping: Mapping, sweep: Sweep): PastTable => {
  try {
    return readPastTable({ ...table, mapping: { name: basename(mapping.file), content: mapping.yaml.value } }, sweep);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw error.retold((problem) => placed(problem, mapping));
  }
};

/** Reads a team's table of past runs, by its mapping if there is one. @throws InputError naming what is wrong where. */
export const openPastTable = async (
  file: string,
  mappingFile: string | undefined,
  sweep: Sweep,
): Promise<PastTable> => {
  const table = { name: basename(file), bytes: await readNamedFile(file, 'table of past runs') };
  if (mappingFile === undefined) return readPastTable(table, sweep);
  const text = utf8Text(await readNamedFile(mappingFile, 'mapping'), mappingFile, 'mapping');
  const yaml = readYaml(text, mappingFile, 'mapping');
  const rewritten = yaml.rewrittenNames();
  if (rewritten.length > 0) throw new InputError('names in the mapping would be changed', rewritten);
  return readByMapping(table, { file: mappingFile, yaml }, sweep);
};

/** Says in a line what of a table is not used, and why; undefined when all of it is. */
export const leftOutText = ({ leftOut }: Pick<PastTable, 'leftOut'>): string | undefined => {
  if (leftOut.length === 0) return undefined;
  const named = leftOut.slice(0, 3).map(({ run, reason }) => `${run} (${reason})`); // the rest is as the first ones
  const more = leftOut.length > named.length ? ` and ${leftOut.length - named.length} more` : '';
  return `left out: ${named.join('; ')}${more}`;
};
