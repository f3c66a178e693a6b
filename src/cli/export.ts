import { writeFile } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import { encodeTable, TABLE_FORMATS, type TableFormat } from '../audit/encode-table.js';
import { observationTable } from '../audit/observation-table.js';
import { InputError } from '../domain/errors.js';
import { onDisk } from '../host/disk-errors.js';
import { readRecord } from '../ledger/record-file.js';
import { textFlag, type Invocation, type Outcome } from './command.js';
import { EXIT } from './exit-codes.js';
import { recordIn } from './find-sweep.js';
import { recordFolder } from './record-folder.js';

const PRIVATE_FILE = 0o600;

const isFormat = (text: string): text is TableFormat => (TABLE_FORMATS as readonly string[]).includes(text);

const refuse = (path: string, expected: string, found: string): never => {
  throw new InputError('this command line cannot be used', [{ path, expected, found }]);
};

/** The format asked for, else that of the file's ending. */
const formatOf = (asked: string | undefined, file: string): TableFormat => {
  const text = asked ?? extname(file).slice(1);
  if (isFormat(text)) return text;
  const formats = TABLE_FORMATS.join(', ');
  if (asked !== undefined) return refuse('--format', formats, JSON.stringify(asked));
  return refuse('--out', `a file that ends in one of ${formats}, or --format beside it`, JSON.stringify(file));
};

/** `titrate export [SWEEP|FOLDER] --out FILE`. */
export const exportTable = async (invocation: Invocation): Promise<Outcome> => {
  const out = textFlag(invocation, 'out') ?? refuse('--out', 'a file to write', 'none');
  const format = formatOf(textFlag(invocation, 'format'), out);
  const folder = await recordFolder(invocation);
  const { lines, warnings } = await readRecord(recordIn(folder));
  for (const warning of warnings) invocation.io.note(`note: ${warning}`);
  const table = observationTable(lines, invocation.flags['curve'] === true);
  const file = resolve(out);
  await onDisk('write the table', file, () => writeFile(file, encodeTable(table, format), { mode: PRIVATE_FILE }));
  const { columns, rows } = table;
  return {
    exitCode: EXIT.ok,
    json: { file, format, rows: rows.length, columns: columns.map(({ name }) => name) },
    text: `${file}: ${rows.length} rows of ${columns.length} columns (${format})`,
  };
};
