/** A sweep as its record tells it: the one source of every report, table and text. */
import { actLog, type LogEntry } from './act-log.js';
import { withApprovedRun } from '../domain/approved-run.js';
import { costUnit } from '../domain/cost.js';
import type { Explanation, NearOptimal, Recommendation } from '../domain/decision.js';
import { StateError } from '../domain/errors.js';
import { isSameFidelity } from '../domain/fidelity.js';
import { isSameMixture } from '../domain/mixture.js';
import { changesAfter, sweepInForce, type Changes } from '../domain/in-force.js';
import type { ActEvent, RecordEvent, RecordHead, RecordLine, SweepStatus } from '../domain/record-event.js';
import type { Sweep } from '../domain/sweep.js';
import { counts, RETRACTED, type ObservationStatus } from '../domain/observation.js';
import { wholeRun } from '../domain/whole-run.js';
import { formatValue } from './format.js';
import { objectiveOf } from './objective-of.js';

type EventOf<T extends RecordEvent['type']> = Extract<RecordEvent, { readonly type: T }>;

/** When an event was stated, and what had been charged by then (the sweep's units). */
interface Placed {
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly spent: number;
}

/**
 * The run is the one that was made; where a person approved it in the place of another, `decided` is the other. What a run that a person
 * pinned had before it is counted here: no policy was asked, and its event leaves imported runs out.
 */
export type DecisionView = EventOf<'decided'> &
  Placed & {
    /** In force then, in the sweep's units. */
    readonly budget: number;
    readonly decided?: EventOf<'decided'>;
  };
export type LaunchView = EventOf<'launched'> & Placed;
/** Who took a result back, when and why. */
export interface Retraction {
  readonly by: string;
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly reason: string;
}

/** What became of a run. `value` is the objective: absent when the run did not report it, or its result was taken back. */
interface Fate {
  readonly status: ObservationStatus;
  readonly value?: number;
  readonly retraction?: Retraction;
  /** It ended while it still waited for approval: no job was launched. */
  readonly unapproved?: true;
}

/** Over all generations of its trial. `spent` counts this observation. */
export type ObservationView = Omit<EventOf<'observed'>, 'status'> & Placed & Fate;
/** A generation that was not its trial's last. `spent` counts it. */
export type AttemptView = EventOf<'attempted'> & Placed;
/** An earlier run that is evidence. */
export type ImportView = Omit<EventOf<'imported'>, 'status'> & Placed & Fate & { readonly detail?: string };
export type RerunView = EventOf<'rerun'> & Placed;
export type ParkedView = EventOf<'parked'> & Placed;
export type RecommendationView = EventOf<'recommended'> & Placed;

/** What went into one scale. */
export interface ScaleSpend {
  readonly scale: string;
  readonly runs: number;
  readonly completed: number;
  /** In the sweep's units. */
  readonly cost: number;
  /** The part of `cost` that confirmed the recommendation. */
  readonly confirmCost: number;
  /** The part of `cost` that went into runs which did not complete or whose results were taken back, or was paid twice by those that count. */
  readonly lostCost: number;
}

