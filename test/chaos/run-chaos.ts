/** One run of the kill test: a plan from a seed, lanes at once, sweeps left in peace to compare with, and the judgement. */
import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { judge, type Violation } from './checks.js';
import type { SweepEvidence } from './evidence.js';
import { installCopy, type Patch } from './installed-copy.js';
import { Lane, type LaneReport } from './lane.js';
import type { ChaosPlace } from './place.js';
import { planRun, type LanePlan, type World } from './plan.js';
import { SmallDisk } from './small-disk.js';
import { OWN_STRIKES, type StrikeKind, type Struck } from './strike.js';
import { SEQUENTIAL_FILES } from './sweep-files.js';

export interface ChaosOptions {
  readonly kills: number;
  readonly seed: number;
  readonly place: ChaosPlace;
  readonly lanes?: number;
  readonly world?: World;
  /** Kinds of strikes instead of all that the place knows. */
  readonly kinds?: readonly StrikeKind[];
  /** Fill a small disk, where mounting one is allowed (default true). */
  readonly fillsDisk?: boolean;
  /** Faults to plant in the copy of titrate that is struck. */
  readonly patches?: readonly Patch[];
  readonly say: (line: string) => void;
  /** Gives the run up. */
  readonly signal?: AbortSignal;
}

export interface ChaosReport {
  readonly launcher: string;
  readonly seed: number;
  readonly struck: readonly Struck[];
  readonly sweeps: readonly SweepEvidence[];
  readonly fills: number;
  readonly violations: readonly Violation[];
  /** What kept the run from its end. */
  readonly troubles: readonly string[];
  readonly seconds: number;
  /** Where everything lies, when it was kept for a look. */
  readonly kept: string | undefined;
}

const LANES_PER_CORE = 3; // a lane waits most of the time
const FEWEST_LANES = 4; // every kind of strike has a lane that may take it
/** Name of the lane that nothing strikes. */
export const PEACE_LANE = 'in-peace';
const PEACE: LanePlan = {
  name: PEACE_LANE,
  isSequential: true,
  files: SEQUENTIAL_FILES,
  atOnce: 1,
  fills: 0,
  strikes: [],
};

const mayMount = async (root: string): Promise<boolean> => {
  const folder = join(root, 'try-mount');
  const disk = SmallDisk.mount(folder);
  disk?.unmount();
  await rm(folder, { recursive: true, force: true });
  return disk !== undefined;
};

const planOf = async (options: ChaosOptions, root: string): Promise<LanePlan[]> => {
  const { kills, seed, place, say, world, fillsDisk = true } = options;
  const smallDisk = fillsDisk && (await mayMount(root));
  if (fillsDisk && !smallDisk)
    say('no disk is filled: mounting a small file system is not allowed here (run as root, or with unshare -Urm)');
  const lanes = options.lanes ?? Math.max(FEWEST_LANES, LANES_PER_CORE * availableParallelism());
  const kinds = options.kinds ?? [...OWN_STRIKES, ...place.strikes];
  return planRun({ kills, seed, kinds, lanes, smallDisk, ...(world === undefined ? {} : { world }) });
};

/** Runs lanes at once; what strikes a shared place would not leave the sweeps in peace that they are compared with. */
const runAll = async (lanes: readonly Lane[], { isShared }: ChaosPlace): Promise<LaneReport[]> => {
  const first = lanes.filter(({ lane }) => isShared && lane === PEACE_LANE);
  const peace = await Promise.all(first.map((lane) => lane.run()));
  const others = await Promise.all(lanes.filter((lane) => !first.includes(lane)).map((lane) => lane.run()));
  return [...peace, ...others];
};

/** Never resolves. @throws when the signal comes */
const givenUp = (signal: AbortSignal | undefined): Promise<never> =>
  new Promise((_, fail) => signal?.addEventListener('abort', () => fail(new Error('the run was given up'))));

const controlsOf = (peace: LaneReport | undefined): Map<string, SweepEvidence> =>
  new Map(peace?.sweeps.map((sweep) => [sweep.file, sweep]));

/** Runs the kill test. @throws when the place cannot be started here */
export const runChaos = async (options: ChaosOptions): Promise<ChaosReport> => {
  const { place, seed, say, patches } = options;
  const began = performance.now();
  const root = await mkdtemp(join(tmpdir(), 'titrate-chaos-'));
  const copy = await installCopy(join(root, 'titrate'), patches);
  const plans = await planOf(options, root);
  const needsPeace = plans.some(({ isSequential }) => isSequential);
  await place.start(root, say);
  const lanes: Lane[] = [];
  const struck: Struck[] = [];
  try {
    for (const plan of needsPeace ? [...plans, PEACE] : plans) {
      const folder = join(root, plan.name);
      await mkdir(folder, { recursive: true });
      lanes.push(new Lane({ plan, place, copy, root: folder, say, struck }));
    }
    const reports = await Promise.race([runAll(lanes, place), givenUp(options.signal)]);
    const sweeps = reports.flatMap((report) => report.sweeps);
    const violations = judge(sweeps, controlsOf(reports.find(({ name }) => name === PEACE.name)));
    const troubles = reports.flatMap(({ name, troubles: all }) => all.map((trouble) => `${name}: ${trouble}`));
    const isWell = violations.length === 0 && troubles.length === 0;
    return {
      launcher: place.launcher,
      seed,
      struck,
      sweeps,
      fills: reports.reduce((sum, { fills }) => sum + fills, 0),
      violations,
      troubles,
      seconds: (performance.now() - began) / 1000,
      kept: isWell ? undefined : await keep(root, lanes),
    };
  } finally {
    for (const lane of lanes) await lane.end();
    await place.stop();
    for (const lane of lanes) lane.close();
    // Only what is worth a look stays.
    if (lanes.length === 0 || !kept.has(root))
      await rm(root, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
};

const kept = new Set<string>();

/** Saves what lies on small disks before they go, and lets the rest lie. */
const keep = async (root: string, lanes: readonly Lane[]): Promise<string> => {
  kept.add(root);
  for (const lane of lanes) {
    for (const folder of lane.folders.filter((path) => path.includes('/small/')))
      spawnSync('cp', ['-r', folder, join(root, lane.lane)], { stdio: 'ignore' });
  }
  return root;
};
