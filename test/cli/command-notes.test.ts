import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { commandNotes } from '../../src/cli/command-notes.js';
import { INIT_TEMPLATE } from '../../src/cli/init-template.js';
import { readSweepSource } from '../../src/cli/sweep-source.js';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'titrate-command-'));
  await mkdir(join(root, 'work'));
  await writeFile(join(root, 'train.py'), '');
  await writeFile(join(root, 'work', 'there.py'), '');
});
afterAll(() => rm(root, { recursive: true, force: true }));

const notesOf = async (launcher: string): Promise<string[]> => {
  const file = join(root, 'sweep.yaml');
  await writeFile(file, INIT_TEMPLATE.replace(/^launcher: .*$/m, `launcher: ${launcher}`));
  return commandNotes(await readSweepSource(file));
};

it.each([
  ['{ kind: local, command: [node, ./train.py, --lr=1, /nowhere] }'],
  ['{ kind: local, command: [node, there.py], cwd: work }'],
  ['{ kind: slurm, command: [of-the-cluster, ./train.py] }'],
  ['{ kind: simulator, world: slimpajama }'],
])('nothing is said of a command that may well be found: %s', async (launcher) => {
  expect(await notesOf(launcher)).toEqual([]);
});

it.each([
  [
    '{ kind: local, command: [no-such-program-1, ./train.py] }',
    /command\[0\]: no program no-such-program-1 is on the PATH/,
  ],
  [
    '{ kind: local, command: [node, ./gone.py], env: { A: b } }',
    /command\[1\]: \.\/gone\.py is not there \(.*\/gone\.py\)$/,
  ],
  ['{ kind: local, command: [node], env: { PATH: /nowhere } }', /no program node/],
  [
    '{ kind: local, command: [node, train.py] }',
    /train\.py is looked for in the job’s own folder; .* is \.\/train\.py$/,
  ],
  ['{ kind: local, command: [node, train.py], cwd: work }', /train\.py is looked for in launcher\.cwd/],
  ['{ kind: slurm, command: [./gone.sh] }', /command\[0\]: \.\/gone\.sh is not there/],
])('what a command names and is not there is said: %s', async (launcher, words) => {
  const notes = await notesOf(launcher);
  expect(notes).toHaveLength(1);
  expect(notes[0]).toMatch(words);
});
