/** What a terminal shows while a sweep runs. */
import { costUnit } from '../domain/cost.js';
import { SWEEP_ITSELF, type Act, type InFlightTrial, type SweepProgress } from '../domain/messages.js';
import type { JobProgress } from '../domain/ports.js';
import { holdsPlace } from '../domain/trial-moves.js';
import type { Sweep } from '../domain/sweep.js';
import { columnsOf } from './columns.js';
import {
  formatCost,
  formatCount,
  formatDuration,
  formatMixture,
  formatPrediction,
  formatShare,
  formatValue,
  plural,
} from './format.js';
import { objectiveName, objectiveOf } from './objective-of.js';
import { plainText } from './plain-text.js';
import { bar, fit, line, piece, wrap, type Piece, type TerminalOptions, type Tone } from './terminal/line.js';

export interface ProgressOptions extends TerminalOptions {
  readonly sweep: Pick<Sweep, 'objective' | 'cost' | 'scales' | 'target'>;
  /** Since the sweep started (ms). */
  readonly elapsedMs: number;
  /** What is being tried again, in words. */
  readonly troubles?: readonly string[];
  /** Milliseconds since the epoch; tells how long a back-off still takes. */
  readonly now?: number;
}

/** A sweep that is paused starts no rerun. */
interface TrialOptions extends ProgressOptions {
  readonly isPaused: boolean;
}

/** How far the job of each trial is, by trial; a trial that has not said is absent. */
export type TrialProgress = Readonly<Record<string, JobProgress | undefined>>;

const BAR = { widest: 28, narrowest: 6 };
const LONGEST_TROUBLE = 400; // characters: a few lines, so that the block can still be redrawn
const MOST_TRIALS = 16; // a block taller than a terminal cannot be redrawn in place

const barColumns = (width: number, others: number): number =>
  Math.max(BAR.narrowest, Math.min(BAR.widest, width - others - 2));

const STATUS_TONE: Readonly<Record<SweepProgress['status'], Tone>> = {
  running: 'accent',
  paused: 'warn',
  completed: 'good',
  cancelled: 'warn',
  failed: 'bad',
};

/** In a word, what a sweep does. */
const stateOf = ({ status, phase, closing, result }: SweepProgress): string => {
  if (closing?.act === 'cancel' && result === null) return 'cancelling';
  if (status !== 'running') return status;
  return closing?.act === 'finish' ? 'finishing' : phase;
};

const titleLine = (progress: SweepProgress, options: ProgressOptions): string => {
  const counts = `${plural(progress.decisions, 'decision')}, ${plural(progress.observations, 'result')}`;
  const pieces = [
    piece(progress.sweepId, 'strong'),
    piece('  '),
    piece(stateOf(progress), STATUS_TONE[progress.status]),
    piece(`  ${counts}, ${formatDuration(options.elapsedMs)}`, 'soft'),
  ];
  return line(pieces, options);
};

/** What a trial waits for that has no job at the moment; empty for one that runs. */
const waitText = ({ state, generation, notBefore }: InFlightTrial, { now, isPaused }: TrialOptions): string => {
  if (state === 'parked') return 'parked: retry or abandon it';
  if (state === 'awaiting-approval') return 'waits for approval';
  if (state === 'stopping') return 'stopping';
  const run = generation > 1 ? `run ${generation}` : '';
  if (state !== 'backing-off') return state === 'queued' ? `${run} waits for a place` : '';
  if (isPaused) return `${run} after a resume`;
  const left = notBefore === undefined || now === undefined ? 0 : notBefore - now;
  return left > 0 ? `${run} in ${formatDuration(left)}` : `${run} soon`;
};

const lossSoFar = (trial: InFlightTrial, job: JobProgress | undefined, options: TrialOptions): string => {
  const { objective } = options.sweep;
  const value = objectiveOf(objective, job?.metrics);
  const waiting = waitText(trial, options);
  if (waiting !== '') return waiting;
  if (job?.unknown !== undefined) return 'unknown';
  if (job?.waiting !== undefined) return plainText(job.waiting);
  if (value !== undefined) return `${objectiveName(objective)} ${formatValue(value)}`;
  return job === undefined ? 'starting' : trial.purpose === 'confirm' ? 'confirming' : '';
};

