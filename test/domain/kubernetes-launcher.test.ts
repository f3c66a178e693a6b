import { expect, test } from 'vitest';
import { parseSweep } from '../../src/domain/parse-sweep.js';
import { launchedSweep, problemsIn } from './launched-sweep.js';

const sweepWith = (launcher: object) => launchedSweep({ kind: 'kubernetes', image: 'trainer', ...launcher });
const problemsOf = (launcher: object): string => problemsIn(sweepWith(launcher));

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
