/** Numbers, mixtures and bounds as flags give them. */
import { z } from 'zod';
import { InputError } from '../domain/errors.js';
import type { Mixture } from '../domain/mixture.js';
import { textFlag, type Invocation } from './command.js';
import { parseYaml } from './yaml-file.js';

const unusable = (flag: string, expected: string, found: string): InputError =>
  new InputError('this command line cannot be used', [{ path: `--${flag}`, expected, found: JSON.stringify(found) }]);

/** @throws InputError when the flag is there and is no number. */
export const numberFlag = (invocation: Invocation, flag: string): number | undefined => {
  const text = textFlag(invocation, flag);
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw unusable(flag, 'a number', text);
  return value;
};

/** @throws InputError when the flag is there and says nothing. */
export const reasonFlag = (invocation: Invocation): string | undefined => {
  const text = textFlag(invocation, 'reason');
  if (text === undefined || text.trim() !== '') return text;
  throw unusable('reason', 'text that is not blank', text);
};

const LONGEST_KEY = 1000; // bytes of an update's id that a Temporal server takes

/** @throws InputError when the key is longer than a server takes. */
export const idempotencyKey = (invocation: Invocation): string | undefined => {
  const key = textFlag(invocation, 'idempotency-key');
  const length = Buffer.byteLength(key ?? '');
  if (length <= LONGEST_KEY) return key;
  throw unusable('idempotency-key', `at most ${LONGEST_KEY} bytes`, `${length} bytes`);
};

/** What flags that name domains take: a list, or a map as in a sweep file, which is for names that hold `,` or `=`. */
const LIST_OR_MAP = {
  mixture: 'like web=0.6,books=0.4 or { web: 0.6, books: 0.4 }',
  bounds: 'like web=0.2..0.5,books=..0.3 or { web: { min: 0.2, max: 0.5 }, books: { max: 0.3 } }',
} as const;

/** Reads a map, as a sweep file or JSON has it. @throws InputError when it is none, or has another shape. */
const mapFlag = <T>(flag: keyof typeof LIST_OR_MAP, text: string, shape: z.ZodType<T>): T => {
  const { data } = shape.safeParse(parseYaml(text, `--${flag}`, flag));
  if (data === undefined) throw unusable(flag, LIST_OR_MAP[flag], text);
  return data;
};

const isMap = (text: string): boolean => text.trimStart().startsWith('{');

const MixtureMap = z.record(z.string(), z.number());

/** @throws InputError when the flag is there and is no list like `web=0.6,books=0.4`, nor a map. */
export const mixtureFlag = (invocation: Invocation, flag: 'mixture'): Mixture | undefined => {
  const text = textFlag(invocation, flag);
  if (text === undefined) return undefined;
  if (isMap(text)) return mapFlag(flag, text, MixtureMap);
  const parts = text.split(',').map((part) => /^\s*([^=]+?)\s*=\s*([0-9.eE+-]+)\s*$/.exec(part));
  const shares: Record<string, number> = {};
  for (const part of parts) {
    const share = Number(part?.[2]);
    if (part?.[1] === undefined || !Number.isFinite(share)) throw unusable(flag, LIST_OR_MAP[flag], text);
    if (Object.hasOwn(shares, part[1])) throw unusable(flag, `each domain once (${part[1]})`, text);
    shares[part[1]] = share;
  }
  return shares;
};

const BoundsMap = z.record(
  z.string(),
  z.strictObject({ min: z.number().exactOptional(), max: z.number().exactOptional() }),
);

/** @throws InputError when the flag is there and is no list like `web=0.2..0.5,books=..0.3`, nor a map. */
export const boundsFlag = (
  invocation: Invocation,
  flag: 'bounds',
): Record<string, { min?: number; max?: number }> | undefined => {
  const text = textFlag(invocation, flag);
  if (text === undefined) return undefined;
  if (isMap(text)) return mapFlag(flag, text, BoundsMap);
  const bounds: Record<string, { min?: number; max?: number }> = {};
  for (const part of text.split(',')) {
    const [name = '', range = '', another] = part.split('=').map((piece) => piece.trim());
    const [low = '', high = '', more] = range.split('..');
    const [min, max] = [Number(low), Number(high)];
    const isRange = another === undefined && range.includes('..') && more === undefined && (low !== '' || high !== '');
    if (name === '' || !isRange || Number.isNaN(min) || Number.isNaN(max))
      throw unusable(flag, LIST_OR_MAP[flag], text);
    if (Object.hasOwn(bounds, name)) throw unusable(flag, `each domain once (${name})`, text);
    bounds[name] = { ...(low === '' ? {} : { min }), ...(high === '' ? {} : { max }) };
  }
  return bounds;
};

/** @throws InputError when the flag is not there. */
export const needed = <T>(value: T | undefined, flag: string, expected: string): T => {
  if (value !== undefined) return value;
  throw new InputError('this command line cannot be used', [{ path: `--${flag}`, expected, found: 'nothing' }]);
};
