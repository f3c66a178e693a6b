/** Numbers, mixtures and bounds as flags give them. */
import { InputError } from '../domain/errors.js';
import type { Mixture } from '../domain/mixture.js';
import { textFlag, type Invocation } from './command.js';

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

/** @throws InputError when the flag is there and is no list like `web=0.6,books=0.4`. */
export const mixtureFlag = (invocation: Invocation, flag: string): Mixture | undefined => {
  const text = textFlag(invocation, flag);
  if (text === undefined) return undefined;
  const parts = text.split(',').map((part) => /^\s*([^=]+?)\s*=\s*([0-9.eE+-]+)\s*$/.exec(part));
  const shares: Record<string, number> = {};
  for (const part of parts) {
    const share = Number(part?.[2]);
    if (part?.[1] === undefined || !Number.isFinite(share)) throw unusable(flag, 'like web=0.6,books=0.4', text);
    if (Object.hasOwn(shares, part[1])) throw unusable(flag, `each domain once (${part[1]})`, text);
    shares[part[1]] = share;
  }
  return shares;
};

/** @throws InputError when the flag is there and is no list like `web=0.2..0.5,books=..0.3`. */
export const boundsFlag = (
  invocation: Invocation,
  flag: string,
): Record<string, { min?: number; max?: number }> | undefined => {
  const text = textFlag(invocation, flag);
  if (text === undefined) return undefined;
  const bounds: Record<string, { min?: number; max?: number }> = {};
  for (const part of text.split(',')) {
    const [name = '', range = ''] = part.split('=').map((piece) => piece.trim());
    const [low = '', high = '', more] = range.split('..');
    const [min, max] = [Number(low), Number(high)];
    const isRange = range.includes('..') && more === undefined && (low !== '' || high !== '');
    if (name === '' || !isRange || Number.isNaN(min) || Number.isNaN(max)) {
      throw unusable(flag, 'like web=0.2..0.5,books=..0.3', text);
    }
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
