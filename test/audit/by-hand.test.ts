/** The program by which docs/record.md lets an auditor check a record without titrate. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { linkLine } from '../../src/ledger/chain.js';
import { playSmallSweep } from './small-record.js';

let folder = '';
let record = '';
let spent = 0;

/** Runs the program of the page in the folder: its exit status and what it says. */
const byHand = (): Promise<{ status: unknown; said: string }> =>
  new Promise((done) => {
    execFile(process.execPath, ['by-hand.mjs'], { cwd: folder }, (error, stdout, stderr) => {
      done({ status: error === null ? 0 : error.code, said: stdout + stderr });
    });
  });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'titrate-by-hand-'));
  const { lines } = await playSmallSweep(folder);
  const last = lines.at(-1)!;
  if (last.event.type === 'ended') ({ spent } = last.event);
  const page = await readFile('docs/record.md', 'utf8');
  await writeFile(join(folder, 'by-hand.mjs'), /```js\n([\s\S]*?)```/.exec(page)![1]!);
  record = await readFile(join(folder, 'record.jsonl'), 'utf8');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the program for auditors in docs/record.md', () => {
  it('finds a record whole, its head, and all that was charged, whatever the text and the numbers of a line', async () => {
    const last = JSON.parse(record.trimEnd().split('\n').at(-1)!);
    const odd = linkLine(last, {
      key: 'odd',
      at: last.at,
      event: {
        type: 'act',
        act: 'veto',
        by: 'é\u2028😀"',
        bounds: { ﬀ: { min: 1e-7, max: 0.1 + 0.2 }, '😀': { min: 1e21, max: 5e-324 } },
      },
    });
    await writeFile(join(folder, 'record.jsonl'), `${record}${JSON.stringify(odd)}\n{"v":1,"torn`);
    const { status, said } = await byHand();
    expect([status, said.trim()]).toEqual([0, expect.stringContaining(`head ${odd.seq}:${odd.hash}`)]);
    expect(Number(/([\d.e+-]+) spent/.exec(said)![1])).toBeCloseTo(spent, 9);
  });

  it('finds a changed line, a line that is gone, and the changed file of a job', async () => {
    const rows = record.split('\n');
    await writeFile(join(folder, 'record.jsonl'), record.replace(/"cost":(\d)/, '"cost":1$1'));
    expect(await byHand()).toMatchObject({ status: 1, said: expect.stringMatching(/its hash is not of what it says/) });
    await writeFile(join(folder, 'record.jsonl'), rows.toSpliced(4, 1).join('\n'));
    expect(await byHand()).toMatchObject({ status: 1, said: expect.stringMatching(/line 5: does not follow/) });
    await writeFile(join(folder, 'record.jsonl'), record);
    const { key } = rows
      .slice(0, -1)
      .map((row) => JSON.parse(row).event)
      .find(({ type }) => type === 'observed');
    await writeFile(join(folder, 'jobs', key, 'metrics.jsonl'), 'other');
    expect(await byHand()).toMatchObject({
      status: 1,
      said: expect.stringMatching(`jobs/${key}/metrics.jsonl is not`),
    });
  });
});
