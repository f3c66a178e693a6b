import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isSameMixture } from '../../src/domain/mixture.js';
import type { Observation } from '../../src/domain/observation.js';
import { parseSweep } from '../../src/domain/parse-sweep.js';
import type { Sweep } from '../../src/domain/sweep.js';
import { propose } from '../../src/policy/propose.js';
import { recommend } from '../../src/policy/recommend.js';
import { createTableWorld } from '../../src/simulators/table.js';
import { checkRunnable } from '../../src/temporal/check-runnable.js';
import { limitToWorld } from '../../src/temporal/world-limits.js';

// Twelve small runs and, of other mixtures but one, four big ones.
const rows = [
  ...Array.from({ length: 12 }, (_, i) => [i / 12, 1 - i / 12, 'small', 100, 3 + ((i - 4) / 12) ** 2]),
  ...[0, 0.3, 0.31, 0.9].map((a) => [a, 1 - a, 'big', 100, 2 + (a - 0.3) ** 2]),
];
const csv = ['mix.a,mix.b,scale,steps,metric.loss', ...rows.map((row) => row.join())].join('\n');

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'titrate-table-'));
  await writeFile(join(folder, 'runs.csv'), csv);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const sweepOf = (change: Record<string, unknown> = {}): Sweep =>
  parseSweep({
    name: 'replay',
    objective: { minimize: 'loss' },
    domains: { a: {}, b: {} },
    scales: {
      small: { parameters: 1e6, tokensPerStep: 1000, steps: [100] },
      big: { parameters: 1e7, tokensPerStep: 1000, steps: [100] },
    },
    target: { scale: 'big', steps: 100 },
    budget: { targetRuns: 9 },
    launcher: { kind: 'simulator', world: join(folder, 'runs.csv') },
    ...change,
  });

