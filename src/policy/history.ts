import { BUDGET_SLACK, confirmationReserve, costOf } from '../domain/cost.js';
import type { Fidelity } from '../domain/fidelity.js';
import { massMoved, mixtureOf, sharesOf, type Mixture } from '../domain/mixture.js';
import { counts, type Observation, type PendingTrial } from '../domain/observation.js';
import type { Sweep } from '../domain/sweep.js';

/** What a run of a mixture at a fidelity would cost, and the trial that it would go on from. */
export interface Offer {
  readonly cost: number;
  readonly continues?: string;
  /** The trial's own mixture, to the last digit. */
  readonly mixture?: Mixture;
}

/** What has been paid for and promised so far, and what may be bought next. */
export interface History {
  readonly spent: number;
  /** What was spent on runs that count, and what imported ones would have cost: they taught as much, and are charged nothing. */
  readonly seen: number;
  /** The runs that were made and count, and the pending ones. */
  readonly made: readonly (Observation | PendingTrial)[];
  /** Worst-case cost of the pending trials. */
  readonly pendingCost: number;
  /** What may still be spent on search: the budget less all of the above and the confirmation runs. */
  readonly available: number;
  /** What was spent and promised on runs that cost less than `cost` each. */
  committedBelow(cost: number): number;
  /** Was this run made, passed on the way, promised, does it stand to fail again, or can it not be made? */
  isTaken(shares: ArrayLike<number>, fidelity: Fidelity): boolean;
  offer(shares: ArrayLike<number>, fidelity: Fidelity): Offer;
}

const KEY_DIGITS = 6;
const SAME = 10 ** -KEY_DIGITS; // mixtures closer than 1e-6 in every share are one

const mixtureKey = (shares: ArrayLike<number>): string =>
  Array.from(shares, (share) => (share + 0).toFixed(KEY_DIGITS).replace('-0.000000', '0.000000')).join();

const isSameRun = (a: ArrayLike<number>, b: ArrayLike<number>): boolean => {
  for (let i = 0; i < a.length; i++) if (Math.abs(a[i]! - b[i]!) >= SAME) return false;
  return true;
};

const GOLDEN = (Math.sqrt(5) - 1) / 2; // multiples of it, modulo 1, are spread evenly

/** Where a mixture falls on a line: of two that are the same by less than one. */
const placeOnLine = (shares: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < shares.length; i++) sum += shares[i]! * (((i + 1) * GOLDEN) % 1);
  return sum / (SAME * shares.length);
};

/** A run's mixture, and where it is looked for. */
interface Placed {
  readonly domains: Sweep['domains'];
  readonly shares: ArrayLike<number>;
  readonly place: number;
}

const placedBefore = new WeakMap<Mixture, Placed>();

/** Places a run's mixture; one that cannot change any more is placed once. */
const placed = ({ domains }: Sweep, names: readonly string[], mixture: Mixture): Placed => {
  const known = placedBefore.get(mixture);
  if (known?.domains === domains) return known;
  const shares = sharesOf(mixture, names);
  const found = { domains, shares, place: Math.floor(placeOnLine(shares)) };
  if (Object.isFrozen(mixture)) placedBefore.set(mixture, found);
  return found;
};

/** Tells whether a run can be made at all: every one can, unless the sweep lists its runs. */
const possibleRuns = ({ runs, mixtures, domains }: Sweep): ((shares: ArrayLike<number>, at: Fidelity) => boolean) => {
  if (runs === undefined || mixtures === undefined) return () => true;
  const names = Object.keys(domains);
  const keyOf = (shares: ArrayLike<number>, { scale, steps }: Fidelity): string =>
    `${scale}|${steps}|${mixtureKey(shares)}`;
  const possible = new Set(runs.map((run) => keyOf(sharesOf(mixtures[run.mixture] ?? {}, names), run)));
  return (shares, fidelity) => possible.has(keyOf(shares, fidelity));
};

const REFUSED_MASS = 0.05; // of the mixture: a person who refused a run does not want one that moves less than this

/** Tells whether a person refused a run like it, as long or shorter, at the same scale: of a mixture close by, or, of listed ones, the same. */
const refusedRuns = (
  { domains, mixtures }: Sweep,
  observations: readonly Observation[],
): ((shares: ArrayLike<number>, at: Fidelity) => boolean) => {
  const names = Object.keys(domains);
  const refused = observations.filter(({ status }) => status === 'refused-by-person');
  const reach = mixtures === undefined ? REFUSED_MASS : SAME;
  return (shares, { scale, steps }) => {
    const alike = refused.filter((run) => run.scale === scale && steps >= run.steps);
    if (alike.length === 0) return false;
    const wanted = mixtureOf(shares, names);
    return alike.some(({ mixture }) => massMoved(mixture, wanted) <= reach);
  };
};

