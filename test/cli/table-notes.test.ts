import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readSweepSource } from '../../src/cli/sweep-source.js';
import { tableNotes } from '../../src/cli/table-notes.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'titrate-table-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const notesOf = async (rows: readonly string[]): Promise<string[]> => {
  await writeFile(join(folder, 'runs.csv'), `${['mix.web,mix.code,scale,steps,metric.loss', ...rows].join('\n')}\n`);
  const file = join(folder, 'sweep.yaml');
  await writeFile(
    file,
    `name: replay
objective: { minimize: loss }
domains: { web: {}, code: {} }
scales:
  20M: { parameters: 20e6, tokensPerStep: 1000, steps: [100] }
  1B: { parameters: 1e9, tokensPerStep: 1000, steps: [100] }
target: { scale: 1B, steps: 100 }
budget: { targetRuns: 3 }
launcher: { kind: simulator, world: ./runs.csv }
`,
  );
  return tableNotes((await readSweepSource(file)).placed);
};

const LARGE = ['0.2,0.8,1B,100,2.2', '0.9,0.1,1B,100,2.1'];

it('nothing is said of a table that has runs at every scale', async () => {
  expect(await notesOf(['0.2,0.8,20M,100,3', ...LARGE])).toEqual([]);
});

it.each([
  ['the name of the scale', '0.2,0.8,20m,100,3', '20m of 100 steps'],
  ['the number of steps', '0.2,0.8,20M,99,3', '20M of 99 steps'],
])('a scale of which the table has nothing, by %s, is named', async (_, row, told) => {
  expect(await notesOf([row, ...LARGE])).toEqual([
    `the table has no run at 20M that the sweep could choose; it has runs at ${told}, 1B of 100 steps`,
  ]);
});
