/**
 * Prints processor seconds per decision on synthetic observations: the recommendation with its fit, the proposal after it (which
 * finds the same belief again), and both. The last rows are whole runs with long curves. Where a Python has Optuna or BoTorch, it
 * prints what theirs take on the same final values (mixture, size and steps to one loss).
 *
 *   npm run bench:speed [-- --observations 50,200,1000] [--curves 100x20] [--domains 6] [--repeats 5] [--python python3|none]
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { feasibleSet } from '../src/domain/feasible-set.js';
import { mixtureOf, sharesOf } from '../src/domain/mixture.js';
import type { Observation } from '../src/domain/observation.js';
import { createRng } from '../src/domain/rng.js';
import type { Sweep } from '../src/domain/sweep.js';
import { propose } from '../src/policy/propose.js';
import { recommend } from '../src/policy/recommend.js';

const { values: flags } = parseArgs({
  options: {
    observations: { type: 'string', default: '50,200,1000' },
    curves: { type: 'string', default: '100x20' },
    domains: { type: 'string', default: '6' },
    repeats: { type: 'string', default: '5' },
    python: { type: 'string', default: 'python3' },
  },
});

const LONGEST = 20000;
const STEPS = [2500, 5000, 10000, LONGEST];
const SIZES = [25, 50, 100, 250, 500, 1000];
const domains = Array.from({ length: Number(flags.domains) }, (_, i) => `domain${i + 1}`);

/** A sweep whose runs may stop at these steps. */
const sweepWith = (steps: readonly number[]): Sweep => ({
  name: 'speed',
  objective: { direction: 'minimize', weights: { loss: 1 } },
  domains: Object.fromEntries(domains.map((domain) => [domain, { min: 0, max: 1 }])),
  groups: [],
  scales: SIZES.map((size) => ({ name: `${size}M`, parameters: size * 1e6, tokensPerStep: 524288, steps })),
  target: { scale: '1000M', steps: LONGEST },
  cost: { kind: 'flop' },
  budget: 1e12,
  parallel: 1,
  policy: { name: 'titrate' },
  launcher: { kind: 'simulator', world: 'none', secondsPerUnit: 0 },
  confirm: 0,
  seed: 1,
});

/** A loss that falls with size and steps, with one optimum inside that moves with size, and a little noise. */
const lossAt = (shares: ArrayLike<number>, size: number, steps: number, noise: number): number => {
  const optimum = 0.2 + 0.3 * (Math.log(size / 25) / Math.log(40));
  return 2 + 3 * (size / 25) ** -0.1 * (steps / 2500) ** -0.15 + (shares[0]! - optimum) ** 2 + noise;
};

/** A finished run to `steps`, with what it said at the sweep's checkpoints on the way. */
const observe = (
  { scales }: Sweep,
  run: Pick<Observation, 'trial' | 'mixture' | 'scale' | 'steps'>,
  noise: number,
): Observation => {
  const shares = sharesOf(run.mixture, domains);
  const checkpoints = scales[0]!.steps.filter((count) => count <= run.steps);
  const curve = checkpoints.map((steps) => {
    const loss = lossAt(shares, Number.parseInt(run.scale), steps, noise);
    return { steps, metrics: { loss, other: 2 * loss + shares[1]!, third: loss - 0.3 * shares[2]! } };
  });
  return { ...run, status: 'completed', metrics: curve.at(-1)!.metrics, curve };
};

const NOISE = 1e-3; // of the loss, whose spread over mixtures is some hundredths

const openingObservations = (sweep: Sweep, count: number): Observation[] => {
  const rng = createRng(count);
  const observations: Observation[] = [];
  while (observations.length < count) {
    const proposal = propose(sweep, observations, { seed: 1 });
    if (proposal?.explanation.phase !== 'opening') break;
    const { mixture, scale, steps } = proposal;
    const run = { trial: `t${observations.length}`, mixture, scale, steps };
    observations.push(observe(sweep, run, NOISE * rng.normal()));
  }
  return observations;
};

/** Runs `from` to `to` of random mixtures to the last step. */
const longObservations = (sweep: Sweep, from: number, to: number): Observation[] => {
  const rng = createRng(to + 1);
  const feasible = feasibleSet(sweep);
  return Array.from({ length: Math.max(0, to - from) }, (_, k) => {
    const mixture = mixtureOf(feasible.sample(rng, 1), domains);
    const scale = `${SIZES[(from + k) % SIZES.length]!}M`;
    return observe(sweep, { trial: `t${from + k}`, mixture, scale, steps: LONGEST }, NOISE * rng.normal());
  });
};

