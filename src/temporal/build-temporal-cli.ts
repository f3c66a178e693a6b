import { mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { StateError } from '../domain/errors.js';
import { isThere } from '../host/atomic-files.js';
import { onDisk } from '../host/disk-errors.js';
import { withLock } from '../host/file-lock.js';
import { findProgram } from './find-program.js';
import { makePrivateFolder } from './home.js';

const MODULE = 'github.com/temporalio/cli/cmd/temporal';
const PROGRESS_EVERY_MS = 5000;
const EXPECTED = 'about four minutes on two cores'; // measured: 213 MB, 240 s
const SAID_LENGTH = 4000; // characters of Go's output that an error tells
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

/** Finds `go` on PATH or where its own installer puts it; undefined when it is not there. */
export const findGo = (env: Readonly<Record<string, string | undefined>>): Promise<string | undefined> =>
  findProgram(process.platform === 'win32' ? 'go.exe' : 'go', env, ['/usr/local/go/bin']);

const minutes = (ms: number): string => {
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
};

/** Calls back every few seconds while the work lasts. */
const reporting = async <T>(work: Promise<T>, report: () => void): Promise<T> => {
  const ticker = setInterval(report, PROGRESS_EVERY_MS);
  try {
    return await work;
  } finally {
    clearInterval(ticker);
  }
};

const goInstall = async ({ go, version, env, log }: CliBuild, gobin: string): Promise<void> => {
  const began = Date.now();
  const building = execa(go, ['install', '-ldflags=-s -w', `${MODULE}@${version}`], {
    env: { ...env, CGO_ENABLED: '0', GOBIN: gobin },
    extendEnv: false,
    stdin: 'ignore',
    stdout: 'ignore',
    timeout: BUILD_TIMEOUT_MS,
    reject: false,
  });
  const ended = await reporting(building, () =>
    log(`  building the Temporal CLI: ${minutes(Date.now() - began)} gone of ${EXPECTED}`),
  );
  if (!ended.failed) return;
  if (ended.exitCode === undefined && ended.signal === undefined) {
    throw new StateError(`cannot run ${go}`, { cause: ended });
  }
  const how = ended.timedOut ? `${ended.signal} after ${minutes(BUILD_TIMEOUT_MS)}` : (ended.exitCode ?? ended.signal);
  const hint = 'Go needs its module proxy and about 2 GB of disk; or install the Temporal CLI on PATH yourself';
  throw new StateError(
    `go install ${MODULE}@${version} ended with ${how}:\n${ended.stderr.slice(-SAID_LENGTH).trim()}`,
    { hint },
  );
};

const buildInto = async (build: CliBuild): Promise<void> => {
  const { folder, executable, log, version } = build;
  const target = join(folder, executable);
  if (await isThere(target)) return; // another process built it while we waited
  log(`no Temporal CLI is installed; building ${version} with Go, once (${EXPECTED})`);
  const began = Date.now();
  const gobin = await onDisk('build the Temporal CLI', folder, () => mkdtemp(join(folder, 'build-')));
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
