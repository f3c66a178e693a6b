/** Damage of the sorts that disks, networks, careless programs and hostile ones do to a file; the same seed, the same damage. */
import type { Rng } from '../../src/domain/rng.js';

const pick = <T>(rng: Rng, from: readonly T[]): T => {
  const found = from[rng.integer(from.length)];
  if (found === undefined) throw new Error('nothing to pick from');
  return found;
};

const HOSTILE: readonly string[] = [
  '\u0000',
  '\u001b[2J\u001b]0;owned\u0007',
  '\u009b31m',
  '\u202e\u2066',
  '\u2028\u2029\u0085',
  '\\ud800',
  '\ufeff',
  '1e999',
  '-1e308',
  '9007199254740993',
  '0.1e-400',
  'NaN',
  '-Infinity',
  'null',
  '"__proto__": {"x": 1},',
  '"constructor"',
  '*a',
  '&a [*a, *a]',
  '!!js/function "x"',
  '<<: *a',
  '\r\n',
  '\t',
  '{"step": 3, "step": 4}',
  '- - - -',
  '? : ,',
  '"'.repeat(3),
];

type Damage = (bytes: Buffer, rng: Rng) => Buffer;

const insert = (bytes: Buffer, rng: Rng, what: Buffer): Buffer => {
  const at = rng.integer(bytes.length + 1);
  return Buffer.concat([bytes.subarray(0, at), what, bytes.subarray(at)]);
};

const DAMAGES: readonly Damage[] = [
  (bytes, rng) => {
    const bent = Buffer.from(bytes);
    for (let i = 0; i <= rng.integer(8) && bent.length > 0; i++) {
      const at = rng.integer(bent.length);
      bent[at] = (bent[at] ?? 0) ^ (1 << rng.integer(8));
    }
    return bent;
  },
  (bytes, rng) => bytes.subarray(0, rng.integer(bytes.length + 1)),
  (bytes, rng) => bytes.subarray(rng.integer(bytes.length + 1)),
  (bytes, rng) => insert(bytes, rng, Buffer.from(pick(rng, HOSTILE))),
  (bytes, rng) => insert(bytes, rng, Buffer.from(Array.from({ length: 1 + rng.integer(16) }, () => rng.integer(256)))),
  (bytes, rng) => insert(bytes, rng, Buffer.alloc(1 + rng.integer(64))),
  (bytes, rng) => insert(bytes, rng, Buffer.from(pick(rng, ['[', '{"a":', '{', '- ']).repeat(1 + rng.integer(200)))),
  (bytes, rng) => insert(bytes, rng, Buffer.from(pick(rng, ['x', '9', ' ', '\u001b', '"']).repeat(rng.integer(3000)))),
  (bytes, rng) => {
    const at = rng.integer(bytes.length + 1);
    return insert(bytes, rng, bytes.subarray(at, at + rng.integer(200)));
  },
  (bytes, rng) =>
    Buffer.from(
      bytes.toString('utf8').replace(/-?\d+(\.\d+)?/g, (n) => (rng.uniform() < 0.3 ? pick(rng, HOSTILE) : n)),
    ),
];

/** Damages a text one to four times. */
export const damage = (text: string, rng: Rng): Buffer => {
  let bytes = Buffer.from(text);
  for (let times = 1 + rng.integer(4); times > 0; times--) bytes = Buffer.from(pick(rng, DAMAGES)(bytes, rng));
  return bytes;
};

const STRANGE: readonly unknown[] = [
  null,
  '',
  '\u001b[31m',
  '\u009b2J\u202e',
  '\ud800',
  0,
  -1,
  1e308,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  2 ** 53,
  [],
  {},
  [[[]]],
  true,
  'x'.repeat(5000),
  { '\u001b]0;x\u0007': 1, '\u009b': 1 },
  JSON.parse('{"__proto__": {"min": 0}}'),
];

/** Changes a value somewhere inside: another value, a key more, a key less. */
export const distort = (value: unknown, rng: Rng): unknown => {
  if (typeof value !== 'object' || value === null || rng.uniform() < 0.12) return pick(rng, STRANGE);
  const entries = Object.entries(value);
  const at = rng.integer(entries.length + 1);
  const changed = entries.map(([name, item], i) => [name, i === at ? distort(item, rng) : (item as unknown)] as const);
  if (at === entries.length)
    changed.push([pick(rng, ['\u001b[0m', 'extra', '\u009bx', '\u202eabc']), pick(rng, STRANGE)]);
  else if (rng.uniform() < 0.1) changed.splice(at, 1);
  return Array.isArray(value) ? changed.map(([, item]) => item) : Object.fromEntries(changed);
};

/** Control characters but newline and tab, and marks that turn text around: nothing for a terminal, raw. */
export const UNPRINTABLE = /(?![\t\n])[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/u;
