/** The commands on evidence, called as the command line calls them; no server. */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Invocation } from '../../src/cli/command.js';
import { diff } from '../../src/cli/diff.js';
import { exportTable } from '../../src/cli/export.js';
import { importRuns } from '../../src/cli/import.js';
import { keepImportsOf, keptRuns } from '../../src/cli/inject-runs.js';
import { createIo } from '../../src/cli/io.js';
import { parseCommandLine } from '../../src/cli/parse-command-line.js';
import { readSweep } from '../../src/cli/sweep-record.js';
import { readSweepSource } from '../../src/cli/sweep-source.js';
import { whatIfCommand } from '../../src/cli/what-if.js';
import { InputError } from '../../src/domain/errors.js';
import type { Observation } from '../../src/domain/observation.js';
import { play } from '../../src/evidence/backtest.js';
import type { Imports } from '../../src/evidence/imports.js';
import { createReplay } from '../../src/evidence/replay.js';
import { linkLine } from '../../src/ledger/chain.js';
import { readRecord } from '../../src/ledger/record-file.js';
import { propose } from '../../src/policy/propose.js';
import { recommend } from '../../src/policy/recommend.js';
import { homeAt } from '../../src/temporal/home.js';
import { simulateRecord } from '../reports/simulated-record.js';
import { csvOfLaw, lawSweep, pastOfLaw } from '../evidence/table-of-law.js';

const SWEEP_FILE = `name: law
objective: { minimize: loss }
domains: { a: {}, b: {}, c: {} }
scales:
  small: { parameters: 1e7, tokensPerStep: 1000, steps: [10, 20] }
  big: { parameters: 1e9, tokensPerStep: 1000, steps: [20] }
target: { scale: big, steps: 20 }
cost: { kind: table, perStep: { small: 0.1, big: 1 } }
budget: 90
launcher: { kind: simulator, world: runs.csv }
`;

let root: string;
const invocation = (...args: string[]): Invocation => {
  const { positionals, flags } = parseCommandLine([...args, '--home', root]);
  return { positionals, flags, io: { ...createIo(false), note: () => undefined } };
};

/** Every file of the home: its bytes and when it was changed. */
const pictureOf = async (folder: string): Promise<readonly string[]> => {
  const names = (await readdir(folder, { recursive: true })).sort();
  const files: string[] = [];
  for (const name of names) {
    const path = join(folder, name);
    const info = await stat(path);
    const sha = info.isFile()
      ? createHash('sha256')
          .update(await readFile(path))
          .digest('hex')
      : '';
    files.push(`${name} ${info.mtimeMs} ${sha}`);
  }
  return files;
};

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'titrate-evidence-'));
  const { lines } = await play(createReplay(lawSweep(), pastOfLaw()), 'titrate', 3, {
    propose: ({ sweep, observations, pending, seed }) =>
      Promise.resolve(propose(sweep, observations, { seed, pending })),
    recommend: ({ sweep, observations, seed }) => Promise.resolve(recommend(sweep, observations, { seed })),
  });
  for (const [id, record] of [
    ['law-1', lines],
    ['slim-2', simulateRecord()],
  ] as const) {
    await mkdir(join(root, 'sweeps', id), { recursive: true });
    await writeFile(
      join(root, 'sweeps', id, 'record.jsonl'),
      record.map((line) => `${JSON.stringify(line)}\n`).join(''),
    );
  }
  await writeFile(join(root, 'runs.csv'), csvOfLaw());
  await writeFile(join(root, 'sweep.yaml'), SWEEP_FILE);
});
afterAll(() => rm(root, { recursive: true, force: true }));

describe('titrate what-if and titrate diff', () => {
  it('change nothing in the home, not a byte and not a time', async () => {
    const before = await pictureOf(root);
    const runs = join(root, 'runs.csv');
    const outcomes = [
      await whatIfCommand(invocation('what-if', 'law-1', '--drop', 't0002', '--at', '9')),
      await whatIfCommand(invocation('what-if', 'law-1', '--drop', 't0002,t0003', '--at', '9')),
      await whatIfCommand(invocation('what-if', 'law-1', '--add', runs, '--budget', '120')),
      await whatIfCommand(invocation('what-if', join(root, 'sweeps', 'law-1'), '--at', '2', '--policy', 'random')),
      await diff(invocation('diff', 'law-1', '3', '9')),
      await diff(invocation('diff', 'law-1', 'slim-2')),
    ];
    expect(outcomes.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0, 0, 0, 0]);
    expect(outcomes[1]?.text).toContain('What if: without t0002, t0003 (what they cost stays spent).');
    expect(outcomes[0]?.text).toContain('What if: without t0002 (what it cost stays spent).');
    expect(await pictureOf(root)).toEqual(before);
  });

  it('say what they need when it is not given', async () => {
    await expect(whatIfCommand(invocation('what-if', 'law-1'))).rejects.toThrow(/--drop, --add, --budget or --policy/);
    await expect(whatIfCommand(invocation('what-if', 'law-1', '--policy', 'titrat'))).rejects.toThrow(
      /did you mean titrate/,
    );
    await expect(diff(invocation('diff', 'law-1', 'three', '7'))).rejects.toThrow(InputError);
  });
});

