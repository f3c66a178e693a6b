/** Does the record tell a story that a sweep can have? Invariants 1, 2, 5, 9 and 12 of the sweep workflow. */
import { approvalReasons } from '../domain/approval.js';
import { canonicalJson } from '../domain/canonical-json.js';
import type { Ending } from '../domain/ending.js';
import { jobKey } from '../domain/job-key.js';
import { retractedBy, type RecordEvent, type RecordLine } from '../domain/record-event.js';
import type { Sweep } from '../domain/sweep.js';
import { checked, counted, type Check, type Fault } from './check.js';
import { ProgressLog, type OpenTrial } from './progress-log.js';

type EventOf<T extends RecordEvent['type']> = Extract<RecordEvent, { type: T }>;
/** What it looks like, and what was expected and found; null when nothing is wrong. */
type Verdict = readonly [looksLike: string, says: string] | null;

const GIVEN_UP: ReadonlySet<string> = new Set<Ending>(['cancelled', 'abandoned']);

/** The walk along the record. */
class Story {
  readonly log = new ProgressLog();
  readonly #observed = new Set<string>();
  readonly #imported = new Set<string>();
  readonly #retracted = new Set<string>();
  /** Trials that a person was asked about. */
  readonly #asked = new Set<string>();
  /** Trials that a person, or titrate for want of one, answered about. */
  readonly #answered = new Map<string, 'approve' | 'refuse'>();
  /** Observations so far, imported ones included. */
  #evidence = 0;
  /** Was a mixture recommended since the last run was observed? */
  #isRecommended = false;
  #sweepId = '';
  #sweep: Pick<Sweep, 'approval' | 'target'> | undefined;
  #hasBegun = false;

  get observed(): number {
    return this.#observed.size;
  }

  /** Judges an event by what was before it, and takes it. */
  next(event: RecordEvent): Verdict {
    const verdict = this.#judge(event);
    this.log.take(event);
    return verdict;
  }

  #judge(event: RecordEvent): Verdict {
    if (!this.#hasBegun && event.type !== 'started')
      return this.#begin('', ['no beginning', `the first line is ${event.type}, not started`]);
    switch (event.type) {
      case 'started':
        if (this.#hasBegun) return ['begun twice', 'the sweep began before'];
        this.#sweep = event.sweep;
        return this.#begin(event.sweepId, null);
      case 'decided':
        return this.#decided(event);
      case 'launched':
        return this.#ofTrial(event.trial, (trial) => this.#launched(event, trial));
      case 'attempted':
        return this.#ofTrial(event.trial, (trial) => this.#generation(event, trial));
      case 'rerun':
      case 'parked':
        return this.#ofTrial(event.trial, (trial) => this.#again(event, trial));
      case 'observed':
        return this.#seen(event);
      case 'imported':
        this.#imported.add(event.trial);
        this.#evidence += 1;
        return null;
      case 'approval-requested':
        return this.#ofTrial(event.trial, (trial) => this.#wasAsked(event, trial));
      case 'act':
        return event.act === 'approve' || event.act === 'refuse'
          ? this.#wasAnswered(event, event.act)
          : this.#acted(event);
      case 'recommended':
        this.#isRecommended = true;
        return event.observations <= this.#evidence ? null : ['from nothing', this.#more(event.observations)];
      case 'ended':
        return this.#ended(event);
      default:
        return null;
    }
  }

  #acted(event: EventOf<'act'>): Verdict {
    const trial = retractedBy(event);
    if (trial === undefined) return null;
    this.#isRecommended = false;
    if (this.#retracted.has(trial)) return ['taken back twice', `the result of ${trial} was taken back before`];
    this.#retracted.add(trial);
    const isThere = this.#observed.has(trial) || this.#imported.has(trial);
    return isThere ? null : ['nothing to take back', `no result of ${trial} stands before it`];
  }

  /** A person must have been asked about the very run that was decided. */
  #wasAsked(event: EventOf<'approval-requested'>, { decided }: OpenTrial): Verdict {
    this.#asked.add(event.trial);
    const isSame = (['decision', 'mixture', 'scale', 'steps', 'cost'] as const).every(
      (field) => canonicalJson(event[field]) === canonicalJson(decided[field]),
    );
    return isSame ? null : ['another run', 'a person was asked about another run than the one that was decided'];
  }

