import { describe, expect, it } from 'vitest';
import { bookOf, judgeByRecord, judgeByServer } from '../../src/domain/orphan.js';
import { parseJobKey } from '../../src/domain/job-key.js';
import type { RecordEvent } from '../../src/domain/record-event.js';

const at = '2026-01-01T00:00:00.000Z';
/** Record lines of trials: only what the comparison reads is filled in. */
const lines = (...events: readonly object[]) => events.map((event) => ({ at, event: event as RecordEvent }));
const decided = (trial: string): object => ({ type: 'decided', trial });
const launched = (trial: string, key: string): object => ({ type: 'launched', trial, key });
const observed = (trial: string, status: string): object => ({ type: 'observed', trial, status });

describe('a job’s key', () => {
  it('is taken apart, dots in the sweep’s id included', () => {
    expect(parseJobKey('web-1.2.t0007.g3')).toEqual({ sweep: 'web-1.2', trial: 't0007', generation: 3 });
  });

  it.each(['', 'scratch', 's.t0001', 's.t0001.g0', 's.t0001.gx', '.t0001.g1'])('is no key: %j', (key) => {
    expect(parseJobKey(key)).toBeUndefined();
  });
});

describe('by the record', () => {
  const book = bookOf(
    lines(decided('t0001'), launched('t0001', 's.t0001.g1'), decided('t0002'), observed('t0002', 'cancelled')),
  );

  it('the job of a decision without an end is in flight', () => {
    expect(judgeByRecord({ key: 's.t0001.g1' }, book)).toEqual({ kind: 'in-flight', trial: 't0001' });
    expect(book.get('t0001')?.launchedAt).toEqual({ 's.t0001.g1': at });
  });

  it('the job of an observed trial is an orphan, with how the trial ended', () => {
    expect(judgeByRecord({ key: 's.t0002.g1' }, book)).toEqual({
      kind: 'orphan',
      cause: 'observed',
      why: 'the record holds the end of trial t0002: cancelled',
    });
  });

  it.each(['s.t0003.g1', 's.t0001.g2', 'scratch'])('the job %s, which no decision led to, is an orphan', (key) => {
    expect(judgeByRecord({ key }, book)).toMatchObject({ kind: 'orphan', cause: 'undecided' });
  });
});

describe('by the record of a trial that is run again', () => {
  const attempted = { type: 'attempted', trial: 't0001', generation: 1, ending: 'preempted' };
  const rerun = { type: 'rerun', trial: 't0001', generation: 2 };
  const verdict = (key: string, ...events: readonly object[]) =>
    judgeByRecord({ key }, bookOf(lines(decided('t0001'), attempted, ...events)));

  it('the generation in force is in flight, and none after it', () => {
    expect(verdict('s.t0001.g2', rerun)).toEqual({ kind: 'in-flight', trial: 't0001' });
    expect(verdict('s.t0001.g3', rerun)).toMatchObject({ cause: 'undecided' });
    expect(verdict('s.t0001.g2')).toMatchObject({ cause: 'undecided' });
  });

  it('a job that goes on after its generation ended is an orphan', () => {
    expect(verdict('s.t0001.g1')).toMatchObject({
      cause: 'observed',
      why: 'the record holds the end of g1: preempted',
    });
    expect(verdict('s.t0001.g1', rerun)).toMatchObject({ cause: 'superseded' });
  });
});

describe('by the server', () => {
  const open = { state: 'open' } as const;

  it('a trial that runs owns its job', () => {
    expect(judgeByServer('t0001', { sweep: open, trial: 'running' })).toEqual({ kind: 'owned' });
  });

  it.each(['lost', 'ended'] as const)('a sweep takes up a trial whose workflow is %s', (trial) => {
    expect(judgeByServer('t0001', { sweep: open, trial })).toMatchObject({ kind: 'adopt', trial: 't0001' });
  });

  it('a job whose sweep is gone is an orphan even while its trial’s workflow follows it', () => {
    for (const trial of ['running', 'lost', 'ended'] as const) {
      expect(judgeByServer('t0001', { sweep: { state: 'closed', how: 'TERMINATED' }, trial })).toEqual({
        kind: 'orphan',
        cause: 'sweep-gone',
        why: 'no workflow of the sweep is open (it was closed: TERMINATED)',
      });
    }
    expect(judgeByServer('t0001', { sweep: { state: 'none' }, trial: 'lost' })).toMatchObject({ cause: 'sweep-gone' });
  });

  it('nothing is said while the server cannot be asked', () => {
    expect(judgeByServer('t0001', null)).toEqual({ kind: 'unjudged' });
  });
});
