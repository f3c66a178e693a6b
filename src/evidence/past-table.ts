import { createHash } from 'node:crypto';
import { neededMetrics } from '../domain/objective.js';
import type { Sweep } from '../domain/sweep.js';
import { utf8Text } from '../domain/utf8-text.js';
import { readPastRuns, type PastRuns } from '../simulators/past-runs.js';
import { parseMapping } from '../simulators/table-mapping.js';

/** A team's table as it was handed in. */
export interface TableFile {
  /** As the person named it. */
  readonly name: string;
  readonly bytes: Uint8Array;
  /** The mapping file as parsed from YAML; absent for a table in our own format. */
  readonly mapping?: { readonly name: string; readonly content: unknown };
}

export interface PastTable extends PastRuns {
  /** Of the table's bytes, hex. */
  readonly sha256: string;
}

/** Reads a team's table for a sweep. @throws InputError naming file, line and column of everything that is wrong. */
export const readPastTable = (table: TableFile, sweep: Pick<Sweep, 'scales' | 'objective' | 'guards'>): PastTable => {
  const { name, bytes, mapping } = table;
  const tokensPerStep = Object.fromEntries(sweep.scales.map((scale) => [scale.name, scale.tokensPerStep]));
  const past = readPastRuns(utf8Text(bytes, name, 'table of past runs'), {
    file: name,
    tokensPerStep,
    needed: neededMetrics(sweep),
    ...(mapping === undefined
      ? {}
      : { mapping: parseMapping(mapping.content, mapping.name), mappingFile: mapping.name }),
  });
  return { ...past, sha256: createHash('sha256').update(bytes).digest('hex') };
};
