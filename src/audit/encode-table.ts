/** A table as the bytes of a file. */
import { stringify } from 'csv-stringify/sync';
import { parquetWriteBuffer } from 'hyparquet-writer';
import type { Cell, Column, Table } from './observation-table.js';

export const TABLE_FORMATS = ['jsonl', 'csv', 'parquet'] as const;
export type TableFormat = (typeof TABLE_FORMATS)[number];

/** One JSON object a line; what is not known is null. */
const jsonLines = ({ columns, rows }: Table): string =>
  rows
    .map((row) => `${JSON.stringify(Object.fromEntries(columns.map(({ name }, i) => [name, row[i] ?? null])))}\n`)
    .join('');

/** RFC 4180. Cells are data and stay as they are, also those that a spreadsheet would take for a formula (docs/record.md). */
const csv = ({ columns, rows }: Table): string =>
  stringify(
    rows.map((row) => [...row]),
    {
      header: true,
      columns: columns.map(({ name }) => name),
      record_delimiter: '\r\n',
      // Line ends that are no delimiter here are one for many readers, and spaces around a cell are lost on them.
      quoted_match: /[\r\n]|^\s|\s$/,
      cast: { boolean: String, number: String },
    },
  );

const PARQUET_TYPES = { text: 'STRING', number: 'DOUBLE', integer: 'INT64', flag: 'BOOLEAN' } as const;

const parquetCell = (cell: Cell, kind: Column['kind']): string | number | boolean | bigint | null =>
  kind === 'integer' && typeof cell === 'number' ? BigInt(Math.round(cell)) : cell;

const parquet = ({ columns, rows }: Table): Uint8Array => {
  const columnData = columns.map(({ name, kind }, i) => ({
    name,
    type: PARQUET_TYPES[kind],
    data: rows.map((row) => parquetCell(row[i] ?? null, kind)),
    nullable: true,
  }));
  return new Uint8Array(parquetWriteBuffer({ columnData }));
};

/** Encodes a table. */
export const encodeTable = (table: Table, format: TableFormat): string | Uint8Array => {
  switch (format) {
    case 'jsonl':
      return jsonLines(table);
    case 'csv':
      return csv(table);
    case 'parquet':
      return parquet(table);
  }
};
