import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { costOf } from '../../src/domain/cost.js';
import { InputError } from '../../src/domain/errors.js';
import { feasibleSet } from '../../src/domain/feasible-set.js';
import { parseSweep } from '../../src/domain/parse-sweep.js';

const STEPS = [2000, 6000, 12000, 19600];

const file = {
  name: 'slimpajama',
  objective: { minimize: 'book_ce' },
  domains: {
    wikipedia: { tokens: 24e9 },
    github: { min: 0.02, max: 0.4, tokens: 59e9 },
    stackexchange: null,
    book: { share: 0.1 },
  },
  groups: [{ domains: ['github', 'stackexchange'], max: 0.5 }],
  maxEpochs: 4,
  scales: {
    '20M': { parameters: 20e6, tokensPerStep: 524288, steps: STEPS },
    '1B': { parameters: 1e9, tokensPerStep: 1048576, steps: STEPS },
  },
  target: { scale: '1B', steps: 19600 },
  cost: { kind: 'flop' },
  budget: { targetRuns: 5 },
  parallel: 4,
  policy: 'titrate',
  launcher: { kind: 'simulator', world: 'slimpajama', secondsPerUnit: 0.01 },
  confirm: 1,
  approval: { above: 100 },
  seed: 7,
};

const without = (...keys: string[]) => Object.fromEntries(Object.entries(file).filter(([key]) => !keys.includes(key)));

/** Every problem, written `path: expected; found`. */
const problemsOf = (input: unknown): string[] => {
  try {
    parseSweep(input);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return error.problems.map(({ path, expected, found }) => `${path}: ${expected}; ${found}`);
  }
  return [];
};

