import { StateError } from '../domain/errors.js';
import { retractedRun, type Observation } from '../domain/observation.js';
import { retractedBy, type RecordEvent, type RecordHead, type RecordLine } from '../domain/record-event.js';
import type { Sweep } from '../domain/sweep.js';
import { wholeRun } from '../domain/whole-run.js';

type EventOf<T extends RecordEvent['type']> = Extract<RecordEvent, { type: T }>;

/** Picks the events of one type, in the order of the record. */
const eventsOf = <T extends RecordEvent['type']>(lines: readonly RecordLine[], type: T): EventOf<T>[] =>
  lines.map(({ event }) => event).filter((event): event is EventOf<T> => event.type === type);

/** The record does not hold the line that a sweep wrote. */
export const strangeHead = (head: RecordHead, found: string | undefined): StateError =>
  new StateError(
    `line ${head.seq} of the record is ${found === undefined ? 'missing' : 'not the one that the sweep wrote'}`,
    {
      hint: 'restore a record.jsonl that holds the line that the sweep wrote; the sweep waits and goes on by itself',
      values: { seq: head.seq, expected: head.hash, found },
    },
  );

const toObservation = (event: EventOf<'observed'>, attempts: readonly EventOf<'attempted'>[]): Observation => ({
  trial: event.trial,
  mixture: event.mixture,
  scale: event.scale,
  steps: event.steps,
  status: event.status,
  metrics: event.metrics,
  ...(event.continues === undefined ? {} : { continues: event.continues }),
  ...wholeRun([...attempts, event]),
});

const importedObservation = (event: EventOf<'imported'>): Observation => ({
  trial: event.trial,
  mixture: event.mixture,
  scale: event.scale,
  steps: event.steps,
  status: event.status,
  metrics: event.metrics,
  curve: event.curve,
  cost: 0,
  imported: true,
});

/**
 * The observations that a record holds, each over all generations of its trial, and imported ones: what a decision is made from.
 * Of one that was taken back, what was run and what it cost.
 */
export const observationsOf = (lines: readonly RecordLine[]): Observation[] => {
  const retracted = retractedIn(lines);
  return toldBy(lines).map((one) => (retracted.has(one.trial) ? retractedRun(one) : one));
};

/** Names the trials whose results a record takes back. */
export const retractedIn = (lines: readonly RecordLine[]): ReadonlySet<string> =>
  new Set(lines.flatMap(({ event }) => retractedBy(event) ?? []));

/** As they were reported, those that were taken back too. */
export const toldBy = (lines: readonly RecordLine[]): Observation[] => {
  const attempts = new Map<string, EventOf<'attempted'>[]>();
  for (const attempt of eventsOf(lines, 'attempted')) {
    const { trial } = attempt;
    attempts.set(trial, [...(attempts.get(trial) ?? []), attempt]);
  }
  return lines.flatMap(({ event }) => {
    if (event.type === 'imported') return [importedObservation(event)];
    return event.type === 'observed' ? [toObservation(event, attempts.get(event.trial) ?? [])] : [];
  });
};

/** The sweep that a record is of. @throws StateError when the record does not begin with it. */
export const sweepOf = (lines: readonly RecordLine[]): Sweep => {
  const first = lines[0]?.event;
  if (first?.type !== 'started') throw new StateError('the record does not begin with the sweep that it is of');
  return first.sweep;
};
