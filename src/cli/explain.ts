import { InputError, StateError } from '../domain/errors.js';
import { explainDecision } from '../reports/explain-decision.js';
import { resolveHome } from '../temporal/home.js';
import { textFlag, type Invocation, type Outcome } from './command.js';
import { EXIT } from './exit-codes.js';
import { findRecorded } from './find-sweep.js';
import { readSweep } from './sweep-record.js';

const isNumber = (text: string | undefined): text is string => text !== undefined && /^\d+$/.test(text);

/** Reads `[SWEEP] [N]`, where a lone number is N. */
const readArguments = ([first, second]: readonly string[]): { wanted: string | undefined; n: number | undefined } => {
  if (second === undefined && isNumber(first)) return { wanted: undefined, n: Number(first) };
  if (second === undefined || isNumber(second))
    return { wanted: first, n: second === undefined ? undefined : Number(second) };
  throw new InputError('this command line cannot be used', [
    { path: 'N', expected: 'the number of a decision, 1 or more', found: JSON.stringify(second) },
  ]);
};

/** `titrate explain [SWEEP|FOLDER] [N]`. */
export const explain = async (invocation: Invocation): Promise<Outcome> => {
  const { wanted, n } = readArguments(invocation.positionals);
  const here = resolveHome({ flag: textFlag(invocation, 'home') });
  const { home, sweepId } = await findRecorded(here, wanted);
  const recorded = await readSweep(home, sweepId);
  for (const warning of recorded?.warnings ?? []) invocation.io.note(`note: ${warning}`);
  const number = n ?? recorded?.view.decisions.at(-1)?.decision;
  if (recorded === undefined || number === undefined) {
    throw new StateError(`sweep ${sweepId} has decided nothing yet`, { hint: `titrate status ${sweepId}` });
  }
  const text = explainDecision(recorded.view, number);
  const decision = recorded.view.decisions.find((candidate) => candidate.decision === number);
  return { exitCode: EXIT.ok, json: { sweep: sweepId, decision, text }, text: text.trimEnd() };
};
