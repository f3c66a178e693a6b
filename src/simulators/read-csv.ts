import { CsvError, parse } from 'csv-parse/sync';
import { InputError } from '../domain/errors.js';

/** One row, with the line of the file that it ends on. */
export interface CsvRow {
  /** From 1; the header is line 1. */
  readonly line: number;
  readonly cells: readonly string[];
}

export interface Csv {
  readonly header: readonly string[];
  readonly rows: readonly CsvRow[];
}

interface WithInfo {
  readonly info: { readonly lines: number };
  readonly record: readonly string[];
}

/** Reads CSV (RFC 4180; another delimiter if given). @throws InputError naming the line of what cannot be read. */
export const readCsv = (text: string, delimiter = ',', file = ''): Csv => {
  const refuse = (found: string, cause?: unknown): never => {
    const expected = `CSV with as many fields in each line as in the header, ${JSON.stringify(delimiter)} between them`;
    throw new InputError('the table of past runs cannot be read', [{ path: file, expected, found }], {
      hint: 'import, backtest and what-if take a mapping, which may name another delimiter: docs/evidence.md',
      cause,
    });
  };
  try {
    const options = { bom: true, trim: true, skip_empty_lines: true, info: true, delimiter };
    const ends = text.includes('\n') ? { record_delimiter: ['\r\n', '\n'] } : {}; // else one line's end is taken for all
    const [first, ...rest] = parse(text, { ...options, ...ends }) as unknown as WithInfo[];
    const header = first?.record ?? [];
    if (header.length === 1) refuse(`a header of one field, ${JSON.stringify(header[0])}`);
    return { header, rows: rest.map(({ info, record }) => ({ line: info.lines, cells: record })) };
  } catch (error) {
    if (error instanceof CsvError) return refuse(error.message, error);
    throw error;
  }
};
