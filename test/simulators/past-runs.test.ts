import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { InputError, type Problem } from '../../src/domain/errors.js';
import { readPastRuns, type PastRun, type ReadOptions } from '../../src/simulators/past-runs.js';
import { parseMapping, type TableMapping } from '../../src/simulators/table-mapping.js';

const fixture = (name: string): string => readFileSync(new URL(`../fixtures/tables/${name}`, import.meta.url), 'utf8');
const mapping = parseMapping(parse(fixture('team-runs.yaml')), 'team-runs.yaml');
const options: ReadOptions = { mapping, file: 'team-runs.csv', tokensPerStep: { small: 100, big: 200 } };
const read = (csv: string, change: Partial<ReadOptions> = {}) => readPastRuns(csv, { ...options, ...change });

const problemsOf = (run: () => unknown): readonly Problem[] => {
  try {
    run();
  } catch (error) {
    if (error instanceof InputError) return error.problems;
    throw error;
  }
  return [];
};
const PLAIN = 'mix.a,mix.b,scale,steps,metric.l\n';
const changed = (
  domains: TableMapping['domains'],
  rows: string,
): { runs: readonly PastRun[]; domains: readonly string[] } =>
  readPastRuns(`${PLAIN}${rows}`, { mapping: { ...(domains && { domains }) } });

