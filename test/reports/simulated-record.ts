/**
 * A record such as a sweep writes, of a small simulated world: five domains, four scales, ladder then search then
 * confirmation. Its belief is a sketch (shrinking intervals around the truth), enough for what a person is shown.
 */
import { costOf } from '../../src/domain/cost.js';
import type { Candidate, Explanation, FidelityTrust, Recommendation } from '../../src/domain/decision.js';
import { mixtureOf, type Mixture } from '../../src/domain/mixture.js';
import type { CurvePoint, ObservationStatus } from '../../src/domain/observation.js';
import type { RecordEvent, RecordLine } from '../../src/domain/record-event.js';
import { createRng, type Rng } from '../../src/domain/rng.js';
import type { Sweep } from '../../src/domain/sweep.js';
import { GENESIS, linkLine } from '../../src/ledger/chain.js';

const DOMAINS = ['wikipedia', 'github', 'book', 'stackexchange', 'arxiv'] as const;
const STEPS = [2000, 6000, 12000, 19600];
const NOISE = 0.006; // sd of what a run reports, in its own unit

export const SWEEP: Sweep = {
  name: 'slimpajama',
  objective: { direction: 'minimize', weights: { book_ce: 1 } },
  domains: {
    wikipedia: { min: 0, max: 0.8, tokens: 24e9 },
    github: { min: 0.02, max: 0.4, tokens: 59e9 },
    book: { min: 0, max: 1, tokens: 26e9 },
    stackexchange: { min: 0, max: 1, tokens: 20e9 },
    arxiv: { min: 0, max: 1, tokens: 28e9 },
  },
  groups: [{ domains: ['github', 'stackexchange'], min: 0, max: 0.5 }],
  maxEpochs: 4,
  scales: [
    { name: '20M', parameters: 20e6, tokensPerStep: 524288, steps: STEPS },
    { name: '150M', parameters: 150e6, tokensPerStep: 524288, steps: STEPS },
    { name: '300M', parameters: 300e6, tokensPerStep: 524288, steps: STEPS },
    { name: '1B', parameters: 1e9, tokensPerStep: 1048576, steps: STEPS },
  ],
  target: { scale: '1B', steps: 19600 },
  cost: { kind: 'flop' },
  budget: 720,
  parallel: 4,
  policy: { name: 'titrate' },
  launcher: { kind: 'simulator', world: 'slimpajama', secondsPerUnit: 0.01 },
  confirm: 2,
  seed: 7,
};

const BEST: Mixture = { wikipedia: 0.18, github: 0.05, book: 0.55, stackexchange: 0.04, arxiv: 0.18 };

/** A smooth law with its optimum moving a little with size. */
const truth = (mixture: Mixture, parameters: number, steps: number): number => {
  const drift = 0.1 * Math.log10(1e9 / parameters);
  let distance = 0;
  for (const domain of DOMAINS) {
    const best = (BEST[domain] ?? 0) * (1 - drift) + drift / DOMAINS.length;
    distance += (Math.sqrt(mixture[domain] ?? 0) - Math.sqrt(best)) ** 2;
  }
  return 1.55 + 0.95 * (parameters / 1e9) ** -0.12 * (steps / 19600) ** -0.11 * (1 + 0.55 * distance);
};

const dirichlet = (rng: Rng): Mixture => {
  const draws = DOMAINS.map(() => -Math.log(1 - rng.uniform()));
  const total = draws.reduce((sum, draw) => sum + draw, 0);
  return mixtureOf(
    draws.map((draw) => draw / total),
    DOMAINS,
  );
};

const between = (a: Mixture, b: Mixture, t: number): Mixture =>
  mixtureOf(
    DOMAINS.map((domain) => (1 - t) * (a[domain] ?? 0) + t * (b[domain] ?? 0)),
    DOMAINS,
  );

export interface Simulation {
  readonly sweep?: Sweep;
  readonly runs?: number;
  /** Text that a job wrote into its detail, warnings and native name. */
  readonly jobText?: string;
  /** Leave the sweep unfinished, with this many trials in flight. */
  readonly running?: number;
}

interface Job {
  readonly n: number;
  readonly trial: string;
  readonly mixture: Mixture;
  readonly scale: string;
  readonly steps: number;
  readonly purpose: 'search' | 'confirm';
  readonly continues?: string;
}

const planOf = (runs: number): [scale: string, steps: number][] =>
  Array.from({ length: runs }, (_, i) => {
    if (i < 11) return ['20M', 6000];
    if (i < 16) return ['300M', 6000];
    if (i === 22 || i === 29) return ['1B', 19600];
    return [['150M', '300M'][i % 2] ?? '150M', i % 3 === 0 ? 12000 : 19600];
  });

