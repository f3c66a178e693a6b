import { access, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JobRef, JobResult, JobSpec } from '../../src/domain/ports.js';
import { createLocalProcessLauncher } from '../../src/launchers/local-process.js';
import { identify, type ProcessIdentity } from '../../src/host/process-identity.js';

let jobsFolder: string;
let self: ProcessIdentity;
beforeAll(async () => {
  jobsFolder = await mkdtemp(join(tmpdir(), 'titrate-collect-'));
  const found = await identify(process.pid);
  if (found === undefined) throw new Error('this process cannot see itself');
  self = found;
});
afterAll(() => rm(jobsFolder, { recursive: true, force: true }));

const launcher = () => createLocalProcessLauncher({ jobsFolder, command: ['none'], env: {}, now: () => 0 });

const spec = (key: string): JobSpec => ({
  key,
  sweep: 's',
  trial: 't1',
  generation: 1,
  mixture: { web: 1 },
  scale: 'S',
  parameters: 10,
  tokensPerStep: 10,
  steps: 20,
  checkpoints: [10, 20],
  seed: 1,
  cost: 1,
});

let keys = 0;
/** A job's folder as it lies on disk, without any process. */
const leave = async (files: Readonly<Record<string, unknown>>): Promise<JobRef> => {
  const key = `k${(keys += 1)}`;
  const folder = join(jobsFolder, key);
  await mkdir(folder);
  for (const [name, content] of Object.entries({ 'job.json': spec(key), ...files })) {
    await writeFile(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
  }
  return { key, launcher: 'local', folder, native: '' };
};

const exited = (changes: object = {}): object => ({
  kind: 'exited',
  code: 0,
  signal: null,
  timedOut: false,
  terminated: false,
  startedAt: 1,
  endedAt: 2,
  ...changes,
});
const lock = (changes: Partial<ProcessIdentity> = {}): object => ({
  ...self,
  token: 'none-carries-it',
  at: 1,
  ...changes,
});
const dead = { startTime: '1' }; // our own pid, as a process before us had it
const line = (step: number, loss: unknown = 1): string => `${JSON.stringify({ step, metrics: { loss } })}\n`;
const whole = line(10, 2) + line(20, 1.5);

const collect = async (files: Readonly<Record<string, unknown>>, needed?: readonly string[]): Promise<JobResult> =>
  launcher().collect(await leave(files), needed);

describe('the verdict on an ended job', () => {
  it('is completed with exit status 0 and a finite line at its steps', async () => {
    const result = await collect({ 'exit.json': exited(), 'metrics.jsonl': whole });
    expect(result).toMatchObject({ status: 'completed', metrics: { loss: 1.5 }, stepsReached: 20, warnings: [] });
    expect(result.curve).toEqual([
      { steps: 10, metrics: { loss: 2 } },
      { steps: 20, metrics: { loss: 1.5 } },
    ]);
  });

  it.each([
    ['exit status 0 and too few steps', exited(), line(10), 'exit status 0; it reached step 10 of 20'],
    [
      'exit status 0 and lines that are no metrics',
      exited(),
      '{"step":20,"loss":1}\n{"step":20}\n',
      'exit status 0; it reached step 0 of 20; metrics.jsonl: line 1 left out: metrics: expected a map; found nothing',
    ],
    ['exit status 0 and no metrics', exited(), undefined, 'exit status 0; it wrote no metrics.jsonl'],
    ['another exit status though all is written', exited({ code: 3 }), whole, 'exit status 3'],
    ['a signal', exited({ code: null, signal: 'SIGSEGV' }), line(10), 'ended by SIGSEGV; it reached step 10 of 20'],
    [
      'a command that cannot be started',
      { kind: 'not-spawned', message: 'x: spawn x ENOENT', at: 1 },
      undefined,
      'the command could not be started: x: spawn x ENOENT',
    ],
  ])('is failed with %s', async (_, exit, metrics, detail) => {
    const result = await collect({ 'exit.json': exit, ...(metrics === undefined ? {} : { 'metrics.jsonl': metrics }) });
    expect(result).toMatchObject({
      status: 'failed',
      metrics: {},
      digest: metrics === undefined ? '' : expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(result.detail).toContain(detail);
  });

  it.each([
    [
      'timed out',
      'timed-out',
      exited({ code: null, signal: 'SIGTERM', timedOut: true }),
      'timed out (ended by SIGTERM)',
    ],
    [
      'preempted by a signal to its wrapper',
      'preempted',
      exited({ code: 1, terminated: true }),
      'terminated from outside (exit status 1)',
    ],
    [
      'preempted by SIGTERM to its command',
      'preempted',
      exited({ code: null, signal: 'SIGTERM' }),
      'terminated from outside (ended by SIGTERM)',
    ],
    ['preempted by its own word', 'preempted', exited({ code: 75 }), 'it asks to be resumed (exit status 75)'],
    [
      'failed when it was killed, which memory may have done',
      'failed',
      exited({ signal: 'SIGKILL' }),
      'ended by SIGKILL',
    ],
  ])('is %s', async (_, status, exit, detail) => {
    const result = await collect({ 'exit.json': exit, 'metrics.jsonl': line(10) });
    expect(result).toMatchObject({ status, metrics: {}, stepsReached: 10, curve: [{ steps: 10 }] });
    expect(result.detail).toContain(`${detail}; it reached step 10 of 20`);
  });

  it.each([
    ['its last line', exited(), line(10) + line(20, 'NaN')],
    ['the last line of a run that died of it', exited({ code: 1 }), line(10) + line(15, null)],
    [
      'the last line before a time-out',
      exited({ code: null, signal: 'SIGKILL', timedOut: true }),
      line(15, 'Infinity'),
    ],
  ])('is diverged with NaN in %s', async (_, exit, metrics) => {
    const result = await collect({ 'exit.json': exit, 'metrics.jsonl': metrics });
    expect(result).toMatchObject({ status: 'diverged', metrics: {} });
    expect(result.detail).toMatch(/^not finite at step \d+: loss; /);
  });

  it('is not diverged for a metric that nothing depends on, where those that are needed are there', async () => {
    const both = (step: number, loss: unknown, score: unknown): string =>
      `${JSON.stringify({ step, metrics: { loss, score } })}\n`;
    const unmeasured = { 'exit.json': exited(), 'metrics.jsonl': both(10, 2, null) + both(20, 1, 'NaN') };
    expect(await collect(unmeasured, ['loss'])).toMatchObject({
      status: 'completed',
      metrics: { loss: 1 },
      curve: [
        { steps: 10, metrics: { loss: 2 } },
        { steps: 20, metrics: { loss: 1 } },
      ],
      warnings: ['metrics that nothing depends on, left out where not finite: score'],
    });
    expect(await collect(unmeasured, ['loss', 'score'])).toMatchObject({ status: 'diverged', curve: [] });
    const taken = { 'exit.json': exited({ code: 75 }), 'metrics.jsonl': both(10, 2, null) };
    expect(await collect(taken, ['loss'])).toMatchObject({ status: 'preempted', curve: [{ steps: 10 }] });
  });

  it('is diverged for any metric, where its line has none of those that are needed', async () => {
    const died = { 'exit.json': exited({ code: 1 }), 'metrics.jsonl': line(10) + line(15, 'NaN') };
    expect(await collect(died, ['book_ce'])).toMatchObject({ status: 'diverged' });
  });

  it('does not hold a NaN on the way against a run that recovered', async () => {
    const result = await collect({ 'exit.json': exited(), 'metrics.jsonl': line(10, 'NaN') + line(20) });
    expect(result).toMatchObject({ status: 'completed', curve: [{ steps: 20 }] });
    expect(result.warnings).toEqual(['checkpoint left out of the curve, not finite at step 10: loss']);
  });

  it('is completed, with a warning, when all was written and only the exit status is missing', async () => {
    for (const files of [
      { lock: lock(dead) },
      { 'exit.json': exited({ code: null, signal: 'SIGKILL', timedOut: true }) },
      { 'exit.json': exited({ code: null, signal: 'SIGTERM' }) },
      { 'exit.json': exited({ code: 75 }) },
    ]) {
      const result = await collect({ ...files, 'metrics.jsonl': whole });
      expect(result).toMatchObject({ status: 'completed', metrics: { loss: 1.5 } });
      expect(result.warnings[0]).toMatch(/^all metrics were written, then: /);
    }
  });

  it('is cancelled when a stop ended it, or left no trace of how it ended', async () => {
    const stops = [
      exited({ code: null, signal: 'SIGKILL' }),
      exited({ code: 1, terminated: true }),
      { kind: 'stopped-before-start', at: 1 },
    ];
    for (const exit of stops) expect((await collect({ stopped: {}, 'exit.json': exit })).status).toBe('cancelled');
    expect((await collect({ stopped: {}, lock: lock(dead) })).status).toBe('cancelled');
    expect((await collect({ stopped: {} })).status).toBe('cancelled');
  });

  it('is its own when it ended by itself before the stop came', async () => {
    expect((await collect({ stopped: {}, 'exit.json': exited(), 'metrics.jsonl': whole })).status).toBe('completed');
    expect((await collect({ stopped: {}, 'exit.json': exited({ code: 2 }), 'metrics.jsonl': line(10) })).status).toBe(
      'failed',
    );
  });

  it('quotes the end of what a failed job printed, cleaned and cut', async () => {
    const stderr = `${'noise\n'.repeat(5_000)}\u001b[31mCUDA out of memory\u0000`;
    const { detail = '' } = await collect({
      'exit.json': exited({ code: 1 }),
      'stderr.log': stderr,
      'stdout.log': 'ignored',
    });
    expect(detail.endsWith('CUDA out of memory\ufffd')).toBe(true);
    expect(detail.length).toBeLessThan(2_000);
  });
});

describe('a job that wrote over the files of titrate', () => {
  it.each(['job.json', 'exit.json'])('is refused with the name of the file %s', async (file) => {
    const ref = await leave({ 'exit.json': exited(), 'metrics.jsonl': whole, [file]: '{"steps":"many"' });
    await expect(launcher().collect(ref)).rejects.toMatchObject({
      code: 'StateError',
      message: expect.stringContaining(file),
    });
  });
});

describe('a job without an exit status', () => {
  const stateOf = async (files: Readonly<Record<string, unknown>>) => launcher().inspect(await leave(files));

  it('runs for as long as its wrapper lives', async () => {
    expect(await stateOf({ lock: lock(), 'metrics.jsonl': line(10) })).toEqual({
      state: 'running',
      progress: { steps: 10, metrics: { loss: 1 } },
    });
  });

  it('runs for as long as its command lives, its wrapper being dead', async () => {
    expect(await stateOf({ lock: lock(dead), 'child.json': self })).toEqual({ state: 'running' });
  });

  it('is lost when both are dead, a later process of the same pid notwithstanding', async () => {
    const ref = await leave({ lock: lock(dead), 'child.json': { ...self, ...dead } });
    expect(await launcher().inspect(ref)).toEqual({ state: 'ended' });
    expect(await launcher().collect(ref)).toMatchObject({
      status: 'host-lost',
      detail: expect.stringContaining('host lost or killed'),
    });
  });

  it('is lost when the machine was booted again', async () => {
    expect(await stateOf({ lock: lock({ bootId: 'earlier' }), 'child.json': { ...self, bootId: 'earlier' } })).toEqual({
      state: 'ended',
    });
  });

  it.each([
    ['another machine', { host: `not-${hostname()}`, bootId: 'other' }],
    ['another container of this machine', { pidNamespace: 'pid:[1]' }],
  ])('is unknown when it started on %s, until a person declares it lost', async (_, changes) => {
    const ref = await leave({ lock: lock(changes) });
    expect(await launcher().inspect(ref)).toMatchObject({
      state: 'unknown',
      reason: expect.stringContaining('it started'),
    });
    await expect(launcher().collect(ref)).rejects.toThrow('has not ended');
    await expect(launcher().stop(ref)).rejects.toThrow('cannot stop the job');
    await writeFile(join(ref.folder, 'lost'), '');
    expect(await launcher().inspect(ref)).toMatchObject({ state: 'ended' });
  });

  it.each(['', '{', '{"pid":1}', '\u0000'.repeat(100)])('is unknown when its lock reads %j', async (text) => {
    expect(await stateOf({ lock: text })).toMatchObject({ state: 'unknown' });
  });

  it('is unknown when its launch was begun and not finished', async () => {
    expect(await stateOf({})).toMatchObject({ state: 'unknown', reason: expect.stringContaining('launch it again') });
  });

  it('spares a later process of the same pid when it is stopped', async () => {
    const ref = await leave({ lock: lock(dead), 'child.json': { ...self, ...dead } });
    await launcher().stop(ref);
    expect(process.pid).toBe(self.pid); // and we are here to say so
  });
});

describe('stopping a key that was never launched', () => {
  it('prevents its launch for ever', async () => {
    const key = 'never';
    const ref: JobRef = { key, launcher: 'local', folder: join(jobsFolder, key), native: '' };
    await launcher().stop(ref);
    expect((await launcher().launch(spec(key))).native).toBe('stopped before its start');
    expect(await launcher().inspect(ref)).toEqual({ state: 'ended' });
    expect(await launcher().collect(ref)).toMatchObject({
      status: 'cancelled',
      detail: 'stopped before its start',
      digest: '',
    });
    await expect(access(join(ref.folder, 'lock'))).rejects.toThrow('ENOENT');
  });
});
