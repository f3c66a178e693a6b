import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { LineTail } from './account.js';

describe('the end of a growing file', () => {
  const folders: string[] = [];
  const fileIn = async (): Promise<string> => {
    const folder = await mkdtemp(join(tmpdir(), 'titrate-tail-'));
    folders.push(folder);
    return join(folder, 'lines');
  };
  afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true }))));

  it('gives every line once, when it has ended', async () => {
    const file = await fileIn();
    const tail = new LineTail(file);
    expect(await tail.read()).toEqual([]);
    await writeFile(file, 'one\ntw');
    expect(await tail.read()).toEqual(['one']);
    await appendFile(file, 'o\n');
    expect(await tail.read()).toEqual(['two']);
    expect(await tail.read()).toEqual([]);
  });

  it('gives it to one of those who ask side by side', async () => {
    const file = await fileIn();
    await writeFile(file, 'one\ntwo\n');
    const tail = new LineTail(file);
    expect(await Promise.all([tail.read(), tail.read(), tail.read()])).toEqual([['one', 'two'], [], []]);
    await appendFile(file, 'three\n');
    expect(await tail.read()).toEqual(['three']);
  });
});
