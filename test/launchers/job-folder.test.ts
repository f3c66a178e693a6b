import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { JOB_FILE, METRICS_FILE } from '../../src/domain/job-contract.js';
import { checkKey, createOnce, jobFiles, makeFolder, readTail } from '../../src/launchers/job-folder.js';
import { printable } from '../../src/launchers/printable.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'titrate-folder-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('a job folder', () => {
  it('has the files that the contract names', () => {
    const files = jobFiles('/jobs/k');
    expect([files.spec, files.metrics]).toEqual([join('/jobs/k', JOB_FILE), join('/jobs/k', METRICS_FILE)]);
  });

  it.each(['s.t1.g1', 'a b', '.hidden', 'ключ', '..t1', '-'.repeat(200)])('takes the key %j', (key) => {
    expect(() => checkKey(key)).not.toThrow();
  });

  it.each(['', ' ', '.', '..', '...', 'a/b', '/a', 'a\\b', 'a\u0000', 'a\u001b[2J', 'a\u2028b', 'é'.repeat(101)])(
    'refuses the key %j',
    (key) => {
      expect(() => checkKey(key)).toThrow('a job key must be a plain file name');
    },
  );

  it('creates a file once, whole, though many try at the same time', async () => {
    const file = join(folder, 'once');
    const texts = Array.from({ length: 20 }, (_, i) => `${i}`.repeat(10_000));
    const created = await Promise.all(texts.map((text) => createOnce(file, text)));
    expect(created.filter(Boolean)).toHaveLength(1);
    expect(await readFile(file, 'utf8')).toBe(texts[created.indexOf(true)]);
    expect(await createOnce(file, 'later')).toBe(false);
    expect(await readdir(folder)).toEqual(['once']);
  });

  it('makes folders that are there already', async () => {
    const deep = join(folder, 'a/b/c');
    await makeFolder(deep);
    await makeFolder(deep);
    expect(await readTail(deep, 10)).toBeUndefined();
  });
});

describe('text of a job', () => {
  it('is shown without escapes, controls and marks that turn its direction', () => {
    expect(printable('\u001b[31mred\u001b[0m\u001b]0;title\u0007 \u0000\u0008a\u202eb\r\nc\td', 100)).toBe(
      'red \ufffd\ufffda\ufffdb\nc\td',
    );
  });

  it('is cut to its end', () => {
    expect(printable('abcdef', 3)).toBe('…def');
  });
});
