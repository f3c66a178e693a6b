/** The compiled command on a real server, in a home of its own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePorts } from '../../src/temporal/free-port.js';
import { homeAt, sweepPaths } from '../../src/temporal/home.js';
import { readRecord } from '../../src/ledger/record-file.js';
import { MAIN, runCommand, writeCheapSweep, type Ran } from './compiled-command.js';

let root: string;
let env: NodeJS.ProcessEnv;
let metricsPort: number;

const titrate = (...args: string[]): Promise<Ran> => runCommand(args, root, env);

const readJson = ({ out, err }: Ran): Record<string, unknown> => {
  expect(out.trimEnd().split('\n'), err).toHaveLength(1);
  return JSON.parse(out) as Record<string, unknown>;
};

const write = (name: string, seconds: number): Promise<string> => writeCheapSweep(root, name, seconds);

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'titrate-cli-run-'));
  [metricsPort] = (await freePorts(1)) as [number];
  const metrics = { TITRATE_METRICS_ADDRESS: `127.0.0.1:${metricsPort}` };
  env = { ...process.env, ...metrics, TITRATE_HOME: join(root, 'home'), NO_COLOR: '1' };
});
afterAll(async () => {
  await titrate('server', 'stop');
  await rm(root, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
});

describe('titrate on a real server', () => {
  it('runs a file to its end; the same command twice at once is one sweep', async () => {
    const file = await write('quick', 0);
    const [one, two] = await Promise.all([titrate('run', file, '--json'), titrate('run', file, '--json')]);
    const [first, second] = [readJson(one), readJson(two)];
    expect([one.code, two.code, first['status']]).toEqual([0, 0, 'completed']);
    expect(second['sweep']).toBe(first['sweep']);
    expect(second['recommendation']).toEqual(first['recommendation']);
    const paths = sweepPaths(homeAt(env['TITRATE_HOME'] ?? ''), String(first['sweep']));
    expect(first['folder']).toBe(paths.folder);
    expect(await readFile(paths.sweepFile, 'utf8')).toBe(await readFile(file, 'utf8'));
    expect(await readFile(paths.report, 'utf8')).toContain('</html>');
    const { lines } = await readRecord(paths.record);
    expect(lines.filter(({ event }) => event.type === 'started')).toHaveLength(1);
  });

  it('shows an ended sweep again without running anything, and starts another with --fresh', async () => {
    const file = join(root, 'quick.yaml');
    const again = await titrate('run', file);
    expect([again.code, again.err]).toEqual([0, expect.stringContaining('has ended already')]);
    expect(again.out).toContain('Recommended mixture');
    const fresh = readJson(await titrate('run', file, '--fresh', '--json'));
    expect(fresh['sweep']).toMatch(/^quick-[0-9a-f]{8}-2$/);
  });

  it('does not wait without an end for a sweep that the server has never heard of', async () => {
    const home = homeAt(env['TITRATE_HOME'] ?? '');
    const { folder } = readJson(await titrate('status', 'quick', '--json')) as { folder: string };
    const text = await readFile(join(folder, 'record.jsonl'), 'utf8');
    const lost = sweepPaths(home, 'lost-1');
    await mkdir(lost.folder);
    await writeFile(lost.record, text.split('\n').slice(0, 1).concat('').join('\n'));
    const watched = await titrate('watch', 'lost-1', '--json');
    expect([watched.code, readJson(watched)]).toMatchObject([
      3,
      { error: { code: 'StateError', message: expect.stringContaining('no such sweep on') as string } },
    ]);
    await rm(lost.folder, { recursive: true });
  });

  it('leaves a sweep to itself, and takes acts on it with their reasons', async () => {
    const file = await write('slow', 2);
    const detached = await titrate('run', file, '--detach', '--json');
    expect(readJson(detached)).toMatchObject({ status: 'running', recommendation: null, outcome: 'created' });
    expect((await titrate('pause', 'slow', '--reason', 'looking')).code).toBe(0);
    const twice = await titrate('pause', 'slow');
    expect([twice.code, twice.out]).toEqual([1, expect.stringContaining('not taken')]);
    const attached = readJson(await titrate('run', file, '--detach', '--json'));
    expect(attached).toMatchObject({ status: 'paused', outcome: 'attached' });
    expect(attached['decisions']).toBeGreaterThan(0);
    expect((await titrate('resume', 'slow')).code).toBe(0);
    const status = readJson(await titrate('status', 'slow', '--json'));
    expect(status).toMatchObject({ status: 'running', progress: { phase: 'searching' } });
  });

  it('serves what Temporal measures of its worker, for Prometheus', async () => {
    const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
    expect(text).toMatch(/^temporal_worker_task_slots_available\{.*\} \d+$/m);
    expect(text).toMatch(/^temporal_activity_execution_latency_count\{.*activity_type="titrateAppend".*\} [1-9]\d*$/m);
  });

  it('ends only the watching at Ctrl-C, and says how to come back', async () => {
    const watching = spawn(process.execPath, [MAIN, 'watch', 'slow'], { env, cwd: root });
    let out = '';
    watching.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    while (!out.includes('searching')) await once(watching.stdout, 'data');
    watching.kill('SIGINT');
    const [code] = (await once(watching, 'exit')) as [number];
    expect([code, out]).toEqual([130, expect.stringContaining('Come back with: titrate watch slow-')]);
    expect((await titrate('cancel', 'slow', '--reason', 'enough')).code).toBe(0);
    const ended = await titrate('watch', 'slow');
    expect([ended.code, ended.out]).toEqual([1, expect.stringContaining('cancelled')]);
    const late = await titrate('pause', 'slow');
    expect([late.code, late.out]).toEqual([1, expect.stringContaining('has ended (cancelled)')]);
  });

  it('records who did what', async () => {
    const home = homeAt(env['TITRATE_HOME'] ?? '');
    const { folder } = readJson(await titrate('status', 'slow', '--json')) as { folder: string };
    expect((await stat(folder)).mode & 0o077).toBe(0);
    const { lines } = await readRecord(sweepPaths(home, folder.split('/').at(-1) ?? '').record);
    const acts = lines.flatMap(({ event }) => (event.type === 'act' ? [[event.act, event.reason]] : []));
    expect(acts).toEqual([
      ['pause', 'looking'],
      ['resume', undefined],
      ['cancel', 'enough'],
    ]);
  });

  it('fails with the reason when a sweep waits for a person, and goes on when that is mended', async () => {
    const job = join(root, 'job.mjs');
    const file = join(root, 'broken.yaml');
    const sweep = {
      name: 'broken',
      objective: { minimize: 'loss' },
      domains: { a: {}, b: {} },
      scales: { small: { parameters: 1e6, tokensPerStep: 1000, steps: [10] } },
      target: { scale: 'small', steps: 10 },
      budget: { targetRuns: 8 },
      policy: 'random',
      retries: { failed: 0, parkAbove: 1 }, // EFLOP: no run is run again or parked
      launcher: { kind: 'local', command: [process.execPath, './job.mjs'] },
    };
    await writeFile(job, `console.error('the tokenizer is missing'); process.exit(3);`);
    await writeFile(file, JSON.stringify(sweep)); // YAML holds JSON
    const stuck = await titrate('run', file, '--json');
    expect([stuck.code, readJson(stuck)]).toEqual([
      1,
      expect.objectContaining({
        status: 'paused',
        reason: expect.stringContaining('the tokenizer is missing') as string,
      }),
    ]);
    const report = `import { appendFileSync } from 'node:fs';
      appendFileSync('metrics.jsonl', JSON.stringify({ step: 10, metrics: { loss: 1 } }) + '\\n');`;
    await writeFile(job, report);
    expect((await titrate('resume', 'broken')).code).toBe(0);
    const watched = await titrate('watch', 'broken', '--json');
    expect([watched.code, readJson(watched)]).toEqual([
      0,
      expect.objectContaining({ status: 'completed', spent: 8 * 6e-8 }),
    ]);
  });

  it('approves, refuses, retries and abandons trials by name, once each, with a reason when it does not', async () => {
    const file = join(root, 'asked.yaml');
    const sweep = {
      name: 'asked',
      objective: { minimize: 'loss' },
      domains: { a: {}, b: {} },
      scales: { small: { parameters: 1e6, tokensPerStep: 1000, steps: [10] } },
      target: { scale: 'small', steps: 10 },
      budget: { targetRuns: 8 },
      parallel: 3,
      confirm: 0,
      policy: 'random',
      approval: { target: true },
      retries: { failed: 0, parkAbove: 0 }, // every failure waits for a person
      launcher: { kind: 'local', command: [process.execPath, '-e', 'process.exit(3)'] },
    };
    await writeFile(file, JSON.stringify(sweep));
    expect((await titrate('run', file, '--detach')).code).toBe(0);
    const flights = async (): Promise<{ trial: string; state: string }[]> => {
      const status = readJson(await titrate('status', 'asked', '--json'));
      return (status['progress'] as { inFlight: { trial: string; state: string }[] }).inFlight;
    };
    const untilAll = async (state: string, count: number): Promise<string[]> => {
      for (let looks = 0; looks < 100; looks += 1) {
        const found = (await flights()).filter((one) => one.state === state);
        if (found.length === count) return found.map(({ trial }) => trial);
      }
      throw new Error(`100 looks did not see ${count} trials ${state}`);
    };
    const waiting = await untilAll('awaiting-approval', 3);
    const [first = '', second = '', third = ''] = waiting;
    expect((await titrate('approve', 'asked', first)).code).toBe(0);
    expect((await titrate('approve', 'asked', second)).code).toBe(0);
    expect((await titrate('refuse', 'asked', third, '--reason', 'too odd')).code).toBe(0);
    expect(await untilAll('parked', 2)).toEqual([first, second]);
    const late = await titrate('approve', 'asked', first);
    expect([late.code, late.out]).toEqual([1, expect.stringContaining('was approved already, by')]);
    expect((await titrate('retry', 'asked', first)).code).toBe(0);
    expect((await titrate('abandon', 'asked', second, '--reason', 'hopeless')).code).toBe(0);
    const gone = await titrate('retry', 'asked', second);
    expect([gone.code, gone.out]).toEqual([1, expect.stringMatching(/abandoned|in flight/)]);
    while ((await flights()).some(({ trial }) => trial === third)); // it is refused, and on its way to its end
    const over = await titrate('approve', 'asked', third);
    expect([over.code, over.out]).toEqual([1, expect.stringContaining(`no trial ${third} is in flight; in flight: `)]);
    expect(over.out).toContain(`; ${third} has ended (refused-by-person)`);
    const log = await titrate('log', 'asked');
    for (const words of ['approve', 'refuse', 'too odd', 'retry', 'abandon', 'hopeless']) {
      expect(log.out).toContain(words);
    }
    expect((await titrate('cancel', 'asked')).code).toBe(0);
    expect((await titrate('watch', 'asked')).code).toBe(1);
    const verified = await titrate('verify', 'asked');
    expect([verified.code, verified.err]).toEqual([0, expect.anything()]);
  });

  it('stops the server with its worker, and still reads every record', async () => {
    const doctor = await titrate('doctor', '--json');
    expect([doctor.code, readJson(doctor)['ok']]).toEqual([0, true]);
    const second = await titrate('worker');
    expect([second.code, second.err]).toEqual([3, expect.stringContaining('another worker process works')]);
    expect(readJson(await titrate('server', 'stop', '--json'))).toEqual({ stopped: true, workerStopped: true });
    expect((await titrate('doctor')).code).toBe(3);
    expect((await titrate('status')).out.match(/completed|cancelled/g)).toHaveLength(5);
  });
});
