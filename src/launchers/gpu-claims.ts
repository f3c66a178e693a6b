/**
 * The GPUs of this machine, divided among the jobs of one home.
 *
 * 1. Claims stand in one file per boot of the machine, in the order in which they came, and it is changed under a lock.
 * 2. Who came first is served first: a job that needs many GPUs is not passed by small ones for ever.
 * 3. A claim ends with its job, as the job's folder and processes tell. Nobody has to give GPUs back, and those of a killed
 *    wrapper stay taken while anything that it started lives.
 */
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { StateError } from '../domain/errors.js';
import { parseJobKey } from '../domain/job-key.js';
import { makeFolder, readTail, replaceFile } from '../host/atomic-files.js';
import { withLock } from '../host/file-lock.js';
import { identifySelf, liveness } from '../host/process-identity.js';
import { ProcessRecord } from '../host/process-record.js';
import { examineJob } from './examine-job.js';
import { JOB_FOLDER_MODE, jobFiles } from './job-folder.js';
import { log, type GpuRequest } from './wrapper-input.js';

const Claim = z.object({
  /** Of the job. */
  folder: z.string().min(1),
  wanted: z.int().positive(),
  /** Those that it may be given. */
  among: z.array(z.string()),
  /** Those that it has; none while it waits. */
  gpus: z.array(z.string()),
  /** Its wrapper. */
  holder: ProcessRecord,
});
type Claim = z.infer<typeof Claim>;

const LOOK_MS = 1_000; // training takes minutes and more
const LARGEST_FILE = 1 << 20; // bytes: some thousand jobs of one machine
const PRIVATE_FILE = 0o600;

const claimsFile = (folder: string, bootId: string): string => join(folder, `${bootId}.json`);

const readClaims = async (file: string): Promise<readonly Claim[]> => {
  const text = await readTail(file, LARGEST_FILE);
  if (text === undefined) return [];
  try {
    return z.array(Claim).parse(JSON.parse(text));
  } catch (error) {
    throw new StateError(`cannot read ${file}: expected claims on GPUs; found ${JSON.stringify(text.slice(0, 80))}`, {
      hint: 'something else wrote to this file; delete it when no job runs on this machine',
      values: { file },
      cause: error,
    });
  }
};

const isOver = async ({ folder, holder }: Claim): Promise<boolean> => {
  const state = await examineJob(jobFiles(folder)).then(
    (standing) => standing.state,
    () => 'absent', // its job wrote over a record of ours
  );
  if (state === 'ended') return true;
  return (state === 'absent' || state === 'not-started') && (await liveness(holder)) === 'dead';
};

/** Gives waiting claims what is free, in their order; what the first of those that must wait could use is kept for it. */
const grant = (claims: readonly Claim[]): Claim[] => {
  const taken = new Set(claims.flatMap(({ gpus }) => gpus));
  return claims.map((claim) => {
    if (claim.gpus.length > 0) return claim;
    const free = claim.among.filter((gpu) => !taken.has(gpu));
    const gpus = free.length < claim.wanted ? [] : free.slice(0, claim.wanted);
    for (const gpu of gpus.length > 0 ? gpus : free) taken.add(gpu);
    return { ...claim, gpus };
  });
};

/** Drops claims that are over, adds this job's, and grants; returns what this job has now. */
const claim = async ({ folder: home, gpus: among, count: wanted }: GpuRequest, folder: string): Promise<string[]> => {
  const holder = await identifySelf();
  await makeFolder(home, JOB_FOLDER_MODE);
  const file = claimsFile(home, holder.bootId);
  return withLock(`${file}.lock`, async () => {
    const before = await readClaims(file);
    const over = await Promise.all(before.map(async (other) => other.folder !== folder && (await isOver(other))));
    const left = before.filter((_, i) => over[i] !== true);
    const isKnown = left.some((other) => other.folder === folder);
    const after = grant(isKnown ? left : [...left, { folder, wanted, among: [...among], gpus: [], holder }]);
    if (JSON.stringify(after) !== JSON.stringify(before)) {
      await replaceFile(file, `${JSON.stringify(after)}\n`, PRIVATE_FILE);
    }
    return after.find((other) => other.folder === folder)?.gpus ?? [];
  });
};

/** Waits until this job, whose wrapper this process is, has its GPUs to itself. A disk that is full or away lengthens the wait. */
export const takeGpus = async (request: GpuRequest, folder: string): Promise<readonly string[]> => {
  for (let trouble = ''; ; await sleep(LOOK_MS)) {
    const gpus = await claim(request, folder).catch((error: unknown) => {
      if (String(error) !== trouble) log(`cannot claim GPUs, trying again: ${String(error)}`);
      trouble = String(error);
      return [];
    });
    if (gpus.length > 0) return gpus;
  }
};

/** A trial of the same sweep by its id, a job of another one by its key. */
const nameBeside = (other: string, folder: string): string => {
  const [theirs, ours] = [other, folder].map((path) => parseJobKey(basename(path)));
  return theirs !== undefined && theirs.sweep === ours?.sweep ? theirs.trial : basename(other);
};

/** Says what the job of this folder waits for on this machine; undefined when it has its GPUs, or has asked for none yet. */
export const describeGpuWait = async (home: string, folder: string): Promise<string | undefined> => {
  const claims = await readClaims(claimsFile(home, (await identifySelf()).bootId));
  const mine = claims.find((other) => other.folder === folder);
  if (mine === undefined || mine.gpus.length > 0) return undefined;
  const holders = claims.filter(({ gpus }) => gpus.some((gpu) => mine.among.includes(gpu)));
  const by = holders.map((other) => nameBeside(other.folder, folder)).join(', ') || 'jobs that came before it';
  return `waits for ${mine.wanted} of ${mine.among.length} GPUs, which are with ${by}`;
};