  #wasAnswered({ trial = '' }: EventOf<'act'>, answer: 'approve' | 'refuse'): Verdict {
    const before = this.#answered.get(trial);
    if (before !== undefined) return ['answered twice', `${trial} had its answer before: ${before}`];
    this.#answered.set(trial, answer);
    const isAsked = this.log.open.get(trial)?.awaitsLeave === true;
    return isAsked ? null : ['unasked', `${trial} waits for nobody’s leave`];
  }

  /** Why a run must not be launched without a person's leave, where nobody was asked for it. */
  #unasked({ decided }: OpenTrial): string | undefined {
    if (this.#sweep === undefined || decided.origin === 'person' || this.#asked.has(decided.trial)) return undefined;
    return approvalReasons(this.#sweep, decided)[0];
  }

  #ended({ status }: EventOf<'ended'>): Verdict {
    const open = [...this.log.open.keys()];
    if (open.length > 0) return ['ended in flight', `the sweep ends with trials in flight: ${open.join(', ')}`];
    if (status !== 'completed' || this.#isRecommended) return null;
    return [
      'no recommendation',
      'a sweep that completed recommends from all its runs; no recommendation stands behind them',
    ];
  }

  #begin(sweepId: string, verdict: Verdict): Verdict {
    this.#hasBegun = true;
    this.#sweepId = sweepId;
    return verdict;
  }

  #more(count: number): string {
    return `it was made from ${counted(count, 'observation')}; the record has ${this.#evidence} before it`;
  }

  #decided({ decision, trial, sawObservations }: EventOf<'decided'>): Verdict {
    const expected = this.log.decisions + 1;
    if (decision !== expected) return ['wrong number', `decision ${expected} expected; it is ${decision}`];
    if (this.log.open.has(trial) || this.#observed.has(trial)) return ['decided twice', `${trial} was decided before`];
    return sawObservations <= this.#evidence ? null : ['from nothing', this.#more(sawObservations)];
  }

  #ofTrial(trial: string, judge: (trial: OpenTrial) => Verdict): Verdict {
    const open = this.log.open.get(trial);
    if (open !== undefined) return judge(open);
    if (this.#observed.has(trial)) return ['after its end', `${trial} was observed before`];
    return ['undecided', `no decision for ${trial} stands before it`];
  }

  #keyOf(trial: string, generation: number): string {
    return jobKey(this.#sweepId, trial, generation);
  }

  #launched({ trial, key }: EventOf<'launched'>, open: OpenTrial): Verdict {
    const { generation, hasEnded, awaitsLeave, isLaunched } = open;
    const expected = this.#keyOf(trial, generation);
    if (key !== expected) return ['undecided', `the job ${expected} is decided; ${key} was launched`];
    if (awaitsLeave) return ['without leave', `${key} waits for a person’s leave, and none stands before it`];
    const unasked = this.#unasked(open);
    if (unasked !== undefined)
      return ['without leave', `${key} needs a person’s leave (${unasked}), and nobody was asked for it`];
    if (isLaunched) return ['launched twice', `${key} was launched before`];
    return hasEnded ? ['undecided', `${key} had ended, and no rerun stands before it`] : null;
  }

  #generation({ trial, key, generation, scale }: EventOf<'attempted'>, open: OpenTrial): Verdict {
    const expected = this.#keyOf(trial, open.generation);
    if (key !== expected || generation !== open.generation) return ['undecided', `${expected} runs; ${key} ended`];
    if (scale !== open.decided.scale)
      return ['another run', `it was decided at ${open.decided.scale}; it says ${scale}`];
    return open.hasEnded ? ['ended twice', `${key} had ended before`] : null;
  }

  #again({ trial, key, generation }: EventOf<'rerun' | 'parked'>, open: OpenTrial): Verdict {
    const wasParked = !open.hasEnded && !open.isLaunched && generation === open.generation && generation > 1;
    if (wasParked) return null; // a person's retry runs the generation that was parked
    const expected = this.#keyOf(trial, open.generation + 1);
    if (key !== expected) return ['wrong generation', `${expected} expected; found ${key}`];
    return open.hasEnded ? null : ['too early', `the generation before ${key} has not ended`];
  }

  #seen(event: EventOf<'observed'>): Verdict {
    const verdict = this.#ofTrial(event.trial, (open) => this.#ran(event, open));
    this.#observed.add(event.trial);
    this.#isRecommended = false;
    this.#evidence += 1;
    return verdict;
  }

  #ran({ key, trial, status, scale, steps, mixture, continues }: EventOf<'observed'>, open: OpenTrial): Verdict {
    const { decided, generation, isLaunched } = open;
    if (scale !== decided.scale || steps !== decided.steps)
      return [
        'another run',
        `${decided.scale}, ${decided.steps} steps were decided; ${scale}, ${steps} steps came of it`,
      ];
    if (canonicalJson(mixture) !== canonicalJson(decided.mixture))
      return ['another run', 'its mixture is not the one that was decided'];
    if (continues !== decided.continues)
      return ['another run', `${decided.continues ?? 'no trial'} was to be continued; it says ${continues ?? 'none'}`];
    if (status === 'refused-by-person' && this.#answered.get(trial) !== 'refuse')
      return ['unasked', `${trial} ended as refused by a person, and no such answer stands before it`];
    const expected = this.#keyOf(trial, generation);
    // A trial that was given up while its next job waited ends by the name of its last one.
    const isGivenUp = GIVEN_UP.has(status) && !isLaunched && key === this.#keyOf(trial, generation - 1);
    if (key !== expected && !isGivenUp) return ['undecided', `${expected} runs; ${key} ended`];
    if (status !== 'completed') return null;
    return isLaunched ? null : ['unlaunched', `${key} completed, and no launch of it stands before it`];
  }
}

/** A folder that bears another name than its record may be a copy, or have been given another sweep's record. */
const nameNotes = ([first]: readonly RecordLine[], sweepId: string | undefined): string[] => {
  const event = first?.event;
  if (sweepId === undefined || event?.type !== 'started' || event.sweepId === sweepId) return [];
  return [
    `the folder ${sweepId} holds the record of ${event.sweepId}: a copy of it, or another sweep’s record than was asked for`,
  ];
};

/**
 * Checks the order of events: nothing is run that was not decided, nothing is counted twice, nothing is left out. `sweepId`:
 * the sweep that was asked for.
 */
export const checkStory = (lines: readonly RecordLine[], sweepId?: string): Check => {
  const story = new Story();
  const faults: Fault[] = [];
  for (const { seq, event } of lines) {
    const verdict = story.next(event);
    if (verdict !== null) faults.push({ looksLike: verdict[0], where: `line ${seq}`, says: verdict[1] });
  }
  const { decisions, open } = story.log;
  const summary = `${counted(decisions, 'decision')} without a gap, ${counted(story.observed, 'observation')}, ${counted(open.size, 'trial')} in flight at the end`;
  return checked('story', summary, faults, nameNotes(lines, sweepId));
};
