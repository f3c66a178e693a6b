import type { Command, Flag } from './command.js';
import { COMMANDS, COMMON_FLAGS } from './commands.js';
import { EXIT_CODES } from './exit-codes.js';

const columns = (rows: readonly (readonly [string, string])[]): string[] => {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`);
};

const flagRow = ({ name, value, about }: Flag): [string, string] => [
  value === undefined ? `--${name}` : `--${name} ${value}`,
  about,
];

/** The page of `titrate --help`. */
export const mainHelp = (): string =>
  [
    'titrate decides which pre-training run to pay for next.',
    '',
    'Usage: titrate COMMAND [ARGUMENTS] [FLAGS]',
    '',
    'Commands:',
    ...columns(COMMANDS.map(({ name, summary }) => [name, summary])),
    '',
    'Flags of every command:',
    ...columns(COMMON_FLAGS.map(flagRow)),
    '',
    'Examples, one for each command:',
    ...COMMANDS.map(({ examples }) => `  ${examples[0]}`),
    '',
    'Exit codes:',
    ...columns(EXIT_CODES.map(([code, meaning]) => [String(code), meaning])),
    '',
    'titrate COMMAND --help tells more of one.',
  ].join('\n');

/** The page of `titrate COMMAND --help`. */
export const commandHelp = ({ name, summary, usage, flags, examples, details = [] }: Command): string =>
  [
    `titrate ${name}: ${summary}`,
    '',
    `Usage: titrate ${name}${usage === '' ? '' : ` ${usage}`} [FLAGS]`,
    ...(details.length === 0 ? [] : ['', ...details]),
    '',
    'Flags:',
    ...columns([...flags, ...COMMON_FLAGS].map(flagRow)),
    '',
    examples.length === 1 ? 'Example:' : 'Examples:',
    ...examples.map((example) => `  ${example}`),
  ].join('\n');
