import { canonicalJson } from '../domain/canonical-json.js';
import { LauncherError } from '../domain/errors.js';
import type { JobSpec } from '../domain/ports.js';
import { createOnce, isThere } from '../host/atomic-files.js';
import { readRecord, type JobFiles } from './job-folder.js';

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const differences = (earlier: unknown, spec: JobSpec): string => {
  if (typeof earlier !== 'object' || earlier === null) return 'it is not a job of titrate';
  const [was, is] = [earlier, spec] as unknown as [Record<string, unknown>, Record<string, unknown>];
  const fields = new Set([...Object.keys(was), ...Object.keys(is)]);
  return `different: ${[...fields].filter((field) => canonicalJson(was[field]) !== canonicalJson(is[field])).join(', ')}`;
};

/** Writes the spec as the job's intent, once. @throws LauncherError when the key is another job's */
export const writeIntent = async (files: JobFiles, spec: JobSpec): Promise<void> => {
  if (!(await isThere(files.spec)) && (await createOnce(files.spec, `${JSON.stringify(spec, undefined, 2)}\n`))) return;
  const earlier = parseJson((await readRecord(files.spec)) ?? '');
  if (canonicalJson(earlier) === canonicalJson(spec)) return;
  throw new LauncherError(`the key ${spec.key} belongs to another job (${differences(earlier, spec)})`, {
    hint: 'a key names one job for ever: launch another generation or another trial',
    values: { key: spec.key, folder: files.folder },
  });
};
