import type { ExitCode } from './exit-codes.js';
import type { Io } from './io.js';

/** A flag of a command; one with `value` takes a value, named so in the help. */
export interface Flag {
  readonly name: string;
  readonly value?: string;
  readonly about: string;
}

/** What was asked, taken apart. */
export interface Invocation {
  readonly positionals: readonly string[];
  readonly flags: Readonly<Record<string, string | boolean | undefined>>;
  readonly io: Io;
}

/** What a command ends with: one object for programs, text for people. */
export interface Outcome {
  readonly exitCode: ExitCode;
  readonly json: Readonly<Record<string, unknown>>;
  readonly text: string;
}

export type Run = (invocation: Invocation) => Promise<Outcome>;

/** Everything about a command but its code, which is loaded when it is called. */
export interface Command {
  readonly name: string;
  readonly summary: string;
  /** Arguments as the usage line shows them. */
  readonly usage: string;
  readonly fewest: number;
  readonly most: number;
  readonly flags: readonly Flag[];
  readonly examples: readonly string[];
  readonly details?: readonly string[];
  load(): Promise<Run>;
}

/** Returns a flag's text; undefined when it was not given. */
export const textFlag = ({ flags }: Invocation, name: string): string | undefined => {
  const value = flags[name];
  return typeof value === 'string' ? value : undefined;
};
