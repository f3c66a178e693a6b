import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { INIT_TEMPLATE } from '../../src/cli/init-template.js';
import { readSweepSource } from '../../src/cli/sweep-source.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'titrate-source-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const write = async (name: string, text: string): Promise<string> => {
  const file = join(folder, name);
  await writeFile(file, text);
  return file;
};

const local = 'launcher: { kind: local, command: [python, ./train.py, ../data, --flag, "a/b"], cwd: work }';
const withLauncher = (launcher: string): string => INIT_TEMPLATE.replace(/^launcher: .*$/m, launcher);

describe('a sweep file', () => {
  it('written by init is a sweep that runs in the simulated world', async () => {
    const { sweep, id } = await readSweepSource(await write('init.yaml', INIT_TEMPLATE));
    expect(sweep.launcher).toMatchObject({ kind: 'simulator', world: 'slimpajama' });
    expect(id).toMatch(/^my-sweep-[0-9a-f]{8}$/);
  });

  it('means the same sweep wherever it lies and however it is commented, and another one when it says another thing', async () => {
    const one = await readSweepSource(await write('one.yaml', withLauncher(local)));
    const two = await readSweepSource(
      await write('two.yaml', `# moved\n${withLauncher(local).replace('seed: 7', 'seed:   7 # seven')}`),
    );
    const three = await readSweepSource(await write('three.yaml', withLauncher(local).replace('seed: 7', 'seed: 8')));
    expect(two.id).toBe(one.id);
    expect(three.id).not.toBe(one.id);
  });

  it('may say once what scales have in common', async () => {
    const plain = await readSweepSource(await write('plain.yaml', INIT_TEMPLATE));
    const merged = INIT_TEMPLATE.replace('20M: {', '20M: &small {').replace(
      /150M: \{.*\}/,
      '150M: { <<: *small, parameters: 150e6 }',
    );
    expect(merged).toMatch(/&small[^]*<<: \*small/);
    expect((await readSweepSource(await write('merged.yaml', merged))).id).toBe(plain.id);
  });

  it('keeps its id when a later version fills in more, and has another one when it says so itself', async () => {
    const { id } = await readSweepSource(await write('same.yaml', INIT_TEMPLATE));
    expect(id).toBe('my-sweep-83a5be2d'); // what version 0.1.0 gave it, which knew no retries
    const told = await readSweepSource(await write('told.yaml', `${INIT_TEMPLATE}\nretries: { failed: 4 }\n`));
    expect(told.id).not.toBe(id);
  });

  it('has its paths resolved against its own folder, and nothing else', async () => {
    const { placed, sweep } = await readSweepSource(await write('local.yaml', withLauncher(local)));
    expect(placed.launcher).toMatchObject({
      command: ['python', join(folder, 'train.py'), join(folder, '..', 'data'), '--flag', 'a/b'],
      cwd: join(folder, 'work'),
    });
    expect(sweep.launcher).toMatchObject({ cwd: 'work' });
    const table = 'launcher: { kind: simulator, world: runs/table.csv }';
    const replayed = await readSweepSource(await write('table.yaml', withLauncher(table)));
    expect(replayed.placed.launcher).toMatchObject({ world: join(folder, 'runs', 'table.csv') });
    const built = await readSweepSource(await write('init.yaml', INIT_TEMPLATE));
    expect(built.placed.launcher).toMatchObject({ world: 'slimpajama' });
  });

  it('with faults of syntax is refused with line and column of each', async () => {
    const file = await write('bad.yaml', 'name: x\nfoo: {a: 1, a: 2}\nbar: [1, 2\n');
    await expect(readSweepSource(file)).rejects.toMatchObject({
      problems: expect.arrayContaining([
        expect.objectContaining({ path: `${file}:2:13`, found: 'Map keys must be unique' }),
      ]),
    });
  });

  it('that is not there is refused with what was looked for', async () => {
    await expect(readSweepSource(join(folder, 'none.yaml'))).rejects.toThrow(
      /expected a sweep file; found no such file/,
    );
    await expect(readSweepSource(folder)).rejects.toThrow(/found a folder/);
  });

  it('that launches nothing is refused', async () => {
    await expect(readSweepSource(await write('none.yaml', withLauncher('launcher: { kind: none }')))).rejects.toThrow(
      /simulator or local/,
    );
  });
});
