import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { canonicalJson } from '../domain/canonical-json.js';
import { costOf } from '../domain/cost.js';
import { InputError } from '../domain/errors.js';
import type { NoticeChannel } from '../domain/notices.js';
import { parseSweep } from '../domain/parse-sweep.js';
import { SECTIONS } from '../domain/sweep-file.js';
import { readRetries } from '../domain/sweep-readers.js';
import type { LauncherChoice, Sweep } from '../domain/sweep.js';
import { utf8Text } from '../domain/utf8-text.js';
import { pathParts } from '../domain/zod-problems.js';
import { readYaml, type YamlFile } from './yaml-file.js';

/** A sweep file, read and checked. */
export interface SweepSource {
  readonly file: string;
  /** As a person named the file. */
  readonly name: string;
  readonly yaml: YamlFile;
  readonly text: string;
  /** As the file says it. */
  readonly sweep: Sweep;
  /** With paths of the launcher and of commands that are told made absolute. */
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

/** Runs a step; what it finds wrong with a sweep says where in the file that lies, or that it is missing there. */
export const inSweepFile = async <T>(
  { name, yaml }: Pick<SweepSource, 'name' | 'yaml'>,
  step: () => T | Promise<T>,
): Promise<T> => {
  try {
    return await step();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw error.placedBy((path) => {
      const isOfFile = path === '' || Object.hasOwn(SECTIONS, pathParts(path)[0] ?? '');
      return yaml.placeOf(path) ?? (isOfFile ? name : undefined);
    });
  }
};

const placeCommand = (command: readonly string[], folder: string): string[] =>
  command.map((part) => (/^\.\.?\//.test(part) ? resolve(folder, part) : part));

const placeNotify = (channels: readonly NoticeChannel[], folder: string): NoticeChannel[] =>
  channels.map((channel) =>
    'command' in channel ? { ...channel, command: placeCommand(channel.command, folder) } : channel,
  );

const placeLauncher = (launcher: LauncherChoice, folder: string): LauncherChoice => {
  if (launcher.kind === 'simulator') {
    return /\.(json|csv)$/i.test(launcher.world) ? { ...launcher, world: resolve(folder, launcher.world) } : launcher;
  }
  if (launcher.kind === 'none') return launcher;
  if (launcher.kind === 'kubernetes') {
    const { kubeconfig } = launcher;
    return kubeconfig === undefined ? launcher : { ...launcher, kubeconfig: resolve(folder, kubeconfig) };
  }
  const command = placeCommand(launcher.command, folder);
  const cwd = launcher.cwd === undefined ? {} : { cwd: resolve(folder, launcher.cwd) };
  if (launcher.kind === 'local' || launcher.folder === undefined) return { ...launcher, command, ...cwd };
  return { ...launcher, command, ...cwd, folder: resolve(folder, launcher.folder) };
};

/** Makes paths that the file gives relative to itself absolute. */
const placeSweep = (sweep: Sweep, folder: string): Sweep => ({
  ...sweep,
  launcher: placeLauncher(sweep.launcher, folder),
  ...(sweep.notify === undefined ? {} : { notify: placeNotify(sweep.notify, folder) }),
});

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

/** What of a sweep's name its id begins with: an id also names folders. */
export const nameInId = (name: string): string => {
  const plain = name.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^[^A-Za-z0-9]+/, '');
  return plain === '' ? 'sweep' : plain.slice(0, 80);
};

const idOf = (sweep: Sweep): string => `${nameInId(sweep.name)}-${sweepDigest(sweep).slice(0, 8)}`;

/** Reads and checks a sweep file, whatever its launcher. @throws InputError with every problem found. */
export const readSweepFile = async (path: string): Promise<SweepSource> => {
  const file = resolve(path);
  const what = 'sweep file';
  const text = utf8Text(await readNamedFile(file, what, 'titrate init writes one to start from'), path, what);
  const source = { file, name: path, yaml: readYaml(text, path, what), text };
  const rewritten = source.yaml.rewrittenNames();
  if (rewritten.length > 0) throw new InputError('names in the sweep file would be changed', rewritten);
  const sweep = await inSweepFile(source, () => parseSweep(source.yaml.value));
  return {
    ...source,
    sweep,
    placed: placeSweep(sweep, dirname(file)),
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
  return inSweepFile(source, () => {
    throw new InputError('this sweep cannot be run', [problem]);
  });
};