const trialLine = (
  trial: InFlightTrial,
  job: JobProgress | undefined,
  columns: readonly number[],
  options: TrialOptions,
): string => {
  const [nameColumns = 8, scaleColumns = 5, stepColumns = 15] = columns;
  const done = Math.min(job?.steps ?? 0, trial.steps);
  const share = done / trial.steps;
  const steps = `${formatCount(done)}/${formatCount(trial.steps)}`;
  const tone: Tone = trial.scale === options.sweep.target.scale ? 'warn' : 'accent';
  const length = barColumns(options.width, 2 + nameColumns + scaleColumns + stepColumns + 26);
  const pieces: Piece[] = [
    piece(`  ${fit(trial.trial, nameColumns)} `, 'soft'),
    piece(`${fit(trial.scale, scaleColumns)} `, tone === 'warn' ? 'strong' : 'plain'),
    ...bar(length, [{ share, tone }]),
    piece(` ${fit(steps, stepColumns, 'right')}  `),
    piece(lossSoFar(trial, job, options), 'soft'),
  ];
  return line(pieces, options);
};

const trialLines = (progress: SweepProgress, jobs: TrialProgress, options: ProgressOptions): string[] => {
  const shown = progress.inFlight.slice(0, MOST_TRIALS);
  const longest = (of: (trial: InFlightTrial) => string, most: number): number =>
    Math.min(most, Math.max(0, ...shown.map((trial) => columnsOf(of(trial)))));
  const columns = [
    longest(({ trial }) => trial, 12),
    longest(({ scale }) => scale, 10),
    longest(({ steps }) => `${formatCount(steps)}/${formatCount(steps)}`, 19),
  ];
  const trialOptions = { ...options, isPaused: progress.pause !== null };
  const lines = shown.map((trial) => trialLine(trial, jobs[trial.trial], columns, trialOptions));
  const hidden = progress.inFlight.length - shown.length;
  return hidden > 0 ? [...lines, line([piece(`  and ${plural(hidden, 'more trial')}`, 'soft')], options)] : lines;
};

/** Why places are empty while nobody has to do anything. */
const freeLines = ({ freePlaces, waitsFor, inFlight }: SweepProgress, options: ProgressOptions): string[] => {
  if (freePlaces === 0 || waitsFor !== null) return [];
  const isRunning = inFlight.some(({ state }) => holdsPlace(state));
  const until = isRunning ? 'a run in flight has ended' : 'what waits for you has an answer';
  return [line([piece(`  ${plural(freePlaces, 'place')} free until ${until}`, 'soft')], options)];
};

const budgetLines = (progress: SweepProgress, options: ProgressOptions): string[] => {
  const unit = costUnit(options.sweep.cost);
  const { spent, committed, budget } = progress;
  const flying = committed > 0 ? `, ${formatCost(committed)} in flight` : '';
  const text = ` ${formatCost(spent)} of ${formatCost(budget, unit)} (${formatShare(spent / budget, 0)})${flying}`;
  const parts = [
    { share: spent / budget, tone: 'good' as const },
    { share: committed / budget, tone: 'warn' as const, char: '─' },
  ];
  const byScale = options.sweep.scales
    .map(({ name }) => [name, progress.spentByScale[name] ?? 0] as const)
    .filter(([, cost]) => cost > 0)
    .map(([name, cost]) => `${name} ${formatCost(cost)}`);
  const first = line(
    [piece('budget  ', 'soft'), ...bar(barColumns(options.width, 8 + columnsOf(text)), parts), piece(text)],
    options,
  );
  return byScale.length === 0
    ? [first]
    : [first, line([piece('        '), piece(byScale.join(', '), 'soft')], options)];
};

/** The best mixture as far as it is known; before any run has reported the objective, a recommendation predicts nothing. */
const bestOf = ({ recommendation, incumbent }: SweepProgress) =>
  recommendation?.trust.some(({ runs }) => runs > 0) === true ? recommendation : incumbent;

const bestLines = (progress: SweepProgress, options: ProgressOptions): string[] => {
  const best = bestOf(progress);
  if (best === null) return [line([piece('best    no prediction yet', 'soft')], options)];
  const { objective, target } = options.sweep;
  const name = objectiveName(objective);
  const prediction = piece(`${name} ${formatPrediction(best)}`, 'strong');
  const where = piece(` predicted at ${target.scale} (95 % interval)`, 'soft');
  const mixture = line([piece('        '), piece(formatMixture(best.mixture))], options);
  return [line([piece('best    ', 'soft'), prediction, where], options), mixture];
};

/** Prose from outside, in as many lines as it takes. */
const wrapped = (text: string, tone: Tone, options: ProgressOptions): string[] =>
  wrap(text, Math.max(20, options.width - 1)).map((part) => line([piece(part, tone)], options));

const reasonText = ({ reason }: Act): string => (reason === undefined ? '' : `: ${reason}`);

const pauseLines = ({ sweepId, pause, closing }: SweepProgress, options: ProgressOptions): string[] => {
  if (pause === null || closing?.act === 'cancel') return [];
  const why = plainText(`paused by ${pause.by}${reasonText(pause)}`, LONGEST_TROUBLE);
  const way = pause.by === SWEEP_ITSELF ? [`when that is mended: titrate resume ${plainText(sweepId)}`] : [];
  return [why, ...way].flatMap((text) => wrapped(text, 'warn', options));
};