describe('a sweep file', () => {
  test('has no name that would be lost, with what it names', () => {
    const lost = (others: object): object => Object.assign(JSON.parse('{ "__proto__": {} }') as object, others);
    expect(problemsOf({ ...file, domains: lost(file.domains), objective: { minimize: lost({ l: 1 }) } })).toEqual([
      'objective.minimize.__proto__: another name; __proto__',
      'domains.__proto__: another name; __proto__',
    ]);
    expect(problemsOf({ ...file, mixtures: [lost({ book: 1 })] })).toContain(
      'mixtures[0].__proto__: another name; __proto__',
    );
  });

  test('says of no variable both a value and where it is found', () => {
    for (const kind of ['local', 'slurm']) {
      const launcher = { kind, command: ['train'], env: { KEY: 'plain', OMP: 8 }, secrets: { KEY: 'env:KEY' } };
      expect(problemsOf({ ...file, launcher })).toEqual([
        'launcher.secrets.KEY: a variable that launcher.env does not set; one that it sets too',
      ]);
    }
  });

  test('is read with its defaults filled in', () => {
    const sweep = parseSweep(file);
    expect(sweep.objective).toEqual({ direction: 'minimize', weights: { book_ce: 1 } });
    expect(sweep.domains).toEqual({
      wikipedia: { min: 0, max: 1, tokens: 24e9 },
      github: { min: 0.02, max: 0.4, tokens: 59e9 },
      stackexchange: { min: 0, max: 1 },
      book: { min: 0.1, max: 0.1 },
    });
    expect(sweep.groups).toEqual([{ domains: ['github', 'stackexchange'], min: 0, max: 0.5 }]);
    expect(sweep.scales.map(({ name }) => name)).toEqual(['20M', '1B']);
    // 5 x 6 x 1e9 parameters x 1048576 x 19600 tokens / 1e18
    expect(sweep.budget).toBeCloseTo(616.562688, 9);
    expect(sweep.policy).toEqual({ name: 'titrate' });
    expect(sweep).toMatchObject({ parallel: 4, confirm: 1, approval: { above: 100 }, seed: 7, maxEpochs: 4 });
  });

  test('may leave out everything that has a default', () => {
    const optional = ['groups', 'maxEpochs', 'cost', 'parallel', 'policy', 'launcher', 'confirm', 'approval', 'seed'];
    const sweep = parseSweep(without(...optional));
    expect(sweep).toMatchObject({
      groups: [],
      cost: { kind: 'flop' },
      parallel: 1,
      policy: { name: 'titrate' },
      launcher: { kind: 'none' },
      confirm: 0,
      seed: 0,
    });
    expect(Object.keys(sweep)).not.toContain('approval');
  });

  test.each([
    ['one metric to maximise', { maximize: 'acc' }, { direction: 'maximize', weights: { acc: 1 } }],
    ['weights', { minimize: { a: 0.5, b: -1 } }, { direction: 'minimize', weights: { a: 0.5, b: -1 } }],
  ])('takes as objective %s', (_, objective, expected) => {
    expect(parseSweep({ ...file, objective }).objective).toEqual(expected);
  });

  test.each([
    ['a table', { kind: 'table', perStep: { '20M': 1, '1B': 5 } }, 'units'],
    ['a table with a unit', { kind: 'table', perStep: { '20M': 1, '1B': 5 }, unit: 'node-hours' }, 'node-hours'],
  ])('takes as cost %s', (_, cost, unit) => {
    const sweep = parseSweep({ ...file, cost, budget: { cost: 200_000 } });
    expect(sweep.cost).toEqual({ ...cost, unit });
    expect(sweep.budget).toBe(200_000);
  });

  test('takes GPU-hours with a price', () => {
    const cost = { kind: 'gpu-hours', perStep: { '20M': 0.001, '1B': 0.1 }, price: 2.5 };
    const sweep = parseSweep({ ...file, cost, budget: { targetRuns: 2 } });
    expect(sweep.cost).toEqual(cost);
    expect(sweep.budget).toBeCloseTo(3920, 9);
  });

  test.each([
    ['FLOP', { kind: 'flop' }, 123.312537],
    ['a table', { kind: 'table', perStep: { '20M': 1, '1B': 5 }, unit: 'u' }, 98_000],
    ['GPU-hours', { kind: 'gpu-hours', perStep: { '20M': 1, '1B': 5 } }, 98_000],
  ])('takes what starting a job costs, beside %s', (_, cost, target) => {
    const sweep = parseSweep({
      ...file,
      cost: { ...cost, perJob: 40 },
      approval: undefined,
      budget: { targetRuns: 2 },
    });
    expect(sweep.cost).toEqual({ ...cost, perJob: 40 });
    expect(costOf(sweep, sweep.target)).toBeCloseTo(target + 40, 5);
    expect(costOf(sweep, sweep.target, 9800)).toBeCloseTo(target / 2 + 40, 5); // a job that goes on is started too
    expect(sweep.budget).toBeCloseTo(2 * (target + 40), 5);
  });

  test('names costs that no number holds', () => {
    const big = { parameters: 1e300, tokensPerStep: 1e300, steps: [300] };
    const small = { parameters: 1e-300, tokensPerStep: 1e-300, steps: [300] };
    const sweep = { ...file, cost: { kind: 'flop' }, approval: undefined };
    const uncapped = { ...sweep, maxEpochs: undefined };
    expect(problemsOf({ ...uncapped, scales: { big, small }, target: { scale: 'big', steps: 300 } })).toEqual([
      'scales.small: a longest run of a finite cost above 0; 0',
      'scales.big: a longest run of a finite cost above 0; Infinity',
    ]);
    expect(problemsOf({ ...sweep, budget: { targetRuns: 1e308 } })).toEqual([
      'budget.targetRuns: a finite cost; Infinity',
    ]);
  });

  test('takes a local command, its environment made text', () => {
    const launcher = { kind: 'local', command: ['python3', 'train.py'], env: { OMP_NUM_THREADS: 1 } };
    expect(parseSweep({ ...file, launcher }).launcher).toEqual({ ...launcher, env: { OMP_NUM_THREADS: '1' } });
  });

  test('says once that no scale can be used, and of runs that there is no list they count in', () => {
    expect(problemsOf({ ...file, scales: [1] })).toEqual(['scales[0]: a map; 1']);
    const runs = [{ mixture: 0, scale: '1B', steps: 19600 }];
    expect(problemsOf({ ...file, runs })).toEqual(['mixtures: the list that runs counts in; nothing']);
  });

  test('takes a policy with options of its own', () => {
    const policy = { name: 'hyperband', eta: 4 };
    expect(parseSweep({ ...file, policy }).policy).toEqual(policy);
  });

  test('puts scales in the order of what a run costs', () => {
    const { '20M': small, '1B': big } = file.scales;
    expect(parseSweep({ ...file, scales: { '1B': big, '20M': small } }).scales.map(({ name }) => name)).toEqual([
      '20M',
      '1B',
    ]);
  });

  test('takes steps that differ per scale', () => {
    const scales = { ...file.scales, '20M': { ...file.scales['20M'], steps: [100, 700] } };
    expect(parseSweep({ ...file, scales }).scales[0]?.steps).toEqual([100, 700]);
  });

  test('takes a list of mixtures, rounded ones scaled to a sum of 1', () => {
    const mixtures = [
      { wikipedia: 0.45, github: 0.05, stackexchange: 0.4, book: 0.1 },
      { wikipedia: 0.333, github: 0.333, stackexchange: 0.2333, book: 0.1 },
    ];
    const sweep = parseSweep({ ...file, groups: [], mixtures });
    expect(sweep.mixtures).toHaveLength(2);
    expect(sweep.mixtures?.[0]).toEqual(mixtures[0]);
    expect(Object.values(sweep.mixtures?.[1] ?? {}).reduce((a, b) => a + b, 0)).toBeCloseTo(1, 14);
  });
});

