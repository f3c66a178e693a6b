import { expect, test } from 'vitest';
import { parseSweep } from '../../src/domain/parse-sweep.js';
import { gpuNotes } from '../../src/reports/gpu-notes.js';
import { launchedSweep } from '../domain/launched-sweep.js';

const sweepWith = (launcher: object, parallel = 4) =>
  parseSweep(launchedSweep({ kind: 'local', command: ['train'], ...launcher }, { parallel }));

test('jobs that will wait for GPUs are told of, scale by scale', () => {
  expect(gpuNotes(sweepWith({ gpus: 4, scales: { L: { gpusPerJob: 3 } } }), true)).toEqual([
    'parallel is 4, and of 4 GPUs there is enough for at most 1 of L at a time; the others wait',
  ]);
  expect(gpuNotes(sweepWith({ gpus: 8, gpusPerJob: 2 }), true)).toEqual([]);
  expect(gpuNotes(sweepWith({ gpus: 1 }, 1), true)).toEqual([]);
});

test('jobs that all see all GPUs are told of where there are some, unless the file says which they see', () => {
  expect(gpuNotes(sweepWith({}), true)).toEqual([
    '4 jobs run at a time and each sees all GPUs of this machine; launcher.gpus divides them',
  ]);
  expect(gpuNotes(sweepWith({}), false)).toEqual([]);
  expect(gpuNotes(sweepWith({}, 1), true)).toEqual([]);
  expect(gpuNotes(sweepWith({ env: { CUDA_VISIBLE_DEVICES: '0' } }), true)).toEqual([]);
});
