/** Signed checkpoints, and the tables that a record is exported as. */
import { copyFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parquetReadObjects } from 'hyparquet';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkAnchors } from '../../src/audit/anchor-check.js';
import { encodeTable } from '../../src/audit/encode-table.js';
import { observationTable } from '../../src/audit/observation-table.js';
import type { RecordLine } from '../../src/domain/record-event.js';
import { GENESIS, linkLine } from '../../src/ledger/chain.js';
import { addCheckpoint, readCheckpoints, signHead } from '../../src/ledger/checkpoints.js';
import { readPrivateKey, readPublicKey, writeKeyPair } from '../../src/ledger/signing-key.js';
import { simulateRecord } from '../reports/simulated-record.js';
import { playSmallSweep, SWEEP_ID } from './small-record.js';

let root = '';
let lines: readonly RecordLine[] = [];

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'titrate-vouched-'));
  ({ lines } = await playSmallSweep(join(root, 'sweep')));
  await writeKeyPair(join(root, 'team.key'));
  await writeKeyPair(join(root, 'other.key'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

/** A file with the checkpoints of these lines, signed by a key. */
const checkpointsOf = async (name: string, seqs: readonly number[], key = 'team.key'): Promise<string> => {
  const file = join(root, name);
  const signer = await readPrivateKey(join(root, key));
  for (const seq of seqs)
    await addCheckpoint(file, signHead(SWEEP_ID, lines[seq - 1]!, '2026-11-20T08:00:00Z', signer));
  return file;
};

const judge = async (file: string, some: readonly RecordLine[], key = 'team.key.pub') =>
  checkAnchors(some, {
    anchors: [],
    checkpoints: await readCheckpoints(file),
    publicKey: await readPublicKey(join(root, key)),
  });

describe('signed checkpoints', () => {
  it('vouch for the very record that was signed, and say nothing against one that has grown since', async () => {
    const file = await checkpointsOf('grown.jsonl', [3, 9]);
    const check = await judge(file, lines);
    expect([check.outcome, check.faults]).toEqual(['holds', []]);
    expect(check.summary).toContain('2 signed checkpoints; the last one vouches for line 9');
  });

  it('show a record that was cut before the signed line, or written anew', async () => {
    const file = await checkpointsOf('cut.jsonl', [9]);
    expect((await judge(file, lines.slice(0, 8))).faults).toMatchObject([{ looksLike: 'cut tail', where: 'line 9' }]);
    let head = GENESIS;
    const forged = lines.map(({ key, event }) => {
      const line = linkLine(head, { key, at: '2026-01-01T00:00:00Z', event });
      head = { seq: line.seq, hash: line.hash };
      return line;
    });
    expect((await judge(file, forged)).faults).toMatchObject([{ looksLike: 're-hashed tail', where: 'line 9' }]);
  });

  it('cannot be written by whoever lacks the key, nor changed, nor taken from another sweep', async () => {
    const file = await checkpointsOf('forged.jsonl', [9]);
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace('"seq":9', '"seq":8'));
    expect((await judge(file, lines)).faults[0]?.looksLike).toBe('forged checkpoint');
    const foreign = signHead(
      'another',
      lines[8]!,
      '2026-11-20T08:00:00Z',
      await readPrivateKey(join(root, 'team.key')),
    );
    await writeFile(file, `${JSON.stringify(foreign)}\n`);
    expect((await judge(file, lines)).faults[0]?.looksLike).toBe('forged checkpoint');
    await writeFile(file, 'torn');
    expect((await judge(file, lines)).faults[0]?.looksLike).toBe('no checkpoint');
  });

  it('of another key alone do not count, and none at all is a fault when a key is given', async () => {
    const other = await checkpointsOf('other.jsonl', [9], 'other.key');
    expect((await judge(other, lines)).faults).toMatchObject([{ looksLike: 'unsigned' }]);
    expect((await judge(join(root, 'none.jsonl'), lines)).faults).toMatchObject([{ looksLike: 'unsigned' }]);
  });

  it('are written once for a line and a key, by any number of writers, in a file that only its owner reads', async () => {
    const file = join(root, 'once.jsonl');
    const key = await readPrivateKey(join(root, 'team.key'));
    const times = ['2026-11-20T08:00:00Z', '2026-11-20T09:00:00Z', '2026-11-20T10:00:00Z'];
    await Promise.all(times.map((at) => addCheckpoint(file, signHead(SWEEP_ID, lines[4]!, at, key))));
    expect(await readCheckpoints(file)).toHaveLength(1);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  it('ask for an ed25519 key, kept private, and never write over one', async () => {
    expect((await stat(join(root, 'team.key'))).mode & 0o777).toBe(0o600);
    await expect(writeKeyPair(join(root, 'team.key'))).rejects.toThrow('never written over');
    await expect(writeKeyPair(join(root, 'nowhere', 'team.key'))).rejects.toThrow(
      /cannot write the key: .*no such.* folder/,
    );
    await copyFile(join(root, 'grown.jsonl'), join(root, 'no.key'));
    await expect(readPrivateKey(join(root, 'no.key'))).rejects.toThrow('a private ed25519 key in PEM');
    await expect(readPrivateKey(join(root, 'nowhere'))).rejects.toThrow('ENOENT');
    await expect(readPublicKey(join(root, 'team.key'))).rejects.toThrow('found a private key');
    await expect(readPrivateKey(join(root, 'team.key.pub'))).rejects.toThrow('found a public key');
  });
});

describe('an exported table', () => {
  it('has a row for every observation, with shares and metrics in columns of their own', () => {
    const { columns, rows } = observationTable(lines, false);
    expect(rows).toHaveLength(6);
    const names = columns.map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining(['share.web', 'share.code', 'share.books', 'metric.loss', 'objective']),
    );
    const at = (name: string) => rows[1]![names.indexOf(name)];
    expect([at('trial'), at('generations'), at('purpose'), at('status')]).toEqual(['t0002', 2, 'search', 'completed']);
    const shares = ['share.web', 'share.code', 'share.books'].map((name) => Number(at(name)));
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
    const spent = rows.reduce((sum, row) => sum + Number(row[names.indexOf('cost')]), 0);
    const end = lines.at(-1)!.event;
    expect(spent).toBeCloseTo(end.type === 'ended' ? end.spent : Number.NaN, 9);
  });

  it('has a row for every checkpoint when asked for', () => {
    const { columns, rows } = observationTable(lines, true);
    const at = columns.findIndex(({ name }) => name === 'checkpoint_steps');
    const trial = columns.findIndex(({ name }) => name === 'trial');
    const steps = rows.filter((row) => row[trial] === 't0002').map((row) => row[at]);
    expect(steps).toEqual([...steps].sort((a, b) => Number(a) - Number(b)));
    expect(rows.length).toBeGreaterThan(6);
  });

  it('keeps a run that ended before its first checkpoint when asked for checkpoints', () => {
    const isLast = (line: RecordLine): boolean => line.event.type === 'observed' && line.event.trial === 't0003';
    const failed = lines.map((line) =>
      isLast(line)
        ? ({ ...line, event: { ...line.event, status: 'diverged', metrics: {}, curve: [] } } as RecordLine)
        : line,
    );
    const { columns, rows } = observationTable(failed, true);
    const cells = (row: readonly unknown[] | undefined) =>
      ['trial', 'status', 'steps', 'checkpoint_steps', 'metric.loss'].map(
        (name) => row?.[columns.findIndex((column) => column.name === name)],
      );
    const [, , steps] = cells(rows.find((row) => row.includes('t0003')));
    expect(rows.filter((row) => row.includes('t0003')).map(cells)).toEqual([['t0003', 'diverged', steps, steps, null]]);
    expect(steps).toBeGreaterThan(0);
  });

  it.each([
    ['a quoted text', 'a "quoted", torn\nline; =1+1'],
    ['a line feed alone', 'exit status 1\nRuntimeError: out of memory'],
    ['a carriage return alone', '90 %\r100 %'],
    ['spaces around it', ' out of memory\t'],
  ])('reads back the same from every format: %s', async (_name, jobText) => {
    const table = observationTable(simulateRecord({ jobText }), false);
    const names = table.columns.map(({ name }) => name);
    const asText = table.rows.map((row) => row.map((cell) => (cell === null ? '' : String(cell))));
    const csv = encodeTable(table, 'csv') as string;
    expect(csv.split('\r\n')[0]).toBe(names.join());
    expect(parse(csv, { record_delimiter: '\r\n' })).toEqual([names, ...asText]);
    const lenient = { record_delimiter: ['\r\n', '\n', '\r'] }; // of readers that take any line break for the end of a row
    expect(parse(csv, lenient)).toEqual([names, ...asText]);
    expect(parse(csv, { ...lenient, trim: true })).toEqual([names, ...asText]); // as titrate import does
    const json = (encodeTable(table, 'jsonl') as string).trimEnd().split('\n');
    expect(json.map((line) => Object.values(JSON.parse(line) as object))).toEqual(table.rows);
    const bytes = encodeTable(table, 'parquet') as Uint8Array;
    const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
    const read = await parquetReadObjects({ file });
    const plain = read.map((row) =>
      names.map((name) => (typeof row[name] === 'bigint' ? Number(row[name]) : (row[name] ?? null))),
    );
    expect(plain).toEqual(table.rows);
  });
});
