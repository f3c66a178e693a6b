import { InputError } from '../domain/errors.js';
import { diffDecisions, differencesOf, diffSweeps, firstDifference } from '../reports/diff-text.js';
import { resolveHome, type Home } from '../temporal/home.js';
import { textFlag, type Invocation, type Outcome } from './command.js';
import { EXIT } from './exit-codes.js';
import type { Io } from './io.js';
import { readLines } from './recorded-lines.js';

const readNumber = (text: string): number => {
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new InputError('this command line cannot be used', [
    { path: 'N', expected: 'the number of a decision, 1 or more', found: JSON.stringify(text) },
  ]);
};

const ofDecisions = async (home: Home, io: Io, wanted: string | undefined, m: number, n: number): Promise<Outcome> => {
  const { sweepId, lines, view } = await readLines(home, wanted, io);
  const text = diffDecisions(view, lines, m, n);
  const [a, b] = [m, n].map((number) => view.decisions.find(({ decision }) => decision === number));
  return { exitCode: EXIT.ok, json: { sweep: sweepId, a, b }, text };
};

const ofSweeps = async (home: Home, io: Io, first: string, second: string): Promise<Outcome> => {
  const [a, b] = [await readLines(home, first, io), await readLines(home, second, io)];
  const json = {
    a: a.sweepId,
    b: b.sweepId,
    settings: differencesOf(a.view.sweep, b.view.sweep),
    recommendations: [a.view.recommendation, b.view.recommendation],
    spent: [a.view.spent, b.view.spent],
    firstDifference: firstDifference(a.view, b.view) ?? null,
  };
  return { exitCode: EXIT.ok, json, text: diffSweeps(a, b) };
};

/** `titrate diff A B`, or `titrate diff SWEEP M N`; two numbers alone are decisions of the latest sweep. */
export const diff = async (invocation: Invocation): Promise<Outcome> => {
  const home = resolveHome({ flag: textFlag(invocation, 'home') });
  const { io, positionals } = invocation;
  const [first = '', second = '', third] = positionals;
  if (third !== undefined) return ofDecisions(home, io, first, readNumber(second), readNumber(third));
  if (/^\d+$/.test(first) && /^\d+$/.test(second))
    return ofDecisions(home, io, undefined, readNumber(first), readNumber(second));
  return ofSweeps(home, io, first, second);
};