const trustAfter = (n: number): FidelityTrust[] => [
  { scale: '20M', correlation: 0.62 - 0.004 * n, runs: Math.min(n, 11) },
  { scale: '150M', correlation: 0.88, runs: Math.max(0, Math.floor((n - 15) / 2)) },
  { scale: '300M', correlation: 0.95, runs: Math.max(0, Math.min(5, n - 11)) + Math.max(0, Math.floor((n - 16) / 2)) },
  { scale: '1B', correlation: 1, runs: n > 29 ? 2 : n > 22 ? 1 : 0 },
];

const recommend = (n: number, mixture: Mixture): Recommendation => {
  const sd = 0.22 * Math.exp(-n / 11) + 0.008;
  const mean = truth(mixture, 1e9, 19600) + 0.3 * sd;
  const nearby = [0.06, 0.11, 0.16].map((t, i) => {
    const other = mixtureOf(
      DOMAINS.map((_, d) => (d === i + 1 ? 1 : 0)),
      DOMAINS,
    );
    return { mixture: between(mixture, other, t), mean: mean + 0.3 * t * sd, sd: sd * (1 + t) };
  });
  const shares = [mixture, ...nearby.map((near) => near.mixture)];
  const range = (domain: string): [number, number] => {
    const values = shares.map((share) => share[domain] ?? 0);
    return [Math.min(...values), Math.max(...values)];
  };
  const shareRanges = Object.fromEntries(DOMAINS.map((domain) => [domain, range(domain)]));
  const expected = { mean, sd: Math.hypot(sd, NOISE) };
  return { mixture, mean, sd, expected, nearOptimal: nearby, shareRanges, trust: trustAfter(n) };
};

const candidatesOf = (sweep: Sweep, job: Job): Candidate[] => {
  const worth = (scale: string, steps: number, parameters: number): number => {
    const chosen = scale === job.scale && steps === job.steps;
    const best = 0.003; // per unit: what the chosen one is worth; the others are worth less
    return costOf(sweep, { scale, steps }) * best * (chosen ? 1 : 0.9 * (parameters / 1e9) ** 0.2 * (steps / 19600));
  };
  return sweep.scales
    .flatMap(({ name, parameters }) =>
      [12000, 19600].map((steps) => {
        const cost = costOf(sweep, { scale: name, steps });
        const value = worth(name, steps, parameters);
        return { scale: name, steps, mixture: job.mixture, cost, value, valuePerCost: value / cost };
      }),
    )
    .sort((a, b) => b.valuePerCost - a.valuePerCost);
};

const explain = (sweep: Sweep, job: Job, committed: number, observations: number): Explanation => {
  const considered = candidatesOf(sweep, job);
  const order = sweep.scales.map(({ name }) => name);
  const at = (scale: string): number => order.indexOf(scale);
  const costlier = considered.find(({ scale }) => at(scale) > at(job.scale));
  const cheaper = considered.find(({ scale }) => at(scale) < at(job.scale));
  const parameters = sweep.scales[at(job.scale)]?.parameters ?? 1;
  const opening = job.n <= 16;
  return {
    policy: 'titrate',
    reason: opening
      ? 'the opening plan tries the corners of the allowed set'
      : 'it teaches most about the target per unit of cost',
    phase: opening ? 'opening' : job.n % 3 === 0 ? 'test-recommendation' : 'search',
    committed,
    hyperparameters: { lengthscale: 0.71, noise: 0.004, fidelityLengthscale: 1.3 },
    ...(opening ? {} : { fit: { rows: observations * 3, logMarginalLikelihood: 41.3, standardizedError: 1.08 } }),
    trust: trustAfter(observations),
    considered: opening ? [] : considered,
    ...(opening ? {} : { expected: { mean: truth(job.mixture, parameters, job.steps) + 0.01, sd: 0.02 } }),
    ...(opening || costlier === undefined ? {} : { runnerUpCostlier: costlier }),
    ...(opening || cheaper === undefined ? {} : { runnerUpCheaper: cheaper }),
    excluded: opening ? [] : [{ scale: '20M', steps: 2000, reason: 'cheaper than a tenth of what was spent' }],
    ...(observations < 6 ? {} : { incumbent: recommend(observations, mixtureAt(observations)) }),
  };
};

/** The belief's best mixture after n runs: it moves towards the truth. */
const mixtureAt = (n: number): Mixture =>
  between({ wikipedia: 0.2, github: 0.2, book: 0.2, stackexchange: 0.2, arxiv: 0.2 }, BEST, 1 - Math.exp(-n / 9));

