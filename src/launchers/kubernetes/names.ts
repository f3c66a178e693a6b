/** Names that the cluster takes: of jobs, and of what they are found by. */
import { createHash } from 'node:crypto';
import { canonicalJson } from '../../domain/canonical-json.js';
import type { JobSpec } from '../../domain/ports.js';

/** Whose jobs a launcher's are. Two homes may run the same sweep in one namespace. */
export interface Owner {
  /** The home's id. */
  readonly home: string;
  /** The sweep's id. */
  readonly sweep: string;
}

export const KEY_ANNOTATION = 'titrate/key';
export const SPEC_ANNOTATION = 'titrate/spec-digest';

const LONGEST = 63; // of a label's value, and so of a job's name, which becomes one (RFC 1123)
const DIGEST_LENGTH = 12; // 48 bits: one collision in a million jobs is less likely than 1 in 500

const digest = (text: string, length: number): string =>
  createHash('sha256').update(text).digest('hex').slice(0, length);

/** The end of a text tells more than its beginning: trial and generation stand there. */
const slug = (text: string, longest: number): string =>
  text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(-longest)
    .replaceAll(/^-+|-+$/g, '');

/** Names the job of a key: the same from every process, for ever, and no other key's. */
export const jobName = ({ home }: Owner, key: string): string => {
  const end = digest(`${home}\n${key}`, DIGEST_LENGTH);
  return ['titrate', slug(key, LONGEST - DIGEST_LENGTH - 'titrate--'.length), end]
    .filter((part) => part !== '')
    .join('-');
};

/** Makes a label's value of any text; one that fits stays as it is. */
const labelValue = (text: string): string => {
  if (text.length <= LONGEST && /^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/.test(text)) return text;
  return [slug(text, LONGEST - DIGEST_LENGTH - 1), digest(text, DIGEST_LENGTH)].filter((part) => part !== '').join('-');
};

const ownerLabels = ({ home, sweep }: Owner) => ({ 'titrate/home': home, 'titrate/sweep': labelValue(sweep) });

/** Labels of a job and its pods. */
export const labelsOf = (owner: Owner, { trial, scale, generation }: JobSpec): Record<string, string> => ({
  'app.kubernetes.io/managed-by': 'titrate',
  ...ownerLabels(owner),
  'titrate/trial': labelValue(trial),
  'titrate/scale': labelValue(scale),
  'titrate/generation': String(generation),
});

/** Selects everything of a launcher. */
export const selectorOf = (owner: Owner): string =>
  Object.entries(ownerLabels(owner))
    .map(([name, value]) => `${name}=${value}`)
    .join(',');

/** Selects the pods of one Kubernetes job, orphaned ones included. */
export const podsOf = (uid: string): string => `batch.kubernetes.io/controller-uid=${uid}`;

/** Digests a spec, to tell jobs of one key apart. */
export const specDigest = (spec: JobSpec): string => digest(canonicalJson(spec), 64);
