/**
 * Prints the median normalised regret of the recommendation against cumulative cost, for policies on a simulated world.
 *
 *   npm run bench:choice -- --world slimpajama|FILE --policies titrate,random --seeds 3 --budget 980 [--problems a,b] [--noise 0.01] [--json FILE]
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Observation } from '../src/domain/observation.js';
import { propose } from '../src/policy/propose.js';
import { recommend } from '../src/policy/recommend.js';
import { observe, openArena, problemsOf, sweepOf, type Arena, type Problem } from './worlds.js';

const MARKS = [10, 20, 50, 100, 196, 300, 500, 766, 980, 1500, 2000];

const { values: flags } = parseArgs({
  options: {
    world: { type: 'string', default: 'slimpajama' },
    policies: { type: 'string', default: 'titrate,mfms-ei,random' },
    problems: { type: 'string' },
    seeds: { type: 'string', default: '3' },
    budget: { type: 'string', default: '980' },
    noise: { type: 'string', default: '0' },
    json: { type: 'string' },
    verbose: { type: 'boolean', default: false },
  },
});
const budget = Number(flags.budget);
const marks = MARKS.filter((mark) => mark <= budget);

/** Runs one sweep; regret of the recommendation at each mark, NaN before the first run. */
const runSweep = (arena: Arena, problem: Problem, policy: string, seed: number): number[] => {
  const sweep = sweepOf(arena, problem.objective, policy, budget, seed);
  const observations: Observation[] = [];
  const regrets: number[] = [];
  let spent = 0;
  const reach = (limit: number): void => {
    while (regrets.length < marks.length && marks[regrets.length]! * (1 + 1e-9) < limit) {
      const known = observations.length > 0;
      regrets.push(known ? problem.regret(recommend(sweep, observations, { seed }).mixture) : Number.NaN);
    }
  };
  for (;;) {
    const proposal = propose(sweep, observations, { seed });
    if (proposal === null) break;
    reach(spent + proposal.cost);
    const observation = observe(arena, sweep, proposal, `t${observations.length + 1}`);
    observations.push(observation);
    spent += proposal.cost;
    if (flags.verbose) {
      const shares = Object.values(proposal.mixture)
        .map((share) => share.toFixed(2))
        .join(' ');
      console.log(
        `${problem.name} ${policy} ${seed} ${spent.toFixed(1)} ${proposal.explanation.phase} ${proposal.scale}@${proposal.steps} [${shares}] ${problem.regret(proposal.mixture).toFixed(3)}`,
      );
    }
  }
  reach(Infinity);
  return regrets;
};

const median = (values: readonly number[]): number => {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
  if (sorted.length < values.length / 2 || sorted.length === 0) return Number.NaN;
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
};

const shown = (value: number): string => (Number.isNaN(value) ? '-' : value.toFixed(3)).padStart(8);
const FLOOR = 1e-3; // regret below a thousandth counts as one in geometric means
const geometricMean = (values: readonly number[]): number =>
  Math.exp(values.reduce((sum, value) => sum + Math.log(Math.max(value, FLOOR)), 0) / values.length);

const arena = await openArena(flags.world, Number(flags.noise));
const problems = problemsOf(arena, flags.problems?.split(','));
const report: Record<string, Record<string, number[][]>> = {};
for (const policy of flags.policies.split(',')) {
  const started = performance.now();
  console.log(`\n${policy} (regret at cost)`.padEnd(31) + marks.map((mark) => String(mark).padStart(8)).join(''));
  const medians = problems.map((problem) => {
    const runs = Array.from({ length: Number(flags.seeds) }, (_, i) => runSweep(arena, problem, policy, i + 1));
    (report[policy] ??= {})[problem.name] = runs;
    const row = marks.map((_, k) => median(runs.map((run) => run[k]!)));
    console.log(problem.name.padEnd(30) + row.map(shown).join(''));
    return { problem, row };
  });
  for (const isComposite of [false, true]) {
    const rows = medians.filter(({ problem }) => problem.isComposite === isComposite).map(({ row }) => row);
    if (rows.length === 0) continue;
    const label = isComposite ? 'composites' : 'single metrics';
    console.log(
      `${label}: geometric mean`.padEnd(30) +
        marks.map((_, k) => shown(geometricMean(rows.map((row) => row[k]!)))).join(''),
    );
    console.log(
      `${label}: worst`.padEnd(30) + marks.map((_, k) => shown(Math.max(...rows.map((row) => row[k]!)))).join(''),
    );
  }
  console.log(`${((performance.now() - started) / 1000).toFixed(1)} s`);
}
if (flags.json !== undefined) writeFileSync(flags.json, `${JSON.stringify({ marks, flags, report }, null, 1)}\n`);
