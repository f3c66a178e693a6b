import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const INSTALL_MS = 240_000; // some 130 packages, from npm's own cache where it has them
const RUN_MS = 120_000;

let folder: string;
let tarball: string;
const project = (name: string): string => join(folder, name);

// Only what a new user's shell has: no settings of a Temporal server, no home of titrate.
const env = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(TEMPORAL|TITRATE_HOME|npm_)/.test(name)),
);

const run = (cwd: string, program: string, args: readonly string[], more: Record<string, string> = {}): string => {
  const done = spawnSync(program, args, { cwd, env: { ...env, ...more }, encoding: 'utf8', timeout: INSTALL_MS });
  if (done.status !== 0)
    throw new Error(`${program} ${args.join(' ')} ended with ${done.status}:\n${done.stdout}\n${done.stderr}`);
  return done.stdout;
};
const titrate = (cwd: string, args: readonly string[], more: Record<string, string> = {}): string =>
  run(cwd, 'npx', ['--no-install', 'titrate', ...args], more);
const install = (cwd: string): string =>
  run(cwd, 'npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', tarball]);

const sumOf = (mixture: Record<string, number>): number =>
  Object.values(mixture).reduce((sum, share) => sum + share, 0);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'titrate-pack-'));
  run(resolve('.'), 'npm', ['pack', '--ignore-scripts', '--pack-destination', folder]); // dist is built before the tests
  tarball = join(folder, readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? 'no tarball');
});
afterAll(() => {
  for (const name of ['empty', 'team']) {
    if (existsSync(join(project(name), 'node_modules'))) titrate(project(name), ['server', 'stop']);
  }
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
});

describe('the packed package in an empty project', () => {
  beforeAll(() => {
    mkdirSync(project('empty'));
    writeFileSync(join(project('empty'), 'package.json'), '{ "name": "empty", "private": true, "type": "module" }\n');
    install(project('empty'));
  }, INSTALL_MS);

  it('has what a user needs and nothing of the workshop', () => {
    const packed = readdirSync(join(project('empty'), 'node_modules', 'titrate'));
    expect(packed).toEqual(expect.arrayContaining(['config', 'dist', 'docs', 'examples', 'package.json']));
    for (const absent of ['src', 'test', 'scripts', '.ci', 'tsconfig.json']) expect(packed).not.toContain(absent);
    expect(readdirSync(join(project('empty'), 'node_modules', 'titrate', 'dist'))).not.toContain('.tsbuildinfo');
  });

  it('is a library without Temporal', () => {
    const script =
      "import { parseSweep, propose, recommend } from 'titrate'; console.log(typeof parseSweep, typeof propose, typeof recommend)";
    expect(run(project('empty'), process.execPath, ['--input-type=module', '-e', script]).trim()).toBe(
      'function function function',
    );
  });

  it(
    'runs the sweep that titrate init writes',
    () => {
      titrate(project('empty'), ['init']);
      const result = JSON.parse(titrate(project('empty'), ['run', 'sweep.yaml', '--json'])) as {
        folder: string;
        status: string;
        recommendation: { mixture: Record<string, number> };
        spent: number;
      };
      expect(result.status).toBe('completed');
      expect(sumOf(result.recommendation.mixture)).toBeCloseTo(1, 6);
      expect(result.spent).toBeGreaterThan(0);
      expect(result.folder.startsWith(join(project('empty'), '.titrate', 'sweeps'))).toBe(true);
      expect(readdirSync(result.folder)).toEqual(
        expect.arrayContaining(['sweep.yaml', 'record.jsonl', 'report.html', 'jobs']),
      );
    },
    RUN_MS,
  );
});

describe('a team’s own worker with the packed plugin', () => {
  let worker: ChildProcess | undefined;
  let said = '';
  beforeAll(() => {
    cpSync(resolve('examples/existing-worker'), project('team'), { recursive: true });
    install(project('team'));
  }, INSTALL_MS);
  afterAll(async () => {
    if (worker === undefined || worker.exitCode !== null) return;
    const ended = new Promise((done) => worker?.once('exit', done));
    worker.kill('SIGTERM');
    await ended;
  });

  it(
    'runs a sweep as a child of its own workflow and uses what it recommends',
    () => {
      const { address } = JSON.parse(titrate(project('team'), ['server', 'start', '--json'])) as { address: string };
      const settings = { TEMPORAL_ADDRESS: address, TITRATE_HOME: join(project('team'), '.titrate') };
      worker = spawn(process.execPath, ['worker.mjs'], { cwd: project('team'), env: { ...env, ...settings } });
      worker.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
      const prepared = JSON.parse(run(project('team'), process.execPath, ['start.mjs'], settings)) as {
        order: string;
        mixture: Record<string, number>;
        spent: number;
      };
      expect(prepared.order).toBe('order-base-1b');
      expect(sumOf(prepared.mixture)).toBeCloseTo(1, 6);
      expect(prepared.spent).toBeGreaterThan(0);
      const record = readFileSync(join(settings.TITRATE_HOME, 'sweeps', 'next-model', 'record.jsonl'), 'utf8')
        .trim()
        .split('\n');
      expect(JSON.parse(record.at(-1) ?? '')).toMatchObject({ event: { type: 'ended', status: 'completed' } });
      expect(titrate(project('team'), ['explain', 'next-model', '1'], settings)).toMatch(/20M|1B/);
    },
    RUN_MS,
  );

  it('ends gracefully on SIGTERM', async () => {
    const code = await new Promise((done) => {
      worker?.once('exit', done);
      worker?.kill('SIGTERM');
    });
    expect(code, said).toBe(0);
  });
});
