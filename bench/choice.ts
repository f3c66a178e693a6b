/**
 * Prints the normalised regret of recommendations against cumulative cost, for policies on worlds of known truth.
 *
 *   npm run bench:choice -- --reference DIR [--seeds 10] [--problems tuning,judging,NAME] [--policies a,b] [--noise 0.01]
 *                           [--budget 2000] [--moments marks|all] [--parallel N] [--jobs N] [--json FILE] [--plot FILE.svg] [--verbose]
 *
 * `--moments all` asks for a recommendation after every run, not only in the opening and at the cost marks. `--parallel N` runs
 * every sweep twice, one trial at a time and with N in flight, in simulated time. What is not given is as frozen in
 * `choice-settings.json`, which also says which problems settings may be chosen on.
 */
import { fork } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Reply } from './choice-child.js';
import { plotChoices } from './choice-plot.js';
import { printPolicy, printPriceOfParallel } from './choice-report.js';
import { MARKS } from './choice-statistics.js';
import type { Moments, Outcome, Task } from './choice-task.js';
import { needsReference } from './worlds.js';

interface Settings {
  readonly budget: number;
  readonly seeds: number;
  readonly noise: number;
  readonly moments: Moments;
  readonly policies: readonly string[];
  /** Lists by name; settings of policies may be chosen on `tuning` alone. */
  readonly problems: Readonly<Record<string, readonly string[]>>;
}

const settings = JSON.parse(readFileSync(new URL('choice-settings.json', import.meta.url), 'utf8')) as Settings;

const { values: flags } = parseArgs({
  options: {
    reference: { type: 'string' },
    problems: { type: 'string', default: Object.keys(settings.problems).join() },
    policies: { type: 'string', default: settings.policies.join() },
    seeds: { type: 'string', default: String(settings.seeds) },
    budget: { type: 'string', default: String(settings.budget) },
    noise: { type: 'string', default: String(settings.noise) },
    moments: { type: 'string', default: settings.moments },
    parallel: { type: 'string', default: '1' },
    jobs: { type: 'string', default: String(availableParallelism()) },
    json: { type: 'string' },
    plot: { type: 'string' },
    verbose: { type: 'boolean', default: false },
  },
});

/** The problems asked for; those of the reference, where they come in by a list's name, only with it. */
const problemsOf = (names: readonly string[]): string[] => [
  ...new Set(
    names.flatMap((name) => {
      const list = settings.problems[name];
      return list?.filter((problem) => flags.reference !== undefined || !needsReference(problem)) ?? [name];
    }),
  ),
];

const problems = problemsOf(flags.problems.split(','));
if (flags.reference === undefined && problems.some(needsReference))
  throw new Error('problems of the reference need --reference DIR');
if (flags.moments !== 'all' && flags.moments !== 'marks')
  throw new Error(`--moments is all or marks; got ${flags.moments}`);
const moments: Moments = flags.moments;

const places = [...new Set([1, Number(flags.parallel)])];
const policies = flags.policies.split(',');

// An instance's policies one after the other, so that a process finds it opened already.
const tasks: Task[] = problems.flatMap((problem) =>
  Array.from({ length: Number(flags.seeds) }, (_, i) => i + 1).flatMap((seed) =>
    places.flatMap((parallel) =>
      policies.map((policy) => ({
        problem,
        policy,
        seed,
        noise: Number(flags.noise),
        budget: Number(flags.budget),
        parallel,
        moments,
        ...(flags.reference === undefined ? {} : { reference: resolve(flags.reference) }),
      })),
    ),
  ),
);

const narrate = ({ task, moments: looks }: Outcome): void => {
  const name = `${task.problem} ${task.policy}${task.parallel === 1 ? '' : ` x${task.parallel}`} ${task.seed}`;
  for (const { cost, run, regret, standardizedError } of looks) {
    console.log(`${name} ${cost.toFixed(1)} ${run} -> ${regret.toFixed(3)} z ${standardizedError.toFixed(1)}`);
  }
};

/** Shares the tasks out among processes; replies in the order of the tasks. */
const runAll = async (): Promise<Reply[]> => {
  const replies: Reply[] = [];
  let next = 0;
  const work = (): Promise<void> =>
    new Promise((done, fail) => {
      const child = fork(fileURLToPath(new URL('choice-child.ts', import.meta.url)), { execArgv: process.execArgv });
      let current = -1;
      const feed = (): void => {
        current = next++;
        if (current < tasks.length) child.send(tasks[current]!);
        else child.disconnect();
      };
      child.on('message', (reply: Reply) => {
        replies[current] = reply;
        if (flags.verbose && 'outcome' in reply) narrate(reply.outcome);
        feed();
      });
      child.on('exit', (code) =>
        code === 0 ? done() : fail(new Error(`a benchmark process ended with code ${code}`)),
      );
      feed();
    });
  await Promise.all(Array.from({ length: Math.min(Number(flags.jobs), tasks.length) }, work));
  return replies;
};

const replies = await runAll();
const outcomes = replies.flatMap((reply) => ('outcome' in reply ? [reply.outcome] : []));
const marks = MARKS.filter((mark) => mark <= Number(flags.budget));
const outcomesOf = (policy: string, parallel: number): Outcome[] =>
  outcomes.filter(({ task }) => task.policy === policy && task.parallel === parallel);

for (const policy of policies) {
  for (const parallel of places) {
    const title = parallel === 1 ? policy : `${policy}, ${parallel} in flight`;
    const found = outcomesOf(policy, parallel);
    if (found.length > 0) printPolicy(title, found, marks);
  }
}
for (const parallel of places.slice(1)) {
  for (const policy of policies)
    printPriceOfParallel(policy, outcomesOf(policy, 1), outcomesOf(policy, parallel), parallel);
}

const refused = replies.flatMap((reply) => ('error' in reply ? [reply] : []));
for (const { task, error } of refused) console.log(`${task.policy} on ${task.problem}, seed ${task.seed}: ${error}`);
if (refused.length > 0) process.exitCode = 1;

if (flags.json !== undefined) writeFileSync(flags.json, `${JSON.stringify({ flags, outcomes }, null, 1)}\n`);
if (flags.plot !== undefined)
  writeFileSync(flags.plot, plotChoices(outcomes.filter(({ task }) => task.parallel === 1)));