export interface SweepView {
  readonly sweepId: string;
  /** With the budget and the bounds in force. */
  readonly sweep: Sweep;
  /** Version of titrate and of Node that started it. */
  readonly version: string;
  readonly node: string;
  readonly startedAt: string;
  /** When the last event was stated. */
  readonly lastAt: string;
  readonly status: SweepStatus;
  /** Who paused it and why, while it is. */
  readonly pause: Pick<ActEvent, 'by' | 'reason'> | null;
  readonly unit: string;
  readonly decisions: readonly DecisionView[];
  readonly launches: readonly LaunchView[];
  readonly observations: readonly ObservationView[];
  readonly imports: readonly ImportView[];
  readonly attempts: readonly AttemptView[];
  readonly reruns: readonly RerunView[];
  readonly parkings: readonly ParkedView[];
  /** Trials that are parked now. */
  readonly parked: readonly ParkedView[];
  /** Decisions without an observation yet, those that are parked or wait for approval included. */
  readonly inFlight: readonly DecisionView[];
  /** Trials that wait for a person to approve them. */
  readonly awaiting: ReadonlySet<string>;
  /** Those that stand: none of them was made with a result that was taken back since. */
  readonly recommendations: readonly RecommendationView[];
  /** The last one. */
  readonly recommendation: Recommendation | null;
  /** What the last decision believed; null before there is one, and where a result was taken back since. */
  readonly belief: Explanation | null;
  /** Target-scale runs of the recommendation. */
  readonly confirmations: readonly ObservationView[];
  readonly spent: number;
  /** Cheap to costly, every scale of the sweep. */
  readonly spentByScale: readonly ScaleSpend[];
  /** Acts with what was asked, answered and told: what `titrate log` shows. */
  readonly log: readonly LogEntry[];
  readonly end: (EventOf<'ended'> & Placed) | null;
  readonly head: RecordHead;
}

interface Fold {
  spent: number;
  pause: ActEvent | null;
  changes: Changes;
  readonly decisions: DecisionView[];
  readonly launches: LaunchView[];
  observations: ObservationView[];
  imports: ImportView[];
  readonly attempts: AttemptView[];
  readonly reruns: RerunView[];
  readonly parkings: ParkedView[];
  readonly awaiting: Set<string>;
  /** Those that stand. */
  recommendations: readonly RecommendationView[];
  /** Of the last decision, unless a result was taken back since. */
  belief: Explanation | null;
  /** Has a result been taken back? */
  isRevised: boolean;
  end: (EventOf<'ended'> & Placed) | null;
}

/** The budget that a decision was made under, and how many runs stood before it. */
const standingOf = (
  { changes, observations, imports }: Fold,
  sweep: Sweep,
  { origin, sawObservations }: EventOf<'decided'>,
): Pick<DecisionView, 'budget' | 'sawObservations'> => ({
  budget: changes.budget ?? sweep.budget,
  sawObservations: origin === 'person' ? observations.length + imports.length : sawObservations,
});

/** A trial has ended: all of its generations are one run. */
const observe = (fold: Fold, sweep: Sweep, event: EventOf<'observed'>, at: string): void => {
  const unapproved = fold.awaiting.delete(event.trial) ? ({ unapproved: true } as const) : {};
  fold.spent += event.cost;
  const reported = event.status === 'completed' ? objectiveOf(sweep.objective, event.metrics) : undefined;
  const value = reported === undefined ? {} : { value: reported };
  const whole = wholeRun([...fold.attempts.filter(({ trial }) => trial === event.trial), event]);
  fold.observations.push({ ...event, ...whole, ...unapproved, at, spent: fold.spent, ...value });
};

const addEvent = (fold: Fold, sweep: Sweep, { at, event }: RecordLine): void => {
  const placed = { at, spent: fold.spent };
  switch (event.type) {
    case 'started':
    case 'act-refused': // these are told by the log
    case 'notified':
      return;
    case 'approval-requested':
      fold.awaiting.add(event.trial);
      return;
    case 'decided':
      fold.decisions.push({ ...event, ...placed, ...standingOf(fold, sweep, event) });
      fold.belief = event.explanation;
      return;
    case 'launched':
      fold.launches.push({ ...event, ...placed });
      return;
    case 'observed':
      observe(fold, sweep, event, at);
      return;
    case 'imported': {
      const value = event.status === 'completed' ? objectiveOf(sweep.objective, event.metrics) : undefined;
      fold.imports.push({ ...event, ...placed, ...(value === undefined ? {} : { value }) });
      return;
    }
    case 'attempted':
      fold.spent += event.cost;
      fold.attempts.push({ ...event, at, spent: fold.spent });
      return;
    case 'rerun':
      fold.reruns.push({ ...event, ...placed });
      return;
    case 'parked':
      fold.parkings.push({ ...event, ...placed });
      return;
    case 'recommended':
      fold.recommendations = [...fold.recommendations, { ...event, ...placed }];
      return;
    case 'act':
      if (event.act === 'pause') fold.pause = event;
      if (event.act === 'resume' || event.act === 'finish') fold.pause = null;
      fold.changes = changesAfter(fold.changes, event);
      if (event.act === 'approve') approve(fold, event);
      if (event.act === 'retract') retract(fold, event, at);
      return;
    case 'ended':
      fold.end = { ...event, ...placed };
  }
};

