/** The whole spine on real training: config/tiny-lm.yaml at its two smallest sizes, from YAML to recommendation. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';

const project = path.resolve(import.meta.dirname, '../..');
const run = promisify(execFile);

interface TinyFile {
  scales: Record<string, { steps: number[] }>;
  cost: { perStep: Record<string, number> };
  [key: string]: unknown;
}

/** Shrinks the sweep: two sizes, half the steps, no confirmation, the same domains and objective. */
const shrink = async (): Promise<string> => {
  const file = parse(await readFile(path.join(project, 'config/tiny-lm.yaml'), 'utf8')) as TinyFile;
  const keep = ['5k', '15k'];
  const kept = <T>(map: Record<string, T>): Record<string, T> =>
    Object.fromEntries(Object.entries(map).filter(([name]) => keep.includes(name)));
  const scales = Object.entries(kept(file.scales)).map(([name, scale]) => [name, { ...scale, steps: [150, 300] }]);
  const command = [process.execPath, path.join(project, 'examples/tiny-lm/train.mjs')];
  return stringify({
    ...file,
    scales: Object.fromEntries(scales) as object,
    cost: { ...file.cost, perStep: kept(file.cost.perStep) },
    target: { scale: '15k', steps: 300 },
    budget: { targetRuns: 14 },
    confirm: 0,
    launcher: { kind: 'local', command, timeoutSeconds: 120 },
  });
};

describe('a sweep of tiny language models', () => {
  let folder: string;
  let env: NodeJS.ProcessEnv;
  const titrate = (...args: string[]) =>
    run(process.execPath, [path.join(project, 'dist/cli/main.js'), ...args], { env });

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'titrate-tiny-sweep-'));
    env = { ...process.env, TITRATE_HOME: path.join(folder, 'home') };
  });
  afterAll(async () => {
    await titrate('server', 'stop');
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  });

  it('trains real models, and its recommendation beats the uniform mixture when both are trained at the target', async () => {
    const file = path.join(folder, 'tiny.yaml');
    await writeFile(file, await shrink());
    const { stdout } = await titrate('run', file, '--json');
    const ended = JSON.parse(stdout) as { status: string; folder: string; observations: number };
    expect(ended.status).toBe('completed');
    expect(await readdir(path.join(ended.folder, 'jobs'))).toHaveLength(ended.observations);
    const compare = path.join(project, 'examples/tiny-lm/compare.mjs');
    const { stdout: compared } = await run(process.execPath, [compare, ended.folder, '2']);
    const meanOf = (name: string): number => Number(new RegExp(`^${name} +([0-9.]+) \\(`, 'm').exec(compared)?.[1]);
    // Seeds differ by some .015, the mixtures by some .15.
    expect(meanOf('recommendation'), compared).toBeLessThan(meanOf('uniform') - 0.02);
  }, 600_000);
});
