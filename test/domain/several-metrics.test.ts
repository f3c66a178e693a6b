import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InputError } from '../../src/domain/errors.js';
import { metricSign, neededMetrics, objectiveSign, objectiveValue } from '../../src/domain/objective.js';
import { parseSweep } from '../../src/domain/parse-sweep.js';

const file = {
  name: 'several',
  objective: { minimize: 'book_ce' },
  domains: { web: {}, code: {} },
  scales: { S: { parameters: 1e6, tokensPerStep: 1e3, steps: [10] } },
  target: { scale: 'S', steps: 10 },
  budget: { targetRuns: 5 },
};

const mixed = {
  metrics: {
    book_ce: { direction: 'minimize', weight: 2, reference: { zero: 3, unit: 0.5 } },
    hellaswag: { direction: 'maximize', reference: { zero: 0.25, unit: 0.1 } },
    piqa: { direction: 'maximize' },
  },
};

/** Every problem, written `path: expected; found`. */
const problemsOf = (change: object): string[] => {
  try {
    parseSweep({ ...file, ...change });
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return error.problems.map(({ path, expected, found }) => `${path}: ${expected}; ${found}`);
  }
  return [];
};

describe('an objective of several metrics', () => {
  const { objective } = parseSweep({ ...file, objective: mixed });

  test('is a score, more of it better, where directions differ', () => {
    expect(objective).toEqual({
      direction: 'maximize',
      weights: { book_ce: -2, hellaswag: 1, piqa: 1 },
      references: { book_ce: { zero: 3, unit: 0.5 }, hellaswag: { zero: 0.25, unit: 0.1 } },
    });
    // -2 (2.5 - 3) / 0.5 + (0.35 - 0.25) / 0.1 + 0.7 = 2 + 1 + 0.7
    expect(objectiveValue(objective, { book_ce: 2.5, hellaswag: 0.35, piqa: 0.7 })).toBeCloseTo(3.7, 12);
  });

  test('keeps the direction that all its metrics share', () => {
    const metrics = { a: { direction: 'minimize' }, b: { direction: 'minimize', weight: 0.5 } };
    expect(parseSweep({ ...file, objective: { metrics } }).objective).toEqual({
      direction: 'minimize',
      weights: { a: 1, b: 0.5 },
    });
  });

  test('knows which way each metric is wanted, and gets better when one moves that way', () => {
    const wanted = { book_ce: 1, hellaswag: -1, piqa: -1 };
    for (const [metric, sign] of Object.entries(wanted)) expect(metricSign(objective, metric)).toBe(sign);
    const value = fc.double({ min: -10, max: 10, noNaN: true });
    const step = fc.double({ min: 0.01, max: 10, noNaN: true });
    fc.assert(
      fc.property(fc.record({ book_ce: value, hellaswag: value, piqa: value }), step, (metrics, by) => {
        for (const [metric, sign] of Object.entries(wanted)) {
          const better = { ...metrics, [metric]: metrics[metric as keyof typeof wanted] - sign * by };
          const gain = objectiveValue(objective, metrics) - objectiveValue(objective, better);
          expect(objectiveSign(objective) * gain).toBeGreaterThan(0);
        }
      }),
      { numRuns: 50 },
    );
  });

  test('has no value while a metric is missing', () => {
    expect(objectiveValue(objective, { book_ce: 2.5, hellaswag: 0.35 })).toBeNaN();
  });

  test('is worth the same as before where no reference is stated', () => {
    const { objective: plain } = parseSweep({ ...file, objective: { minimize: { a: 0.3, b: 0.7 } } });
    expect(plain).toEqual({ direction: 'minimize', weights: { a: 0.3, b: 0.7 } });
    expect(objectiveValue(plain, { a: 1.1, b: 2.3 })).toBe(0.3 * 1.1 + 0.7 * 2.3);
  });
});

