import { userInfo } from 'node:os';
import { unanswered, type SlurmCalls } from './slurm-calls.js';

/** A job as squeue or sacct shows it. */
export interface SlurmJob {
  readonly id: string;
  /** Slurm's word, such as RUNNING. */
  readonly state: string;
  readonly name: string;
  readonly reason: string;
  readonly comment: string;
  /** Of a cancelled job in the accounting: did a user ask for it? Slurm itself cancels jobs, too. */
  readonly byUser?: boolean;
}

/** What squeue knew at one moment, ended jobs included that the controller has not forgotten. */
export interface QueueView {
  named(name: string): readonly SlurmJob[];
  readonly jobs: readonly SlurmJob[];
}

const FORMAT = '%i|%T|%j|%r|%k'; // the comment last: it alone may contain the separator

const parseLine = (line: string): SlurmJob[] => {
  const [id = '', state = '', name = '', reason = '', ...comment] = line.split('|');
  return id === '' ? [] : [{ id, state, name, reason, comment: comment.join('|') }];
};

/** Asks squeue for all jobs of this user: one call for all, since the controller sends all of them anyway. */
const askQueue = async (calls: SlurmCalls): Promise<QueueView> => {
  const answer = await calls.ask('squeue', ['-h', '-t', 'all', '-u', userInfo().username, '-o', FORMAT]);
  if (answer.kind !== 'done') throw unanswered('look up jobs', answer.text);
  const jobs = answer.stdout.split('\n').flatMap(parseLine);
  return { jobs, named: (name) => jobs.filter((job) => job.name === name) };
};

/** Views of the queue, shared by all who look at about the same time: controllers dislike to be asked often. */
export class SlurmQueue {
  #view: Promise<QueueView> | undefined;
  #askedAt = 0;
  #isAsking = false;

  constructor(
    private readonly calls: SlurmCalls,
    private readonly maxAgeMs: number,
  ) {}

  /**
   * A view that is at most a second old, or that is being asked for: a slow controller is not asked by everybody at once.
   * @throws LauncherError when the controller does not answer
   */
  look(): Promise<QueueView> {
    const isYoung = this.#isAsking || performance.now() - this.#askedAt <= this.maxAgeMs;
    if (this.#view !== undefined && isYoung) return this.#view;
    return this.lookNow();
  }

  /** A view that is asked for now: after anything was changed. */
  lookNow(): Promise<QueueView> {
    this.#askedAt = performance.now();
    const view = askQueue(this.calls);
    this.#view = view;
    this.#isAsking = true;
    const isLast = (): boolean => this.#view === view;
    view.then(
      () => isLast() && (this.#isAsking = false),
      () => isLast() && (this.#view = undefined),
    );
    return view;
  }
}
