import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { recordActivities } from '../../src/activities/record-activities.js';
import type { ActivityDeps } from '../../src/activities/activities.js';
import { InputError } from '../../src/domain/errors.js';
import { observationProblem } from '../../src/domain/injected.js';
import type { Observation } from '../../src/domain/observation.js';
import type { Imported } from '../../src/domain/record-event.js';
import { importsOf, type Imports } from '../../src/evidence/imports.js';
import type { ImportedRun } from '../../src/evidence/known-runs.js';
import { readPastTable } from '../../src/evidence/past-table.js';
import { RecordFile, readRecord } from '../../src/ledger/record-file.js';
import { hasStagedImports, readStagedImports, stageImports } from '../../src/ledger/staged-imports.js';
import { propose } from '../../src/policy/propose.js';
import { recommend } from '../../src/policy/recommend.js';
import { csvOfLaw, lawSweep } from './table-of-law.js';

const sweep = lawSweep();
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const importCsv = (
  csv: string,
  mapping?: unknown,
  into = sweep,
  known: readonly ImportedRun[] = [],
  retracted: readonly string[] = [],
  own: readonly Observation[] = [],
): Imports => {
  const named = mapping === undefined ? {} : { mapping: { name: 'm.yaml', content: mapping } };
  const past = readPastTable({ name: 'runs.csv', bytes: bytesOf(csv), ...named }, into);
  return importsOf(into, past, 'runs.csv', { runs: known, own, retracted: new Set(retracted) });
};
const eventsOf = (csv: string): Imported[] =>
  importCsv(csv).runs.map((run) => ({ type: 'imported', ...run, by: 'ann', reason: 'last year’s runs' }));

