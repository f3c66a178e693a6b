/**
 * Broken promises, each with a code, what to do next, and the values involved. Expected outcomes (a training job that
 * fails, a budget that is spent) are values, never these.
 */
export type ErrorCode = 'InputError' | 'NumericalError' | 'LauncherError' | 'RefusedError' | 'StateError';

export interface ErrorDetails {
  /** What the reader should do next. */
  readonly hint?: string;
  /** The values involved, plain JSON. */
  readonly values?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

// Controls but newline and tab, and marks that make text read as what it is not: names from files and jobs may hold them.
const HIDDEN = /(?![\t\n])[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu;

/** Writes what a terminal would obey, or hide, so that it can be seen. */
const visible = (text: string): string =>
  text.replace(HIDDEN, (hidden) => `\\u${hidden.charCodeAt(0).toString(16).padStart(4, '0')}`);

abstract class TitrateError extends Error {
  abstract readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly values: Readonly<Record<string, unknown>>;

  constructor(message: string, details: ErrorDetails = {}) {
    super(visible(message), details.cause === undefined ? undefined : { cause: details.cause });
    this.name = new.target.name;
    this.hint = details.hint === undefined ? undefined : visible(details.hint);
    this.values = details.values ?? {};
  }
}

/** One thing wrong with an input: where, what was expected, what was found. */
export interface Problem {
  /** Path in the input, such as `scales.1B.steps[2]`; empty for the whole. */
  readonly path: string;
  readonly expected: string;
  readonly found: string;
  /** Where in a file that a person wrote: `sweep.yaml:8:3`, line and column from 1, or the file alone for what is missing in it. */
  readonly at?: string;
}

const problemLine = ({ path, expected, found, at }: Problem): string =>
  `${at === undefined ? '' : `${at}: `}${path === '' ? '(whole)' : path}: expected ${expected}; found ${found}`;

const MOST_LISTED = 50; // lines that a person reads, and that a message may carry: a table has as many faults as rows

const listed = (problems: readonly Problem[]): string[] => {
  const lines = problems.slice(0, MOST_LISTED).map((problem) => `  ${problemLine(problem)}`);
  const left = problems.length - lines.length;
  return left === 0 ? lines : [...lines, `  and ${left} more`];
};

/** Input from outside that breaks its contract; carries every problem found, of which its message lists the first. */
export class InputError extends TitrateError {
  readonly code = 'InputError';
  readonly what: string;
  readonly problems: readonly Problem[];

  constructor(what: string, problems: readonly Problem[], details: ErrorDetails = {}) {
    super([what, ...listed(problems)].join('\n'), details);
    this.what = what;
    this.problems = problems.map(({ path, expected, found, at }) => ({
      path: visible(path),
      expected: visible(expected),
      found: visible(found),
      ...(at === undefined ? {} : { at: visible(at) }),
    }));
  }

  /** The same error, which says where in a file its problems lie; `placeOf` a path is undefined when it is none of the file's. */
  placedBy(placeOf: (path: string) => string | undefined): InputError {
    return this.retold((problem) => {
      const at = problem.at ?? placeOf(problem.path);
      return at === undefined ? problem : { ...problem, at };
    });
  }

  /** The same error with each problem told otherwise. */
  retold(tell: (problem: Problem) => Problem): InputError {
    const hint = this.hint === undefined ? {} : { hint: this.hint };
    return new InputError(this.what, this.problems.map(tell), { ...hint, values: this.values, cause: this });
  }
}

/** A computation that cannot be carried out in floating point, such as a matrix that no jitter makes definite. */
export class NumericalError extends TitrateError {
  readonly code = 'NumericalError';
}

/** A launcher's backend that refuses or breaks its contract. */
export class LauncherError extends TitrateError {
  readonly code = 'LauncherError';
}

/** A job that its backend will never accept as it is: bad limits, unknown partition, invalid template. Nothing was started. */
export class RefusedError extends TitrateError {
  readonly code = 'RefusedError';
}

/** Durable state (record, job folder, server files) that is not what it must be. */
export class StateError extends TitrateError {
  readonly code = 'StateError';
}

export type AnyTitrateError = InputError | NumericalError | LauncherError | RefusedError | StateError;

export const isTitrateError = (error: unknown): error is AnyTitrateError => error instanceof TitrateError;

/** An error's message with that of its cause, where the message is silent on it: libraries say `failed to ask`, and why only there. */
export const fullMessage = ({ message, cause }: Error): string =>
  cause instanceof Error && !message.includes(cause.message) ? `${message}: ${cause.message}` : message;

/** What went wrong, of whatever kind, and what can be done about it. */
export const errorText = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  if (!isTitrateError(error)) return fullMessage(error);
  return error.hint === undefined ? error.message : `${error.message} (${error.hint})`;
};
