import type { z } from 'zod';
import type { Problem } from './errors.js';
import { knownWords } from './nearest-word.js';

const SHOWN = 60; // characters of a text that an error shows

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

/** Writes a path as people do: `scales.1B.steps[2]`; names with other characters in quotes. */
export const pathText = (path: Path): string =>
  path.reduce<string>((written, part) => {
    if (typeof part === 'number') return `${written}[${part}]`;
    const name = String(part);
    if (!/^[\p{L}\p{N}_-]+$/u.test(name)) return `${written}[${JSON.stringify(name)}]`;
    return written === '' ? name : `${written}.${name}`;
  }, '');

/** Takes a path apart that `pathText` wrote. */
export const pathParts = (path: string): (string | number)[] =>
  [...path.matchAll(/\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]|([\p{L}\p{N}_-]+)/gu)].map(([, index, quoted, name = '']) => {
    if (index !== undefined) return Number(index);
    return quoted === undefined ? name : String(JSON.parse(quoted));
  });

/** Says what a value is, shortly. */
export const valueText = (value: unknown): string => {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (value !== null && typeof value === 'object') return Object.keys(value).length === 0 ? 'an empty map' : 'a map';
  if (typeof value === 'function') return 'a function';
  if (typeof value !== 'string') return String(value);
  return JSON.stringify(value.length > SHOWN ? `${value.slice(0, SHOWN)}...` : value);
};

/** Writes a number with at most six digits. */
export const numberText = (value: number): string => String(Number(value.toPrecision(6)));

const valueAt = (input: unknown, path: Path): unknown =>
  path.reduce<unknown>(
    (value, part) => (value !== null && typeof value === 'object' ? Reflect.get(value, part) : undefined),
    input,
  );

const TYPE_NAMES: Readonly<Record<string, string>> = {
  number: 'a finite number',
  int: 'a whole number',
  string: 'text',
  object: 'a map',
  record: 'a map',
  array: 'a list',
  tuple: 'a list',
  boolean: 'true or false',
};

const sizeText = (issue: Extract<Issue, { code: 'too_small' | 'too_big' }>): string => {
  const isSmall = issue.code === 'too_small';
  const bound = Number(isSmall ? issue.minimum : issue.maximum);
  if (issue.origin === 'array')
    return `${isSmall ? 'at least' : 'at most'} ${bound} ${bound === 1 ? 'entry' : 'entries'}`;
  if (issue.origin === 'string') return isSmall ? 'text that is not empty' : `text of at most ${bound} characters`;
  const inclusive = isSmall ? 'a number of at least' : 'a number of at most';
  return `${issue.inclusive === true ? inclusive : isSmall ? 'a number above' : 'a number below'} ${bound}`;
};

/** What a known word may be suggested for. */
const wordIn = (found: unknown): string => (typeof found === 'string' ? found : '');

const expectedOf = (issue: Issue, found: unknown): string => {
  switch (issue.code) {
    case 'invalid_type': {
      const isBare = issue.expected === 'string' && ['number', 'boolean'].includes(typeof found);
      return isBare ? 'text, in quotes' : (TYPE_NAMES[issue.expected] ?? issue.expected);
    }
    case 'too_small':
    case 'too_big':
      return sizeText(issue);
    case 'invalid_value':
      return knownWords(wordIn(found), issue.values.map(String));
    default:
      return issue.message;
  }
};

const unknownKeys = (issue: Extract<Issue, { code: 'unrecognized_keys' }>, at: Path): Problem[] =>
  issue.keys.map((key) => ({
    path: pathText([...at, key]),
    expected: knownWords(key, issue.message.split(', ')),
    found: 'an unknown key',
  }));

/** Is the value of another type than this form of a union, another word, or a map without a key that the form needs? */
const isOtherForm = (form: readonly Issue[], found: unknown): boolean =>
  form.some(({ code, path: { length, 0: key = '' } }) => {
    if (length === 0) return code === 'invalid_type' || code === 'invalid_value';
    return length === 1 && code === 'invalid_type' && valueAt(found, [key]) === undefined;
  });

/** Of a union's forms, those that the value has the form of: only their problems are worth telling. */
const fittingForms = (
  issue: Extract<Issue, { code: 'invalid_union' }>,
  found: unknown,
): readonly (readonly Issue[])[] => issue.errors.filter((form) => !isOtherForm(form, found));

const unionProblems = (issue: Extract<Issue, { code: 'invalid_union' }>, at: Path, input: unknown): Problem[] => {
  if ('discriminator' in issue && typeof issue.discriminator === 'string') {
    const holder = valueAt(input, at.at(-1) === issue.discriminator ? at.slice(0, -1) : at);
    const found = valueAt(holder, [issue.discriminator]);
    const path = at.at(-1) === issue.discriminator ? at : [...at, issue.discriminator];
    return [
      { path: pathText(path), expected: knownWords(wordIn(found), issue.message.split(', ')), found: valueText(found) },
    ];
  }
  const found = valueAt(input, at);
  const [form, ...others] = fittingForms(issue, found);
  if (form !== undefined && others.length === 0) return form.flatMap((inner) => problemsOf(inner, at, input));
  return [{ path: pathText(at), expected: issue.message, found: valueText(found) }];
};

const problemsOf = (issue: Issue, base: Path, input: unknown): Problem[] => {
  const at = [...base, ...issue.path];
  switch (issue.code) {
    case 'unrecognized_keys':
      return unknownKeys(issue, at);
    case 'invalid_union':
      return unionProblems(issue, at, input);
    case 'invalid_key':
      return [{ path: pathText(at), expected: 'a name that is not empty', found: valueText(at.at(-1)) }];
    default: {
      const found = valueAt(input, at);
      return [{ path: pathText(at), expected: expectedOf(issue, found), found: valueText(found) }];
    }
  }
};

/** Turns what zod found wrong in `input` (the whole, whatever part was parsed) at `base` into problems for people. */
export const zodProblems = (error: Pick<z.core.$ZodError, 'issues'>, base: Path, input: unknown): Problem[] =>
  error.issues.flatMap((issue) => problemsOf(issue, base, input));
