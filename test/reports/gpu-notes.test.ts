import { expect, test } from 'vitest';
import { parseSweep } from '../../src/domain/parse-sweep.js';
import { gpuNotes } from '../../src/reports/gpu-notes.js';

const sweepWith = (launcher: object, parallel = 4) =>
  parseSweep({
    name: 'local',
    objective: { minimize: 'loss' },
    domains: { web: {}, code: {} },
    scales: {
      S: { parameters: 1000, tokensPerStep: 10, steps: [10] },
      L: { parameters: 9000, tokensPerStep: 10, steps: [10] },
    },
    target: { scale: 'L', steps: 10 },
    budget: { targetRuns: 9 },
    parallel,
    launcher: { kind: 'local', command: ['train'], ...launcher },
  });

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
