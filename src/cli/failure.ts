import { fullMessage, InputError, isTitrateError, type Problem } from '../domain/errors.js';
import { EXIT, type ExitCode } from './exit-codes.js';

/** An error as programs read it. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly hint: string | null;
  readonly problems: readonly Problem[];
}

/**
 * An answer of Temporal's server that is an error, of the SDK's client or as gRPC has it. Told by its shape: a command that needs no
 * server does not load the SDK.
 */
const serverAnswer = (error: unknown): string | undefined => {
  if (!(error instanceof Error)) return undefined;
  const isAnswer = error.name === 'ServiceError' || /^\d+ [A-Z_]+: /.test(error.message);
  return isAnswer ? fullMessage(error) : undefined;
};

export const failureOf = (error: unknown): Failure => {
  const answer = isTitrateError(error) ? undefined : serverAnswer(error);
  if (answer !== undefined) {
    const hint = 'titrate doctor tells what the server allows; docs/operations.md names what titrate needs';
    return { code: 'StateError', message: `the Temporal server does not do it: ${answer}`, hint, problems: [] };
  }
  const message = error instanceof Error ? error.message : String(error);
  if (!isTitrateError(error)) return { code: 'UnexpectedError', message, hint: null, problems: [] };
  const problems = error instanceof InputError ? error.problems : [];
  return { code: error.code, message, hint: error.hint ?? null, problems };
};

/** Input that is wrong is the caller's to mend; everything else is the environment's. */
export const exitCodeOf = (error: unknown): ExitCode => (error instanceof InputError ? EXIT.input : EXIT.environment);

/** An error as people read it; an unexpected one with its stack, since it is a fault of ours. */
export const failureText = (error: unknown): string => {
  const { code, message, hint } = failureOf(error);
  const said = code !== 'UnexpectedError' ? message : error instanceof Error ? (error.stack ?? message) : message;
  return [`error: ${said}`, ...(hint === null ? [] : [`hint: ${hint}`])].join('\n');
};
