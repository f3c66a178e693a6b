import { basename } from 'node:path';
import { knownWords } from '../domain/nearest-word.js';
import type { RecordLine } from '../domain/record-event.js';
import { POLICY_NAMES } from '../domain/policy-options.js';
import { importsOf } from '../evidence/imports.js';
import { knownRuns } from '../evidence/known-runs.js';
import { situationAt, situationNow, type Situation } from '../evidence/situation.js';
import { isSameRun, whatIf, whatIfText, type Changes } from '../evidence/what-if.js';
import { resolveHome } from '../temporal/home.js';
import { textFlag, type Invocation, type Outcome } from './command.js';
import { EXIT } from './exit-codes.js';
import { leftOutText, openPastTable } from './past-table.js';
import { positiveFlag, refuseFlag } from './positive-flag.js';
import { readLines } from './recorded-lines.js';

const COMMAND = 'what-if';

/** Reads what is to be otherwise. */
const changesOf = async (
  invocation: Invocation,
  lines: readonly RecordLine[],
  { sweep, observations }: Situation,
): Promise<Changes> => {
  const [drop, add, policy] = ['drop', 'add', 'policy'].map((name) => textFlag(invocation, name));
  const budget = positiveFlag(invocation, COMMAND, { name: 'budget', usual: undefined, isWhole: false });
  if ([drop, add, budget, policy].every((one) => one === undefined))
    refuseFlag(COMMAND, 'flags', '--drop, --add, --budget or --policy', 'none of them');
  const policies: readonly string[] = POLICY_NAMES;
  if (policy !== undefined && !policies.includes(policy))
    refuseFlag(COMMAND, '--policy', knownWords(policy, policies), policy);
  const past = add === undefined ? undefined : await openPastTable(add, textFlag(invocation, 'mapping'), sweep);
  const seen = new Set(observations.map(({ trial }) => trial));
  const { runs, own, retracted } = knownRuns(lines);
  const isSeen = ({ trial }: { readonly trial: string }): boolean => seen.has(trial);
  const known = { runs: runs.filter(isSeen), own: own.filter(isSeen), retracted };
  const imports = past && importsOf(sweep, past, basename(add ?? ''), known);
  const leftOut = imports && leftOutText(imports);
  if (leftOut !== undefined) invocation.io.note(leftOut);
  return {
    ...(drop === undefined ? {} : { drop: drop.split(',').map((trial) => trial.trim()) }),
    ...(imports === undefined ? {} : { add: imports.runs }),
    ...(budget === undefined ? {} : { budget }),
    ...(policy === undefined ? {} : { policy }),
  };
};

/** `titrate what-if [SWEEP]`. */
export const whatIfCommand = async (invocation: Invocation): Promise<Outcome> => {
  const home = resolveHome({ flag: textFlag(invocation, 'home') });
  const { sweepId, lines } = await readLines(home, invocation.positionals[0], invocation.io);
  const at = positiveFlag(invocation, COMMAND, { name: 'at', usual: undefined, isWhole: true });
  const situation = at === undefined ? situationNow(lines) : situationAt(lines, at);
  const result = whatIf(situation, await changesOf(invocation, lines, situation));
  const isSame = isSameRun(result.actual.proposal, result.instead.proposal);
  return {
    exitCode: EXIT.ok,
    json: { sweep: sweepId, decision: situation.decision, same: isSame, ...result },
    text: whatIfText(sweepId, situation, result),
  };
};