describe('earlier runs as evidence', () => {
  it('say where they come from: file, its SHA-256, lines and the table’s own name', () => {
    const [first] = importCsv(csvOfLaw()).runs;
    expect(first?.source).toEqual({
      file: 'runs.csv',
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      lines: [2, 3],
      run: 's0',
    });
    expect(first).toMatchObject({ scale: 'small', steps: 20, status: 'completed' });
  });

  it('have names of their own that stay the same when the table grows', () => {
    const before = importCsv(csvOfLaw());
    const after = importCsv(`${csvOfLaw()}\nz,0.1,0.1,0.8,small,10,3,completed`);
    expect(after.runs.slice(0, -1).map(({ trial }) => trial)).toEqual(before.runs.map(({ trial }) => trial));
    expect(new Set(after.runs.map(({ trial }) => trial)).size).toBe(after.runs.length);
    for (const { trial } of before.runs) expect(trial).toMatch(/^i[0-9a-f]{10}$/); // never one of the sweep's own: t0001
  });

  describe('of a table that has changed since they were imported', () => {
    const header = 'run,mix.a,mix.b,mix.c,scale,steps,metric.loss';
    const nameless = header.replace('run,', '');
    const table = (...rows: string[]): string => rows.join('\n');
    const again = (first: string, then: string): Imports => importCsv(then, undefined, sweep, importCsv(first).runs);
    const namesOf = ({ runs }: Imports) => runs.map(({ trial }) => trial);

    it('count once when a named run has gone on', () => {
      const first = table(header, 'r1,.5,.3,.2,small,10,2.9', 'r2,.1,.8,.1,small,10,3.1');
      const grown = table(header, 'r2,.1,.8,.1,small,10,3.1', 'r1,.5,.3,.2,small,10,2.9', 'r1,.5,.3,.2,small,20,2.5');
      const { trial } = importCsv(first).runs[0]!;
      const { runs, leftOut } = again(first, grown);
      expect(runs).toMatchObject([{ trial: importCsv(first).runs[1]?.trial, source: { run: 'r2' } }]);
      const reason = `it was imported before, as ${trial}, at 10 steps: what decisions were made from stays as it is`;
      expect(leftOut).toEqual([{ run: 'r1', lines: [3, 4], reason }]);
      const overwritten = table(header, 'r1,.5,.3,.2,small,20,2.5'); // its earlier row is gone
      expect(again(first, overwritten)).toMatchObject({ runs: [], leftOut: [{ run: 'r1' }] });
    });

    it('are others when their name stands for another run', () => {
      const first = table(header, 'r1,.5,.3,.2,small,10,2.9');
      for (const other of ['r1,.1,.8,.1,small,10,2.9', 'r1,.5,.3,.2,big,10,2.9', 'r1,.5,.3,.2,small,10,2.8'])
        expect(again(first, table(header, other)).runs).toHaveLength(1);
    });

    it('keep their names without a column of names, wherever they stand', () => {
      const [one, two] = ['.5,.3,.2,small,20,2.5', '.2,.3,.5,small,20,2.7'];
      const before = importCsv(table(nameless, one, two, one));
      const after = importCsv(table(nameless, '.1,.1,.8,small,20,3', two, one, one));
      expect(new Set(namesOf(before)).size).toBe(3);
      expect(namesOf(after).slice(1).sort()).toEqual([...namesOf(before)].sort());
      expect(after.runs[0]?.source.run).toBe('line 2');
    });

    it('count once without a column of names, when they have gone on', () => {
      const first = table(nameless, '.5,.3,.2,small,10,2.9');
      const grown = table(nameless, '.5,.3,.2,small,10,2.9', '.5,.3,.2,small,20,2.5', '.5,.3,.2,small,10,2.8');
      const { runs, leftOut } = again(first, grown);
      expect(runs).toMatchObject([{ metrics: { loss: 2.8 } }]); // another seed
      expect(leftOut).toMatchObject([{ lines: [2, 3], reason: expect.stringContaining('at 10 steps') as string }]);
    });

    it('count once when the table tells more of them', () => {
      const first = table(header, 'r1,.5,.3,.2,small,10,2.9');
      const more = table(`${header},metric.accuracy`, 'r1,.5,.3,.2,small,10,2.9,0.4');
      expect(again(first, more).leftOut[0]?.reason).toContain('with other metrics');
    });

    it('count once when the table tells their shares in percent now', () => {
      const percent = { weights: 'any' } as const;
      const first = importCsv(table(header, 'r1,.118,.341,.541,small,10,2.9'));
      const { runs, leftOut } = importCsv(table(header, 'r1,11.8,34.1,54.1,small,10,2.9'), percent, sweep, first.runs);
      expect(runs).toEqual([]);
      expect(leftOut[0]?.reason).toContain('with shares in other digits, or another ending');
    });

    it('come in with other values once their results were taken back, and not with the same ones', () => {
      const first = importCsv(table(header, 'r1,.5,.3,.2,small,10,2.9', 'r2,.1,.8,.1,small,10,3.1')).runs;
      const name = first[0]!.trial;
      const corrected = table(header, 'r1,.5,.3,.2,small,20,2.7', 'r2,.1,.8,.1,small,10,3.1');
      expect(importCsv(corrected, undefined, sweep, first).leftOut).toMatchObject([{ run: 'r1' }]);
      const { runs, leftOut } = importCsv(corrected, undefined, sweep, first, [name]);
      expect(runs.map(({ source }) => source.run)).toEqual(['r1', 'r2']);
      expect(leftOut).toEqual([]);
      const same = importCsv(table(header, 'r1,.5,.3,.2,small,10,2.9'), undefined, sweep, first, [name]);
      const reason = `it was imported before, as ${name}, and its result was retracted`;
      expect(same).toEqual({ runs: [], leftOut: [{ run: 'r1', lines: [2], reason }] });
    });

    it('do not come back once their results were taken back, though they have gone on or have other digits', () => {
      for (const columns of [header, nameless]) {
        const row = (text: string): string => (columns === header ? `r1,${text}` : text);
        const [run] = importCsv(table(columns, row('.118,.341,.541,small,10,2.9'))).runs;
        const left = (...rows: string[]) =>
          importCsv(table(columns, ...rows.map(row)), { weights: 'any' }, sweep, [run!], [run!.trial]).leftOut;
        const reason = `it was imported before, as ${run!.trial}, and its result was retracted`;
        expect(left('.118,.341,.541,small,10,2.9', '.118,.341,.541,small,20,2.7')).toMatchObject([{ reason }]);
        expect(left('11.8,34.1,54.1,small,10,2.9')).toMatchObject([{ reason }]);
        expect(left('.118,.341,.541,small,10,3.1', '.118,.341,.541,small,20,2.7')).toEqual([]);
        expect(left('.218,.241,.541,small,10,2.9')).toEqual([]);
      }
    });

    it('count once when they come under the name that a sweep gave them, or the other way round', () => {
      const first = importCsv(table(header, 'r1,.5,.3,.2,small,10,2.9')).runs;
      const exported = table(header, `${first[0]!.trial},.5,.3,.2,small,10,2.9`);
      const reason = (name: string): unknown => expect.stringContaining(`under the name ${name}:`);
      expect(importCsv(exported, undefined, sweep, first)).toMatchObject({
        runs: [],
        leftOut: [{ reason: reason('r1') }],
      });
      expect(again(exported, table(header, 'r1,.5,.3,.2,small,10,2.9'))).toMatchObject({
        runs: [],
        leftOut: [{ reason: reason(first[0]!.trial) }],
      });
    });

    it('keep the names that an earlier version gave to runs by their lines', () => {
      const text = table(nameless, '.5,.3,.2,small,20,2.5', '.2,.3,.5,small,20,2.7');
      const known = importCsv(text).runs.map((run, i) => ({ ...run, trial: `i000000000${i}` }));
      const moved = table(nameless, '.1,.1,.8,small,20,3', '.2,.3,.5,small,20,2.7', '.5,.3,.2,small,20,2.5');
      expect(namesOf(importCsv(moved, undefined, sweep, known)).slice(1)).toEqual(['i0000000001', 'i0000000000']);
    });
  });

  it('leave out what the sweep made itself, as its own export tells it, and take in other values of it', () => {
    const mixture = { a: 0.5, b: 0.3, c: 0.2 };
    const run = { mixture, scale: 'small', steps: 20, status: 'completed', metrics: { loss: 2.5 } } as const;
    const own: readonly Observation[] = [
      { ...run, trial: 't0001', curve: [{ steps: 10, metrics: { loss: 2.9 } }] },
      { ...run, trial: 't0002', status: 'diverged', metrics: {} },
    ];
    const csv = [
      'trial,share.a,share.b,share.c,scale,steps,metric.loss,status',
      't0001,.5,.3,.2,small,20,2.5,completed',
      'tracker 7,.5,.3,.2,small,10,2.9,completed',
      't0002,.5,.3,.2,small,20,,diverged',
    ];
    const taken = importCsv(csv.join('\n'), undefined, sweep, [], [], own);
    expect(taken.runs).toEqual([]);
    const isItself = (trial: string): string => `the sweep made it itself, as ${trial}`;
    expect(taken.leftOut.map(({ reason }) => reason)).toEqual(['t0001', 't0001', 't0002'].map(isItself));
    const retracted = importCsv(csv.slice(0, 2).join('\n'), undefined, sweep, [], ['t0001'], own);
    expect(retracted.leftOut[0]?.reason).toBe(`${isItself('t0001')}, and its result was retracted`);
    const corrected = `${csv[0]}\nt0001,.5,.3,.2,small,20,2.6,completed`;
    expect(importCsv(corrected, undefined, sweep, [], ['t0001'], own).runs).toMatchObject([{ metrics: { loss: 2.6 } }]);
  });

  it('leave out, with the reason, what the sweep cannot learn from', () => {
    const csv = `${csvOfLaw()}\ny,0.1,0.1,0.8,7B,10,3,completed\nz,0.1,0.1,0.8,small,10,,completed`;
    expect(importCsv(csv).leftOut).toEqual([
      { run: 'y', lines: [27], reason: expect.stringContaining('7B is no scale of the sweep') as string },
      { run: 'z', lines: [28], reason: 'it completed and lacks loss' },
    ]);
  });

  it('leave out a run whose last row has no evaluation, and say where it had one', () => {
    const row = (steps: number, loss: string): string => `y,0.1,0.1,0.8,small,${steps},${loss},completed`;
    const csv = [csvOfLaw(), row(10, '3'), row(20, '')].join('\n');
    expect(importCsv(csv).leftOut.map(({ reason }) => reason)).toEqual([
      'it completed and lacks loss at its last row, of 20 steps; without its rows beyond 10 steps it counts as a run to there',
    ]);
    expect(importCsv([csvOfLaw(), row(10, '3')].join('\n')).leftOut).toEqual([]);
  });

  it('have shares that are numbers and sum to 1', () => {
    const [one] = importCsv(csvOfLaw()).runs;
    const withShares = (a: number) => observationProblem(sweep, { ...one!, mixture: { a, b: 0.25, c: 0.25 } });
    expect([0.5, 0.6, NaN].map(withShares)).toEqual([
      undefined,
      'shares must sum to 1; found 1.1',
      'shares must sum to 1; found NaN',
    ]);
  });

  it('need a rule for every domain that differs', () => {
    const { c, ...others } = sweep.domains;
    const split = { ...sweep, domains: { ...others, c1: c!, c2: c!, d: c! } };
    const refusal = (): unknown => importCsv(csvOfLaw(), undefined, split);
    expect(refusal).toThrow(InputError);
    expect(refusal).toThrow(/domains\.split|split into it/);
    const rules = { domains: { split: { c: { c1: 0.25, c2: 0.75 } }, added: ['d'] } };
    const third = importCsv(csvOfLaw(), rules, split).runs.find(({ source }) => source.run === 's2');
    expect(third?.mixture).toEqual({ a: 0, b: 0, c1: 0.25, c2: 0.75, d: 0 });
    expect(third?.changed).toEqual(['c split into c1 25 %, c2 75 %', 'd added with weight 0']);
  });

  it('change what is decided and recommended', () => {
    const known = importCsv(csvOfLaw()).runs.map((run) => ({ ...run, cost: 0, imported: true as const }));
    const blind = propose(sweep, [], { seed: 1 });
    const informed = propose(sweep, known, { seed: 1 });
    expect(blind?.scale).toBe('small');
    expect({ ...informed, explanation: null }).not.toEqual({ ...blind, explanation: null });
    expect(informed?.explanation.committed).toBe(0); // the team paid for them before
    const { mixture } = recommend(sweep, known, { seed: 1 });
    expect(mixture['a']).toBeGreaterThan(0.35);
    expect(mixture['a']).toBeLessThan(0.65);
  });
});

