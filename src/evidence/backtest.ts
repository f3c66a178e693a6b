/**
 * Plays a policy on a team's past runs as production would: decisions by the same pure functions, from observations that
 * are read back from a decision record, in simulated time with as many runs at once as the sweep file allows. A run takes
 * as long as it costs, and deciding takes no time.
 */
import type { Proposal, Recommendation } from '../domain/decision.js';
import { isSameFidelity } from '../domain/fidelity.js';
import { massMoved, type Mixture } from '../domain/mixture.js';
import type { Observation, PendingTrial } from '../domain/observation.js';
import type { RecordEvent, RecordHead, RecordLine } from '../domain/record-event.js';
import { seedOf } from '../domain/rng.js';
import type { Sweep } from '../domain/sweep.js';
import { GENESIS, linkLine } from '../ledger/chain.js';
import { ObservationLog } from '../ledger/observation-log.js';
import type { Replay } from './replay.js';
import { SimulatedPlaces } from './simulated-places.js';

/** Makes decisions; each is a pure function of what is given. */
export interface Decider {
  propose(task: {
    readonly sweep: Sweep;
    readonly observations: readonly Observation[];
    readonly stream: string;
    readonly pending: readonly PendingTrial[];
    readonly seed: number;
  }): Promise<Proposal | null>;
  recommend(task: {
    readonly sweep: Sweep;
    readonly observations: readonly Observation[];
    readonly stream: string;
    readonly seed: number;
  }): Promise<Recommendation>;
}

/** What would be recommended once a run had ended. */
export interface Moment {
  /** Paid by then, the done parts of runs in flight included (the sweep's units). */
  readonly paid: number;
  /** See `Replay.regretOf`. */
  readonly regret: number;
  /** Is it the best row at the target? */
  readonly isBest: boolean;
}

/** How a policy fared, once. */
export interface Played {
  readonly policy: string;
  readonly seed: number;
  readonly runs: number;
  /** All that it spent. */
  readonly spent: number;
  readonly spentByScale: Readonly<Record<string, number>>;
  /** Simulated time from the first run to the last, in units of cost. */
  readonly lasted: number;
  /** What it had paid when it recommended the best row and from then on never another; null when it did not. */
  readonly found: number | null;
  /** What it had paid when its own run of the best row at the target ended; null when it never made that run. */
  readonly ran: number | null;
  readonly moments: readonly Moment[];
  /** The record that it would have left. */
  readonly lines: readonly RecordLine[];
}

/** What a policy is played on: past runs, or a made-up world. */
export type Stage = Pick<Replay, 'sweep' | 'targetRows' | 'observe' | 'regretOf'>;

const SAME = 1e-5; // mass moved: as in the replay

interface Started {
  readonly trial: string;
  readonly proposal: Proposal;
  readonly observation: ReturnType<Replay['observe']>;
}

const pendingTrial = ({ trial, proposal }: Started): PendingTrial => {
  const { mixture, scale, steps, cost, continues } = proposal;
  return { trial, mixture, scale, steps, cost, ...(continues === undefined ? {} : { continues }) };
};

/** Hears how far a play is whenever a run has ended: how many have, and the part of the budget that they cost. */
export type PlayProgress = (runs: number, share: number) => void;

/** A sweep on its way. */
class Play {
  readonly #log = new ObservationLog();
  readonly #lines: RecordLine[] = [];
  readonly #places: SimulatedPlaces<Started>;
  readonly #moments: Moment[] = [];
  readonly #spentByScale: Record<string, number> = {};
  #head: RecordHead = GENESIS;
  #decisions = 0;
  #ran: number | null = null;
  #spent = 0;

  constructor(
    readonly stage: Stage,
    readonly sweep: Sweep,
    readonly decider: Decider,
    readonly progress: PlayProgress,
  ) {
    this.#places = new SimulatedPlaces(sweep.parallel);
    const sweepId = `backtest-${sweep.name}`;
    this.#record('started', { type: 'started', sweepId, sweep, version: 'backtest', node: 'backtest' });
  }