test('what several metrics add to a sweep is read again as the same sweep', () => {
  const guards = [
    { metric: 'piqa', atLeast: 0.6 },
    { metric: 'code_ce', atMost: 1.2, atLeast: 0.1, confidence: 0.95 },
  ];
  for (const objective of [mixed, { ...mixed, pareto: true }, { minimize: { a: 1, b: 2 }, pareto: true }]) {
    const sweep = parseSweep({ ...file, objective, guards });
    expect(sweep.guards).toEqual([
      { metric: 'piqa', atLeast: 0.6, confidence: 0.84 },
      { metric: 'code_ce', atMost: 1.2, atLeast: 0.1, confidence: 0.95 },
    ]);
    expect(parseSweep(JSON.parse(JSON.stringify(sweep)))).toEqual(sweep);
  }
});

test('a sweep without guards or a front has no key for them, as sweeps recorded earlier have none', () => {
  for (const change of [{}, { guards: [] }, { objective: { minimize: { a: 1, b: 1 }, pareto: false } }]) {
    const sweep = parseSweep({ ...file, ...change });
    expect(Object.keys(sweep)).not.toContain('guards');
    expect(Object.keys(sweep.objective)).toEqual(['direction', 'weights']);
  }
});

test('guarded metrics are needed as those of the objective are', () => {
  const guards = [
    { metric: 'piqa', atLeast: 0.6 },
    { metric: 'book_ce', atMost: 3 },
  ];
  expect(neededMetrics(parseSweep({ ...file, guards }))).toEqual(['book_ce', 'piqa']);
});

describe('what is wrong with several metrics', () => {
  const metric = { direction: 'minimize' };

  test.each([
    [
      'an unknown direction',
      { metrics: { a: { direction: 'minimise' } } },
      /^objective\.metrics\.a\.direction: .*did you mean minimize/,
    ],
    ['no direction', { metrics: { a: { weight: 1 } } }, /^objective\.metrics\.a\.direction: /],
    [
      'a weight that turns the direction round',
      { metrics: { a: { ...metric, weight: -1 } } },
      /^objective\.metrics\.a\.weight: a number above 0; -1/,
    ],
    [
      'a unit of 0',
      { metrics: { a: { ...metric, reference: { unit: 0 } } } },
      /^objective\.metrics\.a\.reference\.unit/,
    ],
    [
      'a reference without a unit',
      { metrics: { a: { ...metric, reference: { zero: 1 } } } },
      /reference\.unit: a finite number; nothing/,
    ],
    [
      'metrics beside a goal',
      { minimize: 'a', metrics: { b: metric } },
      /^objective: one of minimize and maximize, or metrics .*; minimize, metrics/,
    ],
    ['no metric', { metrics: {} }, /^objective\.metrics: a weight other than 0/],
    ['a front of one metric', { minimize: 'a', pareto: true }, /^objective\.pareto: two metrics or more; one/],
    [
      'a front with a metric of weight 0',
      { minimize: { a: 1, b: 0 }, pareto: true },
      /^objective\.minimize\.b: a weight other than 0/,
    ],
    [
      'a reference to nothing',
      { direction: 'minimize', weights: { a: 1 }, references: { b: { unit: 1 } } },
      /^objective\.references\.b: a metric of weights/,
    ],
    ['references without weights', { minimize: 'a', references: { a: { unit: 1 } } }, /^objective: one of/],
  ])('may be %s', (_, objective, expected) => {
    expect(problemsOf({ objective })).toEqual([expect.stringMatching(expected)]);
  });

  test.each([
    ['no limit', [{ metric: 'a' }], /^guards\[0\]: a limit: atMost, atLeast or both; neither/],
    [
      'limits that exclude each other',
      [{ metric: 'a', atMost: 1, atLeast: 2 }],
      /^guards\[0\]\.atLeast: no more than atMost, 1; 2/,
    ],
    [
      'a metric twice',
      [
        { metric: 'a', atMost: 1 },
        { metric: 'a', atLeast: 0 },
      ],
      /^guards\[1\]\.metric: each metric once; "a"/,
    ],
    ['certainty', [{ metric: 'a', atMost: 1, confidence: 1 }], /^guards\[0\]\.confidence: a number below 1; 1/],
    ['a misspelt limit', [{ metric: 'a', atmost: 1 }], /^guards\[0\]\.atmost: .*did you mean atMost/],
  ])('may be a guard with %s', (_, guards, expected) => {
    expect(problemsOf({ guards })).toEqual([expect.stringMatching(expected)]);
  });
});