describe('titrate import, before a sweep starts', () => {
  it('keeps nothing on a dry run, and then each run once, with who, when and why', async () => {
    const args = ['import', join(root, 'sweep.yaml'), '--from', join(root, 'runs.csv')];
    const dry = await importRuns(invocation(...args, '--dry-run'));
    const { sweep } = dry.json as { sweep: string };
    const file = join(root, 'sweeps', sweep, 'imports.jsonl');
    await expect(stat(file)).rejects.toThrow(/ENOENT/);
    const taken = await importRuns(invocation(...args, '--reason', 'runs of last year'));
    expect(taken).toMatchObject({ exitCode: 0, json: { accepted: true, reason: '15 new runs kept for its start' } });
    const again = await importRuns(invocation(...args));
    expect(again.json).toMatchObject({ reason: '0 new runs kept for its start' });
    const [first] = (await readFile(file, 'utf8')).split('\n').map((text) => JSON.parse(text || 'null') as unknown);
    expect(first).toMatchObject({
      at: expect.stringMatching(/Z$/) as string,
      event: { type: 'imported', reason: 'runs of last year', source: { file: 'runs.csv', lines: [2, 3], run: 's0' } },
    });
  });

  it('says which of them the policy counts, where it does not learn from all', async () => {
    const answerFor = async (policy: string): Promise<string> => {
      await writeFile(join(root, 'of-policy.yaml'), `${SWEEP_FILE}policy: ${policy}\n`);
      const args = ['--from', join(root, 'runs.csv'), '--dry-run'];
      return (await importRuns(invocation('import', join(root, 'of-policy.yaml'), ...args))).text ?? '';
    };
    expect(await answerFor('utilimax')).toMatch(/\nThe policy utilimax goes by runs at .*: no others count/);
    expect(await answerFor('random')).toMatch(/\nThe policy random draws its runs whatever imported ones say/);
    expect(await answerFor('titrate')).not.toContain('policy');
  });

  it.each([[[]], [['--curve']]])('takes what titrate export %s has written, without a mapping', async (flags) => {
    const out = join(root, 'exported.csv');
    await exportTable(invocation('export', 'law-1', '--out', out, ...flags));
    const taken = await importRuns(invocation('import', join(root, 'sweep.yaml'), '--from', out, '--dry-run'));
    const { runs, leftOut } = taken.json as unknown as Imports;
    expect(leftOut).toEqual([]);
    const { view } = (await readSweep(homeAt(root), 'law-1'))!;
    const told = (one: Pick<Observation, 'mixture' | 'scale' | 'steps' | 'status' | 'metrics'>): object => ({
      mixture: one.mixture,
      scale: one.scale,
      steps: one.steps,
      status: one.status,
      metrics: one.metrics,
    });
    expect(runs.map(({ source, ...run }) => [source.run, told(run)])).toEqual(
      view.observations.map((run) => [run.trial, told(run)]),
    );
    const lengths = view.observations.map(({ curve }) => curve.length);
    expect(Math.max(...lengths)).toBeGreaterThan(1);
    expect(runs.map(({ curve }) => curve.length)).toEqual(flags.length === 0 ? lengths.map(() => 1) : lengths);
  });

  it('notes what is left out of a table that the sweep file names', async () => {
    await writeFile(join(root, 'named.csv'), `${csvOfLaw()}\nx,0.2,0.3,0.5,smal,10,3,completed\n`);
    await writeFile(join(root, 'naming.yaml'), `${SWEEP_FILE}imports: [{ from: named.csv }]\n`);
    const source = await readSweepSource(join(root, 'naming.yaml'));
    const notes: string[] = [];
    const io = { ...createIo(false), note: (line: string) => void notes.push(line) };
    await keepImportsOf(homeAt(root), source.id, source, io);
    expect(notes).toEqual([expect.stringMatching(/^named\.csv: left out: x \(smal is no scale of the sweep/)]);
    expect((await keptRuns(homeAt(root), source.id)).runs).toHaveLength(15);
  });

  it('notes runs whose steps are hardly steps, imported by hand or named in the sweep file', async () => {
    await writeFile(join(root, 'tokens.csv'), csvOfLaw().replace(/,20,/g, ',20000,'));
    await writeFile(join(root, 'tokens.yaml'), `${SWEEP_FILE}imports: [{ from: tokens.csv }]\n`);
    const notes: string[] = [];
    const io = { ...createIo(false), note: (line: string) => void notes.push(line) };
    const { positionals, flags } = invocation(
      'import',
      join(root, 'tokens.yaml'),
      '--from',
      join(root, 'tokens.csv'),
      '--dry-run',
    );
    await importRuns({ positionals, flags, io });
    const source = await readSweepSource(join(root, 'tokens.yaml'));
    await keepImportsOf(homeAt(root), source.id, source, io);
    for (const begin of ['note: ', 'tokens\\.csv: '])
      expect(notes).toContainEqual(expect.stringMatching(new RegExp(`^${begin}\\d+ runs at small of 20,000 steps`)));
  });

  it('asks nothing of a running sweep that has all of the runs already', async () => {
    const args = ['--from', join(root, 'runs.csv')];
    const { json } = await importRuns(invocation('import', join(root, 'sweep.yaml'), ...args, '--dry-run'));
    const lines = [...(await readRecord(join(root, 'sweeps', 'law-1', 'record.jsonl'))).lines].slice(0, -1);
    for (const run of (json as unknown as Imports).runs) {
      const event = { type: 'imported' as const, ...run, by: 'ada' };
      lines.push(linkLine(lines.at(-1)!, { key: `imported:${run.trial}`, at: lines.at(-1)!.at, event }));
    }
    await mkdir(join(root, 'sweeps', 'running-3'), { recursive: true });
    await writeFile(
      join(root, 'sweeps', 'running-3', 'record.jsonl'),
      lines.map((line) => `${JSON.stringify(line)}\n`).join(''),
    );
    expect(await importRuns(invocation('import', 'running-3', ...args))).toMatchObject({
      exitCode: 0,
      json: { accepted: true, reason: 'no run; the sweep has all of them already' },
    });
  });

  it('says where in a mapping file lies what it has wrong', async () => {
    const problems = async (mapping: string): Promise<unknown> => {
      const file = join(root, 'map.yaml');
      await writeFile(file, mapping);
      await writeFile(join(root, 'columns.csv'), csvOfLaw());
      const asked = invocation('import', 'new.yaml', '--from', join(root, 'columns.csv'), '--mapping', file);
      await writeFile(join(root, 'new.yaml'), SWEEP_FILE);
      const error = await importRuns({ ...asked, positionals: [join(root, 'new.yaml')] }).catch((e: unknown) => e);
      return error instanceof InputError ? error.problems : error;
    };
    const at = (place: string): string => `${join(root, 'map.yaml')}${place}`;
    expect(await problems('scale: small\ncolumn: {}\n')).toMatchObject([{ path: 'column', at: at(':2:1') }]);
    expect(await problems('columns:\n  tokens: token\n')).toMatchObject([{ path: 'columns.tokens', at: at(':2:3') }]);
    expect(await problems('domains:\n  dropped:\n    z: 0.1\n')).toMatchObject([
      { path: 'domains (z)', at: at(':1:1') },
    ]);
    const [fault] = (await problems('columns: { status: mix.a }\n')) as { path: string; at?: string }[];
    expect(fault).toMatchObject({ path: expect.stringMatching(/^columns\.csv: line 2/) as string });
    expect(fault?.at).toBeUndefined();
  });

  it('refuses a sweep that has ended', async () => {
    const csv = join(root, 'slim.csv');
    await writeFile(
      csv,
      'mix.wikipedia,mix.github,mix.book,mix.stackexchange,mix.arxiv,scale,steps,metric.book_ce\n1,0,0,0,0,20M,2000,3\n',
    );
    const before = await pictureOf(root);
    expect(await importRuns(invocation('import', 'slim-2', '--from', csv))).toMatchObject({
      exitCode: 1,
      json: { accepted: false, reason: expect.stringMatching(/^the sweep has ended \(completed\)/) as string },
    });
    expect(await pictureOf(root)).toEqual(before);
  });
});
