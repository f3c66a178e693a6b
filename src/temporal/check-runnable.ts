/** What must hold for a sweep to be run and its file alone does not tell: what its policy and its world make of it. */
import { stat } from 'node:fs/promises';
import { isAbsolute, resolve } from 'node:path';
import { BUDGET_SLACK, costOf } from '../domain/cost.js';
import { InputError, type Problem } from '../domain/errors.js';
import { choiceProblems } from '../domain/limit-problems.js';
import { knownWords } from '../domain/nearest-word.js';
import { neededMetrics } from '../domain/objective.js';
import type { World } from '../domain/ports.js';
import type { LauncherChoice, Sweep } from '../domain/sweep.js';
import { pathParts, pathText } from '../domain/zod-problems.js';
import { policyOf } from '../policy/policies.js';
import { isExecutable } from './find-program.js';
import { isNamedQueue } from './home.js';
import { openWorld } from './launchers.js';
import { isTable, limitTo } from './world-limits.js';

type LocalChoice = Extract<LauncherChoice, { kind: 'local' }>;

/** Names every metric of the objective and the guards that a world does not report. */
const metricProblems = ({ objective, guards = [] }: Sweep, { metrics }: World): Problem[] =>
  [
    ...Object.keys(objective.weights).map((metric) => ({ path: 'objective', metric })),
    ...guards.map(({ metric }, i) => ({ path: `guards[${i}].metric`, metric })),
  ]
    .filter(({ metric }) => !metrics.includes(metric))
    .map(({ path, metric }) => ({ path, expected: knownWords(metric, metrics), found: JSON.stringify(metric) }));

/** What a world finds wrong with a run, told of the sweep that asks for it. */
const ofSweep = (error: InputError, scale: string): InputError => {
  const problems = error.problems.map(({ path, ...rest }) => {
    const [first, ...others] = pathParts(path);
    if (first === 'mixture') return { ...rest, path: pathText(['domains', ...others]) };
    return first === 'checkpoints' ? { ...rest, path: pathText(['scales', scale, 'steps']) } : { ...rest, path };
  });
  return new InputError(error.what, problems, error.hint === undefined ? {} : { hint: error.hint });
};

/** Makes each scale's longest run of an even mixture, which costs nothing here. @throws InputError when the world cannot. */
const tryScales = ({ domains, scales, seed }: Sweep, world: World): void => {
  const names = Object.keys(domains);
  const mixture = Object.fromEntries(names.map((name) => [name, 1 / names.length]));
  for (const { name: scale, parameters, steps } of scales) {
    try {
      world.train({ mixture, scale, parameters, steps: steps.at(-1) ?? 0, checkpoints: steps, seed });
    } catch (error) {
      throw error instanceof InputError ? ofSweep(error, scale) : error;
    }
  }
};

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (info) => info.isDirectory(),
    () => false,
  );

/** What every job of a local launcher would fail by: it is started on this machine. A name without a slash is looked up by the worker. */
const commandProblems = async ({ command: [program = ''], cwd }: LocalChoice): Promise<Problem[]> => {
  if (cwd !== undefined && !(await isFolder(cwd)))
    return [{ path: 'launcher.cwd', expected: 'a folder', found: `none at ${cwd}` }];
  if (!program.includes('/')) return [];
  const path = 'launcher.command[0]';
  const expected = 'a program that may be run; ./ is beside the sweep file';
  if (cwd === undefined && !isAbsolute(program))
    return [{ path, expected, found: `${program}, which would be looked for in the job’s own folder` }];
  const file = resolve(cwd ?? '/', program);
  return (await isExecutable(file)) ? [] : [{ path, expected, found: `none at ${file}` }];
};

const MOST_BYTES = 1_500_000; // of the 2 MiB that a message may have: what a sweep knows travels beside it when it continues as new
const MB = 1e6;
const MOST_TOGETHER = 1_800_000; // with its trials in flight, likewise: answers to people and a recommendation take up to 150 kB
const TRIAL_BYTES = 1000; // of a trial in flight, beside its mixture and checkpoints: names, costs, acts of people

const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));
const sizeText = (bytes: number): string => `${(bytes / MB).toFixed(1)} MB`;