describe('a checked sweep', () => {
  test.each([
    ['the whole file', file],
    ['the shortest file', without('groups', 'maxEpochs', 'cost', 'launcher', 'approval')],
    ['a local launcher', { ...file, launcher: { kind: 'local', command: ['a'], env: { A: true }, timeoutSeconds: 5 } }],
    ['a table of costs', { ...file, cost: { kind: 'table', perStep: { '20M': 1, '1B': 5 } } }],
    [
      'listed mixtures',
      { ...file, groups: [], mixtures: [{ wikipedia: 0.3333, github: 0.3333, stackexchange: 0.2333, book: 0.1 }] },
    ],
    ['weights', { ...file, objective: { maximize: { a: 1, b: 2 } } }],
  ])('is read again as the same sweep: %s', (_, input) => {
    const sweep = parseSweep(input);
    expect(parseSweep(sweep)).toEqual(sweep);
    expect(parseSweep(JSON.parse(JSON.stringify(sweep)))).toEqual(sweep);
  });
});

describe('what is wrong with a sweep file', () => {
  test('is told all at once, each with its path, what was expected and what was found', () => {
    const problems = problemsOf({
      ...file,
      budgte: 3,
      objective: { minimise: 'x' },
      domains: { a: { mn: 0.1 }, b: { min: -1 }, c: 3 },
      groups: [{ domains: ['a', 'zebra'], max: 2 }, { domains: ['bb'] }],
      policy: 'hyperbnd',
      launcher: { kind: 'simulater' },
      cost: { kind: 'tabel' },
      scales: {
        '1B': { parameters: 'big', tokensPerStep: Number.NaN, steps: [1, 3, 2.5] },
        '2B': { parameters: 1, tokensPerStep: 1, steps: [3, 2, 2] },
      },
      target: { scale: '3B', steps: 0 },
      budget: { targetRun: 3 },
      parallel: 0,
      seed: 1.5,
    });
    expect(problems.map((problem) => problem.split(':')[0])).toEqual([
      'budgte',
      'objective.minimise',
      'domains.a.mn',
      'domains.b.min',
      'domains.c',
      'groups[0].max',
      'scales.1B.parameters',
      'scales.1B.tokensPerStep',
      'scales.1B.steps[2]',
      'target.steps',
      'cost.kind',
      'budget.targetRun',
      'parallel',
      'policy',
      'launcher.kind',
      'seed',
      'scales.2B.steps[1]',
      'scales.2B.steps[2]',
      'groups[0].domains[1]',
      'groups[1].domains[0]',
      'target.scale',
    ]);
    expect(problems).toContain('domains.b.min: a number of at least 0; -1');
    expect(problems).toContain('scales.1B.steps[2]: a whole number; 2.5');
    expect(problems).toContain('scales.1B.tokensPerStep: a finite number; NaN');
  });

  test.each([
    [{ ...file, budgte: 3 }, 'did you mean budget?'],
    [{ ...file, domains: { ...file.domains, wikipedia: { token: 3 } } }, 'did you mean tokens?'],
    [{ ...file, guards: [{ metric: 'loss', max: 2 }] }, 'did you mean atMost?'],
    [{ ...file, approval: { target: true, timeout: 5 } }, 'did you mean timeoutSeconds?'],
    [{ ...file, policy: 'Successive_Halving' }, 'did you mean successive-halving?'],
    [{ ...file, target: { scale: '1b', steps: 2000 } }, 'did you mean 1B?'],
    [{ ...file, groups: [{ domains: ['gihtub', 'book'] }] }, 'did you mean github?'],
    [{ ...file, launcher: { ...file.launcher, secondPerUnit: 1 } }, 'did you mean secondsPerUnit?'],
  ])('names the nearest known word (%#)', (input, suggestion) => {
    expect(problemsOf(input)).toEqual([expect.stringContaining(suggestion)]);
  });

  test.each([
    [{ retries: { failed: 1.5 } }, 'retries.failed: a whole number from 0, or unlimited; 1.5'],
    [{ retries: { failed: -1 } }, 'retries.failed: a number of at least 0; -1'],
    [{ approval: { target: 'yes' } }, 'approval.target: true or false; "yes"'],
    [{ approval: { outside: { github: 0.3 } } }, 'approval.outside.github: a list; 0.3'],
    [{ notify: [{ command: 'tell' }] }, 'notify[0].command: a list; "tell"'],
    [
      { notify: [{ command: ['tell'], on: ['finished'] }] },
      'notify[0].on[0]: one of approval-needed, trial-parked, budget-80, sweep-paused, sweep-finished; "finished"',
    ],
    [{ notify: [{}] }, 'notify[0]: { webhook: ... } or { command: [...] }; an empty map'],
  ])('is told of the form that is meant, where there are several (%#)', (part, problem) => {
    expect(problemsOf({ ...file, ...part })).toEqual([problem]);
  });

  test.each([undefined, null, 3, 'text', [file]])('is that it is not a map: %j', (input) => {
    expect(problemsOf(input)).toHaveLength(1);
  });

  test('is that keys are missing', () => {
    expect(problemsOf({}).map((problem) => problem.split(':')[0])).toEqual([
      'name',
      'objective',
      'domains',
      'scales',
      'target',
      'budget',
    ]);
  });

  test('is a first wait that the longest one would cut; the default is cut where the longest is short', () => {
    const read = (backoff: object) => problemsOf({ ...file, retries: { backoff } });
    const words = 'retries.backoff.firstSeconds: at most longestSeconds,';
    expect(read({ firstSeconds: 3600 })).toEqual([`${words} 1800; 3600`]);
    expect(read({ firstSeconds: 2, longestSeconds: 1 })).toEqual([`${words} 1; 2`]);
    const short = parseSweep({ ...file, retries: { backoff: { longestSeconds: 10 } } });
    expect(parseSweep(short)).toEqual(short);
  });

  test('is an approval without a condition', () => {
    expect(problemsOf({ ...file, approval: { outside: {} } })).toEqual([
      'approval: at least one of above, scales, target: true, outside; a map',
    ]);
  });

  test.each([
    ['two goals', { objective: { minimize: 'a', maximize: 'b' } }, /^objective: one of minimize and maximize/],
    ['weights of 0', { objective: { minimize: { a: 0 } } }, /^objective\.minimize: a weight other than 0/],
    [
      'a share beside a bound',
      { domains: { ...file.domains, book: { share: 0.1, min: 0 } } },
      /^domains\.book: either/,
    ],
    [
      'a minimum above the maximum',
      { domains: { ...file.domains, book: { min: 0.2, max: 0.1 } } },
      /^domains\.book\.min/,
    ],
    ['one domain only', { domains: { a: {} }, groups: [] }, /^domains: at least two domains; 1/],
    ['a group that names a domain twice', { groups: [{ domains: ['book', 'book'] }] }, /^groups\[0\]\.domains\[1\]/],
    [
      'a group with its minimum above its maximum',
      { groups: [{ domains: ['book', 'github'], min: 0.5, max: 0.2 }] },
      /^groups\[0\]\.min/,
    ],
    ['a target at other steps', { target: { scale: '1B', steps: 7 } }, /^target\.steps: one of the steps of 1B: 2000/],
    ['a negative price of a job', { cost: { kind: 'flop', perJob: -1 } }, /^cost\.perJob: a number of at least 0; -1/],
    [
      'no cost for a scale',
      { cost: { kind: 'table', perStep: { '20M': 1 } } },
      /^cost\.perStep\.1B: the cost of a step; nothing/,
    ],
    [
      'a cost for an unknown scale',
      { cost: { kind: 'table', perStep: { '20M': 1, '1B': 2, '9B': 3 } } },
      /^cost\.perStep\.9B/,
    ],
    ['a budget that is text', { budget: '500' }, /^budget: a finite number of at least 0, \{ targetRuns.*; "500"/],
    ['a budget beyond all numbers', { budget: Infinity }, /^budget: a finite number of at least 0, .*; Infinity/],
    ['a budget given twice', { budget: { targetRuns: 1, cost: 5 } }, /^budget: one of targetRuns and cost; both/],
    [
      'a command that is one text',
      { launcher: { kind: 'local', command: 'python train.py' } },
      /^launcher\.command: a list; "python/,
    ],
  ])('may be %s', (_, change, expected) => {
    const problems = problemsOf({ ...file, ...change });
    expect(problems[0]).toMatch(expected);
  });
});

describe('a sweep that cannot be', () => {
  test('has minima that sum to more than 1, told with the excess', () => {
    const domains = { a: { min: 0.7 }, b: { share: 0.5 } };
    expect(problemsOf({ ...file, domains, groups: [] })).toEqual([
      'domains: minima and shares that sum to at most 1; 1.2, 0.2 too much (a 0.7, b 0.5)',
    ]);
  });

  test('has maxima that sum to less than 1, told with what is short', () => {
    const domains = { a: { max: 0.3 }, b: { max: 0.5 } };
    expect(problemsOf({ ...file, domains, groups: [] })).toEqual([
      'domains: maxima that sum to at least 1; 0.8, 0.2 short (a 0.3, b 0.5)',
    ]);
  });

  test('has too few tokens, told with the cap of each domain', () => {
    const domains = { a: { tokens: 1e9 }, b: { tokens: 2e9 } };
    const [problem, ...others] = problemsOf({ ...file, domains, groups: [] });
    expect(others).toEqual([]);
    // 1e9 x 4 / (1048576 x 19600)
    expect(problem).toContain('a 0.194627 by its tokens: 1000000000 tokens x 4 epochs / 20552100000 tokens');
    expect(problem).toContain('short');
  });

  test('asks for more of a domain than its tokens allow', () => {
    const domains = { ...file.domains, wikipedia: { min: 0.5, tokens: 1e9 } };
    expect(problemsOf({ ...file, domains })).toEqual([
      expect.stringMatching(/^domains\.wikipedia: a share of at most 0\.19/),
    ]);
  });

  test('has a group that its bounds exceed', () => {
    const groups = [{ domains: ['github', 'book'], max: 0.1 }];
    expect(problemsOf({ ...file, groups })).toEqual([
      'groups[0].max: at most 0.1 to be possible; bounds that make github + book at least 0.12, 0.02 more',
    ]);
  });

  test('has groups that leave too little to the others', () => {
    const groups = [{ domains: ['github', 'stackexchange', 'wikipedia'], max: 0.5 }];
    expect(problemsOf({ ...file, groups })).toEqual([expect.stringMatching(/at least 0\.9, 0\.4 more$/)]);
  });

  test('has groups that exclude one another though each is possible', () => {
    const domains = { a: {}, b: {}, c: {} };
    const pairs = [
      ['a', 'b'],
      ['b', 'c'],
      ['a', 'c'],
    ];
    const groups = pairs.map((names) => ({ domains: names, max: 0.6 }));
    expect(problemsOf({ ...file, domains, groups: groups.map((group) => ({ ...group, max: 2 / 3 })) })).toEqual([]);
    expect(problemsOf({ ...file, domains, groups })).toEqual([
      'groups: limits that bounds and other groups can keep together; at best shares that sum to 0.9',
    ]);
  });

  test('has a budget that buys no run after the confirmation runs', () => {
    expect(problemsOf({ ...file, budget: { targetRuns: 1 } })).toEqual([
      'budget: at least 123.438 EFLOP: 1 confirmation run to the target, 123.313, and the cheapest run, 0.125829; 123.313 EFLOP',
    ]);
    expect(problemsOf({ ...file, confirm: 0, budget: { targetRuns: 1 } })).toEqual([]);
  });

  test('lists mixtures that break its limits', () => {
    const mixtures = [
      { wikipedia: 0.4, github: 0.5, book: 0.1 },
      { wiki: 0.5, book: 0.5 },
      { wikipedia: 0.7, book: 0.1 },
      { wikipedia: 0.3, github: 0.3, stackexchange: 0.3, book: 0.1 },
    ];
    expect(problemsOf({ ...file, mixtures })).toEqual([
      'mixtures[0].github: at most 0.4; 0.5',
      expect.stringMatching(/^mixtures\[1\]\.wiki: one of/),
      'mixtures[2]: shares that sum to 1; 0.8',
      'mixtures[3]: github + stackexchange at most 0.5 (groups[0]); 0.6',
    ]);
  });
});

test('a file that is accepted allows a mixture, and one whose limits allow none is refused', () => {
  const bound = fc.constantFrom(0, 0.05, 0.1, 0.2, 0.25, 0.3, 0.5, 0.8, 1);
  const limits = fc.record({
    domains: fc.array(fc.tuple(bound, bound), { minLength: 2, maxLength: 6 }),
    groups: fc.array(
      fc.record({ picks: fc.uniqueArray(fc.nat({ max: 5 }), { minLength: 1 }), min: bound, max: bound }),
      {
        maxLength: 3,
      },
    ),
  });
  const base = parseSweep(without('maxEpochs'));
  const seen = { accepted: 0, refused: 0 };
  fc.assert(
    fc.property(limits, (drawn) => {
      const domains = Object.fromEntries(
        drawn.domains.map(([a, b], i) => [`d${i}`, { min: Math.min(a, b), max: Math.max(a, b) }]),
      );
      const groups = drawn.groups.flatMap(({ picks, min, max }) => {
        const names = picks.filter((pick) => pick < drawn.domains.length).map((pick) => `d${pick}`);
        return names.length === 0 ? [] : [{ domains: names, min: Math.min(min, max), max: Math.max(min, max) }];
      });
      const sweep = { ...base, domains, groups };
      if (problemsOf(sweep).length === 0) {
        seen.accepted++;
        const set = feasibleSet(sweep);
        expect(set.contains(set.centre)).toBe(true);
      } else {
        seen.refused++;
        expect(() => feasibleSet(sweep)).toThrow(InputError);
      }
    }),
    { numRuns: 150 },
  );
  expect(seen.accepted).toBeGreaterThan(20);
  expect(seen.refused).toBeGreaterThan(20);
});

test('whatever stands in one place of a file, the answer is a sweep or a list of problems', () => {
  const keys = Object.keys(file);
  const junk = fc.oneof(
    fc.anything(),
    fc.dictionary(fc.constantFrom('wikipedia', '1B', 'min', 'kind', 'scale', 'steps', 'domains'), fc.anything()),
    fc.array(fc.record({ name: fc.constant('1B'), domains: fc.anything(), steps: fc.anything() })),
  );
  fc.assert(
    fc.property(fc.constantFrom(...keys), junk, fc.constantFrom(...keys), junk, (one, first, other, second) => {
      problemsOf({ ...file, [one]: first, [other]: second });
    }),
    { numRuns: Number(process.env['TITRATE_PROPERTY_RUNS'] ?? 200) },
  );
});
