import { InputError } from '../domain/errors.js';
import { knownWords } from '../domain/nearest-word.js';
import { POLICY_NAMES } from '../domain/policy-options.js';
import { play, type Played } from '../evidence/backtest.js';
import { backtestText, summarize } from '../evidence/backtest-summary.js';
import { createReplay } from '../evidence/replay.js';
import { createDecider } from '../temporal/decider.js';
import { textFlag, type Invocation, type Outcome } from './command.js';
import { EXIT } from './exit-codes.js';
import { leftOutText, openPastTable } from './past-table.js';
import { readSweepFile } from './sweep-source.js';

const refuse = (path: string, expected: string, found: string): never => {
  throw new InputError('this command line cannot be used', [{ path, expected, found }], {
    hint: 'titrate backtest --help',
  });
};

const policiesOf = (text: string | undefined, own: string): readonly string[] => {
  const names = (text ?? [...new Set([own, 'random'])].join()).split(',').map((name) => name.trim());
  const known: readonly string[] = POLICY_NAMES;
  for (const name of names) if (!known.includes(name)) refuse('--policy', knownWords(name, known), name);
  return [...new Set(names)];
};

const numberOf = (flag: string, text: string | undefined, usual: number, isWhole: boolean): number => {
  const value = text === undefined ? usual : Number(text);
  if (!(value > 0) || !Number.isFinite(value) || (isWhole && !Number.isInteger(value)))
    refuse(flag, isWhole ? 'a whole number, 1 or more' : 'a number above 0', JSON.stringify(text));
  return value;
};

const jsonOf = ({ lines: _, moments, ...rest }: Played) => ({
  ...rest,
  moments: moments.map((moment) => ({ ...moment, regret: Number.isNaN(moment.regret) ? null : moment.regret })),
});

/** `titrate backtest FILE --table CSV`. */
export const backtest = async (invocation: Invocation): Promise<Outcome> => {
  const { positionals, io } = invocation;
  const { sweep: file } = await readSweepFile(positionals[0] ?? '');
  const table = textFlag(invocation, 'table') ?? refuse('--table', 'a table of past runs (.csv)', 'none');
  const policies = policiesOf(textFlag(invocation, 'policy'), file.policy.name);
  const seeds = numberOf('--seeds', textFlag(invocation, 'seeds'), 1, true);
  const budget = numberOf('--budget', textFlag(invocation, 'budget'), file.budget, false);
  const past = await openPastTable(table, textFlag(invocation, 'mapping'), file);
  const replay = createReplay({ ...file, budget }, past);
  const leftOut = [...past.leftOut, ...replay.leftOut];
  const note = leftOutText({ leftOut });
  if (note !== undefined) io.note(note);
  const tasks = policies.flatMap((policy) =>
    Array.from({ length: seeds }, (_, i) => ({ policy, seed: file.seed + i })),
  );
  const decider = createDecider(tasks.length);
  try {
    const played = await Promise.all(
      tasks.map(async ({ policy, seed }) => {
        const one = await play(replay, policy, seed, decider);
        io.note(`${policy}, seed ${seed}: ${one.runs} runs`);
        return one;
      }),
    );
    const summary = summarize(replay, played);
    const json = { ...summary, leftOut, played: played.map(jsonOf) };
    return { exitCode: EXIT.ok, json, text: backtestText(summary, replay) };
  } finally {
    await decider.close();
  }
};
