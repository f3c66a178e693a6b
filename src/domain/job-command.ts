import type { SecretRef } from './notices.js';

interface CommandSection {
  readonly command: readonly string[];
  readonly cwd?: string | undefined;
  readonly env?: Readonly<Record<string, string | number | boolean>> | undefined;
  readonly secrets?: Readonly<Record<string, SecretRef>> | undefined;
  readonly timeoutSeconds?: number | undefined;
}

/** What launchers of a command have in common once their section was read. */
interface JobCommand {
  readonly command: readonly string[];
  readonly cwd?: string;
  readonly env: Readonly<Record<string, string>>;
  readonly secrets?: Readonly<Record<string, SecretRef>>;
  readonly timeoutSeconds?: number;
}

/** Values of environment variables as text, as which a job gets them. */
export const asText = (env: Readonly<Record<string, string | number | boolean>>): Record<string, string> =>
  Object.fromEntries(Object.entries(env).map(([name, value]) => [name, String(value)]));

/** Reads what a launcher's section says of the command; environment values become text. */
export const readCommand = ({ command, cwd, env = {}, secrets, timeoutSeconds }: CommandSection): JobCommand => ({
  command,
  ...(cwd === undefined ? {} : { cwd }),
  env: asText(env),
  ...(secrets === undefined ? {} : { secrets }),
  ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
});
