/** The compiled command itself, in processes of its own, without any server (test/integration/cli.test.ts has one). `npm test` builds it first. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { linkLine } from '../../src/ledger/chain.js';
import { homeAt, sweepPaths } from '../../src/temporal/home.js';
import { simulateRecord, SWEEP } from '../reports/simulated-record.js';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const HELP_LIMIT_MS = 400; // the promise is 150 ms on an idle machine; test machines are not idle

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  readonly ms: number;
}

const titrate = (...args: string[]): Promise<Ran> =>
  new Promise((done) => {
    const began = performance.now();
    const env = { ...process.env, TITRATE_HOME: '', NO_COLOR: '1' };
    execFile(process.execPath, [MAIN, ...args], { env }, (error, out, err) => {
      const code = typeof error?.code === 'number' ? error.code : error === null ? 0 : -1;
      done({ code, out, err, ms: performance.now() - began });
    });
  });

let root: string;
let sweepId: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'titrate-cli-'));
  const lines = simulateRecord();
  const [first] = lines;
  sweepId = first?.event.type === 'started' ? first.event.sweepId : '';
  const { folder, record } = sweepPaths(homeAt(root), sweepId);
  await mkdir(folder, { recursive: true });
  await writeFile(record, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
});
afterAll(() => rm(root, { recursive: true, force: true }));

/** Exactly one JSON object on one line. */
const readJson = (out: string): Record<string, unknown> => {
  expect(out.endsWith('\n')).toBe(true);
  expect(out.trimEnd().split('\n')).toHaveLength(1);
  return JSON.parse(out) as Record<string, unknown>;
};

