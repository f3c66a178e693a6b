/**
 * Prints the normalised regret of recommendations against cumulative cost, for policies on worlds of known truth.
 *
 *   npm run bench:choice -- --reference DIR [--seeds 10] [--problems a,b] [--policies a,b] [--noise 0.01]
 *                           [--budget 2000] [--jobs N] [--json FILE] [--verbose]
 *
 * What is not given is as frozen in `choice-settings.json`.
 */
import { fork } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { MARKS, printPolicy } from './choice-report.js';
import type { Outcome, Task } from './choice-task.js';
import { PROBLEM_NAMES } from './worlds.js';

interface Settings {
  readonly budget: number;
  readonly seeds: number;
  readonly noise: number;
  readonly policies: readonly string[];
}

const settings = JSON.parse(readFileSync(new URL('choice-settings.json', import.meta.url), 'utf8')) as Settings;

const { values: flags } = parseArgs({
  options: {
    reference: { type: 'string' },
    problems: { type: 'string' },
    policies: { type: 'string', default: settings.policies.join() },
    seeds: { type: 'string', default: String(settings.seeds) },
    budget: { type: 'string', default: String(settings.budget) },
    noise: { type: 'string', default: String(settings.noise) },
    jobs: { type: 'string', default: String(availableParallelism()) },
    json: { type: 'string' },
    verbose: { type: 'boolean', default: false },
  },
});

const isReference = (name: string): boolean => !/^(law|useless|mislead|built-in)/.test(name);
const problems =
  flags.problems?.split(',') ?? PROBLEM_NAMES.filter((name) => flags.reference !== undefined || !isReference(name));
if (flags.reference === undefined && problems.some(isReference))
  throw new Error('problems of the reference need --reference DIR');

const tasks: Task[] = flags.policies.split(',').flatMap((policy) =>
  problems.flatMap((problem) =>
    Array.from({ length: Number(flags.seeds) }, (_, i) => ({
      problem,
      policy,
      seed: i + 1,
      noise: Number(flags.noise),
      budget: Number(flags.budget),
      ...(flags.reference === undefined ? {} : { reference: resolve(flags.reference) }),
    })),
  ),
);

const narrate = ({ task, moments }: Outcome): void => {
  for (const { cost, run, regret, standardizedError } of moments) {
    console.log(
      `${task.problem} ${task.policy} ${task.seed} ${cost.toFixed(1)} ${run} -> ${regret.toFixed(3)} z ${standardizedError.toFixed(1)}`,
    );
  }
};

/** Shares the tasks out among processes; outcomes in the order of the tasks. */
const runAll = async (): Promise<Outcome[]> => {
  const outcomes: Outcome[] = [];
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
      child.on('message', (outcome: Outcome) => {
        outcomes[current] = outcome;
        if (flags.verbose) narrate(outcome);
        feed();
      });
      child.on('exit', (code) =>
        code === 0 ? done() : fail(new Error(`a benchmark process ended with code ${code}`)),
      );
      feed();
    });
  await Promise.all(Array.from({ length: Math.min(Number(flags.jobs), tasks.length) }, work));
  return outcomes;
};

const outcomes = await runAll();
const marks = MARKS.filter((mark) => mark <= Number(flags.budget));
for (const policy of flags.policies.split(',')) {
  printPolicy(
    policy,
    outcomes.filter(({ task }) => task.policy === policy),
    marks,
  );
}
if (flags.json !== undefined) writeFileSync(flags.json, `${JSON.stringify({ flags, outcomes }, null, 1)}\n`);
