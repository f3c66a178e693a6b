/** A record in which results were taken back, and what an audit says of it. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { auditFolder } from '../../src/audit/audit.js';
import { observationTable } from '../../src/audit/observation-table.js';
import { checkStory } from '../../src/audit/story-check.js';
import type { ActEvent, RecordLine } from '../../src/domain/record-event.js';
import { situationAt, situationNow } from '../../src/evidence/situation.js';
import { GENESIS, linkLine } from '../../src/ledger/chain.js';
import { AUDIT_OPTIONS, playSmallSweep } from './small-record.js';

let root = '';
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'titrate-retracted-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const play = (name: string, policy = 'random') =>
  playSmallSweep(join(root, name), { policy: { name: policy }, budget: 900 }, undefined, true);

const faultsOf = async (folder: string) => {
  const { checks } = await auditFolder(folder, AUDIT_OPTIONS);
  return checks.flatMap(({ name, faults }) => faults.map(({ looksLike }) => `${name}: ${looksLike}`));
};

/** Writes the record anew with some events changed, every hash made right again. */
const forge = async (folder: string, change: (act: ActEvent) => ActEvent | null): Promise<void> => {
  const file = join(folder, 'record.jsonl');
  const lines = (await readFile(file, 'utf8'))
    .trimEnd()
    .split('\n')
    .map((text) => JSON.parse(text) as RecordLine);
  let head = GENESIS;
  const forged = lines.flatMap(({ key, at, event }) => {
    const next = event.type === 'act' && event.act === 'retract' ? change(event) : event;
    if (next === null) return [];
    const line = linkLine(head, { key, at, event: next });
    head = { seq: line.seq, hash: line.hash };
    return [`${JSON.stringify(line)}\n`];
  });
  await writeFile(file, forged.join(''));
};

describe('a record in which results were taken back', () => {
  it.each(['random', 'titrate'])('holds in every check, each decision to the last bit: %s', async (name) => {
    const { folder } = await play(name, name);
    const audit = await auditFolder(folder, AUDIT_OPTIONS);
    expect(audit.checks.flatMap(({ faults }) => faults)).toEqual([]);
    expect(audit.holds && audit.hasEnded).toBe(true);
    const decisions = audit.checks.find((check) => check.name === 'decisions');
    expect(decisions?.summary).toContain('7 decisions, 7 made from what the record holds; 8 of 8 came out the same');
  });

  it('shows what was run and what it cost, and nothing of what it reported', async () => {
    const { lines } = await play('table');
    const { columns, rows } = observationTable(lines, false);
    const cell = (row: number, column: string) => rows[row]?.[columns.findIndex(({ name }) => name === column)];
    expect(['trial', 'status', 'metric.loss', 'objective', 'detail'].map((column) => cell(0, column))).toEqual([
      't0001',
      'retracted',
      null,
      null,
      'retracted by mira: it was evaluated on the wrong split',
    ]);
    expect(cell(0, 'cost')).toBeGreaterThan(0);
    expect(cell(1, 'status')).toBe('completed');
    const trials = observationTable(lines, true).rows.map((row) => row[1]);
    expect(trials).not.toContain('t0001');
    expect(trials).toContain('t0002');
  });

  it('tells what a decision was made from as it was then, and prefers what was to be confirmed alone', async () => {
    const { lines } = await play('situation');
    expect(situationAt(lines, 3).observations[0]?.status).toBe('completed');
    expect(situationAt(lines, 4).observations[0]?.status).toBe('retracted');
    const second = lines.findIndex(({ key }) => key === 'act:5');
    const confirmed = lines.findLast(({ seq, key }) => seq <= second && key === 'decided:6')?.event;
    expect(confirmed).toMatchObject({ purpose: 'confirm' });
    const { mixture } = confirmed as { mixture: object };
    expect(situationNow(lines.slice(0, second + 1)).prefer).toEqual(mixture);
    const search = lines.findIndex(({ key }) => key === 'recommended:search');
    const retraction = { ...lines[second]!, seq: search + 2 };
    expect(situationNow(lines.slice(0, search + 1)).prefer).toEqual(mixture);
    expect(situationNow([...lines.slice(0, search + 1), retraction])).not.toHaveProperty('prefer');
  });

  it('is found out when the retraction is another one, or left out', async () => {
    const other = await play('other');
    await forge(other.folder, (event) => (event.trial === 't0001' ? { ...event, trial: 't0002' } : event));
    expect(await faultsOf(other.folder)).toEqual(expect.arrayContaining(['decisions: other evidence']));
    const without = await play('without');
    await forge(without.folder, (event) => (event.trial === 't0001' ? null : event));
    expect(await faultsOf(without.folder)).toEqual(expect.arrayContaining(['decisions: other evidence']));
  });

  it('has a fault where there is no result, or where it was taken back before', async () => {
    const { lines } = await play('story');
    const found = (trial: string): string[] =>
      checkStory(
        lines.map((line) => (line.key === 'act:5' ? { ...line, event: { ...(line.event as ActEvent), trial } } : line)),
      ).faults.map(({ looksLike }) => looksLike);
    expect(found('t0003')).toEqual([]);
    expect(found('t0001')).toEqual(['taken back twice']);
    expect(found('t0009')).toEqual(['nothing to take back']);
  });
});