describe('runs imported before a sweep starts', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'titrate-imports-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('stand behind the first line of its record, each once however often they are imported', async () => {
    const [staged, record] = [join(folder, 's', 'imports.jsonl'), join(folder, 's', 'record.jsonl')];
    const at = '2026-01-02T03:04:05.000Z';
    const events = eventsOf(csvOfLaw());
    expect(await stageImports(staged, at, events.slice(0, 5))).toBe(5);
    expect(await stageImports(staged, at, events)).toBe(events.length - 5);
    const open = new RecordFile(record);
    const deps = { recordFor: () => open, importsFor: () => readStagedImports(staged), version: '1', askedAt: () => 0 };
    const { titrateOpenRecord } = recordActivities(deps as unknown as ActivityDeps);
    await titrateOpenRecord({ sweepId: 's', sweep, at });
    await titrateOpenRecord({ sweepId: 's', sweep, at }); // as after a crash
    const { lines } = await readRecord(record);
    expect(lines.map(({ event }) => event.type)).toEqual(['started', ...events.map(() => 'imported')]);
    expect(lines[1]).toMatchObject({ at, key: `imported:${events[0]?.trial}`, event: events[0] });
  });

  it('are waited for by a sweep that names them', async () => {
    const [staged, record] = [join(folder, 'w', 'imports.jsonl'), join(folder, 'w', 'record.jsonl')];
    const importsFor = async () => (hasStagedImports(staged) ? readStagedImports(staged) : undefined);
    const open = new RecordFile(record);
    const deps = { recordFor: () => open, importsFor, version: '1', askedAt: () => 0 } as unknown as ActivityDeps;
    const { titrateOpenRecord } = recordActivities(deps);
    const input = { sweepId: 'w', sweep: { ...sweep, imports: [{ from: 'runs.csv' }] }, at: 'now' };
    await expect(titrateOpenRecord(input)).rejects.toThrow(/that the sweep names \(runs.csv\) were not kept for it/);
    expect(existsSync(record)).toBe(false);
    await stageImports(staged, 'now', []); // none of them was of use
    expect((await titrateOpenRecord(input)).head.seq).toBe(1);
  });

  it('are refused as a whole when the file that keeps them is broken', async () => {
    const file = join(folder, 'broken.jsonl');
    await stageImports(file, 'now', eventsOf(csvOfLaw()).slice(0, 2));
    await writeFile(file, (await readFile(file, 'utf8')).slice(0, -40));
    await expect(readStagedImports(file)).rejects.toThrow(/line 2 of the imported runs is broken/);
  });

  it('are not read from a table in another encoding, in which two names would be one', () => {
    const csv = 'run,mix.a,mix.b,mix.c,scale,steps,metric.loss\né,1,0,0,small,10,3\nè,1,0,0,small,20,2\n';
    expect(importCsv(csv).runs).toHaveLength(2);
    const latin = { name: 'runs.csv', bytes: Buffer.from(csv, 'latin1') };
    expect(() => readPastTable(latin, sweep)).toThrow(/runs\.csv: expected text in UTF-8/);
    const utf16 = { name: 'runs.csv', bytes: Buffer.from(`\ufeff${csv}`, 'utf16le') };
    expect(() => readPastTable(utf16, sweep)).toThrow(/runs\.csv: expected text in UTF-8/);
    expect(readPastTable({ name: 'runs.csv', bytes: Buffer.from(`\ufeff${csv}`) }, sweep).runs).toHaveLength(2);
  });

  it('leave out the words that trackers have for no value where nothing depends on the metric, and refuse them where something does', () => {
    const header = 'mix.a,mix.b,mix.c,scale,steps,metric.loss,metric.f1\n';
    const words = ['nan', 'NaN', 'null', 'None', 'N/A', '-inf', 'Infinity'];
    const spare = importCsv(`${header}${words.map((word, i) => `1,0,0,small,${10 * (i + 1)},3,${word}\n`).join('')}`);
    expect(spare.runs.flatMap(({ curve }) => curve.map(({ metrics }) => metrics))).toEqual(
      words.map(() => ({ loss: 3 })),
    );
    for (const word of words)
      expect(() => importCsv(`${header}1,0,0,small,10,${word},1\n`)).toThrow(
        /line 2, column 6 \(metric\.loss\): expected a finite number, or another status, such as diverged; found/,
      );
    expect(() => importCsv(`${header}1,0,0,small,10,3,"0,5"\n`)).toThrow(/line 2, column 7 \(metric\.f1\)/);
    const guarded = { ...sweep, guards: [{ metric: 'f1', atLeast: 0.5 }] } as unknown as typeof sweep;
    expect(() => importCsv(`${header}1,0,0,small,10,3,nan\n`, undefined, guarded)).toThrow(/metric\.f1/);
  });

  it('read a table in the team’s own shape', () => {
    const fixture = (name: string): string =>
      readFileSync(new URL(`../fixtures/tables/${name}`, import.meta.url), 'utf8');
    const { a, b } = sweep.domains;
    const scales = sweep.scales.map((scale) => ({ ...scale, tokensPerStep: scale.name === 'big' ? 200 : 100 }));
    const own = { ...sweep, scales, domains: { web: a!, code: b! } };
    const { runs, leftOut } = importCsv(fixture('team-runs.csv'), parse(fixture('team-runs.yaml')), own);
    expect(runs.map(({ source, scale }) => `${source.run} ${scale}`)).toEqual([
      'alpha small',
      'beta small',
      'delta big',
    ]);
    expect(leftOut.map(({ run }) => run)).toEqual(['gamma']);
  });
});