/** The opening's runs first, so that a proposal has a belief to form; then random mixtures, as long as can be, over all sizes. */
const makeObservations = (sweep: Sweep, count: number): Observation[] => {
  const opening = openingObservations(sweep, count);
  return [...opening, ...longObservations(sweep, opening.length, count)];
};

/** Processor time: on a shared machine the clock on the wall measures the neighbours. */
const secondsFor = (work: () => void): number => {
  const start = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1e6;
};

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!;

/** Times decisions, each of a sweep with a seed of its own, so that nothing is remembered from the one before. */
const timesOf = (sweep: Sweep, observations: readonly Observation[]): { recommended: number[]; proposed: number[] } => {
  const recommended: number[] = [];
  const proposed: number[] = [];
  for (let repeat = 0; repeat <= Number(flags.repeats); repeat++) {
    const fresh = { ...sweep, seed: repeat + 1 };
    recommended.push(secondsFor(() => recommend(fresh, observations, { seed: 1 })));
    proposed.push(secondsFor(() => propose(fresh, observations, { seed: 1 })));
  }
  return { recommended: recommended.slice(1), proposed: proposed.slice(1) }; // the first is the compiler's
};

/** Times one case and prints its row. */
const printCase = (label: string, sweep: Sweep, observations: readonly Observation[]): void => {
  const { recommended, proposed } = timesOf(sweep, observations);
  const both = median(recommended.map((seconds, i) => seconds + proposed[i]!));
  const rows = observations.reduce((sum, { curve }) => sum + curve!.length, 0);
  console.log(
    `${label.padStart(12)}${String(rows).padStart(6)}${median(recommended).toFixed(3).padStart(15)}` +
      `${median(proposed).toFixed(3).padStart(13)}${both.toFixed(3).padStart(10)}`,
  );
};

/** What a peer is given: free shares, log size and log steps on [0, 1], and the loss. */
const caseOf = (observations: readonly Observation[]) => ({
  count: observations.length,
  inputs: observations.map(({ mixture, scale, steps }) => [
    ...sharesOf(mixture, domains).slice(1),
    Math.log(Number.parseInt(scale) / SIZES[0]!) / Math.log(SIZES.at(-1)! / SIZES[0]!),
    Math.log(steps / STEPS[0]!) / Math.log(LONGEST / STEPS[0]!),
  ]),
  values: observations.map(({ metrics }) => metrics['loss']!),
});

type PeerLine =
  | { readonly peer: string; readonly observations: number; readonly seconds: number }
  | { readonly peer: string; readonly missing: string };

/** Times the peers that a Python has, each case twice, and prints their rows, or why there are none. */
const printPeers = (python: string, cases: readonly ReturnType<typeof caseOf>[]): void => {
  const script = fileURLToPath(new URL('speed-peers.py', import.meta.url));
  const input = JSON.stringify({ repeats: 1, cases });
  const env = { ...process.env, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1', MKL_NUM_THREADS: '1' }; // one thread, as ours
  const { stdout, error, status } = spawnSync(python, [script], { input, encoding: 'utf8', env });
  if (error !== undefined || status !== 0) {
    console.log(`no peers: ${python} did not run (${error?.message ?? `exit code ${status}`})`);
    return;
  }
  for (const line of stdout.split('\n').filter((text) => text !== '')) {
    const said = JSON.parse(line) as PeerLine;
    if ('missing' in said) console.log(`${said.peer}: not here (${said.missing})`);
    else console.log(`${said.peer}, ${said.observations} observations: ${said.seconds.toFixed(3)} s`);
  }
};

const counts = flags.observations
  .split(',')
  .filter((count) => count !== '')
  .map(Number);
const plain = sweepWith(STEPS);
const sets = counts.map((count) => makeObservations(plain, count));
console.log('observations  rows  recommend (s)  propose (s)  both (s)');
counts.forEach((count, i) => printCase(String(count), plain, sets[i]!));
for (const text of flags.curves.split(',').filter((part) => part !== '')) {
  const [runs = 0, checkpoints = 1] = text.split('x').map(Number);
  const sweep = sweepWith(Array.from({ length: checkpoints }, (_, k) => (LONGEST * (k + 1)) / checkpoints));
  printCase(text, sweep, longObservations(sweep, 0, runs)); // so many of every size that the opening counts as done
}
if (flags.python !== 'none') printPeers(flags.python, sets.map(caseOf));
