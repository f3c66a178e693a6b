/** A table such as a team has: runs of a known law at two scales, cheap ones first. */
import type { Sweep } from '../../src/domain/sweep.js';
import { readPastRuns, type PastRuns } from '../../src/simulators/past-runs.js';

const MIXTURES: readonly (readonly [number, number, number])[] = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
  [0.5, 0.5, 0],
  [0.5, 0, 0.5],
  [0, 0.5, 0.5],
  [0.4, 0.3, 0.3],
  [0.6, 0.2, 0.2],
  [0.2, 0.6, 0.2],
  [0.2, 0.2, 0.6],
];

/** Least at (0.5, 0.3, 0.2); small models are worse, and longer runs better. */
const loss = ([a, b, c]: readonly [number, number, number], parameters: number, steps: number): number =>
  2 + 0.5 * ((a - 0.5) ** 2 + (b - 0.3) ** 2 + (c - 0.2) ** 2) + 0.3 * Math.log10(1e9 / parameters) + 4 / steps;

/** One row a checkpoint; `failing` is a run of the small scale that is said to have failed at its first checkpoint. */
export const csvOfLaw = (failing?: number): string => {
  const rows = MIXTURES.flatMap((mixture, i) => {
    const small = [10, 20].map((steps) => [
      `s${i}`,
      ...mixture,
      'small',
      steps,
      loss(mixture, 1e7, steps),
      'completed',
    ]);
    const big = [[`b${i}`, ...mixture, 'big', 20, loss(mixture, 1e9, 20), 'completed']];
    return [...(i === failing ? [[...small[0]!.slice(0, -1), 'failed']] : small), ...(i % 2 === 0 ? big : [])];
  });
  return ['run,mix.a,mix.b,mix.c,scale,steps,metric.loss,status', ...rows.map((row) => row.join())].join('\n');
};

export const pastOfLaw = (failing?: number): PastRuns => readPastRuns(csvOfLaw(failing));

export const lawSweep = (change: Partial<Sweep> = {}): Sweep => ({
  name: 'law',
  objective: { direction: 'minimize', weights: { loss: 1 } },
  domains: { a: { min: 0, max: 1 }, b: { min: 0, max: 1 }, c: { min: 0, max: 1 } },
  groups: [],
  scales: [
    { name: 'small', parameters: 1e7, tokensPerStep: 1000, steps: [10, 20] },
    { name: 'big', parameters: 1e9, tokensPerStep: 1000, steps: [20] },
  ],
  target: { scale: 'big', steps: 20 },
  cost: { kind: 'table', unit: 'units', perStep: { small: 0.1, big: 1 } },
  budget: 90,
  parallel: 2,
  policy: { name: 'titrate' },
  launcher: { kind: 'none' },
  confirm: 1,
  seed: 3,
  ...change,
});
