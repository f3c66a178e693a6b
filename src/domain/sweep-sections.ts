import { z } from 'zod';
import type { Problem } from './errors.js';
import { knownWords } from './nearest-word.js';
import type { SweepFile } from './sweep-file.js';
import { SECTIONS } from './sweep-file.js';
import { pathText, valueText, zodProblems } from './zod-problems.js';

type Section = keyof SweepFile;

/** What of a sweep file is sound, key by key. */
export interface Sections {
  /** Keys without problems; of lists and maps with faulty entries the sound ones, a hole where a list had another. */
  readonly sound: Partial<SweepFile>;
  /** Keys of which every entry is sound, or that are absent though they may be. */
  readonly whole: ReadonlySet<Section>;
  readonly problems: readonly Problem[];
}

const isMap = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === 'object' && !Array.isArray(value);

/** Leaves out the entries of a list or map that have problems; undefined when it is not the entries that are at fault. */
const withoutFaulty = (value: unknown, { issues }: z.core.$ZodError): unknown => {
  const faulty = new Set(issues.map(({ path }) => path[0]));
  if (faulty.has(undefined)) return undefined;
  if (Array.isArray(value)) return value.map((entry: unknown, i) => (faulty.has(i) ? undefined : entry));
  return isMap(value) ? Object.fromEntries(Object.entries(value).filter(([key]) => !faulty.has(key))) : undefined;
};

/** Unions hide where the problem is: of scales, look at each entry with the form that fits. */
const flatten = (error: z.core.$ZodError): z.core.$ZodError => {
  const [issue] = error.issues;
  if (error.issues.length !== 1 || issue?.code !== 'invalid_union' || issue.path.length > 0) return error;
  const forms = issue.errors.filter(
    (form) => !form.some(({ code, path }) => code === 'invalid_type' && path.length === 0),
  );
  const [form] = forms;
  return form !== undefined && forms.length === 1 ? new z.core.$ZodRealError([...form]) : error;
};

const ENTRIES: ReadonlySet<Section> = new Set<Section>(['domains', 'groups', 'mixtures', 'scales', 'target']);

const unknownSections = (input: Record<string, unknown>): Problem[] =>
  Object.keys(input)
    .filter((key) => !Object.hasOwn(SECTIONS, key))
    .map((key) => ({
      path: pathText([key]),
      expected: knownWords(key, Object.keys(SECTIONS)),
      found: 'an unknown key',
    }));

const LOST_NAME = '__proto__'; // names what an object inherits from: an entry of this name is lost on the way
const DEEPEST = 8; // names that are the file's own lie less deep

/** Places whose name would be lost, with all that stands there. */
const lostNames = (value: unknown, at: readonly PropertyKey[] = []): Problem[] => {
  if (at.length > DEEPEST) return [];
  if (Array.isArray(value)) return value.flatMap((entry, i) => lostNames(entry, [...at, i]));
  if (!isMap(value)) return [];
  const lost = { path: pathText([...at, LOST_NAME]), expected: 'another name', found: LOST_NAME };
  const inside = Object.entries(value).flatMap(([key, entry]) =>
    key === LOST_NAME ? [] : lostNames(entry, [...at, key]),
  );
  return Object.hasOwn(value, LOST_NAME) ? [lost, ...inside] : inside;
};

/** Checks every top-level key of a sweep file on its own. */
export const readSections = (input: unknown): Sections => {
  if (!isMap(input)) {
    return { sound: {}, whole: new Set(), problems: [{ path: '', expected: 'a map', found: valueText(input) }] };
  }
  const problems = [...unknownSections(input), ...Object.keys(SECTIONS).flatMap((key) => lostNames(input[key], [key]))];
  const sound: Record<string, unknown> = {};
  const whole = new Set<Section>();
  for (const section of Object.keys(SECTIONS) as Section[]) {
    const schema: z.ZodType = SECTIONS[section];
    const parsed = schema.safeParse(input[section]);
    if (parsed.success) {
      whole.add(section);
      if (parsed.data !== undefined) sound[section] = parsed.data;
      continue;
    }
    const error = flatten(parsed.error);
    problems.push(...zodProblems(error, [section], input));
    const rest = ENTRIES.has(section) ? withoutFaulty(input[section], error) : undefined;
    if (rest !== undefined) sound[section] = rest;
  }
  return { sound, whole, problems };
};
