import { knownWords } from '../domain/nearest-word.js';
import { POLICY_NAMES } from '../domain/policy-options.js';
import type { Played } from '../evidence/backtest.js';
import { backtestText, summarize } from '../evidence/backtest-summary.js';
import { createReplay } from '../evidence/replay.js';
import { textFlag, type Invocation, type Outcome } from './command.js';
import { EXIT } from './exit-codes.js';
import { leftOutText, openPastTable } from './past-table.js';
import { playAll } from './play-all.js';
import { positiveFlag, refuseFlag } from './positive-flag.js';
import { readSweepFile } from './sweep-source.js';

const COMMAND = 'backtest';

const policiesOf = (text: string | undefined, own: string): readonly string[] => {
  const names = (text ?? [...new Set([own, 'random'])].join()).split(',').map((name) => name.trim());
  const known: readonly string[] = POLICY_NAMES;
  for (const name of names) if (!known.includes(name)) refuseFlag(COMMAND, '--policy', knownWords(name, known), name);
  return [...new Set(names)];
};

const jsonOf = ({ lines: _, moments, ...rest }: Played) => ({
  ...rest,
  moments: moments.map((moment) => ({ ...moment, regret: Number.isNaN(moment.regret) ? null : moment.regret })),
});

/** `titrate backtest FILE --table CSV`. */
export const backtest = async (invocation: Invocation): Promise<Outcome> => {
  const { positionals, io } = invocation;
  const { sweep: file } = await readSweepFile(positionals[0] ?? '');
  const table = textFlag(invocation, 'table') ?? refuseFlag(COMMAND, '--table', 'a table of past runs (.csv)', 'none');
  const policies = policiesOf(textFlag(invocation, 'policy'), file.policy.name);
  const seeds = positiveFlag(invocation, COMMAND, { name: 'seeds', usual: 1, isWhole: true });
  const budget = positiveFlag(invocation, COMMAND, { name: 'budget', usual: file.budget, isWhole: false });
  const past = await openPastTable(table, textFlag(invocation, 'mapping'), file);
  const replay = createReplay({ ...file, budget }, past);
  const leftOut = [...past.leftOut, ...replay.leftOut];
  const note = leftOutText({ leftOut });
  if (note !== undefined) io.note(note);
  const tasks = policies.flatMap((policy) =>
    Array.from({ length: seeds }, (_, i) => ({ policy, seed: file.seed + i })),
  );
  const wanted = tasks.map((task) => ({ ...task, stage: replay, name: `${task.policy}, seed ${task.seed}` }));
  const played = await playAll(wanted, io);
  const summary = summarize(replay, played);
  const json = { ...summary, leftOut, played: played.map(jsonOf) };
  return { exitCode: EXIT.ok, json, text: backtestText(summary, replay) };
};
