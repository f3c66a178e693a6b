/** Was the job that was launched the one that was decided? */
import { canonicalJson } from '../domain/canonical-json.js';
import { jobKey } from '../domain/job-key.js';
import { seedOf } from '../domain/rng.js';
import type { Sweep } from '../domain/sweep.js';
import { readTail } from '../host/atomic-files.js';
import type { JobFiles } from '../launchers/job-folder.js';
import type { OpenTrial } from './progress-log.js';

const LARGEST_SPEC = 1 << 20; // bytes; our own are under 10 KB, but a job can write to its folder

/** What `job.json` says; null when it is no JSON object, undefined when there is none. */
export const readSpec = async ({ spec }: JobFiles): Promise<Readonly<Record<string, unknown>> | null | undefined> => {
  const text = await readTail(spec, LARGEST_SPEC);
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === 'object' ? (value as Readonly<Record<string, unknown>>) : null;
  } catch {
    return null;
  }
};

/** The key of the generation in force. */
export const keyOf = (sweepId: string, { decided, generation }: OpenTrial): string =>
  jobKey(sweepId, decided.trial, generation);

/** The job of the generation in force, as the record has it: docs/job-contract.md. */
const jobOf = (sweepId: string, sweep: Sweep, open: OpenTrial): Readonly<Record<string, unknown>> => {
  const { trial, mixture, scale, steps } = open.decided;
  const known = sweep.scales.find(({ name }) => name === scale);
  return {
    key: keyOf(sweepId, open),
    sweep: sweepId,
    trial,
    generation: open.generation,
    mixture,
    scale,
    steps,
    parameters: known?.parameters,
    tokensPerStep: known?.tokensPerStep,
    checkpoints: known?.steps.filter((at) => at <= steps),
    seed: seedOf('job', sweep.seed, trial),
    cost: open.worst,
    resume: open.resume,
  };
};

/** Names the fields in which a job's spec is not that of its decision. */
export const specDifferences = (
  sweepId: string,
  sweep: Sweep,
  open: OpenTrial,
  spec: Readonly<Record<string, unknown>>,
): string[] =>
  Object.entries(jobOf(sweepId, sweep, open)).flatMap(([name, expected]) =>
    canonicalJson(expected) === canonicalJson(spec[name]) ? [] : [name],
  );