/** A run as it counts at its place. */
type PlacedRun = PendingTrial & Pick<Observation, 'imported'> & { readonly status: Observation['status'] | 'pending' };

/** Finds the runs of a mixture at a scale. */
const runsByPlace = (
  sweep: Sweep,
  runs: readonly PlacedRun[],
): ((shares: ArrayLike<number>, scale: string) => readonly PlacedRun[]) => {
  const domains = Object.keys(sweep.domains);
  const byPlace = new Map<string, { readonly run: PlacedRun; readonly shares: ArrayLike<number> }[]>();
  for (const run of runs) {
    const { place, shares } = placed(sweep, domains, run.mixture);
    const key = `${run.scale}|${place}`;
    const there = byPlace.get(key);
    if (there === undefined) byPlace.set(key, [{ run, shares }]);
    else there.push({ run, shares });
  }
  return (shares, scale) => {
    const place = Math.floor(placeOnLine(shares));
    // Places are rounded down: the same mixture may have fallen into the next one.
    return [place - 1, place, place + 1].flatMap((near) =>
      (byPlace.get(`${scale}|${near}`) ?? []).filter((other) => isSameRun(other.shares, shares)).map(({ run }) => run),
    );
  };
};

/** Reckons the state of a sweep from its trials. */
export const historyOf = (
  sweep: Sweep,
  observations: readonly Observation[],
  pending: readonly PendingTrial[],
): History => {
  const stepsOf = new Map(observations.map(({ trial, steps }) => [trial, steps]));
  const charge = (run: PendingTrial): number =>
    run.cost ?? costOf(sweep, run, run.continues === undefined ? 0 : (stepsOf.get(run.continues) ?? 0));
  const total = (charges: readonly number[]): number => charges.reduce((sum, cost) => sum + cost, 0);
  const [paid, promised] = [observations.map(charge), pending.map(charge)];
  const [spent, pendingCost] = [total(paid), total(promised)];
  // What was taken back taught nothing, and may be bought again.
  const counted = observations.filter(counts);
  const retracted = observations.filter((run) => !counts(run));
  const taught = spent - total(retracted.map(charge));
  const seen = counted.reduce((sum, run) => (run.imported === undefined ? sum : sum + costOf(sweep, run)), taught);
  const committedBelow = (cost: number): number => total([...paid, ...promised].filter((each) => each < cost));
  const available = sweep.budget * (1 + BUDGET_SLACK) - confirmationReserve(sweep) - spent - pendingCost;

  const made = [...counted, ...pending];
  const continued = new Set(made.flatMap(({ continues }) => continues ?? []));
  const at = runsByPlace(sweep, [...counted, ...pending.map((run) => ({ ...run, status: 'pending' as const }))]);

  const isPossible = possibleRuns(sweep);
  const isRefused = refusedRuns(sweep, observations);
  const isTaken = (shares: ArrayLike<number>, { scale, steps }: Fidelity): boolean =>
    !isPossible(shares, { scale, steps }) ||
    isRefused(shares, { scale, steps }) ||
    at(shares, scale).some((run) => {
      if (run.steps === steps) return true;
      if (run.status === 'completed' || run.status === 'pending') return run.steps > steps;
      return run.status === 'diverged' && run.steps < steps;
    });
  const offer = (shares: ArrayLike<number>, fidelity: Fidelity): Offer => {
    const source = at(shares, fidelity.scale)
      .filter(
        ({ status, trial, steps, imported }) =>
          status === 'completed' &&
          imported === undefined &&
          trial !== undefined &&
          !continued.has(trial) &&
          steps < fidelity.steps,
      )
      .reduce<PendingTrial | undefined>(
        (best, run) => (best === undefined || run.steps > best.steps ? run : best),
        undefined,
      );
    if (source?.trial === undefined) return { cost: costOf(sweep, fidelity) };
    return { cost: costOf(sweep, fidelity, source.steps), continues: source.trial, mixture: source.mixture };
  };
  return { spent, seen, made, pendingCost, available, committedBelow, isTaken, offer };
};
