/**
 * Ten thousand damaged files of each sort that comes from outside: every one gives an answer or an error of ours, soon.
 * TITRATE_FUZZ_FILES=1000 tries as many as that; they begin with the same ones.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseYaml } from '../../src/cli/yaml-file.js';
import { isTitrateError } from '../../src/domain/errors.js';
import { parseSweep } from '../../src/domain/parse-sweep.js';
import { createRng, seedOf } from '../../src/domain/rng.js';
import { jobFiles, type JobFiles } from '../../src/launchers/job-folder.js';
import { readResult } from '../../src/launchers/job-result.js';
import { readProgress } from '../../src/launchers/metrics-file.js';
import { damage, distort, UNPRINTABLE } from './mutate.js';

const FILES = Number(process.env['TITRATE_FUZZ_FILES'] ?? 10_000); // half a minute's work of a core
const SLOWEST_MS = 5000; // a hang, even on a machine that does much else
const LIMIT_MS = 120_000;

let files: JobFiles;
beforeAll(() => {
  files = jobFiles(mkdtempSync(join(tmpdir(), 'titrate-fuzz-')));
  writeFileSync(files.spec, JSON.stringify({ steps: 40, checkpoints: [10, 20, 40] }));
});
afterAll(() => rmSync(files.folder, { recursive: true, force: true }));

const METRICS = [10, 20, 30, 40]
  .map((step) => JSON.stringify({ step, tokens: step * 100, metrics: { loss: 3 - step / 100, 'eval/ce': 1.5 } }))
  .join('\n')
  .concat('\n');

it(
  `${FILES} damaged metrics files are each judged, in words that a terminal can show`,
  { timeout: LIMIT_MS },
  async () => {
    const rng = createRng(seedOf('metrics'));
    const statuses = new Map<string, number>();
    let slowest = 0;
    for (let i = 0; i < FILES; i++) {
      writeFileSync(files.metrics, damage(METRICS, rng));
      const end = { how: i % 2 === 0 ? 'clean' : 'failed', words: 'exit status' } as const;
      const began = performance.now();
      const result = await readResult(files, end, false);
      const progress = i % 10 === 0 ? await readProgress(files.metrics) : undefined;
      slowest = Math.max(slowest, performance.now() - began);
      const said = [result.detail ?? '', ...(result.warnings ?? [])].join('\n');
      expect(said, `file ${i}`).not.toMatch(UNPRINTABLE);
      const numbers = [result.metrics, progress?.metrics ?? {}, ...result.curve.map(({ metrics }) => metrics)];
      expect(numbers.flatMap((metrics) => Object.values(metrics)).every(Number.isFinite), `file ${i}`).toBe(true);
      statuses.set(result.status, (statuses.get(result.status) ?? 0) + 1);
    }
    expect(slowest).toBeLessThan(SLOWEST_MS);
    for (const status of ['completed', 'failed', 'diverged'])
      expect(statuses.get(status) ?? 0, status).toBeGreaterThan(FILES / 200); // each sort occurs
  },
);

const SWEEP = {
  name: 'fuzzed',
  objective: { minimize: { book_ce: 1 } },
  domains: { web: { max: 0.9 }, books: {}, code: { min: 0.1 } },
  scales: { S: { parameters: 1e6, tokensPerStep: 1000, steps: [100, 1000] } },
  target: { scale: 'S', steps: 1000 },
  budget: { targetRuns: 4 },
  launcher: { kind: 'local', command: ['train', '--fast'], env: { A: '1' } },
  notify: [{ webhook: 'env:HOOK' }],
};
const YAML = `name: fuzzed
objective: { minimize: { book_ce: 1 } }
domains: { web: {}, books: {} }
scales:
  S: { parameters: 1e6, tokensPerStep: 1000, steps: [100, 1000] }
target: { scale: S, steps: 1000 }
budget: { targetRuns: 4 }
launcher: { kind: local, command: [train] }
`;

it(`${FILES} damaged sweep files are each read or refused with an error of ours`, { timeout: LIMIT_MS }, () => {
  const rng = createRng(seedOf('sweeps'));
  const seen = { read: 0, refused: 0 };
  let slowest = 0;
  for (let i = 0; i < FILES; i++) {
    const began = performance.now();
    try {
      if (i % 4 === 0) parseSweep(parseYaml(damage(YAML, rng).toString('utf8'), 'sweep.yaml'));
      else parseSweep(distort(SWEEP, rng));
      seen.read += 1;
    } catch (error) {
      if (!isTitrateError(error)) throw new Error(`file ${i}: ${String(error)}`, { cause: error });
      if (UNPRINTABLE.test(error.message)) expect.fail(`file ${i} is refused with ${JSON.stringify(error.message)}`);
      seen.refused += 1;
    }
    slowest = Math.max(slowest, performance.now() - began);
  }
  expect(slowest).toBeLessThan(SLOWEST_MS);
  expect(Math.min(seen.read, seen.refused)).toBeGreaterThan(FILES / 200); // each sort occurs
});
