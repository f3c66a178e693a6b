import { parseArgs } from 'node:util';
import { InputError } from '../domain/errors.js';
import { nearestWord } from '../domain/nearest-word.js';
import type { Command, Flag } from './command.js';
import { COMMANDS, COMMON_FLAGS } from './commands.js';

/** A command line taken apart; `command` is absent when only help or the version is wanted. */
export interface CommandLine {
  readonly command?: Command;
  readonly positionals: readonly string[];
  readonly flags: Readonly<Record<string, string | boolean | undefined>>;
  readonly wants: 'run' | 'help' | 'version';
}

const usageError = (path: string, expected: string, found: string, hint: string): InputError =>
  new InputError('this command line cannot be used', [{ path, expected, found }], { hint });

const suggest = (word: string, known: readonly string[]): string => {
  const nearest = nearestWord(word, known);
  return nearest === undefined ? '' : ` (did you mean ${nearest}?)`;
};

const takesValue = (argument: string): boolean =>
  COMMON_FLAGS.some(({ name, value }) => value !== undefined && argument === `--${name}`);

/** Where the command's name stands: the first argument that is neither a flag nor a common flag's value. */
const commandIndex = (args: readonly string[]): number => {
  for (let i = 0; i < args.length; i++) {
    const argument = args[i] ?? '';
    if (takesValue(argument)) i++;
    else if (!argument.startsWith('-')) return i;
  }
  return -1;
};

const findCommand = (name: string): Command => {
  const found = COMMANDS.find((command) => command.name === name);
  if (found !== undefined) return found;
  const names = COMMANDS.map((command) => command.name);
  const expected = `one of ${names.join(', ')}${suggest(name, names)}`;
  throw usageError('command', expected, JSON.stringify(name), 'titrate --help');
};

const optionsOf = (flags: readonly Flag[]): Record<string, { type: 'string' | 'boolean'; short?: string }> =>
  Object.fromEntries(
    flags.map(({ name, value }) => [
      name,
      { type: value === undefined ? 'boolean' : 'string', ...(name === 'help' ? { short: 'h' } : {}) },
    ]),
  );

type Token = ReturnType<typeof tokenize>[number];

const tokenize = (args: readonly string[], flags: readonly Flag[]) =>
  parseArgs({ args: [...args], options: optionsOf(flags), allowPositionals: true, strict: false, tokens: true }).tokens;

const checkOption = (token: Extract<Token, { kind: 'option' }>, flags: readonly Flag[], hint: string): void => {
  const flag = flags.find(({ name }) => name === token.name);
  if (flag === undefined) {
    const known = flags.map(({ name }) => `--${name}`);
    const expected = `one of ${known.join(', ')}${suggest(token.rawName, known)}`;
    throw usageError('flag', expected, token.rawName, hint);
  }
  if (flag.value !== undefined && (token.value === undefined || token.value === '')) {
    throw usageError(token.rawName, `a value: ${flag.value}`, 'none', hint);
  }
  if (flag.value !== undefined && token.inlineValue === false && token.value?.startsWith('--') === true) {
    throw usageError(token.rawName, `a value: ${flag.value}`, token.value, hint); // a forgotten value swallows a flag
  }
  if (flag.value === undefined && token.value !== undefined) {
    throw usageError(token.rawName, 'no value', JSON.stringify(token.value), hint);
  }
};

const quoted = (words: readonly string[]): string => words.map((word) => JSON.stringify(word)).join(' ');

/** An empty argument is what a script's variable that was never set leaves: it would fit every sweep. */
const checkWords = ({ name, usage }: Command, positionals: readonly string[]): void => {
  if (!positionals.some((word) => word.trim() === '')) return;
  const expected = `titrate ${name} ${usage}, none of them empty`;
  throw usageError('arguments', expected, quoted(positionals), `titrate ${name} --help`);
};

const checkCount = ({ name, usage, fewest, most }: Command, positionals: readonly string[]): void => {
  if (positionals.length >= fewest && positionals.length <= most) return;
  const found = positionals.length === 0 ? 'nothing' : quoted(positionals);
  const extra = positionals.length > most ? positionals.slice(most) : [];
  const expected = usage === '' ? 'no argument' : `titrate ${name} ${usage}`;
  throw usageError(extra[0] ?? 'arguments', expected, found, `titrate ${name} --help`);
};

/** Takes a command line apart. @throws InputError that names what is wrong and the nearest word that is known. */
export const parseCommandLine = (args: readonly string[]): CommandLine => {
  const at = commandIndex(args);
  const name = args[at];
  const command = name === undefined || name === 'help' ? undefined : findCommand(name);
  const rest = at < 0 ? args : [...args.slice(0, at), ...args.slice(at + 1)];
  const known = [...(command?.flags ?? []), ...COMMON_FLAGS];
  const hint = command === undefined ? 'titrate --help' : `titrate ${command.name} --help`;
  const positionals: string[] = [];
  const flags: Record<string, string | boolean> = {};
  for (const token of tokenize(rest, known)) {
    if (token.kind === 'positional') positionals.push(token.value);
    if (token.kind !== 'option') continue;
    checkOption(token, known, hint);
    // Of two values one would be lost without a word; a switch says the same twice.
    if (typeof flags[token.name] === 'string') throw usageError(token.rawName, 'to be given once', 'it twice', hint);
    flags[token.name] = token.value ?? true;
  }
  if (name === 'help' && positionals[0] !== undefined) {
    return { command: findCommand(positionals[0]), positionals: [], flags, wants: 'help' };
  }
  if (flags['version'] === true) return { positionals, flags, wants: 'version' };
  if (command === undefined) return { positionals, flags, wants: 'help' };
  if (flags['help'] === true) return { command, positionals, flags, wants: 'help' };
  checkCount(command, positionals);
  checkWords(command, positionals);
  return { command, positionals, flags, wants: 'run' };
};
