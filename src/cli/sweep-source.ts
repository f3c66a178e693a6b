import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { parseDocument } from 'yaml';
import { canonicalJson } from '../domain/canonical-json.js';
import { costOf } from '../domain/cost.js';
import { InputError, type Problem } from '../domain/errors.js';
import { parseSweep } from '../domain/parse-sweep.js';
import { readRetries } from '../domain/sweep-readers.js';
import type { LauncherChoice, Sweep } from '../domain/sweep.js';

/** A sweep file, read and checked. */
export interface SweepSource {
  readonly file: string;
  readonly text: string;
  /** As the file says it. */
  readonly sweep: Sweep;
  /** With the launcher's paths made absolute. */
  readonly placed: Sweep;
  /** `<name>-<8 hex of the content>`: the same content always gives the same id. */
  readonly id: string;
}

const READ_ERRORS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EISDIR: 'a folder',
  EACCES: 'a file that may not be read',
  ENOTDIR: 'no such file',
};

/** Reads a file that a person named as `what`. @throws InputError when it cannot be read. */
export const readNamedFile = async (file: string, what: string, hint?: string): Promise<Buffer> => {
  try {
    return await readFile(file);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    const problem = { path: file, expected: `a ${what}`, found: READ_ERRORS[code] ?? code };
    throw new InputError(`the ${what} cannot be read`, [problem], hint === undefined ? {} : { hint });
  }
};

/** Runs a step of the YAML library; it throws errors of its own for aliases that lead nowhere, multiply or nest too deep. */
const yamlStep = <T>(file: string, what: string, step: () => T): T => {
  try {
    return step();
  } catch (cause) {
    const found = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause);
    throw new InputError(`the ${what} is not YAML`, [{ path: file, expected: 'YAML', found }], { cause });
  }
};

/** Parses YAML. @throws InputError with the line and column of every fault of syntax. */
export const parseYaml = (text: string, file: string, what = 'sweep file'): unknown => {
  const document = yamlStep(file, what, () =>
    parseDocument(text, { merge: true, prettyErrors: true, logLevel: 'error' }),
  );
  if (document.errors.length > 0) {
    const problems = document.errors.map(({ message, linePos }): Problem => {
      const at = linePos === undefined ? file : `${file}:${linePos[0].line}:${linePos[0].col}`;
      return {
        path: at,
        expected: 'YAML',
        found: (message.split('\n')[0] ?? message).replace(/ at line \d+, column \d+:?$/, ''),
      };
    });
    throw new InputError(`the ${what} is not YAML`, problems);
  }
  return yamlStep(file, what, () => document.toJS() as unknown);
};

/** Makes paths that the file gives relative to itself absolute. */
const placeLauncher = (launcher: LauncherChoice, folder: string): LauncherChoice => {
  if (launcher.kind === 'simulator') {
    return /\.(json|csv)$/i.test(launcher.world) ? { ...launcher, world: resolve(folder, launcher.world) } : launcher;
  }
  if (launcher.kind === 'none') return launcher;
  if (launcher.kind === 'kubernetes') {
    const { kubeconfig } = launcher;
    return kubeconfig === undefined ? launcher : { ...launcher, kubeconfig: resolve(folder, kubeconfig) };
  }
  const command = launcher.command.map((part) => (/^\.\.?\//.test(part) ? resolve(folder, part) : part));
  const cwd = launcher.cwd === undefined ? {} : { cwd: resolve(folder, launcher.cwd) };
  if (launcher.kind === 'local' || launcher.folder === undefined) return { ...launcher, command, ...cwd };
  return { ...launcher, command, ...cwd, folder: resolve(folder, launcher.folder) };
};

/** A sweep without what the file left to be filled in by versions after the first: its id must not change with those. */
const withoutLaterDefaults = ({ retries, ...rest }: Sweep): Omit<Sweep, 'retries'> => {
  const usual = readRetries(undefined, costOf(rest, rest.target));
  return canonicalJson(retries) === canonicalJson(usual) ? rest : { ...rest, ...(retries && { retries }) };
};

/** Digests what a sweep says, before its paths are made absolute: the same on every machine. */
export const sweepDigest = (sweep: Sweep): string =>
  createHash('sha256')
    .update(canonicalJson(withoutLaterDefaults(sweep)))
    .digest('hex');

const idOf = (sweep: Sweep): string => {
  const name = sweep.name.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^[^A-Za-z0-9]+/, '');
  return `${name === '' ? 'sweep' : name.slice(0, 80)}-${sweepDigest(sweep).slice(0, 8)}`;
};

/** Reads and checks a sweep file, whatever its launcher. @throws InputError with every problem found. */
export const readSweepFile = async (path: string): Promise<SweepSource> => {
  const file = resolve(path);
  const text = (await readNamedFile(file, 'sweep file', 'titrate init writes one to start from')).toString('utf8');
  const sweep = parseSweep(parseYaml(text, path));
  return {
    file,
    text,
    sweep,
    placed: { ...sweep, launcher: placeLauncher(sweep.launcher, dirname(file)) },
    id: idOf(sweep),
  };
};

/** Reads and checks a sweep file that is to be run. @throws InputError with every problem found. */
export const readSweepSource = async (path: string): Promise<SweepSource> => {
  const source = await readSweepFile(path);
  if (source.sweep.launcher.kind !== 'none') return source;
  const problem = {
    path: 'launcher',
    expected: 'a launcher that can run jobs, such as simulator or local',
    found: 'none',
  };
  throw new InputError('this sweep cannot be run', [problem]);
};
