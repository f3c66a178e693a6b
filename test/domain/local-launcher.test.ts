import { expect, test } from 'vitest';
import { gpusPerJobOf } from '../../src/domain/local-choice.js';
import { parseSweep } from '../../src/domain/parse-sweep.js';
import { launchedSweep, problemsIn } from './launched-sweep.js';

const sweepWith = (launcher: object) => launchedSweep({ kind: 'local', command: ['train'], ...launcher });
const problemsOf = (launcher: object): string => problemsIn(sweepWith(launcher));

const localOf = (launcher: object) => {
  const sweep = parseSweep(sweepWith(launcher));
  if (sweep.launcher.kind !== 'local') throw new Error('expected a local launcher');
  return sweep.launcher;
};

test('a launcher without GPUs is as short as it was', () => {
  expect(localOf({})).toEqual({ kind: 'local', command: ['train'], env: {} });
  expect(gpusPerJobOf(localOf({}), 'S')).toBe(0);
});

test('GPUs are divided one a job, unless the file says otherwise for all or for a scale', () => {
  expect(gpusPerJobOf(localOf({ gpus: 8 }), 'S')).toBe(1);
  const local = localOf({ gpus: [0, 1, 'MIG-1'], gpusPerJob: 2, scales: { L: { gpusPerJob: 3 } } });
  expect(local).toMatchObject({ gpus: ['0', '1', 'MIG-1'] });
  expect([gpusPerJobOf(local, 'S'), gpusPerJobOf(local, 'L')]).toEqual([2, 3]);
});

test('a checked sweep is read as itself', () => {
  const once = parseSweep(sweepWith({ gpus: [0, 1], scales: { L: { gpusPerJob: 2 } } }));
  expect(parseSweep(once)).toEqual(once);
});

test('what cannot be meant is told with its place', () => {
  expect(problemsOf({ gpus: 2, gpusPerJob: 3 })).toMatch(/launcher\.gpusPerJob.*at most the 2 of launcher\.gpus.*3/s);
  expect(problemsOf({ gpus: [0], scales: { L: { gpusPerJob: 2 } } })).toMatch(/launcher\.scales\.L\.gpusPerJob/);
  expect(problemsOf({ gpusPerJob: 2 })).toMatch(/launcher\.gpusPerJob.*launcher\.gpus beside it/s);
  expect(problemsOf({ gpus: 2, scales: { M: { gpusPerJob: 1 } } })).toMatch(/launcher\.scales\.M/);
  expect(problemsOf({ gpus: 2, env: { CUDA_VISIBLE_DEVICES: '0' } })).toMatch(/launcher\.env\.CUDA_VISIBLE_DEVICES/);
  expect(problemsOf({ gpus: [0, '0'] })).toMatch(/launcher\.gpus.*each GPU once/s);
  expect(problemsOf({ gpus: 0 })).toMatch(/launcher\.gpus/);
  expect(problemsOf({ gpus: ['0,1'] })).toMatch(/launcher\.gpus.*index or a UUID/s);
});
