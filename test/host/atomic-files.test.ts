import { execFileSync } from 'node:child_process';
import { chmod, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createOnce,
  isThere,
  lastLines,
  makeFolder,
  readTail,
  replaceFile,
  sizeOf,
} from '../../src/host/atomic-files.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'titrate-files-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;

describe('creating a file', () => {
  it('happens once, whole, though many try at the same time', async () => {
    const file = join(folder, 'once');
    const texts = Array.from({ length: 20 }, (_, i) => `${i}`.repeat(10_000));
    const created = await Promise.all(texts.map((text) => createOnce(file, text)));
    expect(created.filter(Boolean)).toHaveLength(1);
    expect(await readFile(file, 'utf8')).toBe(texts[created.indexOf(true)]);
    expect(await createOnce(file, 'later')).toBe(false);
    expect(await readdir(folder)).toEqual(['once']);
  });

  it('does not write through a link that leads nowhere', async () => {
    await symlink(join(folder, 'nowhere'), join(folder, 'link'));
    expect(await createOnce(join(folder, 'link'), 'x')).toBe(false);
    expect(await isThere(join(folder, 'nowhere'))).toBe(false);
  });

  it('gives it the mode that is asked for', async () => {
    await createOnce(join(folder, 'private'), 'x', 0o600);
    expect(await modeOf(join(folder, 'private'))).toBe(0o600);
  });
});

describe('replacing a file', () => {
  it('shows readers the old text or the new one, never a part', async () => {
    const file = join(folder, 'file');
    const texts = ['a', 'b'].map((letter) => letter.repeat(1_000_000));
    await replaceFile(file, texts[0] ?? '');
    const written = new AbortController();
    const reading = (async () => {
      const seen = new Set<string>();
      while (!written.signal.aborted) seen.add(await readFile(file, 'utf8'));
      return seen;
    })();
    for (let i = 0; i < 10; i++) await replaceFile(file, texts[i % 2] ?? '', 0o600);
    written.abort();
    for (const text of await reading) expect(texts.includes(text)).toBe(true);
    expect(await modeOf(file)).toBe(0o600);
    expect(await readdir(folder)).toEqual(['file']);
  });

  it('leaves no draft behind when it fails', async () => {
    await makeFolder(join(folder, 'taken', 'inner'));
    await expect(replaceFile(join(folder, 'taken'), 'x')).rejects.toThrow();
    expect(await readdir(folder)).toEqual(['taken']);
  });
});

describe('making a folder', () => {
  it('makes those above it, and says whether it was there', async () => {
    const deep = join(folder, 'a/b/c');
    expect(await makeFolder(deep, 0o700)).toBe(true);
    expect(await makeFolder(deep)).toBe(false);
    expect(await modeOf(join(folder, 'a'))).toBe(0o700);
  });

  it('says that a file is in the way', async () => {
    await writeFile(join(folder, 'file'), '');
    await expect(makeFolder(join(folder, 'file'))).rejects.toMatchObject({ code: 'EEXIST' });
    await expect(makeFolder(join(folder, 'file', 'sub'))).rejects.toMatchObject({ code: 'ENOTDIR' });
  });
});

describe('the end of a file', () => {
  it('is read, whatever the length', async () => {
    await writeFile(join(folder, 'log'), 'one\ntwo\nthree\n');
    expect(await readTail(join(folder, 'log'), 6)).toBe('three\n');
    expect(await readTail(join(folder, 'log'), 1000)).toBe('one\ntwo\nthree\n');
    expect(await lastLines(join(folder, 'log'), 2)).toBe('two\nthree');
    expect(await lastLines(join(folder, 'log'), 2, 8)).toBe('three');
    expect(await lastLines(join(folder, 'log'), 2, 99)).toBe('');
    expect([await sizeOf(join(folder, 'log')), await sizeOf(join(folder, 'none'))]).toEqual([14, 0]);
  });

  it('is nothing where there is no plain file, and nobody waits for the writer of a pipe', async () => {
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    for (const path of [folder, join(folder, 'pipe'), join(folder, 'none')]) {
      expect(await readTail(path, 10)).toBeUndefined();
      expect(await lastLines(path, 10)).toBe('');
    }
  });

  it('is an error where it may not be read', async (context) => {
    if (process.getuid?.() === 0) context.skip('root may read everything');
    await writeFile(join(folder, 'secret'), 'x');
    await chmod(join(folder, 'secret'), 0);
    await expect(readTail(join(folder, 'secret'), 10)).rejects.toMatchObject({ code: 'EACCES' });
  });
});
