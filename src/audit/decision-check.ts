/** Is every decision what the policy makes of what the record says it saw? */
import { canonicalJson } from '../domain/canonical-json.js';
import { InputError } from '../domain/errors.js';
import type { Fidelity } from '../domain/fidelity.js';
import type { Mixture } from '../domain/mixture.js';
import { retractedBy, type RecordEvent, type RecordLine, type Software } from '../domain/record-event.js';
import { seedOf } from '../domain/rng.js';
import type { Sweep } from '../domain/sweep.js';
import type { RecordView } from '../ledger/observation-log.js';
import { checked, counted, notChecked, type Check, type Fault } from './check.js';
import { differenceOf, TOLERANCE } from './compare.js';
import { MomentLog, type Moment } from './moments.js';
import type { Answer, Question, Recompute } from './recompute.js';

type EventOf<T extends RecordEvent['type']> = Extract<RecordEvent, { type: T }>;

/** What is checked, and how. */
export interface DecisionOptions {
  /** Decisions from the first to the second number, both included; all when absent. */
  readonly range?: readonly [from: number, to: number];
  /** Digests and seeds are checked, nothing is decided again, when absent. */
  readonly recompute?: Recompute;
  /** The sweep in force at a line. */
  readonly sweepAt: (seq: number) => Sweep;
  /** Versions of titrate and Node that check. */
  readonly version: string;
  readonly node: string;
  /** Told how far it is. */
  readonly progress?: (done: number, total: number) => void;
}

/** A decision or recommendation of the record, with what must come out again. */
interface Item {
  readonly where: string;
  readonly recorded: unknown;
  readonly question: Question;
  readonly madeBy: Software;
}

/** What the policy answered, as the record tells it. */
const proposalOf = ({ mixture, scale, steps, continues, cost, explanation }: EventOf<'decided'>): unknown => ({
  mixture,
  scale,
  steps,
  ...(continues === undefined ? {} : { continues }),
  cost,
  explanation,
});

/** The walk along the record: gathers what is to be decided again, and checks what needs no deciding. */
class DecisionWalk {
  readonly faults: Fault[] = [];
  readonly items: Item[] = [];
  readonly sweeps: Sweep[] = [];
  readonly moments = new MomentLog();
  readonly makers = new Map<string, Software>();
  decisions = 0;
  digests = 0;
  /** Decisions of a person's: there is nothing to decide again. */
  pinned = 0;
  /** Runs that people asked for and that no decision came of yet. */
  readonly #pins: (Fidelity & { readonly mixture: Mixture })[] = [];
  #searched: EventOf<'recommended'> | undefined;
  /** The mixture that a confirmation was last decided for. */
  #confirmed: Mixture | undefined;
  /** Confirmations of what was recommended last. */
  #confirmations = 0;

  constructor(
    readonly range: readonly [number, number],
    readonly sweepAt: (seq: number) => Sweep,
    /** What began the sweep: records of earlier versions do not say what made each decision. */
    readonly startedBy: Software,
  ) {}

  take(line: RecordLine): void {
    const { event, seq } = line;
    if (event.type === 'decided') {
      if (event.purpose === 'confirm') this.#confirmations += 1;
      this.#decided(event, seq);
      if (event.purpose === 'confirm') this.#confirmed = event.mixture;
    }
    if (event.type === 'recommended') this.#recommended(event, seq);
    if (event.type === 'act') {
      if (event.act === 'pin' && event.run !== undefined) {
        const { mixture, scale, steps } = event.run;
        this.#pins.push({ mixture, scale, steps });
      }
      for (const run of event.unpinned ?? []) this.#unpin(run);
      if (retractedBy(event) !== undefined) this.#searched = undefined; // what was recommended with it no longer stands
    }
    this.moments.take(line);
  }

