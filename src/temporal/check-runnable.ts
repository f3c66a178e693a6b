/** What must hold for a sweep to be run and its file alone does not tell: what its policy and its world make of it. */
import { InputError, type Problem } from '../domain/errors.js';
import { choiceProblems } from '../domain/limit-problems.js';
import { knownWords } from '../domain/nearest-word.js';
import type { World } from '../domain/ports.js';
import type { Sweep } from '../domain/sweep.js';
import { policyOf } from '../policy/policies.js';
import { openWorld } from './launchers.js';
import { isTable, limitToWorld } from './world-limits.js';

/** Names every metric of the objective and the guards that a world does not report. */
const metricProblems = ({ objective, guards = [] }: Sweep, { metrics }: World): Problem[] =>
  [
    ...Object.keys(objective.weights).map((metric) => ({ path: 'objective', metric })),
    ...guards.map(({ metric }, i) => ({ path: `guards[${i}].metric`, metric })),
  ]
    .filter(({ metric }) => !metrics.includes(metric))
    .map(({ path, metric }) => ({ path, expected: knownWords(metric, metrics), found: JSON.stringify(metric) }));

/** Makes each scale's longest run of an even mixture, which costs nothing here. @throws InputError when the world cannot. */
const tryScales = ({ domains, scales, seed }: Sweep, world: World): void => {
  const names = Object.keys(domains);
  const mixture = Object.fromEntries(names.map((name) => [name, 1 / names.length]));
  for (const { name: scale, parameters, steps } of scales)
    world.train({ mixture, scale, parameters, steps: steps.at(-1) ?? 0, checkpoints: steps, seed });
};

/**
 * Checks before a sweep starts what would only pause it after: the options of its policy, the world's name, its metrics,
 * domains and sizes. And whether there is anything to choose: one mixture would be run for nothing.
 * @throws InputError when the policy or the world refuses, or one mixture only is allowed.
 */
export const checkRunnable = async (sweep: Sweep): Promise<void> => {
  const { launcher } = sweep;
  if (launcher.kind === 'simulator') {
    const world = await openWorld(launcher);
    const problems = metricProblems(sweep, world);
    if (problems.length > 0) {
      const hint = 'docs/worlds.md tells what each simulated world reports';
      throw new InputError('the simulated world does not report what the sweep asks for', problems, { hint });
    }
    if (!isTable(world)) tryScales(sweep, world);
  }
  const limited = await limitToWorld(sweep);
  const problems = choiceProblems(limited);
  if (problems.length > 0) {
    const hint = 'give shares room with min and max, or list several mixtures';
    throw new InputError('the sweep has nothing to choose', problems, { hint });
  }
  policyOf(limited);
};
