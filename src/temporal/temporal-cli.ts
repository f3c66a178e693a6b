import { readdir } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join, resolve, sep } from 'node:path';
import { execa } from 'execa';
import { StateError } from '../domain/errors.js';
import { buildTemporalCli, findGo } from './build-temporal-cli.js';
import { findProgram, isExecutable } from './find-program.js';

/** The CLI's tag that we build: newer tags carry a `replace` in go.mod, which `go install` refuses. */
export const CLI_VERSION = 'v1.5.1';
const VERSION_TIMEOUT_MS = 20_000; // it says so at once; a binary of 200 MB on a cold network disk takes a while
const CLI_SERVER_VERSION = '1.29.1'; // what that tag says of itself

/** A way to a `temporal` binary, in the order in which they are tried. */
export type CliRoute = 'TITRATE_TEMPORAL_CLI' | 'PATH' | 'cache' | 'sdk-download' | 'go-build';

export interface TemporalCli {
  readonly route: CliRoute;
  readonly path: string;
  /** The CLI's own version where it knows it; our cache's folder name otherwise. */
  readonly cliVersion: string;
  /** Version of the server inside, such as 1.29.1: it decides the database's schema. */
  readonly serverVersion: string;
}

export interface CliSearch {
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Told what is found, tried and done; one line each. */
  readonly log?: (line: string) => void;
  /** Take only a binary with this server version: the one that wrote the database. */
  readonly serverVersion?: string | undefined;
  /** Where the SDK leaves its own download; the system's temporary folder when absent. */
  readonly sdkFolder?: string;
  /** Build it with Go when it is nowhere (default true). */
  readonly mayBuild?: boolean;
}

interface Found {
  readonly route: CliRoute;
  readonly path: string;
}

const executable = process.platform === 'win32' ? 'temporal.exe' : 'temporal';

/** Names the folder where our own build of the CLI lies, under XDG_CACHE_HOME or `~/.cache`. */
export const cliCacheFolder = (env: CliSearch['env'] = process.env): string =>
  join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'titrate', 'temporal-cli', CLI_VERSION);

/** Finds what the SDK's testing package has downloaded: `temporal-sdk-typescript-<version>`; the newest of several. */
const findSdkDownload = async (folder: string): Promise<string | undefined> => {
  const names = await readdir(folder).catch(() => []);
  const downloads = names.filter((name) => /^temporal-sdk-typescript-\d+(\.\d+)*(\.exe)?$/.test(name));
  const newestFirst = downloads.sort((a, b) => b.localeCompare(a, 'en', { numeric: true }));
  for (const name of newestFirst) if (await isExecutable(join(folder, name))) return join(folder, name);
  return undefined;
};

/** Asks a binary what it is. @throws StateError when it does not run or is no Temporal CLI. */
const readCliVersion = async (path: string): Promise<{ cli: string; server: string }> => {
  const { stdout } = await execa(path, ['--version'], { stdin: 'ignore', timeout: VERSION_TIMEOUT_MS }).catch(
    (cause: unknown) => {
      throw new StateError(`cannot run ${path} --version`, { cause, hint: 'is it a Temporal CLI for this machine?' });
    },
  );
  const match = /temporal version (\S+) \(Server ([^,)]+)/i.exec(stdout);
  if (match?.[1] !== undefined && match[2] !== undefined) return { cli: match[1], server: match[2] };
  throw new StateError(
    `expected 'temporal version X (Server Y, ...)'; found ${JSON.stringify(stdout.slice(0, 80))} (${path})`,
    {
      hint: 'is it a Temporal CLI?',
    },
  );
};

/** The binary that the environment names, by a path that means the same in every folder, or by a name that PATH knows. */
export const namedCli = ({ TITRATE_TEMPORAL_CLI: given }: NonNullable<CliSearch['env']>): string | undefined =>
  given?.includes(sep) ? resolve(given) : given || undefined;

async function* foundBinaries({ env = process.env, sdkFolder = tmpdir() }: CliSearch): AsyncGenerator<Found> {
  const given = namedCli(env);
  if (given !== undefined) {
    yield { route: 'TITRATE_TEMPORAL_CLI', path: given };
    return; // who names one means that one
  }
  const onPath = await findProgram(executable, env);
  if (onPath !== undefined) yield { route: 'PATH', path: onPath };
  const cached = join(cliCacheFolder(env), executable);
  if (await isExecutable(cached)) yield { route: 'cache', path: cached };
  const downloaded = await findSdkDownload(sdkFolder);
  if (downloaded !== undefined) yield { route: 'sdk-download', path: downloaded };
}

const asCli = async ({ route, path }: Found): Promise<TemporalCli> => {
  const version = await readCliVersion(path);
  const cliVersion = route === 'cache' || route === 'go-build' ? CLI_VERSION : version.cli;
  return { route, path, cliVersion, serverVersion: version.server };
};

const build = async ({
  env = process.env,
  log = () => {},
  serverVersion,
  mayBuild = true,
}: CliSearch): Promise<TemporalCli | undefined> => {
  if (env['TITRATE_TEMPORAL_CLI'] || (serverVersion !== undefined && serverVersion !== CLI_SERVER_VERSION))
    return undefined;
  const go = mayBuild ? await findGo(env) : undefined;
  if (go === undefined) return undefined;
  const folder = cliCacheFolder(env);
  await buildTemporalCli({ go, folder, executable, version: CLI_VERSION, env, log });
  return asCli({ route: 'go-build', path: join(folder, executable) });
};

const noRoute = (tried: readonly string[], { env = process.env, serverVersion }: CliSearch): StateError => {
  const wanted = serverVersion === undefined ? '' : ` with server ${serverVersion}, which wrote this home’s database`;
  if (namedCli(env) !== undefined) {
    const what = `what TITRATE_TEMPORAL_CLI names is no Temporal CLI that can be used${wanted}`;
    const hint =
      'set it to the binary of a Temporal CLI, or unset it: then PATH, our cache and a build with Go are tried';
    return new StateError([what, ...tried.map((line) => `  ${line}`)].join('\n'), { hint });
  }
  const hint = [
    'install one of: the Temporal CLI (docs.temporal.io/cli) on PATH; Go 1.23 or newer, and titrate builds the CLI;',
    'or set TITRATE_TEMPORAL_CLI to a binary, or TEMPORAL_ADDRESS to a server that runs already',
  ].join('\n  ');
  const isOther = serverVersion !== undefined && serverVersion !== CLI_SERVER_VERSION;
  const noBuild = isOther ? `a build with Go would have server ${CLI_SERVER_VERSION}` : 'Go is not there to build it';
  const what = `found no Temporal CLI${wanted}, and ${noBuild}`;
  return new StateError([what, ...tried.map((line) => `  ${line}`)].join('\n'), { hint });
};

/**
 * Finds a `temporal` binary by the first route that works: TITRATE_TEMPORAL_CLI, PATH, our cache, the SDK's download, a
 * build with Go (minutes). @throws StateError that says what was tried and what to install.
 */
export const findTemporalCli = async (search: CliSearch = {}): Promise<TemporalCli> => {
  const tried: string[] = [];
  for await (const found of foundBinaries(search)) {
    try {
      const cli = await asCli(found);
      if (search.serverVersion === undefined || search.serverVersion === cli.serverVersion) return cli;
      tried.push(`${found.route}: ${found.path} has server ${cli.serverVersion}`);
    } catch (error) {
      tried.push(`${found.route}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  for (const line of tried) search.log?.(`passed over ${line}`);
  const built = await build(search);
  if (built !== undefined) return built;
  throw noRoute(tried, search);
};
