/** YAML as people write it, with the line and column of what is wrong. */
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, visit } from 'yaml';
import type { Alias, Document, Pair, Scalar, YAMLError } from 'yaml';
import { InputError, type Problem } from '../domain/errors.js';
import { pathParts, pathText } from '../domain/zod-problems.js';

type Part = string | number;

/** A YAML text that was read. */
export interface YamlFile {
  readonly value: unknown;
  /** `file:line:column` of the deepest part of a path that is there; undefined when not even its first part is. */
  readonly placeOf: (path: string) => string | undefined;
  /** A number, or a word such as `True`, as it is written there; undefined where there is none, or text. */
  readonly writtenAt: (parts: readonly Part[]) => string | undefined;
  /** Names that YAML takes for numbers or words of its own and gives back in other characters: `1e9:` as 1000000000, `1.10:` as 1.1. */
  readonly rewrittenNames: () => readonly Problem[];
}

/** What a step of the walk along a path came to: where that stands, and what it holds. */
interface Found {
  readonly offset: number | undefined;
  readonly node: unknown;
}

const offsetOf = (node: unknown): number | undefined => {
  const range: unknown = node !== null && typeof node === 'object' && 'range' in node ? node.range : undefined;
  return Array.isArray(range) && typeof range[0] === 'number' ? range[0] : undefined;
};

/** What an alias stands for. */
const meant = (node: unknown, document: Document): unknown => (isAlias(node) ? node.resolve(document) : node);

const keyOf = ({ key }: Pair): string => String(isScalar(key) ? key.value : key);

/** The entry of a map, or of what `<<` lays under it. */
const entryOf = (node: unknown, name: string, document: Document): Found | undefined => {
  const map = meant(node, document);
  if (isSeq(map)) return map.items.map((item) => entryOf(item, name, document)).find((found) => found !== undefined);
  if (!isMap(map)) return undefined;
  const own = map.items.find((pair) => keyOf(pair) === name);
  if (own !== undefined) return { offset: offsetOf(own.key), node: own.value };
  const merges = map.items.filter(({ key }) => isScalar(key) && key.source === '<<');
  const merged = merges.map(({ value }) => entryOf(value, name, document));
  return merged.find((found) => found !== undefined);
};

const step = (node: unknown, part: Part, document: Document): Found | undefined => {
  const holder = meant(node, document);
  if (typeof part === 'string') return isSeq(holder) ? undefined : entryOf(holder, part, document);
  if (!isSeq(holder) || part >= holder.items.length) return undefined;
  return { offset: offsetOf(holder.items[part]), node: holder.items[part] };
};

/** Goes along a path as far as it leads; the first entry is the whole. */
const walk = (document: Document, parts: readonly Part[]): readonly Found[] => {
  const way: Found[] = [{ offset: undefined, node: document.contents }];
  for (const part of parts) {
    const found = step(way.at(-1)?.node, part, document);
    if (found === undefined) break;
    way.push(found);
  }
  return way;
};

/** The names beneath a node, each with the path of its map, that are not what is written; what an alias stands for is told where it is written. */
const rewrittenIn = (
  node: unknown,
  path: readonly Part[] = [],
): readonly { readonly path: readonly Part[]; readonly key: Scalar }[] => {
  if (isSeq(node)) return node.items.flatMap((item, i) => rewrittenIn(item, [...path, i]));
  if (!isMap(node)) return [];
  return node.items.flatMap((pair) => {
    const { key, value } = pair;
    const beneath = rewrittenIn(value, [...path, keyOf(pair)]);
    if (!isScalar(key) || typeof key.value === 'string' || key.source === '<<') return beneath;
    const isSame = key.value !== null && keyOf(pair) === key.source;
    return isSame ? beneath : [{ path, key }, ...beneath];
  });
};

const syntaxProblem = ({ code, message, linePos }: YAMLError, file: string): Problem => {
  const path = linePos === undefined ? file : `${file}:${linePos[0].line}:${linePos[0].col}`;
  if (code === 'MULTIPLE_DOCS') return { path, expected: 'one YAML document', found: 'a second one, begun by ---' };
  const found = (message.split('\n')[0] ?? message).replace(/ at line \d+, column \d+:?$/, '');
  return { path, expected: 'YAML', found };
};

const strayAlias = (document: Document): Alias | undefined => {
  let stray: Alias | undefined;
  visit(document, {
    Alias: (_, alias) => {
      if (alias.resolve(document) !== undefined) return undefined;
      stray = alias;
      return visit.BREAK;
    },
  });
  return stray;
};

/** Parses YAML. @throws InputError with the line and column of every fault of syntax. */
export const readYaml = (text: string, file: string, what: string): YamlFile => {
  const lines = new LineCounter();
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  const refuse = (problems: readonly Problem[], cause?: unknown): never => {
    throw new InputError(`the ${what} is not YAML`, problems, { cause });
  };
  /** The library throws errors of its own for aliases that lead nowhere, multiply or nest too deep. */
  const attempt = <T>(stepOf: () => T, whereOf: () => string): T => {
    try {
      return stepOf();
    } catch (cause) {
      const found = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause);
      return refuse([{ path: whereOf(), expected: 'YAML', found }], cause);
    }
  };
  const options = { merge: true, prettyErrors: true, logLevel: 'error', lineCounter: lines } as const;
  const document: Document = attempt(
    () => parseDocument(text, options),
    () => file,
  );
  if (document.errors.length > 0) refuse(document.errors.map((error) => syntaxProblem(error, file)));
  const value = attempt(
    () => document.toJS() as unknown,
    () => {
      const offset = offsetOf(strayAlias(document));
      return offset === undefined ? file : at(offset);
    },
  );
  return {
    value,
    placeOf: (path) => {
      const offset = walk(document, pathParts(path)).at(-1)?.offset;
      return offset === undefined ? undefined : at(offset);
    },
    writtenAt: (parts) => {
      const way = walk(document, parts);
      const scalar = meant(way.at(-1)?.node, document);
      if (way.length <= parts.length || !isScalar(scalar) || typeof scalar.value === 'string') return undefined;
      return scalar.source;
    },
    rewrittenNames: () =>
      rewrittenIn(document.contents).map(({ path, key }) => {
        const offset = offsetOf(key);
        const written = key.source ?? '';
        const read = key.value === null ? 'no name' : String(key.value);
        return {
          path: pathText(path),
          expected: `a name in quotes, ${JSON.stringify(written)}: without them it is ${read}`,
          found: written,
          ...(offset === undefined ? {} : { at: at(offset) }),
        };
      }),
  };
};

/** Parses YAML of which only the values count. @throws InputError with the line and column of every fault of syntax. */
export const parseYaml = (text: string, file: string, what = 'sweep file'): unknown => readYaml(text, file, what).value;
