import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { INIT_TEMPLATE } from '../../src/cli/init-template.js';
import { readSweepSource, sweepDigest } from '../../src/cli/sweep-source.js';

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

  it('has commands that are told resolved against its own folder as well, under the same id', async () => {
    const notify = 'notify: [{ command: [./tell.sh, --to, team/a] }, { webhook: env:HOOK }]';
    const { placed, sweep, id } = await readSweepSource(await write('notify.yaml', `${INIT_TEMPLATE}\n${notify}\n`));
    const command = [join(folder, 'tell.sh'), '--to', 'team/a'];
    expect(placed.notify).toEqual([{ command }, { webhook: 'env:HOOK' }]);
    expect(sweep.notify?.[0]).toEqual({ command: ['./tell.sh', '--to', 'team/a'] });
    expect(id.slice(-8)).toBe(sweepDigest(sweep).slice(0, 8));
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

  it('with faulty values is refused with file, line and column of each, or the file alone for what is missing', async () => {
    const text = INIT_TEMPLATE.replace('20M: {', '20M: &small {')
      .replace('tokensPerStep: 524288', 'tokensPerStep: 0.5M')
      .replace(/150M: \{.*\}/, '150M: { <<: *small, parameters: 150M }')
      .replace(/^budget:.*$/m, 'budgt: { targetRuns: 4 }');
    const lineOf = (part: string): number => text.slice(0, text.indexOf(part)).split('\n').length;
    const file = await write('faulty.yaml', text);
    const [small, larger] = [lineOf('20M: &small'), lineOf('150M: {')];
    await expect(readSweepSource(file)).rejects.toMatchObject({
      problems: [
        expect.objectContaining({ path: 'budgt', at: `${file}:${lineOf('budgt')}:1` }),
        expect.objectContaining({ path: 'scales.20M.tokensPerStep', at: `${file}:${small}:35` }),
        expect.objectContaining({ path: 'scales.150M.parameters', at: `${file}:${larger}:23`, found: '"150M"' }),
        expect.objectContaining({ path: 'scales.150M.tokensPerStep', at: `${file}:${small}:35` }), // where the anchor has it
        expect.objectContaining({ path: 'budget', at: file, found: 'nothing' }),
      ],
    });
    await expect(readSweepSource(file)).rejects.toThrow(`${file}:${larger}:23: scales.150M.parameters: expected`);
  });

  it('says so where names need quotes, in lists too, and where the place holds an odd name', async () => {
    const text = INIT_TEMPLATE.replace(
      'github: { min',
      '"a, \\"b\\": [0]": { max: 1 }\n  "c.d": { mix: 1 }\n  github: { min',
    );
    const file = await write('odd.yaml', text.replace('[github, stackexchange]', '[1, stackexchange]'));
    await expect(readSweepSource(file)).rejects.toMatchObject({
      problems: [
        expect.objectContaining({ path: 'domains["c.d"].mix', at: `${file}:16:12` }),
        expect.objectContaining({ path: 'groups[0].domains[0]', at: `${file}:24:17`, expected: 'text, in quotes' }),
      ],
    });
  });

  it('is refused where a name would be another one without quotes, and says what it would be', async () => {
    const named = (name: string): string =>
      INIT_TEMPLATE.replace('github: { min', `${name}: { max: 1 }\n  github: { min`);
    const odd = await write('odd-names.yaml', named('1.10').replaceAll('20M', '1e9').replaceAll('150M', '007'));
    await expect(readSweepSource(odd)).rejects.toMatchObject({
      problems: [
        {
          path: 'domains',
          at: `${odd}:15:3`,
          expected: 'a name in quotes, "1.10": without them it is 1.1',
          found: '1.10',
        },
        expect.objectContaining({ path: 'scales', expected: 'a name in quotes, "1e9": without them it is 1000000000' }),
        expect.objectContaining({ path: 'scales', expected: 'a name in quotes, "007": without them it is 7' }),
      ],
    });
    const none = await write('no-name.yaml', named('null'));
    await expect(readSweepSource(none)).rejects.toThrow(
      /domains: expected a name in quotes, "null": without them it is no name/,
    );
    const plain = await write('plain-names.yaml', named('2024').replaceAll('1B', '"1e9"'));
    expect(Object.keys((await readSweepSource(plain)).sweep.domains)).toContain('2024');
  });

  it('of two documents, or with an alias that leads nowhere, is refused at its line', async () => {
    const two = await write('two-documents.yaml', `${INIT_TEMPLATE}---\n${INIT_TEMPLATE}`);
    await expect(readSweepSource(two)).rejects.toThrow(/:57:1: expected one YAML document; found a second one/);
    const stray = await write('stray.yaml', 'name: x\nscales: *none\n');
    await expect(readSweepSource(stray)).rejects.toThrow(`${stray}:2:9: expected YAML; found Unresolved alias`);
  });

  it('that is not UTF-8 is refused: a name in it would be another one', async () => {
    const latin = join(folder, 'latin.yaml');
    await writeFile(latin, Buffer.from(INIT_TEMPLATE.replaceAll('book', 'b\u00fccher'), 'latin1'));
    await expect(readSweepSource(latin)).rejects.toThrow(/latin\.yaml: expected text in UTF-8/);
    const wide = join(folder, 'wide.yaml');
    await writeFile(wide, Buffer.from(`\ufeff${INIT_TEMPLATE}`, 'utf16le'));
    await expect(readSweepSource(wide)).rejects.toThrow(/expected text in UTF-8/);
    const marked = await write('marked.yaml', `\ufeff${INIT_TEMPLATE.replaceAll('\n', '\r\n')}`);
    expect((await readSweepSource(marked)).id).toBe('my-sweep-83a5be2d');
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
