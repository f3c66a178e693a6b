import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { checkStart } from '../../src/cli/check-start.js';
import { INIT_TEMPLATE } from '../../src/cli/init-template.js';
import { startNotes } from '../../src/cli/start-notes.js';
import { readSweepSource } from '../../src/cli/sweep-source.js';

const notesOf = async (text: string): Promise<string[]> => {
  const folder = await mkdtemp(join(tmpdir(), 'titrate-notes-'));
  const file = join(folder, 'sweep.yaml');
  const rows = ['0.2,0.8', '0.5,0.5', '0.9,0.1'].map((shares, i) => `${shares},L,1000,${i}`);
  await writeFile(join(folder, 'runs.csv'), ['mix.a,mix.b,scale,steps,metric.loss', ...rows, ''].join('\n'));
  await writeFile(file, text);
  try {
    const source = await readSweepSource(file);
    return await startNotes(source, await checkStart(source));
  } finally {
    await rm(folder, { recursive: true });
  }
};

const LAW = { domains: 'book: {}, github: {}', metric: 'book_ce', steps: [1000, 2000], world: 'slimpajama' };
const TABLE = { domains: 'a: {}, b: {}', metric: 'loss', steps: [100, 1000], world: './runs.csv' }; // without the short ones

it.each([
  ['asha', TABLE, 3, ' and the runs that the table has'],
  ['random', LAW, 0.5, ''],
  ['random', LAW, 3, undefined],
  ['titrate', TABLE, 3, undefined],
])('says of the policy %s whether it finds a run to buy', async (policy, of, targetRuns, given) => {
  const notes = await notesOf(`name: first
objective: { minimize: ${of.metric} }
domains: { ${of.domains} }
scales: { L: { parameters: 20e6, tokensPerStep: 1000, steps: [${of.steps.join(', ')}] } }
target: { scale: L, steps: ${of.steps[1]} }
budget: { targetRuns: ${targetRuns} }
policy: ${policy}
launcher: { kind: simulator, world: ${of.world} }
`);
  const found = notes.filter((text) => text.includes('finds no run to buy'));
  expect(found).toEqual(
    given === undefined ? [] : [expect.stringContaining(`${policy} finds no run to buy with this budget${given}: `)],
  );
});

it('notes a time that is given for an answer and never used', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'titrate-notes-'));
  const file = join(folder, 'sweep.yaml');
  const notesWith = async (approval: string): Promise<string[]> => {
    await writeFile(file, `${INIT_TEMPLATE}\napproval: ${approval}\n`);
    const source = await readSweepSource(file);
    return startNotes(source, await checkStart(source));
  };
  expect(await notesWith('{ target: true, timeoutSeconds: 60, onTimeout: wait }')).toEqual([
    'approval.timeoutSeconds says nothing beside onTimeout: wait: a request waits for ever',
  ]);
  expect(await notesWith('{ target: true, timeoutSeconds: 60 }')).toEqual([]);
  expect(await notesWith('{ target: true, onTimeout: wait }')).toEqual([]);
  await rm(folder, { recursive: true });
});