describe('a team’s own table of past runs', () => {
  it('is read by its mapping: names, weights of any sum, several columns of one domain, tokens, words for status', () => {
    const { runs, metrics, domains } = read(fixture('team-runs.csv'));
    expect([domains, metrics]).toEqual([['web', 'code'], ['loss']]);
    expect(runs.map(({ run, scale, steps, status }) => [run, scale, steps, status])).toEqual([
      ['alpha', 'small', 20, 'completed'],
      ['beta', 'small', 20, 'completed'],
      ['delta', 'big', 200, 'completed'],
    ]);
    expect(runs[0]).toMatchObject({
      lines: [2, 3],
      mixture: { web: 0.5, code: 0.5 },
      metrics: { loss: 3 },
      curve: [
        { steps: 10, metrics: { loss: 3.2 } },
        { steps: 20, metrics: { loss: 3 } },
      ],
    });
  });

  it('leaves a run out that has too much of a dropped domain, and says which and why', () => {
    const { leftOut, runs } = read(fixture('team-runs.csv'));
    expect(leftOut).toEqual([
      { run: 'gamma', lines: [6, 7], reason: 'it has 10 % of forum, which was dropped; up to 5 % is overlooked' },
    ]);
    expect(runs[1]?.mixture).toEqual({ web: 0.8 / 0.98, code: 0.18 / 0.98 });
    expect(runs[1]?.changed).toEqual(['forum dropped (it had 2 %)']);
  });

  it('keeps a run that did not complete with the checkpoints that are numbers', () => {
    const kept = { ...mapping, domains: { dropped: { forum: 0.2 } } };
    const run = read(fixture('team-runs.csv'), { mapping: kept }).runs.find(({ run: name }) => name === 'gamma');
    expect(run).toMatchObject({ status: 'diverged', metrics: {}, curve: [{ steps: 10, metrics: { loss: 3.7 } }] });
  });

  it('leaves a run out whose result a sweep took back', () => {
    const rows = 'mix.a,mix.b,scale,steps,status,metric.l\n.5,.5,s,10,completed,2\n.4,.6,s,10,retracted,';
    expect(readPastRuns(rows)).toMatchObject({
      runs: [{ lines: [2] }],
      leftOut: [{ run: 'line 3', lines: [3], reason: 'its result was retracted' }],
    });
  });

  it('takes rows of one mixture and scale for one run, and a repeated checkpoint for another, when no column names runs', () => {
    const { runs } = readPastRuns(`${PLAIN}0.5,0.5,S,10,3\n0.5,0.5,S,20,2\n0.5,0.5,S,20,2.1\n1,0,S,20,4\n`);
    expect(runs.map(({ lines }) => lines)).toEqual([[2, 3], [4], [5]]);
    expect(runs.map(({ run }) => run)).toEqual(['line 2', 'line 4', 'line 5']);
  });

  it('names file, line and column of every fault', () => {
    const csv = fixture('team-runs.csv').replace('3.20', 'low').replace('beta,tiny,2000', 'beta,tiny,many');
    expect(problemsOf(() => read(csv.replace(/finished\n$/, 'walked off\n')))).toEqual([
      { path: 'team-runs.csv: line 2, column 8 (val/loss)', expected: 'a finite number', found: '"low"' },
      { path: 'team-runs.csv: line 5, column 3 (tokens_seen)', expected: 'a finite number', found: '"many"' },
      expect.objectContaining({ path: 'team-runs.csv: line 8, column 9 (state)', found: '"walked off"' }),
    ]);
  });

  it.each(['0x10', '0b1', '0o7'])('takes %s, which JavaScript reads as a number, for none', (text) => {
    expect(problemsOf(() => readPastRuns(`${PLAIN}0.5,0.5,S,10,${text}\n`))).toEqual([
      { path: 'line 2, column 5 (metric.l)', expected: 'a finite number', found: JSON.stringify(text) },
    ]);
  });

  it('lists the first faults of a long table, and carries them all', () => {
    const csv = `${PLAIN}${'0.5,0.5,S,10,NaN\n'.repeat(1000)}`;
    expect(problemsOf(() => readPastRuns(csv))).toHaveLength(1000);
    expect(() => readPastRuns(csv)).toThrow(/line 51, column 5 \(metric\.l\): .*\n {2}and 950 more$/);
  });

  it('takes a share that rounding left a trifle below 0 for 0, and refuses one that is below without promising to normalise it', () => {
    const { runs } = readPastRuns(`${PLAIN}1,-2.7755575615628914e-17,S,10,3\n1.00000006,-6e-8,S,20,3\n`);
    expect(runs.map(({ mixture }) => mixture)).toEqual([{ a: 1, b: 0 }]);
    expect(readPastRuns(`${PLAIN}5e9,-1e-6,S,10,3\n`, { mapping: { weights: 'any' } }).runs[0]?.mixture).toEqual({
      a: 1,
      b: 0,
    });
    expect(problemsOf(() => readPastRuns(`${PLAIN}1.01,-0.01,S,10,3\n`))).toEqual([
      { path: 'line 2, column 1 (mix.a)', expected: 'shares in [0, 1] that sum to 1', found: '1.01, -0.01 (sum 1)' },
    ]);
  });

  it('refuses a cost below 0', () => {
    const csv = `${PLAIN.trimEnd()},cost\n1,0,s,10,2,-5\n0.5,0.5,s,10,3,0`;
    const priced = { mapping: { columns: { cost: 'cost' } } };
    expect(problemsOf(() => readPastRuns(csv, priced))).toEqual([
      { path: 'line 2, column 6 (cost)', expected: 'a cost of at least 0', found: '-5' },
    ]);
  });

  it('counts the lines of quoted fields with line breaks', () => {
    const csv = 'mix.a,scale,steps,metric.l,note\n1,S,10,1,"two\nlines"\n1,S,soon,1,\n';
    expect(problemsOf(() => readPastRuns(csv))[0]?.path).toBe('line 4, column 3 (steps)');
  });

  it('counts lines whose ends differ, and reads them all', () => {
    const at = (csv: string): string | undefined => problemsOf(() => readPastRuns(csv))[0]?.path;
    expect(at('mix.a,scale,steps,metric.l\n1,S,10,1\r\n1,S,soon,1\r\n')).toBe('line 3, column 3 (steps)');
    expect(at('mix.a,scale,steps,metric.l\r\n1,S,10,1\n1,S,soon,1\n')).toBe('line 3, column 3 (steps)');
    expect(readPastRuns('mix.a,scale,steps,metric.l\r1,S,10,1\r1,S,20,"1"\r').runs[0]?.lines).toEqual([2, 3]);
  });

  it('reads nothing of what a model was before it was trained', () => {
    const csv =
      'run,mix.a,scale,steps,metric.l\nx,1,S,0,11\nx,1,S,10,3\ny,1,S,0,NaN\ny,1,S,0,11\nz,1,S,20,2\nz,1,S,0,11\n';
    expect(readPastRuns(csv)).toMatchObject({
      runs: [
        { run: 'x', lines: [3], steps: 10, metrics: { l: 3 }, curve: [{ steps: 10, metrics: { l: 3 } }] },
        { run: 'z', lines: [6], steps: 20, metrics: { l: 2 }, curve: [{ steps: 20, metrics: { l: 2 } }] },
      ],
      leftOut: [{ run: 'y', lines: [4], reason: 'it has no row beyond step 0' }],
    });
    expect(readPastRuns(`${PLAIN}1,0,S,0,11\n1,0,S,10,3\n1,0,S,0,11\n1,0,S,10,4\n`).runs).toMatchObject([
      { lines: [3], curve: [{ steps: 10 }] },
      { lines: [5], curve: [{ steps: 10 }] },
    ]);
    const tokens = { mapping: { columns: { tokens: 'steps' } }, tokensPerStep: { S: 1000 } };
    expect(readPastRuns(`${PLAIN}1,0,S,0,11\n1,0,S,9000,3\n`, tokens).runs).toMatchObject([{ lines: [3], steps: 9 }]);
    expect(problemsOf(() => readPastRuns(`${PLAIN}1,0,S,400,3\n`, tokens))).toHaveLength(1); // less than a step, and not none
  });

  it('refuses steps that are no whole number, and a run without its name where runs have names', () => {
    const csv = 'run,mix.a,scale,steps,metric.l\nx,1,S,10.0,1\nx,1,S,12.5,1\n,1,S,10,1\n';
    expect(problemsOf(() => readPastRuns(csv))).toEqual([
      { path: 'line 3, column 4 (steps)', expected: 'a whole number of steps, 1 or more', found: '12.5' },
      { path: 'line 4, column 1 (run)', expected: 'the name of the run', found: '""' },
    ]);
  });

  it('refuses rows of one run that contradict each other', () => {
    const csv = 'run,mix.a,mix.b,scale,steps,metric.l\nx,1,0,S,10,1\nx,0,1,S,20,1\ny,1,0,S,10,1\ny,1,0,S,10,2\n';
    expect(problemsOf(() => readPastRuns(csv)).map(({ path }) => path)).toEqual(['line 3', 'line 5, column 5 (steps)']);
  });

  it('names a column that the mapping wants and the table lacks, with the nearest that it has', () => {
    const [problem] = problemsOf(() => read(fixture('team-runs.csv').replace('tokens_seen', 'token_seen')));
    expect(problem).toMatchObject({ path: 'columns.tokens', found: 'tokens_seen' });
    expect(problem?.expected).toContain('did you mean token_seen?');
  });

  it('says which columns have one name, and where they stand', () => {
    const csv = 'scale,note,steps,note,mix.a,metric.l,note\nS,x,10,y,1,3,z\n';
    expect(problemsOf(() => readPastRuns(csv))).toEqual([
      { path: 'header', expected: 'columns with names of their own', found: '"note" in columns 2, 4, 7' },
    ]);
  });

  it('takes a sum of 0.99 for rounded shares, and no less', () => {
    const { runs } = readPastRuns(`${PLAIN}0.6,0.39,S,10,3\n0.6,0.41,S,10,3\n`);
    expect(runs[0]?.mixture).toEqual({ a: 0.6 / 0.99, b: 0.39 / 0.99 });
    expect(problemsOf(() => readPastRuns(`${PLAIN}0.6,0.389,S,10,3\n`))[0]?.found).toContain('(sum 0.989)');
  });

  it('refuses a column that counts twice in a mixture, which weights of any sum would hide', () => {
    const twice = (code: string | string[]) => () =>
      readPastRuns('w,c,scale,steps,metric.l\n70,30,S,10,3\n', {
        mapping: { weights: 'any', columns: { mixture: { web: 'w', code } } },
      });
    expect(problemsOf(twice('w'))).toEqual([
      { path: 'columns.mixture.code', expected: 'each column once', found: 'w' },
    ]);
    expect(problemsOf(twice(['c', 'c']))[0]?.found).toBe('c');
    expect(twice('c')().runs[0]?.mixture).toEqual({ web: 0.7, code: 0.3 });
  });

  it('names the file, and what should stand between fields, where another delimiter does', () => {
    const table = (row: string) => () => readPastRuns(`mix.a;scale;steps;metric.l\n${row}\n`, { file: 'runs.csv' });
    const [whole] = problemsOf(table('1;S;10;3'));
    expect(whole).toMatchObject({ path: 'runs.csv', found: 'a header of one field, "mix.a;scale;steps;metric.l"' });
    expect(whole?.expected).toContain('"," between them');
    expect(problemsOf(table('1,0;S;10;3,1'))[0]?.path).toBe('runs.csv'); // with commas in the numbers
  });

  it('names the file and key of what a mapping has wrong', () => {
    const [problem] = problemsOf(() => parseMapping({ column: {} }, 'm.yaml'));
    expect(problem).toMatchObject({ path: 'm.yaml: column', found: 'an unknown key' });
    expect(problem?.expected).toContain('did you mean columns?');
  });
});