/** Puts the run that a person approved in the place of the one that was decided. */
const approve = ({ decisions, awaiting }: Fold, { trial = '', run }: ActEvent): void => {
  awaiting.delete(trial);
  const at = decisions.findIndex((decision) => decision.trial === trial);
  const view = decisions[at];
  if (view === undefined || run === undefined) return;
  const { at: when, spent, budget, ...decided } = view;
  decisions[at] = { ...withApprovedRun(decided, run), at: when, spent, budget, decided };
};

/** What a run is when a person took its result back. */
const takenBack = ({ value }: Fate, { by, reason = 'no reason recorded' }: ActEvent, at: string) => {
  const had = value === undefined ? '' : `; it had reported ${formatValue(value)}`;
  const detail = `by ${by}: ${reason}${had}`;
  return { status: RETRACTED, metrics: {}, curve: [], detail, retraction: { by, at, reason } } as const;
};

const withoutValue = <T extends Fate>({ value: _value, ...run }: T): Omit<T, 'value'> => run;

/** Takes a result back, and with it what was recommended. */
const retract = (fold: Fold, event: ActEvent, at: string): void => {
  fold.recommendations = [];
  fold.belief = null;
  fold.isRevised = true;
  const isIt = ({ trial }: { readonly trial: string }): boolean => trial === event.trial;
  fold.observations = fold.observations.map((run) =>
    isIt(run) ? { ...withoutValue(run), ...takenBack(run, event, at) } : run,
  );
  fold.imports = fold.imports.map((run) => (isIt(run) ? { ...withoutValue(run), ...takenBack(run, event, at) } : run));
};

/** Is it to confirm what was recommended? Not where a person approved another run in its place. */
export const isConfirmation = ({ purpose, decided }: DecisionView): boolean =>
  purpose === 'confirm' && decided === undefined;

const spendOf = (scale: string, fold: Fold, confirming: ReadonlySet<string>): ScaleSpend => {
  const here = fold.observations.filter((observation) => observation.scale === scale);
  const sum = (of: readonly { cost: number }[]): number => of.reduce((total, { cost }) => total + cost, 0);
  const seen = new Set(here.map(({ trial }) => trial));
  const open = fold.attempts.filter((attempt) => attempt.scale === scale && !seen.has(attempt.trial));
  const decided = new Map(fold.decisions.map(({ trial, cost }) => [trial, cost]));
  const again = here.map(({ trial, status, cost }) =>
    status === 'completed' ? Math.max(0, cost - (decided.get(trial) ?? cost)) : cost,
  );
  return {
    scale,
    runs: here.filter(wasMade).length,
    completed: here.filter(({ status }) => status === 'completed').length,
    cost: sum([...here, ...open]),
    confirmCost: sum(here.filter(({ trial }) => confirming.has(trial))),
    lostCost: again.reduce((total, cost) => total + cost, 0),
  };
};

/** Once a result was taken back, runs of what was recommended before confirm nothing, unless it is recommended again. */
const confirmationsOf = (
  { observations, recommendations, isRevised }: Fold,
  confirming: ReadonlySet<string>,
): readonly ObservationView[] => {
  const mixture = recommendations[0]?.recommendation.mixture;
  const confirms = (run: ObservationView): boolean => mixture !== undefined && isSameMixture(run.mixture, mixture);
  return observations.filter((run) => confirming.has(run.trial) && counts(run) && (!isRevised || confirms(run)));
};