describe.skipIf(!existsSync(MAIN))('the titrate command (compiled by `npm run build`)', () => {
  it('shows its help quickly', async () => {
    const runs: Ran[] = [];
    for (let i = 0; i < 5; i++) runs.push(await titrate('--help'));
    expect(runs.every(({ code, out }) => code === 0 && out.includes('Exit codes:'))).toBe(true);
    expect(Math.min(...runs.map(({ ms }) => ms))).toBeLessThan(HELP_LIMIT_MS);
  });

  it('plans a sweep without a server, and writes nothing', async () => {
    const config = fileURLToPath(new URL('../../config/slimpajama.yaml', import.meta.url));
    const home = join(root, 'unplanned');
    const { code, out } = await titrate('plan', config, '--home', home, '--job', '300M');
    expect(code).toBe(0);
    expect(out).toMatch(/Opening: \d+ runs for [\d.]+ EFLOP/);
    expect(out).toMatch(/"scale": "300M"/);
    const json = readJson((await titrate('plan', config, '--home', home, '--json')).out);
    expect(json).toMatchObject({ sweep: 'slimpajama', policy: 'titrate', rehearsals: [] });
    expect(existsSync(home)).toBe(false);
    const wrong = await titrate('plan', config, '--job', '300m');
    expect(wrong.code).toBe(2);
    expect(wrong.err).toContain('300M');
  });

  it('rehearses a sweep in threads of its own', async () => {
    const file = join(root, 'rehearsed.yaml');
    const launcher = 'launcher: { kind: local, command: [python3, train.py] }';
    await writeFile(
      file,
      `name: rehearsed\nobjective: { maximize: accuracy }\ndomains: { a: {}, b: {} }\ntarget: { scale: big, steps: 20 }\nbudget: 3\n${launcher}
scales:
  small: { parameters: 1e7, tokensPerStep: 1000, steps: [10, 20] }
  big: { parameters: 1e9, tokensPerStep: 1000, steps: [20] }
cost: { kind: table, unit: hours, perStep: { small: 0.001, big: 0.05 } }\n`,
    );
    const { code, out } = await titrate('plan', file, '--rehearse', '1', '--json');
    expect(code).toBe(0);
    const { rehearsals } = readJson(out) as { rehearsals: { smallScales: string; runs: number[] }[] };
    expect(rehearsals.map(({ smallScales }) => smallScales)).toEqual(['guide', 'mislead']);
    for (const { runs } of rehearsals) expect(runs[0]).toBeGreaterThan(2);
  });

  it('reads a record without a server: status, explain, report', async () => {
    const listed = await titrate('status', '--home', root);
    expect(listed.out).toMatch(new RegExp(`${sweepId} +completed +709 of 720 EFLOP`));
    const explained = await titrate('explain', '20', '--home', root);
    expect(explained.out).toContain('Why 300M, and not 1B');
    const reported = await titrate('report', 'slim', '--home', root);
    expect(reported.out.trim()).toBe(sweepPaths(homeAt(root), sweepId).report);
    expect(await readFile(reported.out.trim(), 'utf8')).toContain('</html>');
  });

  it('takes a copy of a sweep’s folder for what it is: its report lies beside it, and the original is left alone', async () => {
    const { folder, report } = sweepPaths(homeAt(root), sweepId);
    const copy = sweepPaths(homeAt(root), 'a-copy');
    await cp(folder, copy.folder, { recursive: true });
    await rm(report, { force: true });
    await rm(copy.report, { force: true });
    try {
      const reported = await titrate('report', 'a-copy', '--json', '--home', root);
      expect(readJson(reported.out)).toMatchObject({ sweep: 'a-copy', folder: copy.folder, report: copy.report });
      expect([existsSync(copy.report), existsSync(report)]).toEqual([true, false]);
      const listed = readJson((await titrate('status', '--json', '--home', root)).out)['sweeps'] as {
        folder: string;
      }[];
      expect(listed.map((one) => one.folder).sort()).toEqual([copy.folder, folder].sort());
    } finally {
      await rm(copy.folder, { recursive: true });
    }
  });

  it('calls a sweep whose record is out of sight begun: its folder may not go, and nothing waits for its start', async () => {
    const home = join(root, 'away');
    const { folder, record, jobs, sweepFile } = sweepPaths(homeAt(home), 'one');
    await mkdir(folder, { recursive: true });
    await writeFile(sweepFile, '');
    expect((await titrate('status', '--home', home)).out).toMatch(/one +not begun/);
    await mkdir(jobs);
    const words = `sweep one has begun, and its record is not there (${record})`;
    const listed = readJson((await titrate('status', '--json', '--home', home)).out);
    expect(listed['sweeps']).toEqual([{ sweep: 'one', folder, status: null, problem: words }]);
    for (const command of ['status', 'watch', 'explain', 'report'])
      expect(await titrate(command, 'one', '--home', home)).toMatchObject({
        code: 3,
        err: expect.stringContaining(words) as string,
      });
  });

  it('reads a copy of a sweep wherever it lies, and writes its report there', async () => {
    const copy = join(root, 'elsewhere', 'for-the-auditor');
    await cp(sweepPaths(homeAt(root), sweepId).folder, copy, { recursive: true });
    await rm(join(copy, 'report.html'), { force: true });
    const home = join(root, 'unplanned');
    expect((await titrate('explain', copy, '20', '--home', home)).out).toContain('Why 300M, and not 1B');
    expect((await titrate('log', copy, '--home', home)).code).toBe(0);
    const reported = readJson((await titrate('report', copy, '--home', home, '--json')).out);
    expect(reported).toMatchObject({ sweep: 'for-the-auditor', folder: copy, report: join(copy, 'report.html') });
    expect(existsSync(join(copy, 'report.html'))).toBe(true);
    expect(existsSync(home)).toBe(false);
  });

  it('shows the copy of the sweep file in the report only as long as it says what the record says', async () => {
    const copy = join(root, 'changed', 'a-copy');
    await cp(sweepPaths(homeAt(root), sweepId).folder, copy, { recursive: true });
    const pageOf = async () => readFile((await titrate('report', copy)).out.trim(), 'utf8');
    const kept = stringify(SWEEP); // what was checked may stand in a file, too
    const comment = '# who may change this file may say anything in it';
    await writeFile(join(copy, 'sweep.yaml'), `${kept}${comment}\n`);
    expect(await pageOf()).toContain(comment);
    for (const other of [kept.replace(/^seed: .*$/m, 'seed: 99'), 'not: a sweep', '{']) {
      expect(other).not.toBe(kept);
      await writeFile(join(copy, 'sweep.yaml'), `${other}\n${comment}\n`);
      const page = await pageOf();
      expect(page).toContain('The sweep.yaml beside the record does not say what the record says');
      expect(page).not.toContain(comment);
    }
  });

  it('takes a relative path of a command that is told for what the record has of it', async () => {
    const notify = [{ command: ['/where/it/lay/tell.sh'] }];
    const copy = join(root, 'told', 'a-copy');
    await mkdir(copy, { recursive: true });
    const lines = simulateRecord({ sweep: { ...SWEEP, notify } });
    await writeFile(join(copy, 'record.jsonl'), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    const comment = '# as it was written';
    const written = stringify({ ...SWEEP, notify: [{ command: ['./tell.sh'] }] });
    await writeFile(join(copy, 'sweep.yaml'), `${written}${comment}\n`);
    expect(await readFile((await titrate('report', copy)).out.trim(), 'utf8')).toContain(comment);
  });

  it('shows a sweep that has ended again, with the exit status of its end', async () => {
    const watched = await titrate('watch', 'latest', '--home', root);
    expect(watched.code).toBe(0);
    expect(watched.out).toContain('Recommended mixture');
  });

  it('prints one JSON object and nothing else on stdout, whatever is asked', async () => {
    const asked: [number, string[]][] = [
      [0, ['status']],
      [0, ['status', sweepId]],
      [0, ['explain']],
      [0, ['report']],
      [0, ['watch']],
      [0, ['run', '--help']],
      [0, ['--version']],
      [1, ['pause', sweepId]],
      [2, ['run', 'none.yaml']],
      [2, ['nonsense']],
      [2, ['pause', sweepId, '--idempotency-key', 'ä'.repeat(501)]],
      [2, ['explain', sweepId, '999']],
      [2, ['approve', sweepId, 't001', '--steps', '-5']],
    ];
    const outcomes = await Promise.all(asked.map(([, args]) => titrate(...args, '--json', '--home', root)));
    for (const [i, [code, args]] of asked.entries()) {
      const ran = outcomes[i];
      if (ran === undefined) throw new Error('every command has an outcome');
      expect([args, ran.code]).toEqual([args, code]);
      const json = readJson(ran.out);
      if (code === 2) expect(json['error']).toMatchObject({ code: 'InputError', problems: [expect.anything()] });
      else expect(json).not.toHaveProperty('error');
    }
  });

  it('gives programs the keys they rely on', async () => {
    const { out } = await titrate('watch', '--json', '--home', root);
    const json = readJson(out);
    expect(json).toMatchObject({
      sweep: sweepId,
      folder: sweepPaths(homeAt(root), sweepId).folder,
      status: 'completed',
    });
    expect(json['spent']).toBeCloseTo(708.607, 3);
    expect(json['recommendation']).toMatchObject({
      mixture: { book: expect.any(Number) },
      nearOptimal: expect.any(Array),
    });
  });

  it('tells programs what waits for a person and why it is paused, also from the record alone', async () => {
    const lines = simulateRecord().slice(0, 2);
    const { at, event } = lines[1]!;
    if (event.type !== 'decided') throw new Error('a record begins with a decision');
    const { decision, trial, mixture, scale, steps, cost } = event;
    const run = { decision, trial, mixture, scale, steps, cost };
    const request = { type: 'approval-requested' as const, ...run, reasons: ['target'], why: 'it is best' };
    lines.push(linkLine(lines[1]!, { key: 'approval:t0001', at, event: request }));
    const pause = { type: 'act' as const, act: 'pause' as const, by: 'ada', reason: 'the disk is being moved' };
    lines.push(linkLine(lines[2]!, { key: 'act:1', at, event: pause }));
    const copy = join(root, 'paused', 'a-copy');
    await mkdir(copy, { recursive: true });
    await writeFile(join(copy, 'record.jsonl'), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    expect(readJson((await titrate('report', copy, '--json')).out)).toMatchObject({
      status: 'paused',
      reason: 'the disk is being moved',
      parked: [],
      awaitingApproval: ['t001'],
    });
  });

  it('starts a sweep that has not begun from its own file, not from the copy', async () => {
    const home = homeAt(join(root, 'staged'));
    const { folder, sweepFile } = sweepPaths(home, 'next-1a2b3c4d');
    await mkdir(folder, { recursive: true });
    await writeFile(sweepFile, '');
    const { out } = await titrate('status', 'next', '--home', home.root);
    expect(out).toContain('titrate run FILE --id next-1a2b3c4d');
    expect(out).toContain(`relative paths lead elsewhere`);
  });

  it('tells of a sweep whose file lay elsewhere what it was started with', async () => {
    const home = homeAt(join(root, 'moved'));
    const launcher = { kind: 'local' as const, command: ['python3', '/elsewhere/train.py'], env: {} };
    const lines = simulateRecord({ sweep: { ...SWEEP, launcher } });
    const { folder, record } = sweepPaths(home, 'moved-1a2b3c4d');
    await mkdir(folder, { recursive: true });
    await writeFile(record, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    const run = async (...command: string[]): Promise<string> => {
      const file = join(root, 'moved.yaml');
      const domains = { a: {}, b: {} };
      const scales = { s: { parameters: 1, tokensPerStep: 1, steps: [1] } };
      const goal = { objective: { minimize: 'loss' }, target: { scale: 's', steps: 1 }, budget: { targetRuns: 9 } };
      await writeFile(
        file,
        JSON.stringify({ name: 'x', ...goal, domains, scales, launcher: { kind: 'local', command } }),
      );
      await rm(join(folder, 'sweep.yaml'), { force: true });
      return (await titrate('run', file, '--id', 'moved-1a2b3c4d', '--home', home.root)).err;
    };
    expect(await run('python3', './train.py')).toContain('with command ["python3","/elsewhere/train.py"]');
    expect(await run('python3', '/elsewhere/train.py')).not.toContain('elsewhere');
  });

  it('says what is wrong on stderr, with the exit status of usage', async () => {
    const ran = await titrate('runn', 'x.yaml');
    expect([ran.code, ran.out]).toEqual([2, '']);
    expect(ran.err).toContain('did you mean run?');
  });

  it.skipIf(!existsSync('/dev/full'))(
    'keeps its exit status when nobody reads what it says, and says so when that cannot be written',
    async () => {
      const inShell = (line: string): Promise<{ code: number; err: string }> =>
        new Promise((done) => {
          execFile('bash', ['-o', 'pipefail', '-c', line, process.execPath, MAIN], (error, _, err) =>
            done({ code: Number(error?.code ?? 0), err }),
          );
        });
      expect((await inShell('"$0" "$1" runn x.yaml --json | true')).code).toBe(2);
      expect((await inShell('"$0" "$1" --help | true')).code).toBe(0);
      const { code, err } = await inShell('"$0" "$1" --help > /dev/full');
      expect([code, err]).toEqual([3, expect.stringMatching(/^error: what was found cannot be written: ENOSPC.*\n$/)]);
    },
  );

  it('refuses a record that was changed, and names the line', async () => {
    const home = homeAt(await mkdtemp(join(tmpdir(), 'titrate-torn-')));
    const { folder, record } = sweepPaths(home, sweepId);
    await mkdir(folder, { recursive: true });
    const text = simulateRecord()
      .map((line) => `${JSON.stringify(line)}\n`)
      .join('');
    await writeFile(record, text.replace('"cost":0.37748736', '"cost":0.27748736'));
    const ran = await titrate('report', '--home', home.root);
    expect(ran.code).toBe(3);
    expect(ran.err).toContain('the record is broken at line 2');
    await rm(home.root, { recursive: true, force: true });
  });

  it('says of a last line that was torn that it was left out, whatever is asked of the record', async () => {
    const copy = join(root, 'torn', 'a-copy');
    await mkdir(copy, { recursive: true });
    const lines = simulateRecord().map((line) => `${JSON.stringify(line)}\n`);
    await writeFile(join(copy, 'record.jsonl'), lines.join('').slice(0, -20));
    for (const asked of [
      ['explain', copy, '1'],
      ['diff', copy, '1', '2'],
      ['log', copy],
      ['report', copy],
    ]) {
      const { code, err } = await titrate(...asked);
      expect([code, err]).toEqual([0, expect.stringMatching(/^note: the last line is torn \(\d+ bytes\)/)]);
    }
  });

  it('init writes a sweep file once and never overwrites it', async () => {
    const folder = join(root, 'new');
    expect((await titrate('init', folder)).code).toBe(0);
    const written = await readFile(join(folder, 'sweep.yaml'), 'utf8');
    const again = await titrate('init', folder);
    expect([again.code, await readFile(join(folder, 'sweep.yaml'), 'utf8')]).toEqual([2, written]);
    const odd = await titrate('init', join(root, "team's first"));
    expect(odd.out).toMatch(/^next: titrate run '.*team'\\''s first\/sweep.yaml'$/m);
  });
});
