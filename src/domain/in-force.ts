/** The budget and the bounds in force: those of the sweep file, as people have changed them since. From the record alone. */
import { limitsOf, PUBLISHED, violation } from './limits.js';
import { sharesOf } from './mixture.js';
import type { RecordEvent } from './record-event.js';
import type { Domain, Sweep } from './sweep.js';

/** What people have changed of a sweep since it started. */
export interface Changes {
  /** In units of the sweep's cost. */
  readonly budget?: number;
  /** Domains whose bounds were tightened. */
  readonly bounds?: Readonly<Record<string, Pick<Domain, 'min' | 'max'>>>;
}

/** Takes an event into account; the very same object when it changes nothing. */
export const changesAfter = (changes: Changes, event: RecordEvent): Changes => {
  if (event.type !== 'act') return changes;
  const { budget, bounds } = event;
  if (budget === undefined && bounds === undefined) return changes;
  return {
    ...changes,
    ...(budget === undefined ? {} : { budget: budget.to }),
    ...(bounds === undefined ? {} : { bounds: { ...changes.bounds, ...bounds } }),
  };
};

/** Leaves listed mixtures out that the bounds no longer allow, with their runs. */
const withoutForbidden = (sweep: Sweep): Sweep => {
  const { mixtures, runs } = sweep;
  if (mixtures === undefined) return sweep;
  const limits = limitsOf(sweep);
  const kept = mixtures.flatMap((mixture, i) =>
    violation(limits, sharesOf(mixture, limits.domains)) <= PUBLISHED ? [{ mixture, i }] : [],
  );
  const places = new Map(kept.map(({ i }, place) => [i, place]));
  return {
    ...sweep,
    mixtures: kept.map(({ mixture }) => mixture),
    ...(runs === undefined
      ? {}
      : {
          runs: runs.flatMap((run) => {
            const place = places.get(run.mixture);
            return place === undefined ? [] : [{ ...run, mixture: place }];
          }),
        }),
  };
};

/** The sweep with its budget and bounds in force; the very same object when nothing was changed. */
export const sweepInForce = (sweep: Sweep, { budget, bounds }: Changes): Sweep => {
  const paid = budget === undefined ? sweep : { ...sweep, budget };
  if (bounds === undefined) return paid;
  const domains = Object.fromEntries(
    Object.entries(sweep.domains).map(([name, domain]) => [name, { ...domain, ...bounds[name] }]),
  );
  return withoutForbidden({ ...paid, domains });
};