describe('domains that have changed since', () => {
  it('divides the weight of a split domain by the declared shares', () => {
    const { runs, domains } = changed({ split: { b: { b1: 0.7, b2: 0.3 } } }, '0.5,0.5,S,10,3\n');
    expect(domains).toEqual(['a', 'b1', 'b2']);
    expect(runs[0]?.mixture).toEqual({ a: 0.5, b1: 0.35, b2: 0.15 });
    expect(runs[0]?.changed).toEqual(['b split into b1 70 %, b2 30 %']);
  });

  it('adds up joined domains, and gives an added one weight 0', () => {
    const { runs } = changed({ joined: { ab: ['a', 'b'] }, added: ['c'] }, '0.25,0.75,S,10,3\n');
    expect(runs[0]?.mixture).toEqual({ ab: 1, c: 0 });
  });

  it('leaves a run out that had nothing but dropped domains, whatever limit they have', () => {
    const rows = '1,0,s,10,2\n0.5,0.5,s,10,3';
    expect(readPastRuns(`${PLAIN}${rows}`, { mapping: { domains: { dropped: { a: 1 } } } })).toMatchObject({
      runs: [{ mixture: { b: 1 } }],
      leftOut: [{ lines: [2], reason: 'it has nothing but a, which was dropped' }],
    });
    const both = { domains: { dropped: { a: 1, b: 1 }, added: ['c'] } };
    expect(readPastRuns(`${PLAIN}${rows}`, { mapping: both }).leftOut[1]?.reason).toBe(
      'it has nothing but a and b, which were dropped',
    );
  });

  it('refuses shares that do not sum to 1, domains the table lacks, and two rules for one domain', () => {
    const rows = '0.5,0.5,S,10,3\n';
    expect(problemsOf(() => changed({ split: { b: { b1: 0.7, b2: 0.7 } } }, rows))).toHaveLength(1);
    expect(problemsOf(() => changed({ dropped: { z: 0.1 } }, rows))[0]?.found).toBe('z');
    expect(problemsOf(() => changed({ dropped: { b: 0.1 }, split: { b: { c: 1 } } }, rows))[0]?.found).toBe('two');
    expect(problemsOf(() => changed({ added: ['b'] }, rows))[0]?.found).toBe('one that it has');
    expect(problemsOf(() => changed({ joined: { ab: ['a', 'b'] }, added: ['ab'] }, rows))).toHaveLength(1);
  });
});