describe('a sweep over a table of past runs', () => {
  it('may choose from the rows of the table only, and stays a sweep file', async () => {
    const sweep = await limitToWorld(sweepOf());
    expect([sweep.mixtures?.length, sweep.runs?.length]).toEqual([15, 16]);
    expect(parseSweep(structuredClone(sweep))).toEqual(sweep);
  });

  it('leaves out rows beyond its limits and fidelities', async () => {
    const sweep = await limitToWorld(sweepOf({ domains: { a: { max: 0.5 }, b: {} } }));
    expect(sweep.runs).toHaveLength(7 + 3);
  });

  it('takes NaN for not measured where it does not ask for the metric, and refuses it where it does', async () => {
    const world = join(folder, 'odd.csv');
    const odd = csv.split('\n').map((row, i) => `${row},${i === 0 ? 'metric.f1' : 'nan'}`);
    await writeFile(world, odd.join('\n'));
    const asking = (metric: string) =>
      checkRunnable(sweepOf({ objective: { minimize: metric }, launcher: { kind: 'simulator', world } }));
    expect((await asking('loss')).runs).toHaveLength(16);
    await expect(asking('f1')).rejects.toThrow(/odd\.csv: line 2, column 6 \(metric\.f1\): expected a finite number/);
  });

  it('leaves out rows that lack a metric which it asks for', async () => {
    const world = join(folder, 'sparse.csv');
    const [header, ...others] = csv
      .split('\n')
      .map((row, i) => `${row},${i === 0 ? 'metric.accuracy' : i % 2 ? '0.5' : ''}`);
    await writeFile(world, [header, ...others].join('\n'));
    const launcher = { kind: 'simulator', world };
    expect((await limitToWorld(sweepOf({ launcher }))).runs).toHaveLength(16);
    const guards = [{ metric: 'accuracy', atLeast: 0.4 }];
    expect((await limitToWorld(sweepOf({ launcher, guards }))).runs).toHaveLength(8);
  });

  it('takes rows that keep its limits but for the rounding of published shares', async () => {
    const world = join(folder, 'rounded.csv');
    const rounded = '0.333,0.668,big,100,2\n0.334,0.667,big,100,3\n0.34,0.66,big,100,3';
    await writeFile(world, `mix.a,mix.b,scale,steps,metric.loss\n${rounded}\n`);
    const limited = sweepOf({ domains: { a: { share: 1 / 3 }, b: {} }, launcher: { kind: 'simulator', world } });
    const sweep = await limitToWorld(limited);
    expect(sweep.mixtures?.map(({ a }) => a?.toFixed(4))).toEqual(['0.3327', '0.3337']);
    expect(parseSweep(structuredClone(sweep))).toEqual(sweep); // as its file would list them
  });

  it('names the file of a table that is none', async () => {
    const world = join(folder, 'semicolons.csv');
    await writeFile(world, csv.replaceAll(',', ';'));
    const other = sweepOf({ launcher: { kind: 'simulator', world } });
    await expect(limitToWorld(other)).rejects.toThrow(/^ {2}semicolons\.csv: expected CSV .*"," between them/m);
  });

  it('refuses a table of other domains, or with nothing for it', async () => {
    await expect(limitToWorld(sweepOf({ domains: { a: {}, c: {} } }))).rejects.toThrow(
      /domains: expected the table's: a, b/,
    );
    const nothing = sweepOf({ domains: { a: { min: 0.95 }, b: {} } });
    await expect(limitToWorld(nothing)).rejects.toThrow(/holds nothing for the sweep/);
  });

  it.each([
    'titrate',
    'mfms-ei',
    'random',
    'successive-halving',
    'hyperband',
    'log-linear',
    'data-mixing-laws',
    'bimix',
    'autoscale',
  ])('runs rows only under %s', async (policy) => {
    const sweep = await limitToWorld(sweepOf({ policy }));
    const world = createTableWorld(csv);
    const observations: Observation[] = [];
    for (;;) {
      const next = propose(sweep, observations, { seed: 5 });
      if (next === null) break;
      const { mixture, scale, steps, cost } = next;
      expect(
        sweep.runs?.some((run) => run.scale === scale && isSameMixture(sweep.mixtures?.[run.mixture] ?? {}, mixture)),
      ).toBe(true);
      const job = { mixture, scale, steps, parameters: 1, checkpoints: [steps], seed: 1 };
      const metrics = world.train(job).at(-1)?.metrics ?? {};
      observations.push({
        trial: `t${observations.length}`,
        mixture,
        scale,
        steps,
        status: 'completed',
        metrics,
        cost,
      });
    }
    expect(observations.length).toBeGreaterThan(3);
    const { mixture: best } = recommend(sweep, observations, { seed: 5 });
    expect([0, 0.3, 0.31, 0.9].some((a) => isSameMixture(best, { a, b: 1 - a }))).toBe(true); // can be run at the target
    expect(new Set(observations.map((run) => JSON.stringify([run.mixture, run.scale]))).size).toBe(observations.length);
  });

  it('is refused before it starts when its trials in flight would be too large for a message to the server', async () => {
    const domains = Object.fromEntries(Array.from({ length: 120 }, (_, i) => [`common_crawl_${i}`, {}]));
    const launcher = { kind: 'local', command: ['train'] };
    const inFlight = (parallel: number, targetRuns = 100) =>
      checkRunnable(sweepOf({ launcher, domains, parallel, budget: { targetRuns } }));
    expect((await inFlight(100)).parallel).toBe(100);
    expect((await inFlight(200, 10)).parallel).toBe(200); // that buys 100 runs
    const found = '200: up to 2.1 MB of mixtures of 120 domains';
    const problem = { path: 'parallel', expected: 'at most 168 jobs at once of a sweep of this size', found };
    await expect(inFlight(200)).rejects.toMatchObject({ code: 'InputError', problems: [problem] });
  });

  it('is refused before it starts when it would be too large for a message to the server', async () => {
    const tableOf = (count: number): string =>
      [
        'mix.a,mix.b,scale,steps,metric.loss',
        ...Array.from({ length: count }, (_, i) => `${i / count},${1 - i / count},big,100,2`),
      ].join('\n');
    const world = join(folder, 'many.csv');
    const launcher = { kind: 'simulator', world };
    await writeFile(world, tableOf(1000));
    expect((await checkRunnable(sweepOf({ launcher }))).mixtures).toHaveLength(1000);
    await writeFile(world, tableOf(22_000));
    const refusal = {
      code: 'InputError',
      problems: [{ path: 'mixtures', found: expect.stringMatching(/^\d\.\d MB, with 22000 mixtures$/) as string }],
    };
    await expect(checkRunnable(sweepOf({ launcher }))).rejects.toMatchObject(refusal);
  });
});
