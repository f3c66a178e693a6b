import { describe, expect, it } from 'vitest';
import type { Sweep } from '../../src/domain/sweep.js';
import { slurmNotes } from '../../src/reports/slurm-notes.js';
import { makeSweep } from '../policy/sweeps.js';

const notesOf = (time: string | undefined, scales = {}): string[] => {
  const slurm = {
    kind: 'slurm',
    command: ['train'],
    env: {},
    graceSeconds: 60,
    requeue: false,
    sbatchArgs: [],
    scales,
  };
  return slurmNotes(
    makeSweep({ launcher: { ...slurm, ...(time === undefined ? {} : { time }) } as Sweep['launcher'] }),
  );
};

describe('a Slurm job whose end is announced at its start', () => {
  it.each(['2', '2:00', '0:2:00', '0-0:2', '0-0:2:0', '00:01:59'])('is told: %s', (time) => {
    expect(notesOf(time)).toHaveLength(3);
    expect(notesOf(time)[0]).toMatch(new RegExp(`^jobs at S have ${time} as time, .* 60 s before`));
  });

  it.each(['3', '2:01', '1:00:00', '1-0', '0-1:0', 'UNLIMITED', 'infinite', undefined])('is not: %s', (time) => {
    expect(notesOf(time)).toEqual([]);
  });

  it('is told of the scales that have such a time alone', () => {
    expect(notesOf('1-0', { M: { time: '1', sbatchArgs: [] } })).toEqual([expect.stringMatching(/^jobs at M have 1 /)]);
    expect(notesOf('1', { L: { time: '1-0', sbatchArgs: [] } })).toHaveLength(2);
  });

  it('is none of another launcher', () => {
    expect(slurmNotes(makeSweep())).toEqual([]);
  });
});