const curveOf = (sweep: Sweep, job: Job, rng: Rng): CurvePoint[] => {
  const parameters = sweep.scales.find(({ name }) => name === job.scale)?.parameters ?? 1;
  return STEPS.filter((steps) => steps <= job.steps).map((steps) => ({
    steps,
    metrics: { book_ce: truth(job.mixture, parameters, steps) + NOISE * rng.normal(), arxiv_ce: 2 },
  }));
};

/** Makes the record of a simulated sweep; the same arguments give the same lines. */
export const simulateRecord = ({
  sweep = SWEEP,
  runs = 34,
  jobText = 'out of memory on gpu 3',
  running = 0,
}: Simulation = {}): RecordLine[] => {
  const rng = createRng(5);
  const lines: RecordLine[] = [];
  const started = Date.UTC(2026, 10, 20, 8, 0, 0);
  let clock = started;
  const state = (key: string, event: RecordEvent): void => {
    const head = lines.at(-1) ?? GENESIS;
    lines.push(linkLine({ seq: head.seq, hash: head.hash }, { key, at: new Date(clock).toISOString(), event }));
    clock += 1700;
  };
  const sweepId = `${sweep.name}-1a2b3c4d`;
  state('started', { type: 'started', sweepId, sweep, version: '0.1.0', node: 'v20.20.2' });

  let spent = 0;
  let committed = 0;
  let observed = 0;
  const flying: Job[] = [];
  const land = (job: Job): void => {
    const status: ObservationStatus = job.n === 14 ? 'failed' : job.n === 19 ? 'diverged' : 'completed';
    const curve = curveOf(sweep, job, rng);
    const cost = costOf(sweep, job) * (status === 'completed' ? 1 : 0.4);
    spent += cost;
    committed += cost - costOf(sweep, job);
    observed += 1;
    clock += 1000 * Math.ceil(cost * 40);
    state(`observed/${job.trial}`, {
      type: 'observed',
      trial: job.trial,
      key: `${sweepId}.${job.trial}.g1`,
      mixture: job.mixture,
      scale: job.scale,
      steps: job.steps,
      status,
      metrics: status === 'completed' ? (curve.at(-1)?.metrics ?? {}) : {},
      curve: status === 'completed' ? curve : curve.slice(0, 1),
      cost,
      digest: 'ab'.repeat(32),
      ...(status === 'completed' ? {} : { detail: jobText }),
      warnings: job.n === 8 ? [`torn last line: ${jobText}`] : [],
    });
  };
  const decide = (job: Job): void => {
    const cost = costOf(sweep, job);
    const { n, ...rest } = job;
    state(`decided/${n}`, {
      type: 'decided',
      decision: n,
      ...rest,
      cost,
      seed: n,
      sawDigest: 'cd'.repeat(32),
      sawObservations: observed,
      sawPending: flying.map(({ trial }) => trial),
      explanation: explain(sweep, job, committed, observed),
    });
    committed += cost;
    const launch = {
      trial: job.trial,
      key: `${sweepId}.${job.trial}.g1`,
      native: jobText,
      folder: `/home/x/jobs/${job.trial}`,
    };
    state(`launched/${job.trial}`, { type: 'launched', ...launch });
    flying.push(job);
  };
  const nameOf = (n: number): string => `t${String(n).padStart(3, '0')}`;

  planOf(runs).forEach(([scale, steps], i) => {
    if (flying.length >= sweep.parallel) land(flying.shift() as Job);
    const towards = 1 - Math.exp(-i / 14);
    const mixture =
      i < 5
        ? mixtureOf(
            DOMAINS.map((_, d) => (d === i ? 1 : 0)),
            DOMAINS,
          )
        : between(dirichlet(rng), mixtureAt(observed), towards);
    decide({ n: i + 1, trial: nameOf(i + 1), mixture, scale, steps, purpose: 'search' });
    if (i === 17) state('act/1', { type: 'act', act: 'pause', by: 'mira', reason: 'cluster maintenance' });
    if (i === 17) state('act/2', { type: 'act', act: 'resume', by: 'mira' });
  });
  while (flying.length > running) land(flying.shift() as Job);
  const recommendation = recommend(observed, mixtureAt(observed));
  state('recommended/1', { type: 'recommended', observations: observed, recommendation });
  if (running > 0) return lines;

  for (let i = 1; i <= sweep.confirm; i++) {
    decide({
      n: runs + i,
      trial: nameOf(runs + i),
      mixture: recommendation.mixture,
      ...sweep.target,
      purpose: 'confirm',
    });
  }
  while (flying.length > 0) land(flying.shift() as Job);
  const final = { ...recommend(observed, recommendation.mixture), sd: 0.006 };
  state('recommended/2', { type: 'recommended', observations: observed, recommendation: final });
  state('ended', {
    type: 'ended',
    status: 'completed',
    spent,
    reason: 'the rest of the budget buys nothing worth its cost',
  });
  return lines;
};
