import { spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { access, mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { StateError } from '../domain/errors.js';
import { withLock } from './file-lock.js';
import { makePrivateFolder } from './home.js';
import { storageError } from './storage-errors.js';

const MODULE = 'github.com/temporalio/cli/cmd/temporal';
const PROGRESS_EVERY_MS = 5000;
const EXPECTED = 'about four minutes on two cores'; // measured: 213 MB, 240 s
const BUILD_TIMEOUT_MS = 40 * 60_000; // a slow network on one core; beyond it something hangs

export interface CliBuild {
  /** Path of the `go` program. */
  readonly go: string;
  /** Folder the binary goes to. */
  readonly folder: string;
  readonly executable: string;
  /** Tag of the CLI, such as v1.5.1. */
  readonly version: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: (line: string) => void;
}

const exists = async (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isFile(),
    () => false,
  );

const runs = async (path: string): Promise<boolean> =>
  access(path, constants.X_OK).then(
    () => true,
    () => false,
  );

/** Finds `go` on PATH or where its own installer puts it; undefined when it is not there. */
export const findGo = async (env: Readonly<Record<string, string | undefined>>): Promise<string | undefined> => {
  const program = process.platform === 'win32' ? 'go.exe' : 'go';
  const folders = [...(env['PATH'] ?? '').split(delimiter).filter((entry) => entry !== ''), '/usr/local/go/bin'];
  for (const folder of folders) if (await runs(join(folder, program))) return join(folder, program);
  return undefined;
};

const minutes = (ms: number): string => {
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
};

const goInstall = ({ go, version, env, log }: CliBuild, gobin: string): Promise<void> =>
  new Promise((done, fail) => {
    const child = spawn(go, ['install', '-ldflags=-s -w', `${MODULE}@${version}`], {
      env: { ...env, CGO_ENABLED: '0', GOBIN: gobin },
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: BUILD_TIMEOUT_MS,
    });
    const began = Date.now();
    const report = (): void => log(`  building the Temporal CLI: ${minutes(Date.now() - began)} gone of ${EXPECTED}`);
    const ticker = setInterval(report, PROGRESS_EVERY_MS);
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-4000)));
    child.once('error', (cause) => {
      clearInterval(ticker);
      fail(new StateError(`cannot run ${go}`, { cause }));
    });
    child.once('close', (code, signal) => {
      clearInterval(ticker);
      if (code === 0) return done();
      const hint = 'Go needs its module proxy and about 2 GB of disk; or install the Temporal CLI on PATH yourself';
      fail(new StateError(`go install ${MODULE}@${version} ended with ${code ?? signal}:\n${said.trim()}`, { hint }));
    });
  });

const buildInto = async (build: CliBuild): Promise<void> => {
  const { folder, executable, log, version } = build;
  const target = join(folder, executable);
  if (await exists(target)) return; // another process built it while we waited
  log(`no Temporal CLI is installed; building ${version} with Go, once (${EXPECTED})`);
  const began = Date.now();
  const gobin = await mkdtemp(join(folder, 'build-')).catch((error: unknown) => {
    throw storageError(error, folder);
  });
  try {
    await goInstall(build, gobin);
    await rename(join(gobin, executable), target);
  } finally {
    await rm(gobin, { recursive: true, force: true });
  }
  log(`  built ${target} in ${minutes(Date.now() - began)}`);
};

/**
 * Builds the Temporal CLI with Go into `folder`, saying every few seconds how long it has been. The binary appears whole
 * or not at all; a second process waits for the first. @throws StateError with the end of Go's output when it fails.
 */
export const buildTemporalCli = async (build: CliBuild): Promise<void> => {
  await makePrivateFolder(build.folder);
  const onWait = (): void => build.log('another process is building the Temporal CLI; waiting for it');
  await withLock(join(build.folder, 'build.lock'), () => buildInto(build), { timeoutMs: BUILD_TIMEOUT_MS, onWait });
};
