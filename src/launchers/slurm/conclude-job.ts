import { createOnce } from '../../host/atomic-files.js';
import { readJobRecord } from '../job-records.js';
import type { SlurmContext } from './slurm-context.js';
import { EndRecord, readEvidence, type SlurmFiles } from './slurm-files.js';

interface Conclusion {
  readonly kind: EndRecord['kind'];
  readonly state?: string;
  readonly words?: string;
  readonly byUser?: boolean | undefined;
  /** Was it seen at work, whatever its folder says of starts? */
  readonly hasRun?: boolean;
}

/**
 * Writes down, once and for all, how the job ended: Slurm forgets it, and gives its number to others. From then on no
 * batch script of this key starts its command, and one that still runs ends it.
 */
export const conclude = async (
  { now }: Pick<SlurmContext, 'now'>,
  files: SlurmFiles,
  { kind, state = '', words = '', byUser, hasRun = false }: Conclusion,
): Promise<EndRecord> => {
  const { exit, starts: known } = await readEvidence(files);
  const starts = Math.max(known, hasRun ? 1 : 0);
  const who = byUser === undefined ? {} : { byUser };
  const end: EndRecord = { kind, state, words, ...who, exit: exit ?? null, starts, at: now() };
  if (await createOnce(files.ended, `${JSON.stringify(end)}\n`)) return end;
  return (await readJobRecord(files.ended, EndRecord)) ?? end;
};
