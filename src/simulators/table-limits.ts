import { InputError } from '../domain/errors.js';
import { feasibleSet } from '../domain/feasible-set.js';
import { PUBLISHED } from '../domain/limits.js';
import { sharesOf } from '../domain/mixture.js';
import type { Sweep } from '../domain/sweep.js';
import type { TableWorld } from './table.js';

/** What a table leaves to choose from. */
export type TableChoices = Pick<TableWorld, 'domains' | 'mixtures' | 'runs'>;

/**
 * Limits a sweep to the runs of a table at its fidelities whose mixtures its limits allow, as exactly as shares are published, and to
 * their mixtures.
 * @throws InputError when the domains differ or nothing is left.
 */
export const limitToTable = (sweep: Sweep, table: TableChoices): Sweep => {
  const domains = Object.keys(sweep.domains);
  const strangers = table.domains.filter((domain) => !domains.includes(domain));
  if (strangers.length > 0 || domains.length !== table.domains.length) {
    const expected = `the table's: ${table.domains.join(', ')}`;
    throw new InputError('the sweep and its table differ', [{ path: 'domains', expected, found: domains.join(', ') }]);
  }
  const allowed = feasibleSet(sweep);
  const isAllowed = table.mixtures.map((mixture) => allowed.contains(sharesOf(mixture, domains), PUBLISHED));
  const isKnown = ({ scale, steps }: { scale: string; steps: number }): boolean =>
    sweep.scales.some(({ name, steps: known }) => name === scale && known.includes(steps));
  const runs = table.runs.filter((run) => isKnown(run) && isAllowed[run.mixture] === true);
  const used = [...new Set(runs.map(({ mixture }) => mixture))];
  if (used.length === 0) {
    const expected =
      'runs at the scales and steps of the sweep, within its limits, with every metric of its objective and guards';
    throw new InputError('the table holds nothing for the sweep', [
      { path: 'launcher.world', expected, found: 'none' },
    ]);
  }
  const place = new Map(used.map((mixture, i) => [mixture, i]));
  const mixtures = used.map((index) => table.mixtures[index]).filter((mixture) => mixture !== undefined);
  return { ...sweep, mixtures, runs: runs.map((run) => ({ ...run, mixture: place.get(run.mixture) ?? 0 })) };
};
