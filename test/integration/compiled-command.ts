/** The compiled command as a person runs it, and a sweep file for it. */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { INIT_TEMPLATE } from '../../src/cli/init-template.js';

export const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the command in a folder until it ends, however it does. */
export const runCommand = (args: readonly string[], cwd: string, env: NodeJS.ProcessEnv): Promise<Ran> =>
  new Promise((done) => {
    execFile(process.execPath, [MAIN, ...args], { env, cwd }, (error, out, err) => {
      done({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, out, err });
    });
  });

/** Writes a sweep file of cheap random runs; `seconds` of simulated time per unit of cost. */
export const writeCheapSweep = async (folder: string, name: string, seconds: number): Promise<string> => {
  const text = INIT_TEMPLATE.replace('name: my-sweep', `name: ${name}`)
    .replace('targetRuns: 4', 'targetRuns: 2')
    .replace('confirm: 1', 'confirm: 0')
    .replace('policy: titrate', 'policy: random')
    .replace('secondsPerUnit: 0.01', `secondsPerUnit: ${seconds}`);
  const file = join(folder, `${name}.yaml`);
  await writeFile(file, text);
  return file;
};
