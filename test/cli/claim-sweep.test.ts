import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { claimSweep } from '../../src/cli/claim-sweep.js';
import { INIT_TEMPLATE } from '../../src/cli/init-template.js';
import { readSweepSource, type SweepSource } from '../../src/cli/sweep-source.js';
import { homeAt, sweepPaths, type Home } from '../../src/temporal/home.js';

let home: Home;
let source: SweepSource;
let other: SweepSource;

const read = async (name: string, text: string): Promise<SweepSource> => {
  const file = join(home.root, name);
  await writeFile(file, text);
  return readSweepSource(file);
};

beforeEach(async () => {
  home = homeAt(await mkdtemp(join(tmpdir(), 'titrate-claim-')));
  source = await read('a.yaml', INIT_TEMPLATE);
  other = await read('b.yaml', INIT_TEMPLATE.replace('seed: 7', 'seed: 8'));
});
afterEach(() => rm(home.root, { recursive: true, force: true }));

describe('claiming a sweep', () => {
  it('keeps the file as it was written, and finds the same sweep again', async () => {
    const id = await claimSweep(home, source, { fresh: false });
    expect(id).toBe(source.id);
    expect(await claimSweep(home, source, { fresh: false })).toBe(id);
    expect(await readFile(sweepPaths(home, id).sweepFile, 'utf8')).toBe(INIT_TEMPLATE);
  });

  it('gives every fresh claim an id of its own, also when many are made at once', async () => {
    const ids = await Promise.all(Array.from({ length: 6 }, () => claimSweep(home, source, { fresh: true })));
    expect(new Set(ids)).toEqual(new Set([source.id, ...[2, 3, 4, 5, 6].map((n) => `${source.id}-${n}`)]));
  });

  it('never gives one id to two different sweeps', async () => {
    await claimSweep(home, source, { id: 'mine', fresh: false });
    await expect(claimSweep(home, other, { id: 'mine', fresh: false })).rejects.toThrow(/this id is taken/);
    expect(await claimSweep(home, other, { id: 'mine', fresh: true })).toBe('mine-2');
  });

  it.each([
    ['a world that is not there', 'world: slimpajama', 'world: pile', /launcher.world: expected slimpajama, or a path/],
    ['an objective that its world does not report', 'book_ce }', 'book_c }', /objective: .*did you mean book_ce\?/],
    [
      'a guard on what its world does not report',
      'seed: 7',
      'seed: 7\nguards: [{ metric: val_loss, atMost: 3 }]',
      /guards\[0\]\.metric: expected one of commoncrawl_ce.*; found "val_loss"/,
    ],
    [
      'a size beyond its world',
      'parameters: 1e9',
      'parameters: 7e9',
      /scales.1B.parameters: expected .*found 7000000000/,
    ],
    [
      'shares that are all fixed',
      /domains:\n[^]*?\n\n/,
      'domains: { wikipedia: { share: 0.5 }, github: { share: 0.3 }, book: { min: 0.2 }, stackexchange: { share: 0 }, arxiv: { max: 0.9 } }\n#',
      /domains: expected limits that leave mixtures to choose from; found one only: wikipedia 0\.5, github 0\.3, book 0\.2, stackexchange 0, arxiv 0/,
    ],
    [
      'a list of one mixture',
      'seed: 7',
      'seed: 7\nmixtures: [{ book: 0.9, github: 0.1 }, { github: 0.1, book: 0.9 }]',
      /mixtures: expected two different mixtures or more, to choose from; found one/,
    ],
    [
      'earlier runs that are not there',
      'seed: 7',
      'seed: 7\nimports: [{ from: gone.csv }]',
      /gone\.csv: .*no such file/,
    ],
    [
      'a program that is not there',
      /^launcher: .*$/m,
      'launcher: { kind: local, command: [./train] }',
      /command\[0\]: .* found none at \/.*\/train/,
    ],
    [
      'a program that may not be run',
      /^launcher: .*$/m,
      'launcher: { kind: local, command: [./faulty.yaml] }',
      /command\[0\]: expected a program that may be run/,
    ],
    [
      'a program in the folder of a job',
      /^launcher: .*$/m,
      'launcher: { kind: local, command: [bin/train] }',
      /looked for in the job’s own folder/,
    ],
    [
      'a working folder that is not there',
      /^launcher: .*$/m,
      'launcher: { kind: local, command: [node], cwd: gone }',
      /launcher\.cwd: expected a folder; found none at/,
    ],
    [
      'an option that its policy does not know',
      'policy: titrate',
      'policy: { name: titrate, foo: 1 }',
      /faulty\.yaml:46:26: policy\.foo: expected none; found an unknown option/,
    ],
    [
      'a misspelt option of a policy',
      'policy: titrate',
      'policy: { name: random, scal: 1B }',
      /policy\.scal: expected one of scale, steps, concentration \(did you mean scale\?\)/,
    ],
    [
      'a domain that its world does not know',
      '  book: {',
      '  boook: {',
      /faulty\.yaml:16:3: domains\.boook: expected one of .* \(did you mean book\?\)/,
    ],
    [
      'steps that its world does not know',
      '1B: { parameters: 1e9, tokensPerStep: 1048576, steps: [2000,',
      '1B: { parameters: 1e9, tokensPerStep: 1048576, steps: [20,',
      /scales\.1B\.steps: expected steps from 1000/,
    ],
    [
      'a variable that YAML reads as a number of other characters',
      /^launcher: .*$/m,
      'launcher: { kind: local, command: [node], env: { ARCH: 9.0, THREADS: 8, DATA: "1.10" } }',
      /:50:50: launcher\.env\.ARCH: expected text in quotes, "9\.0": without them it is 9; found 9\.0$/,
    ],
    [
      'a variable of a scale that YAML reads as a truth value of other characters',
      /^launcher: .*$/m,
      'launcher: { kind: kubernetes, image: x, scales: { 1B: { env: { FAST: True, ON: true } } } }',
      /launcher\.scales\.1B\.env\.FAST: expected text in quotes, "True": without them it is true; found True$/,
    ],
  ])('refuses %s before there is a folder', async (_, from, to, message) => {
    const faulty = await read('faulty.yaml', INIT_TEMPLATE.replace(from, to));
    await expect(claimSweep(home, faulty, { fresh: false })).rejects.toThrow(message);
    expect(existsSync(home.sweeps)).toBe(false);
  });

  it('leaves programs to the worker where a team runs its own, and a bare name to its PATH', async () => {
    const claimed = async (name: string, command: string): Promise<string> =>
      claimSweep(
        home,
        await read(name, INIT_TEMPLATE.replace(/^launcher: .*$/m, `launcher: { kind: local, command: [${command}] }`)),
        { fresh: false },
      );
    expect(await claimed('bare.yaml', 'no-such-program-1')).toMatch(/^my-sweep-/);
    vi.stubEnv('TITRATE_TASK_QUEUE', 'models');
    expect(await claimed('theirs.yaml', './gone')).toMatch(/^my-sweep-/);
    vi.unstubAllEnvs();
  });

  it('finds a sweep that has begun, also when its world is gone since', async () => {
    const begun = await read('begun.yaml', INIT_TEMPLATE.replace('world: slimpajama', 'world: ./gone.csv'));
    await expect(claimSweep(home, begun, { fresh: false })).rejects.toThrow(/the simulated world cannot be read/);
    const { folder, record } = sweepPaths(home, begun.id);
    await mkdir(folder, { recursive: true });
    await writeFile(record, '');
    expect(await claimSweep(home, begun, { fresh: false })).toBe(begun.id);
  });

  it('refuses an id that would lead out of its folder', async () => {
    for (const id of ['../x', 'a/b', '', '.hidden', 'x'.repeat(101)]) {
      await expect(claimSweep(home, source, { id, fresh: false })).rejects.toThrow(/this id cannot be used/);
    }
  });
});
