import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { isTitrateError } from '../domain/errors.js';

/** Errors that trying again cannot mend; disks, launchers and damaged files are waited for instead. */
const FINAL: ReadonlySet<string> = new Set(['InputError', 'NumericalError', 'RefusedError']);

/** Turns what a core function throws into a failure whose type is the error's code: the one place where that is done. */
const toFailure = (error: unknown): unknown => {
  if (!isTitrateError(error)) return error;
  const message = error.hint === undefined ? error.message : `${error.message}\n  hint: ${error.hint}`;
  return ApplicationFailure.create({
    message,
    type: error.code,
    nonRetryable: FINAL.has(error.code),
    details: [{ hint: error.hint, values: error.values }],
    cause: error,
  });
};

type Activity = (input: never) => Promise<unknown>;

/** Wraps every activity of a set, so that errors leave it as failures. */
export const withFailures = <T extends Record<string, Activity>>(activities: T): T => {
  const wrap =
    (activity: Activity): Activity =>
    async (input) => {
      try {
        return await activity(input);
      } catch (error) {
        if (error instanceof CancelledFailure) throw error;
        throw toFailure(error);
      }
    };
  return Object.fromEntries(Object.entries(activities).map(([name, activity]) => [name, wrap(activity)])) as T;
};
