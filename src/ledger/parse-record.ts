import { StateError } from '../domain/errors.js';
import type { RecordHead, RecordLine } from '../domain/record-event.js';
import { GENESIS, lineFault } from './chain.js';

const NEWLINE = 0x0a;

/** What the bytes of a record hold. */
export interface ParsedRecord {
  readonly lines: RecordLine[];
  /** Bytes of each line, its newline included. */
  readonly lengths: readonly number[];
  /** Bytes up to and with the last whole line. */
  readonly end: number;
  /** Bytes after it: a line that was torn by a crash or a full disk, to be written again. */
  readonly torn: number;
}

const parseLine = (text: string, number: number, where: string, head: RecordHead): RecordLine => {
  let line: RecordLine;
  try {
    line = JSON.parse(text) as RecordLine;
  } catch (cause) {
    throw brokenLine(number, where, 'it is not JSON', cause);
  }
  const fault = line !== null && typeof line === 'object' ? lineFault(head, line) : 'it is not an object';
  if (fault !== null) throw brokenLine(number, where, fault);
  return line;
};

const brokenLine = (number: number, where: string, fault: string, cause?: unknown): StateError =>
  new StateError(`the record is broken at line ${number}: ${fault} (${where})`, {
    hint: 'restore record.jsonl from a backup; nothing is written to a broken record',
    values: { line: number, where },
    cause,
  });

/**
 * Parses the bytes of a record that follow `head`, checking every link of the chain. A last line without its newline is
 * left out and counted in `torn`.
 * @throws StateError naming the first line that is not whole or does not follow the one before.
 */
export const parseRecord = (bytes: Buffer, where: string, head: RecordHead = GENESIS): ParsedRecord => {
  const lines: RecordLine[] = [];
  const lengths: number[] = [];
  let last = head;
  let start = 0;
  for (let stop = bytes.indexOf(NEWLINE); stop !== -1; stop = bytes.indexOf(NEWLINE, start)) {
    const line = parseLine(bytes.toString('utf8', start, stop), last.seq + 1, where, last);
    lines.push(line);
    lengths.push(stop + 1 - start);
    last = { seq: line.seq, hash: line.hash };
    start = stop + 1;
  }
  return { lines, lengths, end: start, torn: bytes.length - start };
};