const statusOf = ({ end, pause }: Fold): SweepStatus => end?.status ?? (pause === null ? 'running' : 'paused');

const emptyFold = (): Fold => ({
  spent: 0,
  pause: null,
  changes: {},
  decisions: [],
  launches: [],
  observations: [],
  imports: [],
  attempts: [],
  reruns: [],
  parkings: [],
  awaiting: new Set(),
  recommendations: [],
  belief: null,
  isRevised: false,
  end: null,
});

/**
 * Folds a record into what it says about the sweep; the order of the lines is the order of events.
 * @throws StateError when it does not begin with the sweep's start.
 */
export const foldRecord = (lines: readonly RecordLine[]): SweepView => {
  const first = lines[0];
  const last = lines.at(-1);
  if (first === undefined || last === undefined || first.event.type !== 'started') {
    throw new StateError(
      `expected a record that begins with the start of a sweep; found ${first === undefined ? 'no line' : `"${first.event.type}"`}`,
      { hint: 'a record is written within seconds of the start; see titrate status' },
    );
  }
  const { sweepId, sweep, version, node } = first.event;
  const fold = emptyFold();
  for (const line of lines) addEvent(fold, sweep, line);
  const confirming = new Set(fold.decisions.filter(isConfirmation).map(({ trial }) => trial));
  const seen = new Set(fold.observations.map(({ trial }) => trial));
  const { decisions, launches, observations, imports, attempts, reruns, parkings, recommendations, end } = fold;
  const isOver = (parking: ParkedView): boolean =>
    seen.has(parking.trial) || reruns.some(({ key }) => key === parking.key);
  return {
    imports,
    attempts,
    reruns,
    parkings,
    parked: parkings.filter((parking) => !isOver(parking)),
    decisions,
    launches,
    observations,
    recommendations,
    log: actLog(lines),
    end,
    spent: fold.spent,
    sweepId,
    sweep: sweepInForce(sweep, fold.changes),
    version,
    node,
    startedAt: first.at,
    lastAt: last.at,
    status: statusOf(fold),
    pause: end === null ? fold.pause : null,
    unit: costUnit(sweep.cost),
    awaiting: fold.awaiting,
    inFlight: fold.decisions.filter(({ trial }) => !seen.has(trial)),
    recommendation: recommendations.at(-1)?.recommendation ?? null,
    belief: fold.belief,
    confirmations: confirmationsOf(fold, confirming),
    spentByScale: sweep.scales.map(({ name }) => spendOf(name, fold, confirming)),
    head: { seq: last.seq, hash: last.hash },
  };
};

/** Mixtures beside the recommended one that the belief cannot tell from it. */
export const otherNearOptimal = ({ mixture, nearOptimal }: Recommendation): readonly NearOptimal[] =>
  nearOptimal.filter((near) => !isSameMixture(near.mixture, mixture));

/** Was there a run? Not of a trial that a person did not approve. */
export const wasMade = ({ status, unapproved }: Fate): boolean =>
  status !== 'refused-by-person' && unapproved === undefined;

/** Was a run made that did not come to its end? */
export const isLost = (run: Fate): boolean => wasMade(run) && run.status !== 'completed' && run.status !== RETRACTED;

/** Completed runs at the target itself, search and confirmation alike. */
export const targetRuns = (view: SweepView): readonly ObservationView[] =>
  view.observations.filter((run) => isSameFidelity(run, view.sweep.target) && run.value !== undefined);

/** Earlier runs at the target itself. */
export const importedTargetRuns = (view: SweepView): readonly ImportView[] =>
  view.imports.filter((run) => isSameFidelity(run, view.sweep.target) && run.value !== undefined);

/** Has any run reported the objective? Before that, the mean and sd of a recommendation are those that the belief began with. */
export const hasMeasured = ({ sweep, observations, imports }: SweepView): boolean =>
  [...observations, ...imports].some(
    ({ value, curve }) =>
      value !== undefined || curve.some(({ metrics }) => objectiveOf(sweep.objective, metrics) !== undefined),
  );
