/** Finds the columns that a mapping names, or that are named as documented. */
import { InputError, type Problem } from '../domain/errors.js';
import { knownWords } from '../domain/nearest-word.js';
import type { TableMapping } from './table-mapping.js';

/** Indices of columns. */
export interface TableColumns {
  /** Domain to the columns whose weights it is the sum of. */
  readonly domains: ReadonlyMap<string, readonly number[]>;
  readonly metrics: ReadonlyMap<string, number>;
  readonly run?: number;
  readonly scale?: number;
  readonly steps?: number;
  readonly tokens?: number;
  readonly status?: number;
  readonly continues?: number;
  readonly cost?: number;
}

type Named = NonNullable<NonNullable<TableMapping['columns']>['mixture']>;

const isPrefixed = (named: Named): named is { prefix: string; suffix?: string } => typeof named['prefix'] === 'string';

/** The usual column where the table has it; a column that the mapping names has to be there. */
type Usual = 'scale' | 'steps' | 'status' | 'run';

/** What the table is read by where the mapping does not say: as documented, or, with shares for a mixture, as exported. */
const usualColumns = (header: readonly string[]): NonNullable<TableMapping['columns']> => {
  const begins = (prefix: string): boolean => header.some((name) => name.startsWith(prefix));
  if (begins('mix.') || !begins('share.')) return {};
  const named = { trial: 'run', checkpoint_steps: 'steps', continues: 'continues' } as const;
  const there = Object.entries(named).filter(([column]) => header.includes(column));
  return {
    mixture: { prefix: 'share.' },
    ...Object.fromEntries(there.map(([column, name]) => [name, column])),
  };
};

/** Looks columns up, and notes those that are missing. */
class Finder {
  readonly problems: Problem[] = [];

  constructor(readonly header: readonly string[]) {}

  find(name: string, path: string): number {
    const at = this.header.indexOf(name);
    if (at < 0)
      this.problems.push({ path, expected: `a column of the table: ${knownWords(name, this.header)}`, found: name });
    return at;
  }

  usual(name: Usual, given: string | undefined): { readonly [key in Usual]?: number } {
    const at = given === undefined ? this.header.indexOf(name) : this.find(given, `columns.${name}`);
    return at < 0 ? {} : { [name]: at };
  }

  several(named: Named | undefined, usual: string, path: string): Map<string, readonly number[]> {
    const what = named ?? { prefix: usual };
    if (!isPrefixed(what)) {
      const listed = Object.entries(what).map(
        ([name, columns]) =>
          [
            name,
            (typeof columns === 'string' ? [columns] : (columns ?? [])).map((column) =>
              this.find(column, `${path}.${name}`),
            ),
          ] as const,
      );
      return new Map(listed);
    }
    const { prefix, suffix = '' } = what;
    const found = this.header.flatMap((name, i): [string, readonly number[]][] => {
      const isOne = name.startsWith(prefix) && name.endsWith(suffix) && name.length > prefix.length + suffix.length;
      return isOne ? [[name.slice(prefix.length, name.length - suffix.length), [i]]] : [];
    });
    return new Map(found);
  }

  /** A column that counted for two domains, or twice for one, would make wrong mixtures of right weights. */
  once(domains: ReadonlyMap<string, readonly number[]>): void {
    const taken = new Set<number>();
    for (const [domain, columns] of domains) {
      for (const at of columns.filter((column) => column >= 0)) {
        const found = this.header[at] ?? '';
        if (taken.has(at))
          this.problems.push({ path: `columns.mixture.${domain}`, expected: 'each column once', found });
        taken.add(at);
      }
    }
  }

  /** Of two columns of one name nobody can tell which is meant. */
  ownNames(): void {
    const repeated = new Set(this.header.filter((name, i) => this.header.indexOf(name) !== i));
    for (const name of repeated) {
      const places = this.header.flatMap((one, i) => (one === name ? [i + 1] : []));
      const found = `${JSON.stringify(name)} in columns ${places.join(', ')}`;
      this.problems.push({ path: 'header', expected: 'columns with names of their own', found });
    }
  }

  need(isThere: boolean, expected: string): void {
    if (!isThere) this.problems.push({ path: 'header', expected, found: this.header.join(',') || 'nothing' });
  }
}

/** @throws InputError naming every column that is missing. */
export const findColumns = (header: readonly string[], mapping: TableMapping): TableColumns => {
  const columns = { ...usualColumns(header), ...mapping.columns };
  const finder = new Finder(header);
  const domains = finder.several(columns.mixture, 'mix.', 'columns.mixture');
  finder.once(domains);
  const metrics = finder.several(columns.metrics, 'metric.', 'columns.metrics');
  const places = (['run', 'scale', 'steps', 'status'] as const).map((name) => finder.usual(name, columns[name]));
  const given = (['tokens', 'cost', 'continues'] as const).flatMap((name) => {
    const column = columns[name];
    return column === undefined ? [] : [{ [name]: finder.find(column, `columns.${name}`) }];
  });
  const found: TableColumns = {
    domains,
    metrics: new Map([...metrics].map(([name, [at = -1]]) => [name, at])),
    ...(Object.assign({}, ...places, ...given) as Partial<TableColumns>),
  };
  finder.need(
    domains.size > 0,
    'a column mix.<domain>, or share.<domain> as titrate export writes it, for each domain',
  );
  finder.need(found.scale !== undefined || mapping.scale !== undefined, 'a column scale');
  finder.need(found.steps !== undefined || found.tokens !== undefined, 'a column steps');
  finder.need(metrics.size > 0, 'a column metric.<name> for each metric');
  finder.ownNames();
  if (finder.problems.length === 0) return found;
  throw new InputError('the table of past runs lacks columns', finder.problems, {
    hint: 'import, backtest and what-if take a mapping, which says how your columns are named: docs/evidence.md',
  });
};