/** Who ends the sweep, and what it waits for. */
const closingLines = ({ closing, inFlight, result }: SweepProgress, options: ProgressOptions): string[] => {
  if (closing == null || result !== null) return [];
  const isStopped = closing.act === 'cancel' || closing.stop === true;
  const jobs = inFlight.length === 0 ? '' : `; jobs in flight are ${isStopped ? 'being stopped' : 'waited for'}`;
  const verb = closing.act === 'cancel' ? 'cancelled' : 'finished';
  const text = plainText(`being ${verb} by ${closing.by}${reasonText(closing)}`, LONGEST_TROUBLE);
  return wrapped(`${text}${jobs}`, 'warn', options);
};

const LONGEST_WHY = 300; // characters

/** What a person is asked to approve, then how to answer: each command begins a line, to be copied whole. */
const requestTexts = (
  sweepId: string,
  { trial, scale, steps, cost, why, until }: InFlightTrial,
  { sweep, now }: ProgressOptions,
): string[] => {
  const left =
    until === undefined || now === undefined
      ? ''
      : `; without an answer in ${formatDuration(Math.max(0, until - now))}`;
  const run = `${plainText(scale)}, ${formatCount(steps)} steps, up to ${formatCost(cost, costUnit(sweep.cost))}`;
  const needs = plainText(why ?? 'needs approval', LONGEST_WHY);
  const which = `${plainText(sweepId)} ${plainText(trial)}`;
  return [
    `${plainText(trial)} (${run}) ${needs}${left === '' ? '' : `${left} titrate answers itself`}. Answer with one of:`,
    `titrate approve ${which}`,
    `titrate refuse ${which} --reason WHY`,
  ];
};

/** Why trials wait for a person, and what to do when nothing else goes on. */
const parkedLines = ({ sweepId, inFlight, waitsFor }: SweepProgress, options: ProgressOptions): string[] => {
  const texts = inFlight.flatMap((one) => {
    if (one.state === 'awaiting-approval') return requestTexts(sweepId, one, options);
    if (one.state !== 'parked') return [];
    return [`${plainText(one.trial)} is parked: ${plainText(one.why ?? 'no reason recorded', LONGEST_WHY)}`];
  });
  const all = waitsFor === null ? texts : [...texts, plainText(waitsFor)];
  return all.flatMap((text) => wrapped(text, 'warn', options));
};

const troubleLines = ({ troubles = [], ...options }: ProgressOptions): string[] =>
  troubles.flatMap((trouble) => wrapped(`waiting: ${plainText(trouble, LONGEST_TROUBLE)}`, 'bad', options));

/** Renders the block that is redrawn while a sweep runs; every line fits the width. */
export const renderProgress = (progress: SweepProgress, jobs: TrialProgress, options: ProgressOptions): string[] => [
  titleLine(progress, options),
  ...trialLines(progress, jobs, options),
  ...freeLines(progress, options),
  ...budgetLines(progress, options),
  ...bestLines(progress, options),
  ...closingLines(progress, options),
  ...pauseLines(progress, options),
  ...parkedLines(progress, options),
  ...troubleLines(options),
];

/** Renders one line for where nothing can be redrawn: a log file, a pipe. */
export const renderProgressLine = (
  progress: SweepProgress,
  options: Omit<ProgressOptions, keyof TerminalOptions>,
): string => {
  const unit = costUnit(options.sweep.cost);
  const best = bestOf(progress);
  const prediction =
    best === null ? 'no prediction yet' : `best ${objectiveName(options.sweep.objective)} ${formatPrediction(best)}`;
  const parked = progress.inFlight.filter((trial) => trial.state === 'parked').length;
  const asking = progress.inFlight.filter((trial) => trial.state === 'awaiting-approval').length;
  const flying = [
    `${progress.inFlight.length - parked - asking} in flight`,
    ...(parked === 0 ? [] : [`${parked} parked`]),
    ...(asking === 0 ? [] : [`${asking} waiting for approval`]),
  ].join(', ');
  const counts = `${plural(progress.decisions, 'decision')}, ${plural(progress.observations, 'result')}, ${flying}`;
  const money = `${formatCost(progress.spent)} of ${formatCost(progress.budget, unit)}`;
  return line(
    [
      piece(
        `${progress.sweepId} ${stateOf(progress)}: ${counts}; ${money}; ${prediction}; ${formatDuration(options.elapsedMs)}`,
      ),
    ],
    {
      width: 10_000, // a log keeps whole lines
      colour: false,
    },
  );
};
