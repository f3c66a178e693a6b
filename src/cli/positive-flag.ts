import { InputError } from '../domain/errors.js';
import { textFlag, type Invocation } from './command.js';

/** Refuses what a flag was given. */
export const refuseFlag = (command: string, path: string, expected: string, found: string): never => {
  throw new InputError('this command line cannot be used', [{ path, expected, found }], {
    hint: `titrate ${command} --help`,
  });
};

/** Reads a flag that takes a number above 0, a whole one where `isWhole`. @throws InputError for any other text. */
export const positiveFlag = <T>(
  invocation: Invocation,
  command: string,
  flag: { readonly name: string; readonly usual: T; readonly isWhole: boolean },
): number | T => {
  const text = textFlag(invocation, flag.name);
  if (text === undefined) return flag.usual;
  const value = Number(text);
  if (value > 0 && Number.isFinite(value) && (!flag.isWhole || Number.isInteger(value))) return value;
  const expected = flag.isWhole ? 'a whole number, 1 or more' : 'a number above 0';
  return refuseFlag(command, `--${flag.name}`, expected, JSON.stringify(text));
};
