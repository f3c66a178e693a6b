/** What a record's lines add up to: money and trials in flight, line by line. Told by the record alone, not by the workflow. */
import type { PricedRun } from '../domain/approval.js';
import { withApprovedRun } from '../domain/approved-run.js';
import type { PendingTrial } from '../domain/observation.js';
import type { ResumePoint } from '../domain/ports.js';
import type { RecordEvent } from '../domain/record-event.js';

type EventOf<T extends RecordEvent['type']> = Extract<RecordEvent, { type: T }>;

/** A trial that is decided and not observed. */
export interface OpenTrial {
  /** With the run that a person approved in its place, if one did. */
  readonly decided: EventOf<'decided'>;
  /** Which run of the trial is in force, or would be next. */
  readonly generation: number;
  /** Worst case of that generation, in the sweep's units. */
  readonly worst: number;
  /** Charged for the generations that ended. */
  readonly paid: number;
  /** The job whose last checkpoint that generation goes on from. */
  readonly resume: ResumePoint | undefined;
  readonly isLaunched: boolean;
  /** Does it wait for a person's leave? */
  readonly awaitsLeave: boolean;
  /** Has the generation in force ended, with no other decided yet? */
  readonly hasEnded: boolean;
}

/** Where a sweep stands after a line of its record. */
export class ProgressLog {
  /** By trial, in the order of the decisions. */
  readonly open = new Map<string, OpenTrial>();
  spent = 0;
  decisions = 0;
  isSearching = true;

  get committed(): number {
    let sum = 0;
    for (const { worst } of this.open.values()) sum += worst;
    return sum;
  }

  /** The trials in flight as a policy sees them; what earlier generations cost counts as theirs. */
  get pending(): PendingTrial[] {
    return [...this.open].map(([trial, { decided, worst, paid }]) => ({
      trial,
      mixture: decided.mixture,
      scale: decided.scale,
      steps: decided.steps,
      cost: worst + paid,
      ...(decided.continues === undefined ? {} : { continues: decided.continues }),
    }));
  }

  /** Takes the next event of the record. What is about an unknown trial changes nothing but the money. */
  take(event: RecordEvent): void {
    switch (event.type) {
      case 'decided':
        this.#decide(event);
        break;
      case 'launched':
        this.#change(event.trial, { isLaunched: true });
        break;
      case 'attempted':
        this.spent += event.cost;
        this.#change(event.trial, { paid: (this.open.get(event.trial)?.paid ?? 0) + event.cost, hasEnded: true });
        break;
      case 'rerun':
      case 'parked': {
        const { generation, cost, resume } = event;
        const next = { generation, worst: cost, resume, isLaunched: false, hasEnded: false };
        this.#change(event.trial, next);
        break;
      }
      case 'act':
        if (event.act === 'approve') this.#approve(event.trial ?? '', event.run);
        if (event.act === 'retract') this.isSearching = true;
        break;
      case 'approval-requested':
        this.#change(event.trial, { awaitsLeave: true });
        break;
      case 'observed':
        this.spent += event.cost;
        this.open.delete(event.trial);
        break;
      case 'recommended':
        this.isSearching = false;
        break;
      default:
    }
  }

  #decide(decided: EventOf<'decided'>): void {
    this.decisions = decided.decision;
    if (decided.purpose === 'confirm') this.isSearching = false;
    this.open.set(decided.trial, {
      decided,
      generation: 1,
      worst: decided.cost,
      paid: 0,
      resume: decided.resume,
      isLaunched: false,
      awaitsLeave: false,
      hasEnded: false,
    });
  }

  #approve(trial: string, run: PricedRun | undefined): void {
    const isAnswer = this.open.get(trial)?.awaitsLeave === true;
    this.#change(trial, { awaitsLeave: false });
    if (run !== undefined && isAnswer) this.#replace(trial, run);
  }

  /** A person approved another run than the one that was decided. */
  #replace(trial: string, run: PricedRun): void {
    const known = this.open.get(trial);
    if (known === undefined) return;
    const decided = withApprovedRun(known.decided, run);
    this.open.set(trial, { ...known, decided, worst: run.cost, resume: decided.resume });
  }

  #change(trial: string, change: Partial<OpenTrial>): void {
    const known = this.open.get(trial);
    if (known !== undefined) this.open.set(trial, { ...known, ...change });
  }
}
