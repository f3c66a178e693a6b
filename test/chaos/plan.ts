/** From a seed to a plan: which strikes, in which lanes, in which order. The same seed always gives the same plan. */
import { createRng, seedOf, type Rng } from '../../src/domain/rng.js';
import type { Strike, StrikeKind } from './strike.js';
import { PARALLEL_FILES, SEQUENTIAL_FILES, type SweepFileName } from './sweep-files.js';

/** One home with its own server and worker, and the strikes that fall on it one after the other. */
export interface LanePlan {
  readonly name: string;
  /** Sweeps in here decide one run at a time, in a world without chance: they must end like a sweep left in peace. */
  readonly isSequential: boolean;
  readonly files: readonly SweepFileName[];
  /** Sweeps at the same time. */
  readonly atOnce: number;
  /** Continue as new after so many events; 1 is at every move. */
  readonly continueAfterEvents?: number;
  /** On a small disk, which is filled so often. */
  readonly fills: number;
  readonly strikes: readonly Strike[];
}

/** Which sweeps are run: those that decide one run at a time, those with several runs at once, or both. */
export const WORLDS = ['mixed', 'one-by-one', 'several'] as const;
export type World = (typeof WORLDS)[number];

export interface PlanRequest {
  readonly kills: number;
  readonly seed: number;
  readonly kinds: readonly StrikeKind[];
  readonly lanes: number;
  /** Is there a small disk to fill? */
  readonly smallDisk: boolean;
  /** Default: mixed. */
  readonly world?: World;
}

type LaneShape = Omit<LanePlan, 'strikes' | 'name' | 'fills'> & { readonly hasSmallDisk?: boolean };

const SHAPES: readonly LaneShape[] = [
  { isSequential: false, files: PARALLEL_FILES, atOnce: 2, hasSmallDisk: true },
  { isSequential: true, files: SEQUENTIAL_FILES, atOnce: 1 },
  { isSequential: false, files: PARALLEL_FILES, atOnce: 1, continueAfterEvents: 1 },
  { isSequential: true, files: SEQUENTIAL_FILES, atOnce: 1, continueAfterEvents: 1 },
  { isSequential: false, files: PARALLEL_FILES, atOnce: 3 },
  { isSequential: true, files: SEQUENTIAL_FILES, atOnce: 2, continueAfterEvents: 60 },
];

// Seconds that a strike takes with what follows it, for dealing strikes out evenly; as measured, roughly.
const SECONDS: Readonly<Record<Strike['act'], number>> = { kill: 5, freeze: 29, upset: 5 };
const HASTY_SHARE = 0.25;
const ALONE_SHARE = 0.1; // nobody helps for so long that what watches must help itself
const ALONE_MS = 9_000; // longer than the watching command waits for an answer before it brings a worker back
const LONGEST_DELAY_MS = 1_200;
const AIMED_DELAY_MS = 60; // within a moment that was waited for
const KILLS_PER_FILL = 50;

/** Gives each kind its share of `count`, by largest remainders: every kind comes when there are strikes enough. */
export const shareOut = (kinds: readonly StrikeKind[], count: number): StrikeKind[] => {
  const total = kinds.reduce((sum, { weight }) => sum + weight, 0);
  const exact = kinds.map((kind) => ({ kind, share: (count * kind.weight) / total }));
  const whole = exact.flatMap(({ kind, share }) => Array.from({ length: Math.floor(share) }, () => kind));
  const rest = exact.toSorted((a, b) => (b.share % 1) - (a.share % 1)).map(({ kind }) => kind);
  return [...whole, ...rest.slice(0, count - whole.length)];
};

const shuffled = <T>(items: readonly T[], rng: Rng): T[] => {
  const out = [...items];
  for (let i = out.length - 1; i > 0; i--) {
    const j = rng.integer(i + 1);
    [out[i], out[j]] = [out[j]!, out[i]!];
  }
  return out;
};

const strikeOf = ({ weight: _, ...kind }: StrikeKind, number: number, rng: Rng): Strike => ({
  ...kind,
  number,
  delayMs: Math.round(rng.uniform() * (kind.point === 'any' ? LONGEST_DELAY_MS : AIMED_DELAY_MS)),
  isHasty: rng.uniform() < HASTY_SHARE,
  patienceMs: rng.uniform() < ALONE_SHARE ? ALONE_MS : Math.round(rng.uniform() * 400),
});

/** The lanes' shapes in a world; a world of one sort has the small disk in its first lane. */
const shapesOf = (world: World): readonly LaneShape[] => {
  if (world === 'mixed') return SHAPES;
  const chosen = SHAPES.filter(({ isSequential }) => isSequential === (world === 'one-by-one'));
  return chosen.map((shape, i) => ({ ...shape, hasSmallDisk: i === 0 }));
};

const mayTake = (shape: LaneShape, strike: Pick<StrikeKind, 'hurtsJobs' | 'point'>): boolean => {
  if (strike.hurtsJobs && shape.isSequential) return false;
  if (strike.point === 'continue-as-new') return shape.continueAfterEvents === 1;
  return true;
};

/** Deals each strike to the lane that has the least to do of those that may take it. */
const deal = (shapes: readonly LaneShape[], strikes: readonly Strike[]): Strike[][] => {
  const dealt = shapes.map((): Strike[] => []);
  const seconds = shapes.map(() => 0);
  for (const strike of strikes) {
    const able = shapes.flatMap((shape, lane) => (mayTake(shape, strike) ? [lane] : []));
    const lane = able.toSorted((a, b) => seconds[a]! - seconds[b]!)[0];
    if (lane === undefined) throw new Error(`no lane can take ${strike.victim} at ${strike.point}: use more lanes`);
    dealt[lane]!.push(strike);
    seconds[lane]! += SECONDS[strike.act];
  }
  return dealt;
};

/**
 * Makes the plan of a run; a world leaves out the strikes that none of its lanes may take.
 * @throws when there are too few lanes for the strikes asked for
 */
export const planRun = ({ kills, seed, kinds, lanes, smallDisk, world = 'mixed' }: PlanRequest): LanePlan[] => {
  const rng = createRng(seedOf('chaos', seed));
  const known = shapesOf(world);
  const takable = kinds.filter((kind) => known.some((shape) => mayTake(shape, kind)));
  const strikes = shuffled(shareOut(takable, kills), rng).map((kind, i) => strikeOf(kind, i + 1, rng));
  const shapes = Array.from({ length: lanes }, (_, i) => known[i % known.length]!);
  return deal(shapes, strikes).map((dealt, i): LanePlan => {
    const { hasSmallDisk = false, ...shape } = shapes[i]!;
    const fills = hasSmallDisk && smallDisk ? Math.max(1, Math.round(kills / KILLS_PER_FILL)) : 0;
    return { ...shape, name: `lane-${i + 1}`, fills, strikes: dealt };
  });
};
