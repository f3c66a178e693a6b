import { inParts } from '../domain/in-parts.js';
import { sweepInForce } from '../domain/in-force.js';
import type { Changes } from '../domain/in-force.js';
import { patched } from '@temporalio/workflow';
import type { Act, ActResult, SweepInput, SweepProgress, SweepResult } from '../domain/messages.js';
import type { ActName, RecordEvent } from '../domain/record-event.js';
import type { Sweep } from '../domain/sweep.js';
import type { TrialState } from '../domain/trial-moves.js';
import { recordWork } from './activity-options.js';
import { PATCHES } from './patches.js';
import { pauseAct } from './sweep-acts.js';
import type { ActInput, Taken } from './sweep-acts.js';
import type { KeyedEvent } from './sweep-events.js';
import type { News } from './sweep-inbox.js';
import { progressOf } from './sweep-progress.js';
import { carriedState, changeTrial, initialState } from './sweep-state.js';
import type { SweepState } from './sweep-state.js';
import { movedTrial } from './trial-state.js';
import { anchorHead, showProgress } from './visibility.js';

const SHOW_EVERY_MS = 10_000; // a person looks at a list no more often

/** What a run of a sweep workflow knows: the state, what arrived and was not looked at yet, and the way to the record. */
export class SweepBook {
  state: SweepState;
  result: SweepResult | null = null;
  inbox: News[] = [];
  /** Has this run brought the sweep forward? Only then may it continue as new. */
  moved = false;
  /** Is the last line of the record being written? Then nothing can be asked for any more. */
  isEnding = false;
  /** How many appends are under way whose events the state does not hold yet. */
  #writing = 0;
  #inForce: { readonly changes: Changes; readonly sweep: Sweep } | null = null;
  /** What the search attributes said last (ms since the epoch). */
  #shown: { readonly status: SweepProgress['status'] | null; readonly at: number } = { status: null, at: 0 };

  constructor(
    readonly input: SweepInput,
    carried: SweepState | undefined,
  ) {
    this.state = carried === undefined ? initialState : carriedState(carried);
  }

  /** The sweep with the budget and the bounds in force. */
  get sweep(): Sweep {
    const { changes } = this.state;
    if (this.#inForce?.changes !== changes) this.#inForce = { changes, sweep: sweepInForce(this.input.sweep, changes) };
    return this.#inForce.sweep;
  }

  get isWriting(): boolean {
    return this.#writing > 0;
  }

  /** Does something that writes events and then takes them into the state. */
  async whileWriting<T>(work: () => Promise<T>): Promise<T> {
    this.#writing += 1;
    try {
      return await work();
    } finally {
      this.#writing -= 1;
    }
  }

  progress(): SweepProgress {
    return progressOf(this.input.sweepId, this.sweep, this.state, this.result);
  }

  hear(news: News): void {
    this.inbox.push(news);
  }

  /** Changes parts of the state. */
  change(change: Partial<SweepState>): void {
    this.state = { ...this.state, ...change };
  }

  moveTrial(trial: string, to: TrialState): void {
    this.state = changeTrial(this.state, trial, (one) => movedTrial(one, to));
  }

  /** Takes an act, which is recorded when the inbox is read, or leaves everything as it is. */
  act(act: ActName, what: ActInput, { accepted, reason, state, details }: Taken, id?: string): ActResult {
    this.state = state;
    const told = { ...details, ...(id === undefined ? {} : { id }) };
    if (accepted) this.hear({ kind: 'act', act, number: state.acts, what, details: told });
    return { accepted, reason };
  }

  pause(what: Act): ActResult {
    return this.act('pause', what, pauseAct(this.state, what));
  }

  async open(): Promise<void> {
    const { sweepId, sweep } = this.input;
    const { head } = await recordWork.titrateOpenRecord({ sweepId, sweep, at: now() });
    this.change({ head });
    this.show();
  }

  /** Writes events and returns them as they stand in the record, which wins over what was asked for. */
  async record(...events: readonly KeyedEvent[]): Promise<readonly RecordEvent[]> {
    const at = now();
    const asked = events.map((event) => ({ ...event, at }));
    const parts = inParts(asked);
    const stand: RecordEvent[] = [];
    for (const part of parts.length > 1 && patched(PATCHES.appendInParts) ? parts : [asked]) {
      const about = { sweepId: this.input.sweepId, follows: this.state.head };
      const written = await recordWork.titrateAppend({ ...about, events: part });
      this.change({ head: written.head });
      stand.push(...part.map(({ event }, i) => written.events[i] ?? event));
    }
    return stand;
  }

  /** Search attributes and the head in the memo are for people: what they cost is not paid for every trial. */
  show(): void {
    const { visibility, showsHead } = this.input;
    const isAnchored = patched(PATCHES.anchorHead);
    if (visibility !== true && !isAnchored) return;
    const progress = this.progress();
    const { status, at } = this.#shown;
    if (patched(PATCHES.showLess) && status === progress.status && Date.now() - at < SHOW_EVERY_MS) return;
    this.#shown = { status: progress.status, at: Date.now() };
    if (visibility === true) showProgress(progress, showsHead === true);
    if (isAnchored) anchorHead(progress.head);
  }
}

/** The workflow's own clock: the same on replay. */
const now = (): string => new Date().toISOString();