/** What a sweep's workflow keeps of each trial in flight: its mixture, its job's, which says it again, and that one's checkpoints. */
const bytesInFlight = ({ domains, scales }: Sweep): number => {
  const mixture = Object.fromEntries(Object.keys(domains).map((name) => [name, 1 / 300])); // shares have as many digits as this at most
  return TRIAL_BYTES + 2 * bytesOf(mixture) + Math.max(...scales.map(({ steps }) => bytesOf(steps)));
};

/** No more trials can be in flight than the budget pays for. */
const mostInFlight = (sweep: Sweep): number => {
  const cheapest = Math.min(
    ...sweep.scales.map(({ name: scale, steps }) => costOf(sweep, { scale, steps: steps[0]! })),
  );
  return Math.min(sweep.parallel, Math.floor((sweep.budget * (1 + BUDGET_SLACK)) / cheapest));
};

/** What is in flight goes along when a sweep's workflow continues as new. @throws InputError when there may be too much of it. */
const checkPlaces = (sweep: Sweep): void => {
  const each = bytesInFlight(sweep);
  const most = Math.max(1, Math.floor((MOST_TOGETHER - bytesOf(sweep)) / each));
  const count = mostInFlight(sweep);
  if (count <= most) return;
  const found = `${sweep.parallel}: up to ${sizeText(count * each)} of mixtures of ${Object.keys(sweep.domains).length} domains`;
  throw new InputError(
    'the sweep has too much in flight at once for Temporal',
    [{ path: 'parallel', expected: `at most ${most} jobs at once of a sweep of this size`, found }],
    { hint: 'run fewer jobs at once, or join small domains; shorter names of domains count too' },
  );
};

/** A sweep goes to the server as one message, and from run to run of its workflow. @throws InputError when it is too large for that. */
const checkSize = (sweep: Sweep): void => {
  const bytes = bytesOf(sweep);
  if (bytes <= MOST_BYTES) return;
  const path = sweep.mixtures === undefined ? 'sweep' : 'mixtures';
  const found = `${sizeText(bytes)}${sweep.mixtures === undefined ? '' : `, with ${sweep.mixtures.length} mixtures`}`;
  const expected = `a sweep of at most ${MOST_BYTES / MB} MB as JSON`;
  throw new InputError('the sweep is too large for Temporal', [{ path, expected, found }], {
    hint: 'list fewer mixtures; of a table of past runs, leave rows out, or bound shares so that fewer are allowed',
  });
};

/**
 * Checks before a sweep starts what would only pause it after: the options of its policy, the world's name, its metrics,
 * domains and sizes, a local program and its folder; its own size and that of what it may have in flight. And whether there is anything to choose: one mixture would be run for nothing.
 * Returns the sweep as its world limits it. On a task queue that was named by hand the team's worker may lie on another machine: its programs are not looked for here.
 * @throws InputError when the policy or the world refuses, no job could start, one mixture only is allowed, or the sweep or what it may have in flight is too large.
 */
export const checkRunnable = async (sweep: Sweep): Promise<Sweep> => {
  const { launcher } = sweep;
  const world = launcher.kind === 'simulator' ? await openWorld(launcher, neededMetrics(sweep)) : undefined;
  if (world !== undefined) {
    const problems = metricProblems(sweep, world);
    if (problems.length > 0) {
      const hint = 'docs/worlds.md tells what each simulated world reports';
      throw new InputError('the simulated world does not report what the sweep asks for', problems, { hint });
    }
    if (!isTable(world)) tryScales(sweep, world);
  }
  if (launcher.kind === 'local' && !isNamedQueue()) {
    const problems = await commandProblems(launcher);
    if (problems.length > 0) throw new InputError('the jobs of this sweep could not be started', problems);
  }
  const limited = world === undefined ? sweep : limitTo(sweep, world);
  const problems = choiceProblems(limited);
  if (problems.length > 0) {
    const hint = 'give shares room with min and max, or list several mixtures';
    throw new InputError('the sweep has nothing to choose', problems, { hint });
  }
  checkSize(limited);
  checkPlaces(limited);
  policyOf(limited);
  return limited;
};
