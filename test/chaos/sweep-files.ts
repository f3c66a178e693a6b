/** The sweeps that are run: small, quick, of several policies, with all that the guarantees speak of. */

export const SEQUENTIAL_FILES = ['one-by-one', 'one-by-one-belief', 'one-by-one-halving'] as const;
export const PARALLEL_FILES = ['several', 'several-belief', 'several-halving'] as const;
export type SweepFileName = (typeof SEQUENTIAL_FILES)[number] | (typeof PARALLEL_FILES)[number];

interface Shape {
  readonly parallel: number;
  readonly policy: string | Record<string, unknown>;
  /** In units of a run to the target. */
  readonly targetRuns: number;
  readonly confirm: number;
}

const SHAPES: Readonly<Record<SweepFileName, Shape>> = {
  'one-by-one': { parallel: 1, policy: 'random', targetRuns: 9, confirm: 1 },
  'one-by-one-belief': { parallel: 1, policy: 'titrate', targetRuns: 5, confirm: 1 },
  'one-by-one-halving': { parallel: 1, policy: 'successive-halving', targetRuns: 6, confirm: 0 },
  several: { parallel: 3, policy: 'random', targetRuns: 16, confirm: 1 },
  'several-belief': { parallel: 2, policy: 'titrate', targetRuns: 6, confirm: 1 },
  'several-halving': { parallel: 3, policy: { name: 'asha', eta: 2 }, targetRuns: 8, confirm: 0 },
};

/** Writes a sweep file (JSON, which is YAML). */
export const sweepFile = (name: SweepFileName, launcher: Record<string, unknown>): string => {
  const { parallel, policy, targetRuns, confirm } = SHAPES[name];
  const sweep = {
    name,
    objective: { minimize: 'loss' },
    domains: { a: {}, b: {}, c: {} },
    scales: {
      small: { parameters: 1e6, tokensPerStep: 1000, steps: [10, 20, 40] },
      large: { parameters: 8e6, tokensPerStep: 1000, steps: [10, 20, 40] },
    },
    target: { scale: 'large', steps: 40 },
    cost: { kind: 'table', perStep: { small: 0.005, large: 0.025 } },
    budget: { targetRuns },
    parallel,
    policy,
    launcher,
    // Soon, and never to wait for a person: what is judged is that reruns are decided, counted and paid for.
    retries: { backoff: { firstSeconds: 0.2, longestSeconds: 2 }, parkAbove: 1000 },
    confirm,
    seed: 11,
  };
  return `${JSON.stringify(sweep, null, 2)}\n`;
};
