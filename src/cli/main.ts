#!/usr/bin/env node
/** The entry of `titrate`: takes the command line apart and loads the one command that it names. */
import { realpathSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Outcome } from './command.js';
import { EXIT, type ExitCode } from './exit-codes.js';
import { exitCodeOf, failureOf, failureText } from './failure.js';
import { commandHelp, mainHelp } from './help.js';
import { createIo } from './io.js';
import { parseCommandLine, type CommandLine } from './parse-command-line.js';

const write = (stream: NodeJS.WriteStream, text: string): Promise<void> =>
  new Promise((done) => stream.write(text, () => done()));

const version = async (): Promise<string> => {
  const text = await readFile(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
};

const carryOut = async (line: CommandLine, json: boolean): Promise<Outcome> => {
  const { command, positionals, flags, wants } = line;
  if (wants === 'version') {
    const text = await version();
    return { exitCode: EXIT.ok, json: { version: text }, text };
  }
  if (wants === 'help' || command === undefined) {
    const text = command === undefined ? mainHelp() : commandHelp(command);
    return { exitCode: EXIT.ok, json: { help: text }, text };
  }
  const run = await command.load();
  return run({ positionals, flags, io: createIo(json) });
};

/** Where a command line came to: its exit status, and what it says on which stream. */
interface Ending {
  readonly exitCode: ExitCode;
  readonly stream: NodeJS.WriteStream;
  readonly text: string;
}

const endingOf = async (args: readonly string[]): Promise<Ending> => {
  const json = args.includes('--json');
  try {
    const { exitCode, json: result, text } = await carryOut(parseCommandLine(args), json);
    return { exitCode, stream: process.stdout, text: json ? JSON.stringify(result) : text };
  } catch (error) {
    const exitCode = exitCodeOf(error);
    if (!json) return { exitCode, stream: process.stderr, text: failureText(error) };
    return { exitCode, stream: process.stdout, text: JSON.stringify({ error: failureOf(error) }) };
  }
};

/** Is the exit status known, so that only its telling is left? */
let hasEnded = false;

/** Runs one command line and returns its exit status. */
export const main = async (args: readonly string[]): Promise<ExitCode> => {
  const { exitCode, stream, text } = await endingOf(args);
  hasEnded = true;
  await write(stream, text === '' ? '' : `${text}\n`);
  return exitCode;
};

/** A reader, such as `head`, that has seen enough ends the watching and changes no result; a full disk is a trouble of its own. */
const onWriteError = (error: NodeJS.ErrnoException): void => {
  if (error.code === 'EPIPE' && hasEnded) return;
  if (error.code === 'EPIPE') process.exit(EXIT.ok);
  if (hasEnded) process.stderr.write(`error: what was found cannot be written: ${error.message}\n`);
  process.exit(EXIT.environment);
};

/** Is this file what Node was started with, be it through a link in a bin folder? */
const isEntry = (): boolean => {
  const [, script] = process.argv;
  return script !== undefined && realpathSync(script) === fileURLToPath(import.meta.url);
};

if (isEntry()) {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', onWriteError);
  }
  process.exit(await main(process.argv.slice(2)));
}
