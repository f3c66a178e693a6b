import { describe, expect, it } from 'vitest';
import { ENDINGS } from '../../src/domain/ending.js';
import { InputError } from '../../src/domain/errors.js';
import { parseObservations, parsePending } from '../../src/policy/parse-observations.js';
import { makeSweep } from './sweeps.js';

const good = {
  trial: 't1',
  mixture: { web: 0.5, code: 0.5 },
  scale: 'S',
  steps: 1000,
  status: 'completed',
  metrics: { loss: 2 },
};
const GIVEN_ONCE = 'a trial of its own, not one that is given already';

const problemsOf = (input: unknown): readonly { path: string }[] =>
  problemsIn(() => parseObservations(makeSweep(), input));

const problemsIn = (parse: () => unknown): readonly { path: string }[] => {
  try {
    parse();
  } catch (error) {
    if (error instanceof InputError) return error.problems;
    throw error;
  }
  return [];
};

describe('observations at the door', () => {
  it.each(['Success', 'succeeded', 'FINISHED', 'done', 'ok', 'complete'])('know %s as completed', (status) => {
    expect(parseObservations(makeSweep(), [{ ...good, status }])[0]!.status).toBe('completed');
  });

  it.each(ENDINGS)('know %s, as every ending', (status) => {
    expect(parseObservations(makeSweep(), [{ ...good, status }])[0]!.status).toBe(status);
  });

  it('name every problem at once, with its place', () => {
    const paths = problemsOf([
      { ...good, mixture: { web: 0.5, wiki: 0.5 } },
      { ...good, scale: 'XXL' },
      { ...good, metrics: { loss: Number.NaN } },
      { ...good, metrics: { accuracy: 1 } },
      { ...good, status: 'vanished' },
      { ...good, steps: 'many' },
      { ...good, mixture: { web: 0.5, code: 0.6 } },
      { ...good, curve: [{ steps: 100, metrics: { loss: Infinity } }] },
    ]).map(({ path }) => path);
    expect(paths).toEqual([
      'observations[0].mixture.wiki',
      'observations[0].mixture',
      'observations[1].scale',
      'observations[2].metrics.loss',
      'observations[3].metrics.loss',
      'observations[4].status',
      'observations[5].steps',
      'observations[6].mixture',
      'observations[7].curve[0].metrics.loss',
    ]);
  });

  it('renormalise shares that were rounded', () => {
    const [parsed] = parseObservations(makeSweep(), [
      { ...good, mixture: { web: 0.3333, code: 0.3333, books: 0.3333 } },
    ]);
    expect(Object.values(parsed!.mixture).reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
  });

  it('need no metrics of a run that failed, and drop what is not finite of one that diverged', () => {
    const parsed = parseObservations(makeSweep(), [
      { ...good, status: 'failed', metrics: undefined },
      { ...good, trial: 't2', status: 'diverged', metrics: { loss: Number.NaN, other: 1 } },
    ]);
    expect(parsed.map(({ metrics }) => metrics)).toEqual([{}, { other: 1 }]);
  });

  it('count a run whose loss exploded to a finite number as one that diverged, and leave out such values elsewhere', () => {
    const curve = [
      { steps: 100, metrics: { loss: 3 } },
      { steps: 300, metrics: { loss: Math.exp(400) } },
    ];
    const parsed = parseObservations(makeSweep(), [
      { ...good, metrics: { loss: Math.exp(400), other: 1 }, curve },
      { ...good, trial: 't2', metrics: { loss: 2, perplexity: -Math.exp(400) } },
    ]);
    expect(parsed.map(({ status, metrics }) => ({ status, metrics }))).toEqual([
      { status: 'diverged', metrics: { other: 1 } },
      { status: 'completed', metrics: { loss: 2 } },
    ]);
    expect(parsed[0]!.curve).toEqual([curve[0], { steps: 300, metrics: {} }]);
  });

  it('say nothing when they are retracted, whatever they had reported', () => {
    const run = { trial: 't1', mixture: { web: 1, code: 0, books: 0 }, scale: 'S', steps: 100, cost: 3 };
    const reported = { metrics: { loss: 1e9 }, curve: [{ steps: 100, metrics: { loss: 1e9 } }] };
    expect(parseObservations(makeSweep(), [{ ...run, status: 'retracted', ...reported }])).toEqual([
      { ...run, status: 'retracted', metrics: {} },
    ]);
  });

  it('are each of a trial of its own, which is charged once', () => {
    expect(problemsOf([good, { ...good, trial: 't2' }, { ...good, steps: 300 }, good])).toEqual([
      { path: 'observations[2].trial', expected: GIVEN_ONCE, found: '"t1", as in observations[0]' },
      { path: 'observations[3].trial', expected: GIVEN_ONCE, found: '"t1", as in observations[0]' },
    ]);
  });

  it('go on from a shorter run at their scale, or their price would be negative', () => {
    const before = { ...good, trial: 't0', steps: 300 };
    const goingOn = (changes: object) => problemsOf([before, { ...good, continues: 't0', ...changes }]);
    expect(goingOn({})).toEqual([]);
    expect(goingOn({ continues: 'not among them' })).toEqual([]);
    const expected = 'a run at S of less than 300 steps';
    const found = 't0, of 300 at S';
    expect(goingOn({ steps: 300 })).toEqual([{ path: 'observations[1].continues', expected, found }]);
    expect(goingOn({ scale: 'M' })).toMatchObject([{ path: 'observations[1].continues', found }]);
    const pending = [{ ...good, continues: 't0', steps: 100, mixture: { ...good.mixture, books: 0 } }];
    const ended = parseObservations(makeSweep(), [before]);
    expect(problemsIn(() => parsePending(makeSweep(), pending, ended))).toMatchObject([
      { path: 'pending[0].continues' },
    ]);
  });

  it('say in words what was expected of them', () => {
    const faulty = { ...good, trial: 7, steps: 0, mixture: [1] };
    expect(problemsOf([faulty, null])).toEqual([
      { path: 'observations[0].trial', expected: 'text, in quotes', found: '7' },
      { path: 'observations[0].mixture', expected: 'a map', found: 'a list' },
      { path: 'observations[0].steps', expected: 'a number above 0', found: '0' },
      { path: 'observations[1]', expected: 'a map', found: 'null' },
    ]);
  });

  it('may say that they are not imported', () => {
    expect(parseObservations(makeSweep(), [{ ...good, imported: false }])[0]).not.toHaveProperty('imported');
  });

  it('are charged nothing where they are imported, unless they say so', () => {
    const costs = (changes: object) => parseObservations(makeSweep(), [{ ...good, ...changes }])[0]!.cost;
    expect(costs({ imported: true })).toBe(0);
    expect(costs({ imported: true, cost: 3 })).toBe(3);
    expect(costs({})).toBeUndefined();
  });

  it('must be a list', () => {
    expect(problemsOf({ trials: [] })).toHaveLength(1);
  });
});

describe('pending trials at the door', () => {
  const { trial, mixture, scale, steps } = good;
  const run = { trial, mixture: { ...mixture, books: 0 }, scale, steps };

  it('are none that have ended, and each given once', () => {
    const ended = parseObservations(makeSweep(), [good]);
    const pending = [
      { ...run, trial: undefined },
      { ...run, trial: undefined },
      { ...run, trial: 'p' },
    ];
    expect(parsePending(makeSweep(), pending, ended)).toHaveLength(3);
    expect(problemsIn(() => parsePending(makeSweep(), [...pending, run, { ...run, trial: 'p' }], ended))).toEqual([
      { path: 'pending[3].trial', expected: GIVEN_ONCE, found: '"t1", as in observations[0]' },
      { path: 'pending[4].trial', expected: GIVEN_ONCE, found: '"p", as in pending[2]' },
    ]);
  });
});
