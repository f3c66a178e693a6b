import { InputError, isTitrateError, type Problem } from '../domain/errors.js';
import { EXIT, type ExitCode } from './exit-codes.js';

/** An error as programs read it. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly hint: string | null;
  readonly problems: readonly Problem[];
}

export const failureOf = (error: unknown): Failure => {
  const message = error instanceof Error ? error.message : String(error);
  if (!isTitrateError(error)) return { code: 'UnexpectedError', message, hint: null, problems: [] };
  const problems = error instanceof InputError ? error.problems : [];
  return { code: error.code, message, hint: error.hint ?? null, problems };
};

/** Input that is wrong is the caller's to mend; everything else is the environment's. */
export const exitCodeOf = (error: unknown): ExitCode => (error instanceof InputError ? EXIT.input : EXIT.environment);

/** An error as people read it; an unexpected one with its stack, since it is a fault of ours. */
export const failureText = (error: unknown): string => {
  const { message, hint } = failureOf(error);
  const said = isTitrateError(error) ? message : error instanceof Error ? (error.stack ?? message) : message;
  return [`error: ${said}`, ...(hint === null ? [] : [`hint: ${hint}`])].join('\n');
};
