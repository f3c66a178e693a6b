/** Builds the control plane of `server/` with Go, once per source: into a cache outside the work tree. */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { isThere } from '../../src/host/atomic-files.js';
import { withLock } from '../../src/host/file-lock.js';
import { findGo } from '../../src/temporal/build-temporal-cli.js';

const SOURCE = join(import.meta.dirname, 'server');
const PROGRAM = 'kubernetes-control-plane';
const TIMEOUT_MS = 60 * 60_000; // 10 minutes of processor time when nothing is cached; a busy machine takes several times that
const SAY_EVERY_MS = 30_000;
const HOW_LONG = 'once; about 10 minutes of processor time, 600 MB of Go modules and 3 GB of build cache';

const readSources = async (): Promise<readonly string[]> => {
  const names = (await readdir(SOURCE)).filter((name) => /\.go$|^go\.(mod|sum)$/.test(name)).toSorted();
  return Promise.all(names.map(async (name) => `${name}\n${await readFile(join(SOURCE, name), 'utf8')}`));
};

/** The version that the server tells, taken from go.mod. */
const versionIn = (sources: readonly string[]): string => {
  const version = /k8s\.io\/kubernetes (v[0-9.]+)/.exec(sources.join('\n'))?.[1];
  if (version === undefined) throw new Error('go.mod names no version of k8s.io/kubernetes');
  return version;
};

const cacheFolder = (): string => join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'titrate', PROGRAM);

const runGo = async (go: string, version: string, output: string): Promise<void> => {
  // Other flags would compile all of its 2,400 packages again, under other keys of Go's cache.
  const flags = ['-mod=readonly', '-buildvcs=false', '-p=2', '-trimpath'];
  const linked = `-ldflags=-s -w -X k8s.io/component-base/version.gitVersion=${version}`;
  await execa('nice', ['-n', '5', go, 'build', ...flags, linked, '-o', output, '.'], {
    cwd: SOURCE,
    env: { CGO_ENABLED: '0', GOWORK: 'off', GOFLAGS: '' },
    stdin: 'ignore',
    timeout: TIMEOUT_MS,
  });
};

const build = async (target: string, folder: string, version: string, log: (line: string) => void): Promise<void> => {
  if (await isThere(target)) return; // another process built it meanwhile
  const go = await findGo(process.env);
  if (go === undefined) throw new Error('the Kubernetes tests need Go to build their control plane: https://go.dev/dl');
  log(`building a Kubernetes ${version} control plane for tests (${HOW_LONG})`);
  const began = Date.now();
  const ticker = setInterval(() => log(`  still building: ${Math.round((Date.now() - began) / 1000)} s`), SAY_EVERY_MS);
  const draft = await mkdtemp(join(folder, 'build-'));
  try {
    await runGo(go, version, join(draft, PROGRAM));
    await rename(join(draft, PROGRAM), target);
  } finally {
    clearInterval(ticker);
    await rm(draft, { recursive: true, force: true });
  }
  log(`  built ${target} in ${Math.round((Date.now() - began) / 1000)} s`);
};

/** Gives the path of the control plane's program, building it when it is not there. */
export const findControlPlane = async (log: (line: string) => void = console.log): Promise<string> => {
  const sources = await readSources();
  const version = versionIn(sources);
  const digest = createHash('sha256').update(sources.join('\0')).digest('hex').slice(0, 12);
  const folder = cacheFolder();
  const target = join(folder, `${PROGRAM}-${version}-${digest}`);
  if (await isThere(target)) return target;
  await mkdir(folder, { recursive: true });
  await withLock(join(folder, 'build.lock'), () => build(target, folder, version, log), {
    timeoutMs: TIMEOUT_MS,
    onWait: () => log('another process is building the control plane; waiting for it'),
  });
  return target;
};
