/** A metric that nothing depends on may be missing: told of a job by this version, and by those before it. */
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { checkJobs } from '../../src/audit/job-check.js';
import type { RecordLine } from '../../src/domain/record-event.js';
import { playSmallSweep } from './small-record.js';

const TRIAL = 't0001';

let root = '';
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'titrate-unneeded-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

/** Makes the job of a trial report an unmeasured score beside its loss, as the record would have it; `tells`: what it says of that. */
const unmeasured = async (tells: (event: object) => object): Promise<{ folder: string; lines: RecordLine[] }> => {
  const { folder, lines } = await playSmallSweep(await mkdtemp(join(root, 'sweep-')));
  const observed = lines.find(({ event }) => event.type === 'observed' && event.trial === TRIAL)!;
  const { key } = observed.event as { key: string };
  const file = join(folder, 'jobs', key, 'metrics.jsonl');
  const text = (await readFile(file, 'utf8')).replaceAll('"metrics":{', '"metrics":{"score":null,');
  await writeFile(file, text);
  const digest = createHash('sha256').update(text).digest('hex');
  const event = { ...observed.event, digest, ...tells(observed.event) } as RecordLine['event'];
  return { folder, lines: lines.map((line) => (line === observed ? { ...line, event } : line)) };
};

it.each([
  ['completed, without it', () => ({}), []],
  ['diverged, as earlier versions had it', () => ({ status: 'diverged', metrics: {}, curve: [] }), []],
  [
    'completed, with a checkpoint left out',
    ({ curve }: { curve: object[] }) => ({ curve: curve.slice(1) }),
    ['other curve'],
  ],
])('a job whose score was never measured is %s', async (_, tells, faults) => {
  const { folder, lines } = await unmeasured(tells as (event: object) => object);
  const check = await checkJobs(lines, { folder, withoutJobs: false, found: [] });
  expect(check.faults.map(({ looksLike }) => looksLike)).toEqual(faults);
});
