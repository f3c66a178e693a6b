/** What is struck, how, and when: the plan of a run, as data. */

/**
 * Moments in the life of a sweep, as they can be seen from outside. `before-launch`: a job is decided and nothing of it is
 * there; `after-intent`: titrate wrote down that it will launch it; `after-submit`: the place has it and the record does not
 * say so yet; `torn-line`: its metrics end in mid-line; `after-finish`: it says that it is done and is not observed yet;
 * `continue-as-new`: a new run of the workflow has done nothing yet; `append`: the record grows. `any` is any other moment.
 */
export const POINTS = [
  'any',
  'before-launch',
  'after-intent',
  'after-submit',
  'mid-run',
  'torn-line',
  'after-finish',
  'continue-as-new',
  'append',
] as const;
export type Point = (typeof POINTS)[number];

/**
 * `kill` is signal 9; `freeze` stops a process for longer than a heartbeat may be late, and then lets it go on; `upset` is
 * what a place does to its jobs by itself, such as a node that goes down.
 */
export type Act = 'kill' | 'freeze' | 'upset';

/** One kind of strike and how often it comes, beside the others. */
export interface StrikeKind {
  /** `worker`, `server`, `cli`, or a victim of the place where jobs run. */
  readonly victim: string;
  readonly act: Act;
  readonly point: Point;
  readonly weight: number;
  /** May it end a job that would have lived? Such strikes change what a sweep learns. */
  readonly hurtsJobs: boolean;
}

export interface Strike extends Omit<StrikeKind, 'weight'> {
  readonly number: number;
  /** How long after the moment was seen (or, for `any`, after everything is well) the blow falls (ms). */
  readonly delayMs: number;
  /** Falls while what was struck before is still coming up. */
  readonly isHasty: boolean;
  /** How long nobody helps what was struck (ms). */
  readonly patienceMs: number;
}

/** What became of a strike. */
export interface Struck {
  readonly strike: Strike;
  readonly lane: string;
  /** When it fell (ms since the epoch). */
  readonly at: number;
  /** Was the sweep at the wanted point when it fell? */
  readonly landed: boolean;
  /** The jobs that it may have ended. */
  readonly hurt: readonly string[];
  /** What was struck, for people. */
  readonly target: string;
}

/** Processes of titrate's own, which every place has. */
export const OWN_VICTIMS: ReadonlySet<string> = new Set(['worker', 'server', 'cli']);

const own = (victim: string, act: Act, weights: Partial<Record<Point, number>>): StrikeKind[] =>
  Object.entries(weights).map(([point, weight]) => ({ victim, act, point: point as Point, weight, hurtsJobs: false }));

/** Strikes at titrate's own processes, which every place has. */
export const OWN_STRIKES: readonly StrikeKind[] = [
  ...own('worker', 'kill', {
    any: 10,
    'before-launch': 7,
    'after-intent': 6,
    'after-submit': 9,
    'mid-run': 7,
    'after-finish': 9,
    'continue-as-new': 8,
    append: 9,
  }),
  ...own('server', 'kill', {
    any: 6,
    'before-launch': 4,
    'after-intent': 3,
    'after-submit': 5,
    'mid-run': 5,
    'after-finish': 5,
    'continue-as-new': 6,
    append: 6,
  }),
  ...own('cli', 'kill', { any: 12, 'before-launch': 4, 'mid-run': 6, 'after-finish': 3 }),
  ...own('worker', 'freeze', { 'after-submit': 2, 'mid-run': 2, append: 2 }),
  ...own('server', 'freeze', { 'mid-run': 2 }),
  ...own('cli', 'freeze', { any: 1 }),
];