  /** Takes a run off those that people asked for; false where it is none of them. */
  #unpin({ mixture, scale, steps }: Fidelity & { readonly mixture: Mixture }): boolean {
    const at = this.#pins.findIndex((pin) => differenceOf({ mixture, scale, steps }, pin) === null);
    if (at >= 0) this.#pins.splice(at, 1);
    return at >= 0;
  }

  #fault(where: string, looksLike: string, says: string): void {
    this.faults.push({ looksLike, where, says });
  }

  #sweepNumber(sweep: Sweep): number {
    const known = this.sweeps.indexOf(sweep);
    return known < 0 ? this.sweeps.push(sweep) - 1 : known;
  }

  #makerOf({ software = this.startedBy }: { readonly software?: Software }): Software {
    this.makers.set(`${software.version} ${majorOf(software.node)}`, software);
    return software;
  }

  #isAsked(decision: number): boolean {
    return decision >= this.range[0] && decision <= this.range[1];
  }

  #decided(event: EventOf<'decided'>, seq: number): void {
    if (!this.#isAsked(event.decision)) return;
    this.decisions += 1;
    const where = `line ${seq}, decision ${event.decision}`;
    if (event.origin === 'person') {
      this.#pinned(event, this.sweepAt(seq), where);
      return;
    }
    if (event.purpose === 'confirm') {
      this.#confirmation(event, seq, where);
      return;
    }
    const moment = this.#momentOf(event);
    if (moment === undefined) return this.#unseen(event, where);
    this.digests += 1;
    const view = this.moments.viewAt(moment.seq);
    const sweep = this.sweepAt(moment.seq);
    this.#checkSeed(event, sweep, where);
    this.#checkResume(event, view, where);
    const question: Question = {
      kind: 'propose',
      sweep: this.#sweepNumber(sweep),
      list: moment.retracted,
      observations: moment.observations,
      pending: moment.pending,
      seed: event.seed,
    };
    this.items.push({ where, recorded: proposalOf(event), question, madeBy: this.#makerOf(event) });
  }

  /** The latest moment whose digest the decision names: mostly the line before it. */
  #momentOf(event: EventOf<'decided'>): Moment | undefined {
    return this.moments.findSeen(
      event,
      ({ seq, pending }) => this.moments.viewAt(seq).digestWith(pending) === event.sawDigest,
    );
  }

  /** A run that a person pinned: no policy was asked, so that it names no evidence, and it starts anew. */
  #pinned(event: EventOf<'decided'>, sweep: Sweep, where: string): void {
    this.pinned += 1;
    this.#checkSeed(event, sweep, where);
    this.#checkAnew(event, where);
    if (event.sawDigest !== '')
      this.#fault(where, 'other evidence', 'a pinned run is made from no evidence; it names a digest of some');
    if (!this.#unpin(event))
      this.#fault(
        where,
        'unasked',
        'no act before it pins this run, or only one that led to another or was taken back',
      );
  }

  /** Nothing but a policy has a run go on from another's checkpoint. */
  #checkAnew({ continues, resume }: EventOf<'decided'>, where: string): void {
    if (continues === undefined && resume === undefined) return;
    const says = `it must start anew; it says that it goes on from ${canonicalJson(resume ?? continues)}`;
    this.#fault(where, 'other checkpoint', says);
  }

  #unseen({ sawObservations, sawPending, sawDigest }: EventOf<'decided'>, where: string): void {
    const saw = `${counted(sawObservations, 'observation')} and ${counted(sawPending.length, 'trial')} in flight`;
    const says = `it was made from ${saw} with the digest ${sawDigest.slice(0, 12)}...; the record holds no such ones before it`;
    this.#fault(where, 'other evidence', says);
  }

  #checkSeed({ seed, decision }: EventOf<'decided'>, sweep: Sweep, where: string): void {
    const expected = seedOf('decision', sweep.seed, decision);
    if (seed !== expected) this.#fault(where, 'other seed', `its seed must be ${expected}; it is ${seed}`);
  }

  #checkResume({ continues, resume }: EventOf<'decided'>, view: RecordView, where: string): void {
    const expected = view.resumeOf(continues);
    if (canonicalJson(expected) === canonicalJson(resume ?? null)) return;
    this.#fault(
      where,
      'other checkpoint',
      `it must go on from ${canonicalJson(expected)}; it says ${canonicalJson(resume)}`,
    );
  }

  /** A confirmation runs what was recommended when the search was over: it is a rule, and no policy is asked. */
  #confirmation(event: EventOf<'decided'>, seq: number, where: string): void {
    const sweep = this.sweepAt(seq);
    this.#checkSeed(event, sweep, where);
    this.#checkAnew(event, where);
    if (this.#confirmations > sweep.confirm) {
      const asked = counted(sweep.confirm, 'confirmation run');
      this.#fault(
        where,
        'unasked',
        `the sweep asks for ${asked} of a recommendation; this is number ${this.#confirmations}`,
      );
    }
    const { mixture, scale, steps } = event;
    if (this.#searched === undefined) {
      this.#fault(where, 'other evidence', 'it confirms a recommendation, and none stands before it');
      return;
    }
    const expected = { mixture: this.#searched.recommendation.mixture, ...sweep.target };
    const difference = differenceOf({ mixture, scale, steps }, expected);
    if (difference !== null)
      this.#fault(where, 'another run', `it must run the recommended mixture at the target; ${told(difference)}`);
    const isFromAll = event.sawObservations === this.#searched.observations;
    const { last } = this.moments;
    const seen = last && this.moments.findFirst({ ...last, observations: event.sawObservations });
    const moment = isFromAll ? seen : undefined;
    const digest = moment && this.moments.viewAt(moment.seq).digestWith([]);
    if (digest === event.sawDigest) this.digests += 1;
    else this.#unseen({ ...event, sawPending: [] }, where);
  }

  #recommended(event: EventOf<'recommended'>, seq: number): void {
    this.#confirmations = 0;
    const prefer = this.#searched?.recommendation.mixture ?? this.#confirmed;
    this.#searched = event;
    if (!this.#isAsked(this.moments.decisions)) return;
    const sweep = this.sweepAt(seq);
    const question: Question = {
      kind: 'recommend',
      sweep: this.#sweepNumber(sweep),
      list: this.moments.last?.retracted ?? 0,
      observations: event.observations,
      seed: sweep.seed,
      ...(prefer === undefined ? {} : { prefer }),
    };
    const where = `line ${seq}, recommendation`;
    const known = this.moments.last?.observations ?? 0;
    if (event.observations < known) {
      const says = `it was made from ${counted(event.observations, 'observation')}; the record has ${known} before it`;
      this.#fault(where, 'other evidence', says);
    }
    this.items.push({ where, recorded: event.recommendation, question, madeBy: this.#makerOf(event) });
  }
}

const told = ({ path, recorded, computed }: { path: string; recorded: unknown; computed: unknown }): string =>
  `${path === '' ? 'the whole' : path}: recorded ${canonicalJson(recorded)}, now ${canonicalJson(computed)}`.slice(
    0,
    400,
  );

const majorOf = (node: string): string => node.replace(/^v/, '').split('.')[0] ?? '';

/** How many came out the same, and how. */
interface Tally {
  same: number;
  near: number;
}

const judge = (item: Item, answer: Answer, node: string, tally: Tally): Fault | null => {
  const { where, recorded, madeBy } = item;
  const isSameNode = majorOf(node) === majorOf(madeBy.node);
  if ('error' in answer) return { looksLike: 'undecidable', where, says: answer.error };
  const difference = differenceOf(recorded, answer.value);
  if (difference === null) {
    tally.same += 1;
    return null;
  }
  if (difference.kind === 'bits') tally.near += 1;
  if (difference.kind === 'bits' && !isSameNode) return null;
  const looksLike = difference.kind === 'bits' ? 'other last digits' : 'different';
  return { looksLike, where, says: told(difference) };
};

const recomputeAll = async (walk: DecisionWalk, options: DecisionOptions): Promise<Tally> => {
  const tally = { same: 0, near: 0 };
  const { recompute, progress, node } = options;
  if (recompute === undefined) return tally;
  const { lists } = walk.moments;
  const found: (Fault | null)[] = [];
  let done = 0;
  const questions = walk.items.map(({ question }) => question);
  await recompute({ sweeps: walk.sweeps, lists }, questions, (i, answer) => {
    const item = walk.items[i];
    if (item !== undefined) found[i] = judge(item, answer, node, tally);
    done += 1;
    progress?.(done, questions.length);
  });
  walk.faults.push(...found.filter((fault) => fault != null));
  return tally;
};

const listed = (values: readonly string[]): string => [...new Set(values)].join(', ');

/** Says where what checks is not what decided. */
const notesOf = ({ makers }: DecisionWalk, { version, node }: DecisionOptions, hasFaults: boolean): string[] => {
  const notes: string[] = [];
  const nodes = [...makers.values()].map((maker) => maker.node).filter((one) => majorOf(one) !== majorOf(node));
  const versions = [...makers.values()].map((maker) => maker.version).filter((one) => one !== version);
  if (nodes.length > 0)
    notes.push(
      `decided on Node ${listed(nodes)}, checked on ${node}: values may differ there by ${TOLERANCE} (relative)`,
    );
  if (versions.length > 0)
    notes.push(
      `decided by titrate ${listed(versions)}; this is ${version}${hasFaults ? ': check with that version too' : ''}`,
    );
  return notes;
};

/** Nothing was checked where a range holds no decision: that must not pass for a check that held. */
const refuseEmptyRange = ({ range, decisions }: DecisionWalk, lines: readonly RecordLine[]): void => {
  if (decisions > 0) return;
  const last = lines.filter(({ event }) => event.type === 'decided').length;
  const expected = last === 0 ? 'a record that holds decisions' : `decisions from 1 to ${last}`;
  const problem = { path: '--decisions', expected, found: range.join('..') };
  throw new InputError('the record has no such decision', [problem]);
};

/** Checks digests and seeds of all decisions, and decides them again. @throws InputError when `range` holds none. */
export const checkDecisions = async (lines: readonly RecordLine[], options: DecisionOptions): Promise<Check> => {
  const started = lines[0]?.event;
  if (started?.type !== 'started') return notChecked('decisions', 'the record does not begin with its sweep');
  const walk = new DecisionWalk(options.range ?? [0, Infinity], options.sweepAt, started);
  for (const line of lines) walk.take(line);
  if (options.range !== undefined) refuseEmptyRange(walk, lines);
  const { same, near } = await recomputeAll(walk, options);
  const people = walk.pinned === 0 ? '' : `, ${walk.pinned} made by a person`;
  const evidence = `${counted(walk.decisions, 'decision')}, ${walk.digests} made from what the record holds${people}`;
  const again = `${same} of ${walk.items.length} came out the same to the last bit`;
  const close = near === 0 ? '' : `, ${near} within ${TOLERANCE}`;
  const summary = `${evidence}; ${options.recompute === undefined ? 'none decided again' : again + close}`;
  return checked('decisions', summary, walk.faults, notesOf(walk, options, walk.faults.length > 0));
};
