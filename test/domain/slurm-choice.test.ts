import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseSweep } from '../../src/domain/parse-sweep.js';

const file = parse(readFileSync(new URL('../../config/slurm.yaml', import.meta.url), 'utf8')) as object;
const withLauncher = (launcher: object) =>
  parseSweep({ ...file, launcher: { kind: 'slurm', command: ['a'], ...launcher } });

describe('the Slurm launcher of a sweep file', () => {
  it('is filled in, and read again as it is', () => {
    const sweep = withLauncher({ time: 90, env: { A: 1 }, scales: { '1B': { gres: 'gpu:8' } } });
    expect(sweep.launcher).toEqual({
      kind: 'slurm',
      command: ['a'],
      env: { A: '1' },
      graceSeconds: 60,
      requeue: false,
      time: '90',
      sbatchArgs: [],
      scales: { '1B': { gres: 'gpu:8', sbatchArgs: [] } },
    });
    expect(parseSweep(sweep)).toEqual(sweep);
  });

  it.each([
    [{ sbatchArgs: ['-p gpu'] }, /sbatchArgs\[0\].*--name=value/],
    [{ sbatchArgs: ['--output=x'] }, /sbatchArgs\[0\].*titrate does not set itself/],
    [{ sbatchArgs: ['--array=1-3'] }, /sbatchArgs\[0\]/],
    [{ time: 'an hour' }, /launcher\.time.*minutes/],
    [{ partition: 'a b' }, /launcher\.partition/],
    [{ scales: { '2B': {} } }, /launcher\.scales\.2B.*1B/],
    [{ scale: {} }, /scales/],
    [{ env: { 'A=B': '1' } }, /env/],
  ])('refuses %j', (launcher, words) => expect(() => withLauncher(launcher)).toThrow(words));
});