  #record(key: string, event: RecordEvent): void {
    const at = new Date(Math.round(1000 * this.#places.now)).toISOString(); // a unit of cost is a second
    const line = linkLine(this.#head, { key, at, event });
    this.#lines.push(line);
    this.#log.take(line);
    this.#head = { seq: line.seq, hash: line.hash };
  }

  async #decide(): Promise<boolean> {
    const decision = this.#decisions + 1;
    const seed = seedOf('decision', this.sweep.seed, decision);
    const pending = this.#places.pending.map(pendingTrial);
    const view = this.#log.viewAt(this.#head);
    const { sweep, observations, stream } = view;
    const proposal = await this.decider.propose({ sweep, observations, stream, pending, seed });
    if (proposal === null) return false;
    const trial = `t${String(decision).padStart(4, '0')}`;
    const { explanation, ...run } = proposal;
    const seen = { sawDigest: view.digestWith(pending), sawObservations: observations.length };
    const sawPending = pending.map((one) => one.trial ?? '');
    const purpose = 'search' as const;
    const decided = { decision, trial, purpose, ...run, seed, ...seen, sawPending, explanation };
    this.#record(`decided:${decision}`, { type: 'decided', ...decided });
    this.#decisions = decision;
    const observation = this.stage.observe(trial, proposal);
    this.#places.start({ trial, proposal, observation }, observation.cost ?? proposal.cost);
    return true;
  }

  async #fillPlaces(): Promise<void> {
    while (!this.#places.isFull && (await this.#decide()));
  }

  #endRun({ trial, observation }: Started, best: Mixture): void {
    const { cost = 0, scale, curve = [] } = observation;
    const isBest = isSameFidelity(observation, this.sweep.target) && massMoved(observation.mixture, best) < SAME;
    if (isBest) this.#ran ??= this.#places.paid;
    this.#spent += cost;
    this.#spentByScale[scale] = (this.#spentByScale[scale] ?? 0) + cost;
    const job = { key: `${trial}.g1`, digest: '', warnings: [] };
    this.#record(`observed:${trial}`, { type: 'observed', ...observation, curve, cost, ...job });
  }

  async #look(best: Mixture): Promise<void> {
    const { sweep, observations, stream } = this.#log.viewAt(this.#head);
    const { mixture } = await this.decider.recommend({ sweep, observations, stream, seed: sweep.seed });
    const isBest = massMoved(mixture, best) < SAME;
    this.#moments.push({ paid: this.#places.paid, regret: this.stage.regretOf(mixture), isBest });
  }

  /** Plays to the end of the budget, or until nothing is left that is worth buying. */
  async toEnd(): Promise<Omit<Played, 'policy' | 'seed'>> {
    const best = this.stage.targetRows[0]?.mixture ?? {};
    await this.#fillPlaces();
    for (let ended = this.#places.finish(); ended !== undefined; ended = this.#places.finish()) {
      this.#endRun(ended, best);
      await this.#fillPlaces();
      await this.#look(best);
      this.progress(this.#moments.length, this.#spent / this.sweep.budget);
    }
    const missed = this.#moments.findLastIndex(({ isBest }) => !isBest);
    return {
      runs: this.#decisions,
      spent: this.#spent,
      spentByScale: this.#spentByScale,
      lasted: this.#places.now,
      ran: this.#ran,
      found: this.#moments[missed + 1]?.paid ?? null,
      moments: this.#moments,
      lines: this.#lines,
    };
  }
}

/** Plays one policy with one seed. @throws InputError when the policy refuses the sweep. */
export const play = async (
  stage: Stage,
  policy: string,
  seed: number,
  decider: Decider,
  progress: PlayProgress = () => undefined,
): Promise<Played> => {
  const own = stage.sweep.policy;
  const chosen = own.name === policy ? own : { name: policy }; // with its options, where the file gives them
  const played = await new Play(stage, { ...stage.sweep, policy: chosen, seed }, decider, progress).toEnd();
  return { policy, seed, ...played };
};
