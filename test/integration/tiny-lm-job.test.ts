import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MetricsLine } from '../../src/domain/job-contract.js';
import { createRng } from '../../src/domain/rng.js';

const domains = ['javascript', 'types', 'prose', 'licences', 'json'];

describe('the tiny training job', () => {
  let folder: string;
  let env: NodeJS.ProcessEnv;
  const script = join(import.meta.dirname, '../../examples/tiny-lm/train.mjs');

  const write = async (path: string, text: string): Promise<void> => {
    await mkdir(join(path, '..'), { recursive: true });
    await writeFile(path, text);
  };
  const words = ['alpha', 'beta', 'gamma', 'delta', 'one', 'two', 'three'];
  const prose = (seed: number): string => {
    const chance = createRng(seed);
    return Array.from({ length: 400 }, () => words[Math.floor(words.length * chance.uniform())])
      .join(' ')
      .replaceAll('two ', 'two\n');
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'titrate-tiny-'));
    env = { ...process.env, TINY_LM_CORPUS: join(folder, 'packages'), TMPDIR: folder };
    const files = (i: number): string[] =>
      ['index.js', 'index.d.ts', 'README.md', 'LICENSE', 'package.json'].map((name) => `p${i}/${name}`);
    for (const [seed, name] of Array.from({ length: 30 }, (_, i) => files(i))
      .flat()
      .entries()) {
      await write(join(folder, 'packages', name), prose(seed + 1));
    }
  });
  afterAll(() => rm(folder, { recursive: true }));

  const train = async (key: string, changes: object = {}) => {
    const base = {
      key,
      mixture: { prose: 0.6, json: 0.4 },
      scale: '5k',
      tokensPerStep: 64,
      steps: 20,
      checkpoints: [10, 20],
      seed: 4,
    };
    const job = join(folder, 'jobs', key);
    await write(join(job, 'job.json'), JSON.stringify({ ...base, ...changes }));
    const { status, stderr } = spawnSync(process.execPath, [script], {
      env: { ...env, TITRATE_JOB_DIR: job },
      encoding: 'utf8',
    });
    const text = await readFile(join(job, 'metrics.jsonl'), 'utf8').catch(() => '');
    const lines = text
      .split('\n')
      .slice(0, -1)
      .map((line) => MetricsLine.parse(JSON.parse(line)));
    return { job, status, stderr, text, lines };
  };

  it('keeps the job contract, and the same seed gives the same bytes', async () => {
    const [first, second, other] = [await train('a'), await train('b'), await train('c', { seed: 5 })];
    expect(first.status, first.stderr).toBe(0);
    expect(first.lines.map(({ step, tokens }) => [step, tokens])).toEqual([
      [10, 640],
      [20, 1280],
    ]);
    expect(Object.keys(first.lines[0]?.metrics ?? {})).toEqual([...domains.map((name) => `${name}_ce`), 'mean_ce']);
    expect(Number(first.lines[1]?.metrics['prose_ce'])).toBeLessThan(Number(first.lines[0]?.metrics['prose_ce']));
    expect(second.text).toBe(first.text);
    expect(other.text).not.toBe(first.text);
  });

  it('goes on from an earlier job to the same bytes as a run that never stopped', async () => {
    const whole = await train('whole');
    await train('half', { steps: 10, checkpoints: [10] });
    const rest = await train('rest', { checkpoints: [20], resume: { key: 'half', trial: 't1', steps: 10 } });
    expect(rest.status, rest.stderr).toBe(0);
    expect(rest.lines).toEqual(whole.lines.slice(1));
    const state = (job: string): Promise<Buffer> => readFile(join(job, 'checkpoint-20.bin'));
    expect(await state(rest.job)).toEqual(await state(whole.job));
  });

  it('ends with an error rather than start over when there is nothing to resume from', async () => {
    const lost = await train('lost', { resume: { key: 'nobody', trial: 't1', steps: 10 } });
    expect(lost.status).toBe(1);
    expect(lost.stderr).toMatch(/nobody/);
    const early = await train('early', { resume: { key: 'whole', trial: 't1', steps: 10 } });
    expect(early.stderr).toMatch(/no such file.*whole\/checkpoint-10\.bin/);
    expect(early.text).toBe('');
  });

  it('refuses a domain and a scale that it does not know', async () => {
    expect((await train('d', { mixture: { poems: 1 } })).stderr).toMatch(
      /mixture: expected domains of javascript.*found poems/,
    );
    expect((await train('e', { scale: '7B' })).stderr).toMatch(/scale: expected one of 5k, 15k, 50k, 200k; found 7B/);
  });

  it('writes a loss that is not finite and ends well, for titrate to see', async () => {
    const { job } = await train('sick', { steps: 10, checkpoints: [10] });
    const bytes = await readFile(join(job, 'checkpoint-10.bin'));
    bytes.writeDoubleLE(Number.NaN, bytes.indexOf(10) + 1 + 8 * (5074 - 1)); // the bias of the last symbol: in every loss
    await writeFile(join(job, 'checkpoint-10.bin'), bytes);
    const after = await train('after', { checkpoints: [20], resume: { key: 'sick', trial: 't1', steps: 10 } });
    expect(after.status, after.stderr).toBe(0);
    expect(after.lines).toMatchObject([{ step: 11, metrics: { mean_ce: null } }]);
  });

  it('collects the same corpus whoever else is collecting, and mends a damaged cache', async () => {
    const code = `import { loadCorpus } from ${JSON.stringify(join(script, '../corpus.mjs'))};
      import { createHash } from 'node:crypto';
      const corpus = loadCorpus();
      const hash = createHash('sha256');
      for (const { train, heldOut } of Object.values(corpus)) hash.update(train).update('|').update(heldOut);
      console.log(hash.digest('hex'));`;
    const args = ['--input-type=module', '-e', code];
    const digest = (): string => execFileSync(process.execPath, args, { env, encoding: 'utf8' });
    const first = digest();
    const cacheFolder = (await readdir(folder)).find((name) => name.startsWith('titrate-tiny-lm-')) ?? '';
    const [cache] = await readdir(join(folder, cacheFolder));
    await writeFile(join(folder, cacheFolder, cache ?? ''), 'torn');
    expect(digest()).toBe(first);
    await rm(join(folder, cacheFolder, cache ?? ''));
    const together = await Promise.all([1, 2, 3].map(() => promisify(execFile)(process.execPath, args, { env })));
    expect(together.map(({ stdout }) => stdout)).toEqual([first, first, first]);
    expect(await readdir(join(folder, cacheFolder))).toEqual([cache]);
  });
});
