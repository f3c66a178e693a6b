/** A job's folder is written by the job: what it puts there leads nowhere else, and nothing there is waited for. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { checkKey, jobFiles, readRecord, type JobFiles } from '../../src/launchers/job-folder.js';
import { readResult } from '../../src/launchers/job-result.js';
import { readProgress } from '../../src/launchers/metrics-file.js';

const LINE = `${JSON.stringify({ step: 40, metrics: { loss: 1 } })}\n`;
const SECRET = 'the-secret-of-somebody-else';
const FAILED = { how: 'failed', words: 'exit status 1' } as const;
const CLEAN = { how: 'clean', words: 'exit status 0' } as const;

let root = '';
let outside = '';
let files: JobFiles;
let jobs = 0;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'titrate-confined-'));
  outside = join(root, 'outside');
  writeFileSync(outside, `${LINE}${SECRET}\n`);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));
beforeEach(() => {
  files = jobFiles(join(root, `job-${(jobs += 1)}`));
  mkdirSync(files.folder);
  writeFileSync(files.spec, JSON.stringify({ steps: 40, checkpoints: [40] }));
});

describe('metrics.jsonl', () => {
  it('that is a link to a file elsewhere is left out, and the job’s result says so', async () => {
    symlinkSync(outside, files.metrics);
    const result = await readResult(files, CLEAN, false);
    expect(result).toMatchObject({ status: 'failed', digest: '', metrics: {} });
    expect(result.warnings).toEqual(['metrics.jsonl leads out of the job’s folder: it is left out']);
    expect(await readProgress(files.metrics)).toBeUndefined();
  });

  it('that is a link to a file beside it is read', async () => {
    writeFileSync(join(files.folder, 'run-1.jsonl'), LINE);
    symlinkSync('run-1.jsonl', files.metrics);
    expect(await readResult(files, CLEAN, false)).toMatchObject({ status: 'completed', metrics: { loss: 1 } });
  });

  it.each([
    ['a link to itself', () => symlinkSync('metrics.jsonl', files.metrics)],
    ['a link to nothing', () => symlinkSync(join(root, 'nothing'), files.metrics)],
    ['a folder', () => mkdirSync(files.metrics)],
    ['a queue that nobody writes to', () => execFileSync('mkfifo', [files.metrics])],
    ['a link to a device without an end', () => symlinkSync('/dev/zero', files.metrics)],
  ])('that is %s is left out at once', async (_, plant) => {
    plant();
    const began = performance.now();
    const result = await readResult(files, CLEAN, false);
    expect(result).toMatchObject({ status: 'failed', digest: '' });
    expect(result.warnings).toHaveLength(1);
    expect(await readProgress(files.metrics)).toBeUndefined();
    expect(performance.now() - began).toBeLessThan(2000);
  });
});

describe('other files of a job', () => {
  it('outputs that are links to files elsewhere are not shown in the detail', async () => {
    symlinkSync(outside, files.stderr);
    writeFileSync(files.stdout, 'its own words');
    const { detail } = await readResult(files, FAILED, false);
    expect(detail).toContain('stdout: its own words');
    expect(detail).not.toContain(SECRET);
  });

  it('outputs that are queues or folders are passed over without waiting', async () => {
    execFileSync('mkfifo', [files.stderr]);
    mkdirSync(files.stdout);
    expect((await readResult(files, FAILED, false)).detail).toContain('exit status 1');
  });

  it('a record of ours that is a link elsewhere is refused, and what lies there is not told', async () => {
    symlinkSync(outside, files.lock);
    await expect(readRecord(files.lock)).rejects.toMatchObject({ code: 'StateError' });
    await expect(readRecord(files.lock)).rejects.not.toThrow(SECRET);
  });
});

it.each(['..', '.', '', '../x', 'a/b', 'a\\b', '/etc/passwd', 'a\0b', 'a\nb', 'x'.repeat(201)])(
  'the job key %j names no folder of its own and is refused',
  (key) => {
    expect(() => checkKey(key)).toThrow(/a job key must be a plain file name/);
  },
);
