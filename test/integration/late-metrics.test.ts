/** A file that another machine has just made, on a network file system that remembers for a while that there was none. Here, where files share no modules. */
import type * as Files from 'node:fs/promises';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { readMetrics, readProgress } from '../../src/launchers/metrics-file.js';

const remembered = vi.hoisted(() => new Set<string>());

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof Files>();
  const look =
    <T>(action: (file: string, ...others: never[]) => Promise<T>) =>
    (file: string, ...others: never[]): Promise<T> =>
      action(remembered.has(file) ? `${file}.absent` : file, ...others);
  const readdir = async (folder: string): Promise<string[]> => {
    for (const file of remembered) if (dirname(file) === folder) remembered.delete(file);
    return real.readdir(folder);
  };
  return { ...real, open: look(real.open as never), lstat: look(real.lstat), stat: look(real.stat), readdir };
});

it('is read at the end of a job, though it was not there a moment ago', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'titrate-late-'));
  const file = join(folder, 'metrics.jsonl');
  remembered.add(file);
  await writeFile(file, '{"step":10,"metrics":{"loss":2}}\n');
  expect(await readProgress(file)).toBeUndefined();
  expect(await readMetrics(file, [10])).toMatchObject({ isThere: true, stepsReached: 10 });
  await rm(folder, { recursive: true });
});
