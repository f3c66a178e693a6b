import { expect, test } from 'vitest';
import { InputError } from '../../src/domain/errors.js';
import { parseSweep } from '../../src/domain/parse-sweep.js';

const sweepWith = (launcher: object) => ({
  name: 'pods',
  objective: { minimize: 'loss' },
  domains: { web: {}, code: {} },
  scales: { S: { parameters: 1000, tokensPerStep: 10, steps: [10] } },
  target: { scale: 'S', steps: 10 },
  budget: { targetRuns: 3 },
  launcher: { kind: 'kubernetes', image: 'trainer', ...launcher },
});

const problemsOf = (launcher: object): string => {
  try {
    parseSweep(sweepWith(launcher));
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
  return '';
};

test('a launcher of kind kubernetes gets its defaults, and environment values become text', () => {
  const { launcher } = parseSweep(sweepWith({ env: { THREADS: 8, FAST: true } }));
  expect(launcher).toEqual({
    kind: 'kubernetes',
    image: 'trainer',
    env: { THREADS: '8', FAST: 'true' },
    graceSeconds: 30,
    keepSeconds: 3600,
  });
});

test('a checked sweep is read as itself', () => {
  const scales = { S: { timeoutSeconds: 60 } };
  const once = parseSweep(sweepWith({ scales, template: { spec: { nodeName: 'a' } }, sidecarSeconds: 30 }));
  expect(once.launcher).toMatchObject({ sidecarSeconds: 30 });
  expect(parseSweep(once)).toEqual(once);
});

test('what is misspelt or unknown is told with its place', () => {
  expect(problemsOf({ namspace: 'x' })).toMatch(/launcher.*namespace/s);
  expect(problemsOf({ scales: { T: {} } })).toMatch(/launcher\.scales\.T/);
  expect(problemsOf({ template: { specs: {} } })).toMatch(/launcher\.template/);
  expect(problemsOf({ sharedHome: { volume: {}, mountPath: 'titrate' } })).toMatch(/mountPath.*absolute/s);
  expect(problemsOf({ sidecarSeconds: 1 })).toMatch(/launcher\.sidecarSeconds/);
  expect(problemsOf({ timeoutSeconds: 0 })).toMatch(/launcher\.timeoutSeconds/);
});
